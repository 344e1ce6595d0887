//! Nothing of what a camera or a program notes down comes out (A21).

use std::io::Cursor;

use orderchat_media::{Kind, Limits, Processed, process};

use crate::make::{Picture, exif, jpeg, png};

const SECRET: &[u8] = b"Secretive";

fn made(file: &[u8], kind: Kind) -> Processed {
    assert!(
        file.windows(SECRET.len()).any(|window| window == SECRET),
        "it is in what comes"
    );
    let made = process(file, kind, &Limits::default()).expect("a picture");
    for bytes in [&made.bytes, &made.thumbnail] {
        assert!(
            !bytes.windows(SECRET.len()).any(|window| window == SECRET),
            "it comes out"
        );
    }
    made
}

/// The segments of a JPEG before its pixels.
fn segments(jpeg: &[u8]) -> Vec<u8> {
    let mut markers = Vec::new();
    let mut at = 2;
    while jpeg[at + 1] != 0xda {
        markers.push(jpeg[at + 1]);
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
    markers
}

/// The names of a PNG's chunks, or a WebP's.
fn chunks(file: &[u8], start: usize, is_png: bool) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = &file[start..];
    while rest.len() >= 8 {
        let (name, length) = if is_png { (4, 0) } else { (0, 4) };
        let length: [u8; 4] = rest[length..length + 4].try_into().expect("four bytes");
        let length = if is_png {
            u32::from_be_bytes(length) + 4
        } else {
            u32::from_le_bytes(length).next_multiple_of(2)
        };
        names.push(String::from_utf8_lossy(&rest[name..name + 4]).into_owned());
        rest = &rest[(8 + length as usize).min(rest.len())..];
    }
    names
}

#[test]
fn a_jpeg_comes_out_with_what_shows_it_and_nothing_else() {
    let tiff = exif::taken_somewhere().tiff();
    let jpeg = jpeg::with_exif(&Picture::slopes(64, 48), &tiff);
    let xmp = [b"http://ns.adobe.com/xap/1.0/\0".as_slice(), SECRET].concat();
    let jpeg = jpeg::with_segment(&jpeg, 0xe1, &xmp);
    let jpeg = jpeg::with_segment(&jpeg, 0xed, &[b"Photoshop 3.0\0", SECRET].concat());
    let jpeg = jpeg::with_segment(&jpeg, 0xe2, &[b"MPF\0", SECRET].concat());
    let jpeg = jpeg::with_segment(&jpeg, 0xfe, SECRET);
    let made = made(&jpeg, Kind::Jpeg);
    for file in [&made.bytes, &made.thumbnail] {
        let markers = segments(file);
        // JFIF, quantization, header, Huffman tables.
        assert!(
            markers
                .iter()
                .all(|marker| matches!(marker, 0xe0 | 0xdb | 0xc0 | 0xc4)),
            "{markers:x?}"
        );
    }
}

#[test]
fn a_png_comes_out_with_its_pixels_and_nothing_else() {
    let png = png::plain(&Picture::noise(32, 24));
    let png = png::with_chunk(&png, b"eXIf", &exif::taken_somewhere().tiff());
    let png = png::with_chunk(&png, b"tEXt", &[b"Author\0", SECRET].concat());
    let png = png::with_chunk(
        &png,
        b"iTXt",
        &[b"XML:com.adobe.xmp\0\0\0\0\0", SECRET].concat(),
    );
    let png = png::with_chunk(&png, b"tIME", &[7, 234, 7, 4, 18, 30, 15]);
    let png = png::with_chunk(&png, b"pHYs", &[0, 0, 0, 1, 0, 0, 0, 1, 1]);
    let made = made(&png, Kind::Png);
    let mut names = chunks(&made.bytes, 8, true);
    names.dedup();
    assert_eq!(names, ["IHDR", "IDAT", "IEND"]);
}

#[test]
fn a_webp_comes_out_with_its_pixels_and_nothing_else() {
    let picture = Picture::noise(32, 24);
    let mut webp = Cursor::new(Vec::new());
    let mut encoder = image_webp::WebPEncoder::new(&mut webp);
    encoder.set_exif_metadata(exif::taken_somewhere().tiff());
    encoder.set_xmp_metadata(SECRET.to_vec());
    encoder
        .encode(&picture.samples, 32, 24, image_webp::ColorType::Rgb8)
        .expect("a WebP");
    let made = made(webp.get_ref(), Kind::Webp);
    assert_eq!((made.width, made.height), (24, 32), "upright");
    assert_eq!(chunks(&made.bytes, 12, false), ["VP8L"]);
}
