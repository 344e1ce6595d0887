//! Pictures meant for printing.
//!
//! Programs save CMYK upside down (0 is all ink), as Adobe's do, whether they say so or not.

use crate::{colour, pixels::keep_three_of_four};

/// Pixels that are converted at a time.
const CHUNK: usize = 4096;

/// Makes RGB of four samples a pixel, in place: by the picture's profile, or without one by how much
/// of the light each ink leaves.
pub(super) fn to_rgb(samples: &mut Vec<u8>, is_ycck: bool, icc: Option<&[u8]>) {
    let pixels = samples.len() / 4;
    if is_ycck {
        samples
            .as_chunks_mut::<4>()
            .0
            .iter_mut()
            .for_each(cmy_from_ycc);
    }
    let Some(conversion) = icc.and_then(colour::from_cmyk) else {
        keep_three_of_four(samples, pixels, |[c, m, y, k]| {
            [c, m, y].map(|ink| scale(ink, k))
        });
        return;
    };
    let (mut inks, mut colours) = (vec![0; CHUNK * 4], vec![0; CHUNK * 3]);
    let mut done = 0;
    while done < pixels {
        let count = CHUNK.min(pixels - done);
        let (inks, colours) = (&mut inks[..count * 4], &mut colours[..count * 3]);
        for (ink, sample) in inks.iter_mut().zip(&samples[done * 4..]) {
            *ink = u8::MAX - sample;
        }
        conversion.run(inks, colours);
        // Never beyond what was read: three samples follow four.
        samples[done * 3..(done + count) * 3].copy_from_slice(colours);
        done += count;
    }
    samples.truncate(pixels * 3);
}

/// YCC of the inks to inks, still upside down.
fn cmy_from_ycc(pixel: &mut [u8; 4]) {
    let [luma, blue, red] = [pixel[0], pixel[1], pixel[2]].map(f32::from);
    let (blue, red) = (blue - 128.0, red - 128.0);
    let inks = [
        luma + 1.402 * red,
        luma - 0.344_136 * blue - 0.714_136 * red,
        luma + 1.772 * blue,
    ];
    for (sample, ink) in pixel.iter_mut().zip(inks) {
        // A cast of a float keeps to the range of the target.
        *sample = u8::MAX - ink.round() as u8;
    }
}

fn scale(ink: u8, black: u8) -> u8 {
    let product = u16::from(ink) * u16::from(black);
    u8::try_from((product + 127) / 255).unwrap_or(u8::MAX)
}
