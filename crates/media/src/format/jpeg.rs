//! JPEG: baseline and progressive, grey, colour and CMYK.

use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

mod cmyk;
mod segments;

pub(crate) use segments::Sampling;
use segments::Segments;

use crate::{
    Kind, Limits, Refused, colour,
    header::{Header, check_pixels},
    pixels::{Layout, Pixels},
};

/// Rows of samples that the decoder holds beside the picture: of 16-bit coefficients and of what is
/// being scaled up, each as high as two rows of blocks.
const ROWS_HELD: u64 = 6 * 16;

fn broken(reason: impl ToString) -> Refused {
    Refused::broken(Kind::Jpeg, reason)
}

pub(crate) fn header(bytes: &[u8], limits: &Limits) -> Result<Header, Refused> {
    let segments = Segments::read(bytes, limits)?;
    let pixels = check_pixels(segments.width, segments.height, limits)?;
    let depth = segments.components.len() as u64;
    // Coefficients of the whole picture wait where one pass does not bring all of them.
    let coefficients = if segments.scans > 1 {
        segments.coefficients() * 2
    } else {
        0
    };
    Ok(Header {
        width: segments.width,
        height: segments.height,
        frames: 1,
        decoding: pixels * depth + coefficients + u64::from(segments.width) * depth * ROWS_HELD,
        depth: if depth == 4 { 3 } else { depth },
        exif: segments.exif(),
    })
}

pub(crate) fn exif(bytes: &[u8], limits: &Limits) -> Result<Option<Vec<u8>>, Refused> {
    Ok(Segments::read(bytes, limits)?.exif())
}

/// How the picture was saved, so that it need not be saved larger than it came.
pub(crate) fn saved_as(bytes: &[u8], limits: &Limits) -> Result<(u8, Sampling), Refused> {
    let segments = Segments::read(bytes, limits)?;
    Ok((segments.quality(), segments.sampling()))
}

pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Pixels, Refused> {
    let segments = Segments::read(bytes, limits)?;
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options());
    decoder
        .decode_headers()
        .map_err(|error| broken(format!("{error:?}")))?;
    let info = decoder.info().ok_or_else(|| broken("no header"))?;
    let read = (
        u32::from(info.width),
        u32::from(info.height),
        usize::from(info.components),
    );
    if read != (segments.width, segments.height, segments.components.len()) {
        return Err(broken("it has two sizes"));
    }
    let input = decoder
        .input_colorspace()
        .ok_or_else(|| broken("no colours"))?;
    let (output, layout) = match segments.components.len() {
        1 => (ColorSpace::Luma, Layout::Grey),
        3 => (ColorSpace::RGB, Layout::Rgb),
        // Left to `cmyk`, which knows of profiles.
        _ => (input, Layout::Rgb),
    };
    decoder.set_options(options().jpeg_set_out_colorspace(output));
    let size = decoder
        .output_buffer_size()
        .ok_or_else(|| broken("no size"))?;
    let mut samples = vec![0; size];
    decoder
        .decode_into(&mut samples)
        .map_err(|error| broken(format!("{error:?}")))?;

    let (width, height) = (segments.width, segments.height);
    let icc = decoder.icc_profile();
    drop(decoder);
    if segments.components.len() == 4 {
        cmyk::to_rgb(&mut samples, input == ColorSpace::YCCK, icc.as_deref());
        return Ok(Pixels {
            width,
            height,
            layout,
            samples,
        });
    }
    let mut pixels = Pixels {
        width,
        height,
        layout,
        samples,
    };
    if let Some(icc) = icc {
        colour::apply_icc(&mut pixels, &icc);
    }
    Ok(pixels)
}

/// What is cut off is shown as far as it goes, as browsers do.
fn options() -> DecoderOptions {
    DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
}
