//! When and where a picture was taken, as its camera wrote it down (EXIF).

use crate::Kind;

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

/// When and where the picture was taken; none where it says neither.
#[must_use]
pub fn capture(bytes: &[u8], kind: Kind) -> Option<Capture> {
    let _ = (bytes, kind);
    None
}
