//! Decoded pixels, and turning them upright.

/// Eight bits a sample, rows without padding, sRGB once [`crate::colour`] has seen them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pixels {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) layout: Layout,
    pub(crate) samples: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Grey,
    Rgb,
    /// Not premultiplied.
    Rgba,
}

impl Layout {
    pub(crate) fn samples(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// How a picture lies, as EXIF counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Orientation {
    #[default]
    Upright,
    Mirrored,
    HalfTurned,
    Flipped,
    Transposed,
    /// To be turned to the right by a quarter.
    QuarterLeft,
    Transverse,
    /// To be turned to the left by a quarter.
    QuarterRight,
}

impl Orientation {
    pub(crate) fn from_exif(value: u32) -> Self {
        match value {
            2 => Self::Mirrored,
            3 => Self::HalfTurned,
            4 => Self::Flipped,
            5 => Self::Transposed,
            6 => Self::QuarterLeft,
            7 => Self::Transverse,
            8 => Self::QuarterRight,
            _ => Self::Upright,
        }
    }

    /// Width and height change places, which cannot be done in place.
    pub(crate) fn swaps_sides(self) -> bool {
        matches!(
            self,
            Self::Transposed | Self::QuarterLeft | Self::Transverse | Self::QuarterRight
        )
    }
}

/// A square of pixels whose source and target rows stay in the first cache while it is turned.
const BLOCK: usize = 32;

impl Pixels {
    /// Turned upright: in place, or by a second copy of the pixels where the sides change places.
    pub(crate) fn upright(self, orientation: Orientation) -> Self {
        match self.layout {
            Layout::Grey => self.turned::<1>(orientation),
            Layout::Rgb => self.turned::<3>(orientation),
            Layout::Rgba => self.turned::<4>(orientation),
        }
    }

    fn turned<const N: usize>(mut self, orientation: Orientation) -> Self {
        let width = self.width as usize;
        let (pixels, _) = self.samples.as_chunks_mut::<N>();
        match orientation {
            Orientation::Upright => {}
            Orientation::Mirrored => pixels.chunks_mut(width).for_each(<[_]>::reverse),
            Orientation::HalfTurned => pixels.reverse(),
            Orientation::Flipped => flip(pixels, width),
            Orientation::Transposed => return self.swapped::<N>(false, false),
            Orientation::QuarterLeft => return self.swapped::<N>(false, true),
            Orientation::Transverse => return self.swapped::<N>(true, true),
            Orientation::QuarterRight => return self.swapped::<N>(true, false),
        }
        self
    }

    /// Columns become rows: from the last column on, or the first; each from its bottom up, or down.
    fn swapped<const N: usize>(self, from_right: bool, from_bottom: bool) -> Self {
        let (width, height) = (self.width as usize, self.height as usize);
        let (source, _) = self.samples.as_chunks::<N>();
        let mut samples = vec![0; self.samples.len()];
        let (target, _) = samples.as_chunks_mut::<N>();
        for top in (0..width).step_by(BLOCK) {
            for left in (0..height).step_by(BLOCK) {
                for y in top..width.min(top + BLOCK) {
                    let column = if from_right { width - 1 - y } else { y };
                    for x in left..height.min(left + BLOCK) {
                        let row = if from_bottom { height - 1 - x } else { x };
                        target[y * height + x] = source[row * width + column];
                    }
                }
            }
        }
        Self {
            width: self.height,
            height: self.width,
            layout: self.layout,
            samples,
        }
    }

    /// Without its alpha where all of it is opaque, so that it can become a JPEG.
    pub(crate) fn without_needless_alpha(mut self) -> Self {
        let (pixels, _) = self.samples.as_chunks::<4>();
        if self.layout != Layout::Rgba || pixels.iter().any(|pixel| pixel[3] != u8::MAX) {
            return self;
        }
        let count = pixels.len();
        keep_three_of_four(&mut self.samples, count, |pixel| {
            [pixel[0], pixel[1], pixel[2]]
        });
        self.layout = Layout::Rgb;
        self
    }
}

/// Makes three samples a pixel of four, in place.
pub(crate) fn keep_three_of_four(
    samples: &mut Vec<u8>,
    pixels: usize,
    convert: impl Fn([u8; 4]) -> [u8; 3],
) {
    for index in 0..pixels {
        let from = index * 4;
        let four = [
            samples[from],
            samples[from + 1],
            samples[from + 2],
            samples[from + 3],
        ];
        samples[index * 3..index * 3 + 3].copy_from_slice(&convert(four));
    }
    samples.truncate(pixels * 3);
}

fn flip<const N: usize>(pixels: &mut [[u8; N]], width: usize) {
    let mut rows = pixels.chunks_mut(width);
    while let (Some(top), Some(bottom)) = (rows.next(), rows.next_back()) {
        top.swap_with_slice(bottom);
    }
}
