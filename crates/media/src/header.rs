//! What is known of a picture before a pixel of it is decoded.

use crate::{Limits, Refused};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) frames: u32,
    /// Bytes of memory that decoding holds at its peak, the decoded pixels among them.
    pub(crate) decoding: u64,
    /// Bytes of a decoded pixel.
    pub(crate) depth: u64,
    pub(crate) exif: Option<Vec<u8>>,
}

/// Refuses a picture for its size.
pub(crate) fn check_pixels(width: u32, height: u32, limits: &Limits) -> Result<u64, Refused> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits.pixels {
        return Err(Refused::TooManyPixels {
            width,
            height,
            pixels,
            limit: limits.pixels,
        });
    }
    Ok(pixels)
}

/// Refuses an animation for its length.
pub(crate) fn check_frames(frames: u32, limits: &Limits) -> Result<(), Refused> {
    if frames > limits.frames {
        return Err(Refused::TooManyFrames {
            limit: limits.frames,
        });
    }
    Ok(())
}

/// Refuses a picture for what it carries beside pixels.
pub(crate) fn check_metadata(
    what: &'static str,
    bytes: usize,
    limits: &Limits,
) -> Result<(), Refused> {
    if bytes > limits.metadata {
        return Err(Refused::TooMuchMetadata {
            what,
            bytes,
            limit: limits.metadata,
        });
    }
    Ok(())
}
