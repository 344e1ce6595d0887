//! The segments of a JPEG: walked once from end to end, without decoding.

use crate::{Kind, Limits, Refused, header::check_metadata};

/// What the walk found.
#[derive(Debug, Default)]
pub(super) struct Segments<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: Vec<Component>,
    pub(super) scans: u32,
    exif: Option<&'a [u8]>,
    /// The first quantization table, in the file's order.
    table: Vec<u16>,
    icc_bytes: usize,
    exif_bytes: usize,
}

/// How often a component is sampled, across and down, compared with the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Component {
    across: u8,
    down: u8,
}

/// How finely colours are sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sampling {
    /// Every pixel has its own (4:4:4).
    Full,
    /// Two pixels of a row share one (4:2:2).
    Row,
    /// Four share one (4:2:0).
    Square,
}

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const TABLES: u8 = 0xdb;
const EXIF: u8 = 0xe1;
const ICC: u8 = 0xe2;

const EXIF_NAME: &[u8] = b"Exif\0\0";
const ICC_NAME: &[u8] = b"ICC_PROFILE\0";

/// The sum of the table for brightness that the standard gives as an example, which programs scale
/// by the quality they are asked for.
const EXAMPLE_SUM: u32 = 3688;

fn broken(reason: impl ToString) -> Refused {
    Refused::broken(Kind::Jpeg, reason)
}

impl<'a> Segments<'a> {
    pub(super) fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, Refused> {
        let mut found = Self::default();
        let mut at = 0;
        // A file that ends early is one that was cut off: what is there may be shown.
        while let Some((marker, after)) = next_marker(bytes, at) {
            at = after;
            if marker == END {
                break;
            }
            if has_no_body(marker) {
                continue;
            }
            let Some(body) = body(bytes, at) else { break };
            at += 2 + body.len();
            found.take(marker, body, limits)?;
            if marker == SCAN {
                found.scans += 1;
                if found.scans > limits.scans {
                    return Err(Refused::TooManyScans {
                        limit: limits.scans,
                    });
                }
            }
        }
        if found.components.is_empty() || found.scans == 0 {
            return Err(broken("there is no picture in it"));
        }
        Ok(found)
    }

    fn take(&mut self, marker: u8, body: &'a [u8], limits: &Limits) -> Result<(), Refused> {
        match marker {
            0xc0..=0xc2 => self.frame(body),
            // Lossless, arithmetic and hierarchical ones: nobody sends them, hardly anything reads them.
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                Err(broken("it is of a rare kind of JPEG"))
            }
            TABLES => {
                if self.table.is_empty() {
                    self.table = table(body);
                }
                Ok(())
            }
            EXIF if body.starts_with(EXIF_NAME) => {
                self.exif = self.exif.or(Some(body));
                self.exif_bytes += body.len();
                check_metadata("EXIF", self.exif_bytes, limits)
            }
            ICC if body.starts_with(ICC_NAME) => {
                self.icc_bytes += body.len();
                check_metadata("colour profile", self.icc_bytes, limits)
            }
            _ => Ok(()),
        }
    }

    fn frame(&mut self, body: &[u8]) -> Result<(), Refused> {
        if !self.components.is_empty() {
            return Err(broken("it has two headers"));
        }
        let [
            precision,
            height_high,
            height_low,
            width_high,
            width_low,
            count,
            components @ ..,
        ] = body
        else {
            return Err(broken("its header is cut off"));
        };
        self.height = u32::from(u16::from_be_bytes([*height_high, *height_low]));
        self.width = u32::from(u16::from_be_bytes([*width_high, *width_low]));
        let (components, rest) = components.as_chunks::<3>();
        let sound = *precision == 8
            && self.width > 0
            && self.height > 0
            && matches!(count, 1 | 3 | 4)
            && components.len() == usize::from(*count)
            && rest.is_empty();
        if !sound {
            return Err(broken("its header makes no sense"));
        }
        self.components = components
            .iter()
            .map(|[_, sampled, _]| Component {
                across: sampled >> 4,
                down: sampled & 15,
            })
            .collect();
        if self
            .components
            .iter()
            .any(|c| !(1..=4).contains(&c.across) || !(1..=4).contains(&c.down))
        {
            return Err(broken("its colours are sampled in an impossible way"));
        }
        Ok(())
    }

    pub(super) fn exif(&self) -> Option<Vec<u8>> {
        self.exif.map(<[u8]>::to_vec)
    }

    /// How many coefficients the picture has, padded to whole blocks.
    pub(super) fn coefficients(&self) -> u64 {
        let (across, down) = self.most();
        let columns = u64::from(self.width.div_ceil(u32::from(across) * 8));
        let rows = u64::from(self.height.div_ceil(u32::from(down) * 8));
        let blocks: u64 = self
            .components
            .iter()
            .map(|c| u64::from(c.across) * u64::from(c.down))
            .sum();
        columns * rows * blocks * 64
    }

    pub(super) fn sampling(&self) -> Sampling {
        match self.most() {
            (1, 1) => Sampling::Full,
            (_, 1) => Sampling::Row,
            _ => Sampling::Square,
        }
    }

    fn most(&self) -> (u8, u8) {
        let across = self.components.iter().map(|c| c.across).max().unwrap_or(1);
        let down = self.components.iter().map(|c| c.down).max().unwrap_or(1);
        (across, down)
    }

    /// The quality, in hundredths, at which the usual programs would have made these tables.
    pub(super) fn quality(&self) -> u8 {
        let sum: u32 = self.table.iter().map(|step| u32::from(*step)).sum();
        if sum == 0 {
            return 100;
        }
        let scale = 100 * sum / EXAMPLE_SUM;
        let quality = if scale <= 100 {
            100 - scale / 2
        } else {
            5000 / scale
        };
        u8::try_from(quality.clamp(1, 100)).unwrap_or(100)
    }
}

/// The next marker from `at` on, and where what follows it begins. Bytes that are none (the data of a
/// scan, padding, and garbage) are skipped; so is START where it stands inside.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)? + 1;
        let byte = *bytes.get(at)?;
        if byte != 0 && byte != 0xff {
            return Some((byte, at + 1));
        }
    }
}

fn has_no_body(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xd0..=0xd7 | START)
}

/// What stands behind a marker's length; none where it is cut off.
fn body(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    bytes.get(at + 2..at + length.max(2))
}

/// The first table of a segment: its steps in one byte each, or two.
fn table(body: &[u8]) -> Vec<u16> {
    match body {
        [kind, steps @ ..] if kind >> 4 == 0 && steps.len() >= 64 => {
            steps[..64].iter().map(|step| u16::from(*step)).collect()
        }
        [_, steps @ ..] if steps.len() >= 128 => steps.as_chunks::<2>().0[..64]
            .iter()
            .map(|step| u16::from_be_bytes(*step))
            .collect(),
        _ => Vec::new(),
    }
}
