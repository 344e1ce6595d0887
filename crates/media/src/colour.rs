//! Colours as browsers show them without being told: sRGB.
//!
//! A profile is applied to the pixels and left out. Keeping it would mean to hand on bytes from
//! outside, and thumbnails would need it, too. One that is broken, or for another kind of picture, is
//! ignored, as browsers do.

use moxcms::{ColorProfile, DataColorSpace, Layout as Samples, TransformOptions};

use crate::pixels::{Layout, Pixels};

/// Pixels that are converted at a time.
const CHUNK: usize = 4096;

/// Converts pixels from the colours of an ICC profile.
pub(crate) fn apply_icc(pixels: &mut Pixels, icc: &[u8]) {
    if let Ok(profile) = ColorProfile::new_from_slice(icc) {
        apply(pixels, &profile);
    }
}

/// Converts pixels from the colours of a profile.
pub(crate) fn apply(pixels: &mut Pixels, profile: &ColorProfile) {
    let (from, to) = match (pixels.layout, profile.color_space) {
        (Layout::Grey, DataColorSpace::Gray) => (Samples::Gray, Samples::Rgb),
        (Layout::Rgb, DataColorSpace::Rgb) => (Samples::Rgb, Samples::Rgb),
        (Layout::Rgba, DataColorSpace::Rgb) => (Samples::Rgba, Samples::Rgba),
        _ => return,
    };
    let Some(convert) = Conversion::new(profile, from, to) else {
        return;
    };
    if convert.changes_nothing() {
        return;
    }
    match pixels.layout {
        Layout::Grey => convert.greys(&mut pixels.samples),
        Layout::Rgb | Layout::Rgba => convert.in_place(&mut pixels.samples),
    }
}

/// CMYK (255 is all ink) to RGB by a profile of printing; none where the profile cannot do it.
pub(crate) fn from_cmyk(icc: &[u8]) -> Option<Conversion> {
    let profile = ColorProfile::new_from_slice(icc).ok()?;
    if profile.color_space != DataColorSpace::Cmyk {
        return None;
    }
    Conversion::new(&profile, Samples::Rgba, Samples::Rgb)
}

fn samples(layout: Samples) -> usize {
    match layout {
        Samples::Gray => 1,
        Samples::Rgb => 3,
        _ => 4,
    }
}

pub(crate) struct Conversion {
    transform: std::sync::Arc<moxcms::Transform8BitExecutor>,
    from: usize,
    to: usize,
}

impl Conversion {
    fn new(profile: &ColorProfile, from: Samples, to: Samples) -> Option<Self> {
        let transform = profile
            .create_transform_8bit(
                from,
                &ColorProfile::new_srgb(),
                to,
                TransformOptions::default(),
            )
            .ok()?;
        Some(Self {
            transform,
            from: samples(from),
            to: samples(to),
        })
    }

    /// Whether it is sRGB under whatever name: no sample of a grid over all colours moves by more
    /// than rounding does.
    fn changes_nothing(&self) -> bool {
        let steps: Vec<u8> = (0..=255).step_by(15).collect();
        let mut colours = Vec::new();
        for red in &steps {
            for green in &steps {
                for blue in &steps {
                    colours.extend_from_slice(&[*red, *green, *blue, 255][..self.from]);
                }
            }
        }
        let before = colours.clone();
        if self.from == 1 {
            self.greys(&mut colours);
        } else {
            self.in_place(&mut colours);
        }
        before
            .iter()
            .zip(&colours)
            .all(|(before, after)| before.abs_diff(*after) <= 1)
    }

    /// Of pixels that have as many samples before as after.
    fn in_place(&self, samples: &mut [u8]) {
        let mut before = vec![0; CHUNK * self.from];
        for chunk in samples.chunks_mut(CHUNK * self.from) {
            let before = &mut before[..chunk.len()];
            before.copy_from_slice(chunk);
            self.run(before, chunk);
        }
    }

    /// Greys come out with three samples alike; one of them is kept.
    fn greys(&self, samples: &mut [u8]) {
        let mut colours = vec![0; CHUNK * self.to];
        for chunk in samples.chunks_mut(CHUNK) {
            let colours = &mut colours[..chunk.len() * self.to];
            self.run(chunk, colours);
            for (grey, colour) in chunk.iter_mut().zip(colours.chunks_exact(self.to)) {
                *grey = colour[1];
            }
        }
    }

    /// Fails only for lengths that do not belong together, which the callers see to.
    pub(crate) fn run(&self, from: &[u8], to: &mut [u8]) {
        let _ = self.transform.transform(from, to);
    }
}
