//! PNG, and the first picture of an animated one.

use std::io::Cursor;

use moxcms::{Chromaticity, ColorPrimaries, ColorProfile, ToneReprCurve, XyY};
use png::{ColorType, Decoder, Info, Limits as DecoderLimits, Reader, Transformations};

use crate::{
    Kind, Limits, Refused, colour,
    header::{Header, check_frames, check_metadata, check_pixels},
    pixels::{Layout, Pixels},
};

/// Rows that the decoder holds, of at most eight bytes a pixel: two as they are stored, one as it is
/// handed out, and what is being inflated.
const ROWS_HELD: u64 = 4 * 8;

/// What the decoder may take for chunks beside pixels: a palette, a profile as stored and inflated.
const CHUNKS: usize = 1 << 16;

fn broken(reason: impl ToString) -> Refused {
    Refused::broken(Kind::Png, reason)
}

pub(crate) fn header(bytes: &[u8], limits: &Limits) -> Result<Header, Refused> {
    let exif = exif(bytes, limits)?;
    let reader = open(bytes, limits)?;
    let info = reader.info();
    let pixels = check_pixels(info.width, info.height, limits)?;
    let frames = info
        .animation_control
        .map_or(1, |control| control.num_frames);
    check_frames(frames, limits)?;
    let depth = layout(info).samples() as u64;
    // Greys with alpha come as two samples and are then spread to four.
    let spread = if info.color_type == ColorType::GrayscaleAlpha {
        2
    } else {
        0
    };
    Ok(Header {
        width: info.width,
        height: info.height,
        frames,
        decoding: pixels * (depth + spread) + u64::from(info.width) * ROWS_HELD,
        depth,
        exif,
    })
}

pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Pixels, Refused> {
    let mut reader = open(bytes, limits)?;
    check_pixels(reader.info().width, reader.info().height, limits)?;
    let size = reader
        .output_buffer_size()
        .ok_or_else(|| broken("its size"))?;
    let mut samples = vec![0; size];
    let frame = reader.next_frame(&mut samples).map_err(broken)?;
    samples.truncate(frame.buffer_size());
    let layout = match frame.color_type {
        ColorType::Grayscale => Layout::Grey,
        ColorType::Rgb => Layout::Rgb,
        ColorType::Rgba => Layout::Rgba,
        ColorType::GrayscaleAlpha => {
            samples = spread(&samples);
            Layout::Rgba
        }
        ColorType::Indexed => return Err(broken("it has no palette")),
    };
    let mut pixels = Pixels {
        width: frame.width,
        height: frame.height,
        layout,
        samples,
    };
    let info = reader.info();
    if let Some(icc) = &info.icc_profile {
        check_metadata("colour profile", icc.len(), limits)?;
        colour::apply_icc(&mut pixels, icc);
    } else if let Some(profile) = described_profile(info, layout) {
        colour::apply(&mut pixels, &profile);
    }
    Ok(pixels)
}

/// Grey and alpha as colours and alpha.
fn spread(samples: &[u8]) -> Vec<u8> {
    let mut colours = Vec::with_capacity(samples.len() * 2);
    for [grey, alpha] in samples.as_chunks::<2>().0 {
        colours.extend([*grey, *grey, *grey, *alpha]);
    }
    colours
}

/// Eight bits a sample, palettes as colours.
fn open<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Reader<Cursor<&'a [u8]>>, Refused> {
    // Before the decoder makes room for a row.
    let (width, height) = size(bytes)?;
    check_pixels(width, height, limits)?;
    let rows = u64::from(width) * ROWS_HELD;
    let bound = DecoderLimits {
        bytes: 2 * limits.metadata + CHUNKS + rows as usize,
    };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), bound);
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder.read_info().map_err(broken)
}

/// Width and height, where every PNG has them.
fn size(bytes: &[u8]) -> Result<(u32, u32), Refused> {
    match bytes.get(12..24) {
        Some([b'I', b'H', b'D', b'R', a, b, c, d, e, f, g, h]) => Ok((
            u32::from_be_bytes([*a, *b, *c, *d]),
            u32::from_be_bytes([*e, *f, *g, *h]),
        )),
        _ => Err(broken("its header is cut off")),
    }
}

/// As which layout the decoder's transformations hand it out.
fn layout(info: &Info<'_>) -> Layout {
    match (info.color_type, info.trns.is_some()) {
        (ColorType::Grayscale, false) => Layout::Grey,
        (ColorType::Rgb | ColorType::Indexed, false) => Layout::Rgb,
        _ => Layout::Rgba,
    }
}

/// The colours that `gAMA` and `cHRM` describe, where nothing says sRGB.
fn described_profile(info: &Info<'_>, layout: Layout) -> Option<ColorProfile> {
    if info.srgb.is_some() {
        return None;
    }
    let stored = info.gamma()?.into_value();
    if !(0.1..=2.0).contains(&stored) {
        return None;
    }
    let gamma = 1.0 / stored;
    if layout == Layout::Grey {
        return Some(ColorProfile::new_gray_with_gamma(gamma));
    }
    let mut profile = ColorProfile::new_srgb();
    profile.cicp = None;
    let curve = ToneReprCurve::Parametric(vec![gamma]);
    profile.red_trc = Some(curve.clone());
    profile.green_trc = Some(curve.clone());
    profile.blue_trc = Some(curve);
    if let Some(colours) = info.chromaticities() {
        let at = |(x, y): (png::ScaledFloat, png::ScaledFloat)| (x.into_value(), y.into_value());
        let point = |pair| {
            let (x, y) = at(pair);
            Chromaticity::new(x, y)
        };
        let (x, y) = at(colours.white);
        let primaries = ColorPrimaries {
            red: point(colours.red),
            green: point(colours.green),
            blue: point(colours.blue),
        };
        profile.update_rgb_colorimetry(
            XyY {
                x: x.into(),
                y: y.into(),
                yb: 1.0,
            },
            primaries,
        );
    }
    Some(profile)
}

/// EXIF, wherever in the file it stands. All chunks are looked at: too much metadata is refused.
pub(crate) fn exif(bytes: &[u8], limits: &Limits) -> Result<Option<Vec<u8>>, Refused> {
    let mut found = None;
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some((&[a, b, c, d], after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let Some((name, body)) = after.split_first_chunk::<4>() else {
            break;
        };
        let what = match name {
            b"eXIf" => "EXIF",
            b"iCCP" => "colour profile",
            _ => "",
        };
        if !what.is_empty() {
            check_metadata(what, length, limits)?;
        }
        let Some(content) = body.get(..length) else {
            break;
        };
        if name == b"eXIf" && found.is_none() {
            found = Some(content.to_vec());
        }
        // Behind the content stands its checksum.
        rest = body.get(length + 4..).unwrap_or_default();
    }
    Ok(found)
}
