//! Files for the tests, made by code.

pub(crate) mod exif;
pub(crate) mod gif;
pub(crate) mod jpeg;
pub(crate) mod png;
pub(crate) mod read;

/// A picture of three or four samples a pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) samples: Vec<u8>,
}

impl Picture {
    pub(crate) fn new(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Self {
        let samples = (0..height).flat_map(|y| (0..width).flat_map(move |x| [(x, y)]));
        let samples = samples.flat_map(|(x, y)| pixel(x, y)).collect();
        Self {
            width,
            height,
            samples,
        }
    }

    /// Four rectangles, none alike: whoever turns or mirrors it moves some of them.
    pub(crate) fn rectangles(width: u32, height: u32) -> Self {
        Self::new(width, height, |x, y| {
            match (x < width / 2, y < height / 2) {
                (true, true) => [200, 40, 40],
                (false, true) => [40, 200, 40],
                (true, false) => [40, 40, 200],
                (false, false) => [220, 220, 220],
            }
        })
    }

    /// Smooth, and different everywhere: like a photo, and hardly changed by JPEG.
    pub(crate) fn slopes(width: u32, height: u32) -> Self {
        Self::new(width, height, |x, y| {
            let part =
                |at: u32, of: u32| u8::try_from(at * 200 / of.max(1) + 20).expect("a sample");
            [part(x, width), part(y, height), part(x + y, width + height)]
        })
    }

    /// Nothing but noise: what no encoder makes smaller.
    pub(crate) fn noise(width: u32, height: u32) -> Self {
        let mut state: u32 = 20_261_129;
        let samples = (0..width as usize * height as usize * 3).map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 24) as u8
        });
        Self {
            width,
            height,
            samples: samples.collect(),
        }
    }

    pub(crate) fn at(&self, x: u32, y: u32) -> &[u8] {
        let depth = self.samples.len() / (self.width as usize * self.height as usize);
        let pixel = (y as usize * self.width as usize + x as usize) * depth;
        &self.samples[pixel..pixel + depth]
    }

    /// How far apart the two are at most, in any sample.
    pub(crate) fn farthest(&self, other: &Self) -> u8 {
        assert_eq!(
            (self.width, self.height),
            (other.width, other.height),
            "sizes"
        );
        assert_eq!(self.samples.len(), other.samples.len(), "samples");
        let apart = self
            .samples
            .iter()
            .zip(&other.samples)
            .map(|(a, b)| a.abs_diff(*b));
        apart.max().unwrap_or(0)
    }

    /// How far apart the two are on average.
    pub(crate) fn apart(&self, other: &Self) -> f64 {
        assert_eq!(
            (self.width, self.height),
            (other.width, other.height),
            "sizes"
        );
        assert_eq!(self.samples.len(), other.samples.len(), "samples");
        let apart = self
            .samples
            .iter()
            .zip(&other.samples)
            .map(|(a, b)| f64::from(a.abs_diff(*b)));
        apart.sum::<f64>() / self.samples.len() as f64
    }
}
