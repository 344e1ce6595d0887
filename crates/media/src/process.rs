//! A picture that is safe to hand on.

use crate::{Cost, Kind, Limits, Refused};

/// A picture upright and without metadata, with what clients show before they have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processed {
    pub bytes: Vec<u8>,
    /// May differ from what came: see the table in [`process`].
    pub kind: Kind,
    pub width: u32,
    pub height: u32,
    /// At most 480 pixels wide and high.
    pub thumbnail: Vec<u8>,
    pub thumbnail_kind: Kind,
    /// <https://evanw.github.io/thumbhash/>
    pub thumbhash: Vec<u8>,
}

/// What decoding this picture takes, from its headers alone.
///
/// # Errors
///
/// 422 where it is over one of the limits or broken, 415 where `kind` is no picture.
pub fn cost(bytes: &[u8], kind: Kind, limits: &Limits) -> Result<Cost, Refused> {
    let _ = (bytes, limits);
    Err(Refused::broken(kind, "no decoder yet"))
}

/// Makes the picture that is kept.
///
/// # Errors
///
/// As [`cost`], and 422 where the picture is broken.
pub fn process(bytes: &[u8], kind: Kind, limits: &Limits) -> Result<Processed, Refused> {
    let _ = (bytes, limits);
    Err(Refused::broken(kind, "no decoder yet"))
}
