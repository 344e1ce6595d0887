//! When and where a picture was taken, as its camera wrote it down (EXIF).

use crate::{Kind, Limits, exif, format};

/// What a camera said of a picture. Whoever took it may have changed it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capture {
    pub taken_at: Option<Taken>,
    pub position: Option<Position>,
}

/// A time as the camera's clock showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub local: jiff::civil::DateTime,
    /// Without it nobody knows in which time zone the clock was.
    pub offset: Option<jiff::tz::Offset>,
}

/// Degrees, WGS 84; north and east are positive. Always in range, never NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    pub latitude: f64,
    pub longitude: f64,
}

/// When and where the picture was taken; none where it says neither, or says it in a way that
/// [`process`](crate::process) would refuse.
#[must_use]
pub fn capture(bytes: &[u8], kind: Kind) -> Option<Capture> {
    // Only what is beside the pixels is read: their number does not matter.
    let limits = Limits {
        pixels: u64::MAX,
        ..Limits::default()
    };
    let header = match kind {
        Kind::Jpeg => format::jpeg::header(bytes, &limits),
        Kind::Png => format::png::header(bytes, &limits),
        Kind::Webp => format::webp::header(bytes, &limits),
        _ => return None,
    };
    exif::capture(&header.ok()?.exif?)
}
