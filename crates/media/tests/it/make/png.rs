//! PNGs, down to their chunks.

use super::Picture;

pub(crate) use png::{BitDepth, ColorType};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Eight bits a sample: colours, or colours with alpha.
pub(crate) fn plain(picture: &Picture) -> Vec<u8> {
    let pixels = picture.width as usize * picture.height as usize;
    let colour = if picture.samples.len() == pixels * 4 {
        ColorType::Rgba
    } else {
        ColorType::Rgb
    };
    made(
        picture.width,
        picture.height,
        colour,
        BitDepth::Eight,
        &picture.samples,
        |_| {},
    )
}

pub(crate) fn made(
    width: u32,
    height: u32,
    colour: ColorType,
    depth: BitDepth,
    rows: &[u8],
    set: impl FnOnce(&mut png::Encoder<'_, &mut Vec<u8>>),
) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    set(&mut encoder);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(rows).expect("rows");
    writer.finish().expect("a PNG");
    out
}

/// The file with another chunk behind its header.
pub(crate) fn with_chunk(png: &[u8], name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let behind_header = SIGNATURE.len() + 12 + 13;
    [
        &png[..behind_header],
        &chunk(name, content),
        &png[behind_header..],
    ]
    .concat()
}

/// The Adam7 order of eight-bit colours: seven pictures, each finer than the one before.
pub(crate) fn interlaced(picture: &Picture) -> Vec<u8> {
    const PASSES: [(u32, u32, u32, u32); 7] = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ];
    let mut rows = Vec::new();
    for (left, top, right, down) in PASSES {
        for y in (top..picture.height).step_by(down as usize) {
            if left < picture.width {
                rows.push(0);
            }
            for x in (left..picture.width).step_by(right as usize) {
                rows.extend_from_slice(picture.at(x, y));
            }
        }
    }
    file(&header(picture.width, picture.height, 2, 1), &stored(&rows))
}

/// A header that claims a size, with hardly anything behind it.
pub(crate) fn claiming(width: u32, height: u32) -> Vec<u8> {
    file(&header(width, height, 6, 0), &stored(&[0; 64]))
}

fn header(width: u32, height: u32, colour: u8, interlaced: u8) -> Vec<u8> {
    let rest = [8, colour, 0, 0, interlaced];
    [width.to_be_bytes().as_slice(), &height.to_be_bytes(), &rest].concat()
}

fn file(header: &[u8], pixels: &[u8]) -> Vec<u8> {
    [
        SIGNATURE,
        &chunk(b"IHDR", header),
        &chunk(b"IDAT", pixels),
        &chunk(b"IEND", &[]),
    ]
    .concat()
}

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a chunk").to_be_bytes();
    let checked = [name, content].concat();
    [length.as_slice(), &checked, &crc(&checked).to_be_bytes()].concat()
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
        })
    })
}

/// zlib without compression.
pub(crate) fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let blocks: Vec<_> = bytes.chunks(65_535).collect();
    for (index, block) in blocks.iter().enumerate() {
        let length = u16::try_from(block.len()).expect("a block");
        out.push(u8::from(index + 1 == blocks.len()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    out.extend(((b << 16) | a).to_be_bytes());
    out
}
