//! JPEGs.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::Picture;

pub(crate) fn plain(picture: &Picture) -> Vec<u8> {
    made(picture, ColorType::Rgb, |_| {})
}

pub(crate) fn with_exif(picture: &Picture, tiff: &[u8]) -> Vec<u8> {
    made(picture, ColorType::Rgb, |encoder| {
        encoder.add_exif_metadata(tiff).expect("EXIF")
    })
}

/// `colours` says what the samples mean; the quality is 95, colours are sampled at every pixel.
pub(crate) fn made(
    picture: &Picture,
    colours: ColorType,
    set: impl FnOnce(&mut Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, 95);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    set(&mut encoder);
    let side = |length: u32| u16::try_from(length).expect("no longer than a JPEG may be");
    encoder
        .encode(
            &picture.samples,
            side(picture.width),
            side(picture.height),
            colours,
        )
        .expect("a JPEG");
    out
}

/// The file with another segment behind its beginning.
pub(crate) fn with_segment(jpeg: &[u8], marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2)
        .expect("a segment")
        .to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, body, &jpeg[2..]].concat()
}

/// A header that claims another size.
pub(crate) fn claiming(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let mut claimed = jpeg.to_vec();
    let frame = claimed
        .windows(2)
        .position(|pair| matches!(pair, [0xff, 0xc0 | 0xc2]))
        .expect("a header");
    claimed[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    claimed[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    claimed
}

/// A progressive file with its last scan, which brings next to nothing, repeated.
pub(crate) fn with_scans(progressive: &[u8], more: usize) -> Vec<u8> {
    let last = progressive
        .windows(2)
        .rposition(|pair| pair == [0xff, 0xda])
        .expect("a scan");
    let end = progressive.len() - 2;
    let scan = &progressive[last..end];
    [&progressive[..end], &scan.repeat(more), &progressive[end..]].concat()
}
