//! WebP, lossy and lossless, and the first picture of an animated one.

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use crate::{
    Kind, Limits, Refused, colour,
    header::{Header, check_frames, check_pixels},
    pixels::{Layout, Pixels},
};

type Decoder<'a> = WebPDecoder<Cursor<&'a [u8]>>;

fn broken(reason: impl ToString) -> Refused {
    Refused::broken(Kind::Webp, reason)
}

pub(crate) fn header(bytes: &[u8], limits: &Limits) -> Result<Header, Refused> {
    let mut decoder = open(bytes, limits)?;
    let (width, height) = decoder.dimensions();
    let pixels = check_pixels(width, height, limits)?;
    let frames = if decoder.is_animated() {
        decoder.num_frames()
    } else {
        1
    };
    check_frames(frames, limits)?;
    let depth = layout(&decoder).samples() as u64;
    let beside = match (decoder.is_lossy(), decoder.has_alpha()) {
        // Brightness and colours before they are put together; they are half as large, and padded.
        (true, false) => 2,
        // And alpha, which is compressed as the colours of another picture.
        (true, true) => 2 + 5,
        // It is decoded with alpha, and then without.
        (false, false) => 4,
        (false, true) => 0,
    };
    // A frame is decoded by itself, laid on a canvas, and that is copied.
    let canvas = if decoder.is_animated() { 2 * 4 } else { 0 };
    let exif = metadata("EXIF", decoder.exif_metadata(), limits)?;
    metadata("colour profile", decoder.icc_profile(), limits)?;
    Ok(Header {
        width,
        height,
        frames,
        decoding: pixels * (depth + beside + canvas),
        depth,
        exif,
    })
}

pub(crate) fn exif(bytes: &[u8], limits: &Limits) -> Result<Option<Vec<u8>>, Refused> {
    metadata("EXIF", open(bytes, limits)?.exif_metadata(), limits)
}

/// Whether colours were thrown away when it was saved: a photo, not a drawing.
pub(crate) fn is_lossy(bytes: &[u8], limits: &Limits) -> Result<bool, Refused> {
    Ok(open(bytes, limits)?.is_lossy())
}

pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Pixels, Refused> {
    let mut decoder = open(bytes, limits)?;
    let (width, height) = decoder.dimensions();
    check_pixels(width, height, limits)?;
    let size = decoder
        .output_buffer_size()
        .ok_or_else(|| broken("its size"))?;
    let mut samples = vec![0; size];
    decoder.read_image(&mut samples).map_err(broken)?;
    let mut pixels = Pixels {
        width,
        height,
        layout: layout(&decoder),
        samples,
    };
    if let Some(icc) = metadata("colour profile", decoder.icc_profile(), limits)? {
        colour::apply_icc(&mut pixels, &icc);
    }
    Ok(pixels)
}

fn open<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Decoder<'a>, Refused> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    decoder.set_memory_limit(limits.metadata);
    Ok(decoder)
}

fn layout(decoder: &Decoder<'_>) -> Layout {
    if decoder.has_alpha() {
        Layout::Rgba
    } else {
        Layout::Rgb
    }
}

fn metadata(
    what: &'static str,
    read: Result<Option<Vec<u8>>, DecodingError>,
    limits: &Limits,
) -> Result<Option<Vec<u8>>, Refused> {
    match read {
        Ok(found) => Ok(found),
        Err(DecodingError::MemoryLimitExceeded) => Err(Refused::TooMuchMetadata {
            what,
            bytes: limits.metadata.saturating_add(1),
            limit: limits.metadata,
        }),
        // Cut off: the picture may be whole.
        Err(_) => Ok(None),
    }
}
