//! When and where a picture was taken, as its camera wrote it down (EXIF).

use crate::{Kind, Limits, Refused, exif, format, guard::guarded};

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
/// [`process`](crate::process()) would refuse.
#[must_use]
pub fn capture(bytes: &[u8], kind: Kind) -> Option<Capture> {
    guarded(kind, || noted_in(bytes, kind)).ok().flatten()
}

/// Only what is beside the pixels is read: whatever size the picture claims to have.
fn noted_in(bytes: &[u8], kind: Kind) -> Result<Option<Capture>, Refused> {
    let limits = Limits::default();
    let noted = match kind {
        Kind::Jpeg => format::jpeg::exif(bytes, &limits)?,
        Kind::Png => format::png::exif(bytes, &limits)?,
        Kind::Webp => format::webp::exif(bytes, &limits)?,
        _ => return Ok(None),
    };
    Ok(noted.as_deref().and_then(exif::capture))
}
