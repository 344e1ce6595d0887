//! The small picture of a large one, and the smallest.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};

use crate::{
    Kind, Refused, encode,
    format::jpeg::Sampling,
    pixels::{Layout, Pixels},
};

/// Pixels that a thumbnail is wide and high at most.
pub(crate) const THUMBNAIL: u32 = 480;

const THUMBNAIL_QUALITY: u8 = 80;

/// What a thumbhash is made of is no larger.
const HASHED: u32 = 100;

/// Far more than any picture of 480 by 480 pixels takes.
const LIMIT: usize = 4 << 20;

/// The picture at most `side` pixels wide and high; as it is where it is no larger.
pub(crate) fn scaled(pixels: &Pixels, side: u32) -> Result<Pixels, Refused> {
    let longest = pixels.width.max(pixels.height);
    if longest <= side {
        return Ok(pixels.clone());
    }
    let fit = |length: u32| {
        let scaled =
            (u64::from(length) * u64::from(side) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    let (width, height) = (fit(pixels.width), fit(pixels.height));
    let kind = match pixels.layout {
        Layout::Grey => PixelType::U8,
        Layout::Rgb => PixelType::U8x3,
        Layout::Rgba => PixelType::U8x4,
    };
    let failed = |reason: String| Refused::broken(Kind::Png, reason);
    let source = ImageRef::new(pixels.width, pixels.height, &pixels.samples, kind)
        .map_err(|error| failed(error.to_string()))?;
    let mut target = Image::new(width, height, kind);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    Resizer::new()
        .resize(&source, &mut target, &options)
        .map_err(|error| failed(error.to_string()))?;
    Ok(Pixels {
        width,
        height,
        layout: pixels.layout,
        samples: target.into_vec(),
    })
}

/// The file of a thumbnail: JPEG, or WebP where it is transparent.
pub(crate) fn file(thumbnail: &Pixels) -> Result<(Vec<u8>, Kind), Refused> {
    if thumbnail.layout == Layout::Rgba {
        return Ok((encode::webp(thumbnail, LIMIT)?, Kind::Webp));
    }
    Ok((
        encode::jpeg(thumbnail, THUMBNAIL_QUALITY, Sampling::Square, LIMIT)?,
        Kind::Jpeg,
    ))
}

/// Some 25 bytes that show what the picture looks like before it is there.
pub(crate) fn hash(thumbnail: &Pixels) -> Result<Vec<u8>, Refused> {
    let tiny = scaled(thumbnail, HASHED)?;
    let rgba: Vec<u8> = tiny
        .samples
        .chunks_exact(tiny.layout.samples())
        .flat_map(|pixel| match *pixel {
            [grey] => [grey, grey, grey, u8::MAX],
            [red, green, blue] => [red, green, blue, u8::MAX],
            [red, green, blue, alpha] => [red, green, blue, alpha],
            _ => [0; 4],
        })
        .collect();
    Ok(thumbhash::rgba_to_thumb_hash(
        tiny.width as usize,
        tiny.height as usize,
        &rgba,
    ))
}
