//! GIF: its first picture.

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, Frame, MemoryLimit};

use crate::{
    Kind, Limits, Refused,
    header::{Header, check_frames, check_pixels},
    pixels::{Layout, Pixels},
};

const DEPTH: u64 = 4;

fn broken(reason: impl ToString) -> Refused {
    Refused::broken(Kind::Gif, reason)
}

pub(crate) fn header(bytes: &[u8], limits: &Limits) -> Result<Header, Refused> {
    let mut options = options(limits);
    options.skip_frame_decoding(true);
    let mut decoder = options.read_info(bytes).map_err(broken)?;
    let (width, height) = (u32::from(decoder.width()), u32::from(decoder.height()));
    if width == 0 || height == 0 {
        return Err(broken("it has no size"));
    }
    let pixels = check_pixels(width, height, limits)?;
    let mut frames = 0;
    // What is cut off, or not a GIF any more, ends the animation, not the picture.
    while let Ok(Some(_)) = decoder.next_frame_info() {
        frames += 1;
        check_frames(frames, limits)?;
    }
    if frames == 0 {
        return Err(broken("there is no picture in it"));
    }
    // The frame as places in its palette, and again while its rows are put in order.
    Ok(Header {
        width,
        height,
        frames,
        decoding: pixels * (DEPTH + 2),
        depth: DEPTH,
        exif: None,
    })
}

pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Pixels, Refused> {
    let mut decoder = options(limits).read_info(bytes).map_err(broken)?;
    let (width, height) = (u32::from(decoder.width()), u32::from(decoder.height()));
    let size = check_pixels(width, height, limits)? * DEPTH;
    let global = decoder.global_palette().map(<[u8]>::to_vec);
    let frame = decoder
        .read_next_frame()
        .map_err(broken)?
        .ok_or_else(|| broken("no frame"))?;
    let palette = frame.palette.as_deref().or(global.as_deref());
    let palette = palette.ok_or_else(|| broken("it has no palette"))?;
    let mut samples = vec![0; size as usize];
    draw(frame, palette, &mut samples, width as usize);
    Ok(Pixels {
        width,
        height,
        layout: Layout::Rgba,
        samples,
    })
}

/// Lays a frame on the canvas, which is transparent where the frame is, or is not.
fn draw(frame: &Frame<'_>, palette: &[u8], canvas: &mut [u8], canvas_width: usize) {
    let (colours, _) = palette.as_chunks::<3>();
    let (pixels, _) = canvas.as_chunks_mut::<4>();
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let rows = frame.buffer.chunks_exact(usize::from(frame.width).max(1));
    for (row, line) in rows.zip(pixels.chunks_exact_mut(canvas_width).skip(top)) {
        for (place, pixel) in row.iter().zip(line.iter_mut().skip(left)) {
            let colour = colours.get(usize::from(*place));
            if let (Some([red, green, blue]), false) = (colour, frame.transparent == Some(*place)) {
                *pixel = [*red, *green, *blue, u8::MAX];
            }
        }
    }
}

fn options(limits: &Limits) -> DecodeOptions {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    // A frame that is larger than the picture would be decoded at its own size.
    options.check_frame_consistency(true);
    if let Some(bytes) = NonZeroU64::new(limits.memory) {
        options.set_memory_limit(MemoryLimit::Bytes(bytes));
    }
    options
}
