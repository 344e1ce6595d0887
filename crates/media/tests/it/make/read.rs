//! What came out, read by the decoders themselves.

use std::io::Cursor;

use orderchat_media::{Kind, Processed};
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};

use super::Picture;

pub(crate) fn made(processed: &Processed) -> Picture {
    let picture = file(&processed.bytes, processed.kind);
    assert_eq!(
        (picture.width, picture.height),
        (processed.width, processed.height),
        "sizes"
    );
    picture
}

pub(crate) fn thumbnail(processed: &Processed) -> Picture {
    file(&processed.thumbnail, processed.thumbnail_kind)
}

/// A picture in three samples a pixel, or four where it has alpha.
pub(crate) fn file(bytes: &[u8], kind: Kind) -> Picture {
    match kind {
        Kind::Jpeg => jpeg(bytes),
        Kind::Png => png(bytes),
        Kind::Webp => webp(bytes),
        other => panic!("{other:?} does not come out"),
    }
}

fn jpeg(bytes: &[u8]) -> Picture {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(65_535)
        .set_max_height(65_535);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let samples = decoder.decode().expect("a JPEG");
    let info = decoder.info().expect("a header");
    Picture {
        width: info.width.into(),
        height: info.height.into(),
        samples,
    }
}

fn png(bytes: &[u8]) -> Picture {
    let mut reader = png::Decoder::new(Cursor::new(bytes))
        .read_info()
        .expect("a PNG");
    let mut samples = vec![0; reader.output_buffer_size().expect("a size")];
    let frame = reader.next_frame(&mut samples).expect("pixels");
    samples.truncate(frame.buffer_size());
    assert_eq!(frame.bit_depth, png::BitDepth::Eight);
    if frame.color_type == png::ColorType::Grayscale {
        samples = samples.iter().flat_map(|grey| [*grey; 3]).collect();
    }
    Picture {
        width: frame.width,
        height: frame.height,
        samples,
    }
}

fn webp(bytes: &[u8]) -> Picture {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(bytes)).expect("a WebP");
    let (width, height) = decoder.dimensions();
    let mut samples = vec![0; decoder.output_buffer_size().expect("a size")];
    decoder.read_image(&mut samples).expect("pixels");
    Picture {
        width,
        height,
        samples,
    }
}
