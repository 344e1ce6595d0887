//! A picture that is safe to hand on.

use crate::{
    Cost, Kind, Limits, Refused, encode, exif,
    format::{
        gif,
        jpeg::{self, Sampling},
        png, webp,
    },
    guard::guarded,
    header::Header,
    pixels::{Layout, Pixels},
    small,
};

/// A picture upright and without metadata, with what clients show before they have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processed {
    pub bytes: Vec<u8>,
    /// May differ from what came: see [`process`].
    pub kind: Kind,
    pub width: u32,
    pub height: u32,
    /// At most 480 pixels wide and high: a JPEG, or a WebP where it is transparent.
    pub thumbnail: Vec<u8>,
    pub thumbnail_kind: Kind,
    /// <https://evanw.github.io/thumbhash/>
    pub thumbhash: Vec<u8>,
}

/// Of what is finer than this, nobody sees the difference; what was saved coarser stays so.
const QUALITY: u8 = 90;

/// What was saved coarser than this loses too much when it is saved again.
const LEAST_QUALITY: u8 = 60;

/// What decoding this picture takes, from its headers alone: nothing of the size of the picture is
/// allocated.
///
/// # Errors
///
/// 422 where it is over one of the limits or broken, 415 where `kind` is no picture.
pub fn cost(bytes: &[u8], kind: Kind, limits: &Limits) -> Result<Cost, Refused> {
    guarded(kind, || {
        cost_of(&header(bytes, kind, limits)?, kind, limits)
    })
}

/// Makes the picture that is kept: upright, in sRGB, nothing in it but pixels.
///
/// | came as | becomes |
/// |---|---|
/// | JPEG | JPEG, no finer than it was saved and at most at quality 90, colours sampled as they were |
/// | PNG | PNG of eight bits a sample; a JPEG where the PNG would be over the limit and is not transparent |
/// | GIF | PNG of its first frame |
/// | WebP, lossy, not transparent | JPEG |
/// | other WebP | WebP, lossless, of up to four megapixels; larger as a PNG does |
///
/// # Errors
///
/// As [`cost`], and 422 where the picture is broken or comes out too large.
pub fn process(bytes: &[u8], kind: Kind, limits: &Limits) -> Result<Processed, Refused> {
    guarded(kind, || made_of(bytes, kind, limits))
}

fn made_of(bytes: &[u8], kind: Kind, limits: &Limits) -> Result<Processed, Refused> {
    let header = header(bytes, kind, limits)?;
    cost_of(&header, kind, limits)?;
    let orientation = header
        .exif
        .as_deref()
        .map(exif::orientation)
        .unwrap_or_default();
    let decoded = match kind {
        Kind::Jpeg => jpeg::decode(bytes, limits)?,
        Kind::Png => png::decode(bytes, limits)?,
        Kind::Webp => webp::decode(bytes, limits)?,
        _ => gif::decode(bytes, limits)?,
    };
    let pixels = decoded.without_needless_alpha().upright(orientation);
    let thumbnail = small::scaled(&pixels, small::THUMBNAIL)?;
    let thumbhash = small::hash(&thumbnail)?;
    let (thumbnail, thumbnail_kind) = small::file(&thumbnail)?;
    let (file, file_kind) = match kind {
        Kind::Jpeg => {
            let (quality, sampling) = jpeg::saved_as(bytes, limits)?;
            let quality = quality.clamp(LEAST_QUALITY, QUALITY);
            (
                encode::jpeg(&pixels, quality, sampling, limits.output)?,
                Kind::Jpeg,
            )
        }
        Kind::Webp => from_webp(&pixels, webp::is_lossy(bytes, limits)?, limits)?,
        _ => lossless(&pixels, limits)?,
    };
    Ok(Processed {
        bytes: file,
        kind: file_kind,
        width: pixels.width,
        height: pixels.height,
        thumbnail,
        thumbnail_kind,
        thumbhash,
    })
}

fn header(bytes: &[u8], kind: Kind, limits: &Limits) -> Result<Header, Refused> {
    match kind {
        Kind::Jpeg => jpeg::header(bytes, limits),
        Kind::Png => png::header(bytes, limits),
        Kind::Webp => webp::header(bytes, limits),
        Kind::Gif => gif::header(bytes, limits),
        _ => Err(Refused::Unsupported {
            found: "a picture that is none",
        }),
    }
}

/// The most that is held at a time: while it is decoded, turned, scaled, or encoded.
fn cost_of(header: &Header, kind: Kind, limits: &Limits) -> Result<Cost, Refused> {
    let pixels = u64::from(header.width) * u64::from(header.height);
    let picture = pixels * header.depth;
    let orientation = header
        .exif
        .as_deref()
        .map(exif::orientation)
        .unwrap_or_default();
    let turning = if orientation.swaps_sides() {
        2 * picture
    } else {
        picture
    };
    // Scaled across first, then down; the second has both.
    let longest = u64::from(header.width.max(header.height));
    let scaling = picture + 2 * u64::from(small::THUMBNAIL) * longest.max(480) * header.depth;
    let encoding = match kind {
        Kind::Webp if pixels <= encode::WEBP_PIXELS => picture + encode::WEBP_BESIDE * pixels,
        _ => picture,
    };
    let bytes = header.decoding.max(turning).max(scaling).max(encoding);
    if bytes > limits.memory {
        return Err(Refused::TooMuchMemory {
            bytes,
            limit: limits.memory,
        });
    }
    Ok(Cost {
        width: header.width,
        height: header.height,
        frames: header.frames,
        bytes,
    })
}

fn from_webp(pixels: &Pixels, is_lossy: bool, limits: &Limits) -> Result<(Vec<u8>, Kind), Refused> {
    if is_lossy && pixels.layout != Layout::Rgba {
        let file = encode::jpeg(pixels, QUALITY, Sampling::Square, limits.output)?;
        return Ok((file, Kind::Jpeg));
    }
    if u64::from(pixels.width) * u64::from(pixels.height) <= encode::WEBP_PIXELS {
        return Ok((encode::webp(pixels, limits.output)?, Kind::Webp));
    }
    lossless(pixels, limits)
}

/// A PNG; where that is too large, a JPEG.
fn lossless(pixels: &Pixels, limits: &Limits) -> Result<(Vec<u8>, Kind), Refused> {
    match encode::png(pixels, limits.output) {
        Err(Refused::TooLargeAfterwards { .. }) if pixels.layout != Layout::Rgba => Ok((
            encode::jpeg(pixels, QUALITY, Sampling::Full, limits.output)?,
            Kind::Jpeg,
        )),
        made => Ok((made?, Kind::Png)),
    }
}
