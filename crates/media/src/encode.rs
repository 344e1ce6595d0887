//! Pixels to files: nothing in them but pixels.

use std::io::{self, Write};

use image_webp::WebPEncoder;
use jpeg_encoder::{ChromaSubsamplingMethod, Encoder as JpegEncoder, SamplingFactor};

use crate::{
    Kind, Refused,
    format::jpeg::Sampling,
    pixels::{Layout, Pixels},
};

/// The encoder of WebP copies the pixels and holds what it makes twice; larger pictures become PNG,
/// which is written row by row.
pub(crate) const WEBP_PIXELS: u64 = 4_000_000;

/// Bytes a pixel that it takes beside the pixels.
pub(crate) const WEBP_BESIDE: u64 = 8;

/// A JPEG. At most 65,535 pixels wide and high: so is every format that becomes one but PNG, whose
/// pictures do only where they fit.
pub(crate) fn jpeg(
    pixels: &Pixels,
    quality: u8,
    sampling: Sampling,
    limit: usize,
) -> Result<Vec<u8>, Refused> {
    let side = |length: u32| {
        u16::try_from(length).map_err(|_| Refused::broken(Kind::Jpeg, "it is too long for a JPEG"))
    };
    let colour = match pixels.layout {
        Layout::Grey => jpeg_encoder::ColorType::Luma,
        Layout::Rgb => jpeg_encoder::ColorType::Rgb,
        Layout::Rgba => jpeg_encoder::ColorType::Rgba,
    };
    let mut out = Bounded::new(limit);
    let mut encoder = JpegEncoder::new(&mut out, quality);
    encoder.set_sampling_factor(match sampling {
        Sampling::Full => SamplingFactor::F_1_1,
        Sampling::Row => SamplingFactor::F_2_1,
        Sampling::Square => SamplingFactor::F_2_2,
    });
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    let (width, height) = (side(pixels.width)?, side(pixels.height)?);
    let done = encoder.encode(&pixels.samples, width, height, colour);
    out.finish(Kind::Jpeg, done)
}

/// A PNG, made quickly: a search for the smallest took fifty times as long and saved 7 % of a photo.
pub(crate) fn png(pixels: &Pixels, limit: usize) -> Result<Vec<u8>, Refused> {
    let mut out = Bounded::new(limit);
    let mut encoder = png::Encoder::new(&mut out, pixels.width, pixels.height);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_color(match pixels.layout {
        Layout::Grey => png::ColorType::Grayscale,
        Layout::Rgb => png::ColorType::Rgb,
        Layout::Rgba => png::ColorType::Rgba,
    });
    encoder.set_compression(png::Compression::Fast);
    let done = write_rows(encoder, pixels);
    out.finish(Kind::Png, done)
}

fn write_rows(encoder: png::Encoder<'_, &mut Bounded>, pixels: &Pixels) -> io::Result<()> {
    let mut writer = encoder.write_header()?;
    let mut rows = writer.stream_writer()?;
    rows.write_all(&pixels.samples)?;
    rows.finish()?;
    Ok(writer.finish()?)
}

/// A lossless WebP of at most [`WEBP_PIXELS`].
pub(crate) fn webp(pixels: &Pixels, limit: usize) -> Result<Vec<u8>, Refused> {
    let colour = match pixels.layout {
        Layout::Grey => image_webp::ColorType::L8,
        Layout::Rgb => image_webp::ColorType::Rgb8,
        Layout::Rgba => image_webp::ColorType::Rgba8,
    };
    let mut out = Bounded::new(limit);
    let done =
        WebPEncoder::new(&mut out).encode(&pixels.samples, pixels.width, pixels.height, colour);
    out.finish(Kind::Webp, done)
}

/// Bytes up to a limit.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    is_full: bool,
}

impl Bounded {
    fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            is_full: false,
        }
    }

    /// What was written, if it was not too much.
    fn finish<E: ToString>(self, kind: Kind, done: Result<(), E>) -> Result<Vec<u8>, Refused> {
        match done {
            _ if self.is_full => Err(Refused::TooLargeAfterwards { limit: self.limit }),
            Err(error) => Err(Refused::broken(kind, error)),
            Ok(()) => Ok(self.bytes),
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.limit - self.bytes.len() {
            self.is_full = true;
            return Err(io::Error::other("too large"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
