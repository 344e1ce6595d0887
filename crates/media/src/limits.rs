//! How much of a picture is looked at.

/// Limits on pictures. All are checked on the headers, before memory is taken for pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Width times height.
    pub pixels: u64,
    /// Of an animation. Only its first frame is decoded; the limit says what is still a picture.
    pub frames: u32,
    /// Bytes of the colour profile (ICC), and of EXIF.
    pub metadata: usize,
    /// Scans of a progressive JPEG, each of which goes over all of the picture. Cameras, phones and
    /// `cjpeg -progressive` make ten or eleven.
    pub scans: u32,
    /// Bytes that [`Cost::bytes`] may come to.
    pub memory: u64,
    /// Bytes of the picture that [`process`](crate::process()) makes: a small PNG may become a large one.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pixels: 20_000_000,
            frames: 1_000,
            metadata: 4 << 20,
            scans: 32,
            memory: 160 << 20,
            output: 32 << 20,
        }
    }
}

/// What decoding a picture takes, by its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// As stored; [`Processed`](crate::Processed) has them upright.
    pub width: u32,
    pub height: u32,
    pub frames: u32,
    /// Bytes of decoded pixels, coefficients and rows that are held at the peak, all together.
    /// Neither the file itself nor what is made of it, at most [`Limits::output`], is counted.
    pub bytes: u64,
}
