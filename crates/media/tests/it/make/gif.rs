//! GIFs.

use gif::{Encoder, Frame};

/// Red, green, blue, light grey, black.
const PALETTE: [u8; 15] = [
    200, 40, 40, 40, 200, 40, 40, 40, 200, 220, 220, 220, 0, 0, 0,
];

/// Frames over the whole picture: the first has four rectangles, the others are black.
pub(crate) fn rectangles(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let first = (0..height).flat_map(|y| {
        (0..width).map(move |x| u8::from(x >= width / 2) + 2 * u8::from(y >= height / 2))
    });
    let first = Frame::from_indexed_pixels(width, height, first.collect::<Vec<_>>(), None);
    let pixels = usize::from(width) * usize::from(height);
    let black = Frame::from_indexed_pixels(width, height, vec![4; pixels], None);
    made(
        width,
        height,
        std::iter::once(first).chain(std::iter::repeat_n(black, frames - 1)),
    )
}

pub(crate) fn made<'a>(
    width: u16,
    height: u16,
    frames: impl IntoIterator<Item = Frame<'a>>,
) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, width, height, &PALETTE).expect("a GIF");
    for frame in frames {
        encoder.write_frame(&frame).expect("a frame");
    }
    drop(encoder);
    out
}
