//! Every way of saving a picture that is taken comes out as what it shows.

use std::io::Cursor;

use ::gif::Frame;
use jpeg_encoder::{ColorType as Colours, SamplingFactor};
use orderchat_media::{Kind, Limits, Processed, process};
use rstest::rstest;

use crate::make::{
    Picture, gif, jpeg,
    png::{self, BitDepth, ColorType},
    read,
};

fn made(file: &[u8], kind: Kind) -> Processed {
    process(file, kind, &Limits::default()).expect("a picture")
}

fn lossless_webp(picture: &Picture, colours: image_webp::ColorType) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image_webp::WebPEncoder::new(&mut out)
        .encode(&picture.samples, picture.width, picture.height, colours)
        .expect("a WebP");
    out.into_inner()
}

/// Half of it is seen through, in steps.
fn transparent(width: u32, height: u32) -> Picture {
    let opaque = Picture::noise(width, height);
    let (pixels, _) = opaque.samples.as_chunks::<3>();
    let samples = pixels
        .iter()
        .enumerate()
        .flat_map(|(index, [red, green, blue])| [*red, *green, *blue, (index % 256) as u8]);
    Picture {
        width,
        height,
        samples: samples.collect(),
    }
}

#[rstest]
#[case::every_pixel(SamplingFactor::F_1_1, false)]
#[case::across(SamplingFactor::F_2_1, false)]
#[case::down(SamplingFactor::F_1_2, false)]
#[case::both(SamplingFactor::F_2_2, false)]
#[case::progressive(SamplingFactor::F_1_1, true)]
#[case::progressive_both(SamplingFactor::F_2_2, true)]
fn a_jpeg_stays_a_jpeg(#[case] sampling: SamplingFactor, #[case] progressive: bool) {
    for (width, height) in [(64, 48), (37, 23), (17, 300), (1, 1), (9, 4)] {
        let picture = Picture::slopes(width, height);
        let file = jpeg::made(&picture, Colours::Rgb, |encoder| {
            encoder.set_sampling_factor(sampling);
            encoder.set_progressive(progressive);
        });
        let made = made(&file, Kind::Jpeg);
        assert_eq!(made.kind, Kind::Jpeg);
        let apart = read::made(&made).apart(&read::file(&file, Kind::Jpeg));
        assert!(apart <= 6.0, "{apart} apart at {width} × {height}");
    }
}

#[test]
fn a_grey_jpeg_stays_grey() {
    let samples: Vec<u8> = (0..64 * 48).map(|index| (index % 64) as u8 * 3).collect();
    let grey = Picture {
        width: 64,
        height: 48,
        samples: samples.clone(),
    };
    let made = made(&jpeg::made(&grey, Colours::Luma, |_| {}), Kind::Jpeg);
    let shown = Picture {
        samples: samples.iter().flat_map(|s| [*s; 3]).collect(),
        ..grey
    };
    let farthest = read::made(&made).farthest(&shown);
    assert!(farthest <= 10, "{farthest} apart");
}

#[rstest]
fn a_jpeg_for_printing_shows_its_colours(
    #[values(Colours::Cmyk, Colours::CmykAsYcck)] colours: Colours,
) {
    // Ink takes light away: red is what is left when there is no cyan.
    let picture = Picture::rectangles(64, 48);
    let inks = picture
        .samples
        .as_chunks::<3>()
        .0
        .iter()
        .flat_map(|[r, g, b]| [255 - r, 255 - g, 255 - b, 0]);
    let printed = Picture {
        samples: inks.collect(),
        ..picture
    };
    let made = read::made(&made(&jpeg::made(&printed, colours, |_| {}), Kind::Jpeg));
    for (x, y, colour) in [
        (10, 10, [200, 40, 40]),
        (50, 10, [40, 200, 40]),
        (10, 40, [40, 40, 200]),
    ] {
        for (sample, expected) in made.at(x, y).iter().zip(colour) {
            assert!(
                sample.abs_diff(expected) <= 12,
                "{:?} at {x}, {y}",
                made.at(x, y)
            );
        }
    }
}

#[test]
fn what_was_saved_coarsely_is_not_saved_larger() {
    let picture = Picture::noise(200, 150);
    let coarse = jpeg::made(&picture, Colours::Rgb, |encoder| encoder.set_quality(65));
    let made = made(&coarse, Kind::Jpeg);
    let (before, after) = (coarse.len(), made.bytes.len());
    assert!(after <= before * 11 / 10, "{before} bytes became {after}");
}

#[rstest]
#[case::rgb(Picture::noise(33, 21))]
#[case::rgba(transparent(33, 21))]
fn a_png_stays_as_it_is(#[case] picture: Picture) {
    let made = made(&png::plain(&picture), Kind::Png);
    assert_eq!(made.kind, Kind::Png);
    assert_eq!(read::made(&made), picture);
}

#[test]
fn an_interlaced_png_is_put_together() {
    for (width, height) in [(33, 21), (8, 8), (1, 5), (3, 1)] {
        let picture = Picture::noise(width, height);
        assert_eq!(
            read::made(&made(&png::interlaced(&picture), Kind::Png)),
            picture
        );
    }
}

#[test]
fn a_png_of_sixteen_bits_keeps_eight_of_them() {
    let picture = Picture::noise(20, 10);
    let rows: Vec<u8> = picture
        .samples
        .iter()
        .flat_map(|sample| [*sample, 0x55])
        .collect();
    let file = png::made(20, 10, ColorType::Rgb, BitDepth::Sixteen, &rows, |_| {});
    assert!(read::made(&made(&file, Kind::Png)).farthest(&picture) <= 1);
}

#[rstest]
#[case::one(BitDepth::One)]
#[case::two(BitDepth::Two)]
#[case::four(BitDepth::Four)]
#[case::eight(BitDepth::Eight)]
fn a_png_with_a_palette_shows_its_colours(#[case] depth: BitDepth) {
    let bits = depth as usize;
    let (width, height) = (19_usize, 7);
    let colours = [[200, 40, 40], [40, 200, 40]];
    let row: Vec<usize> = (0..width).map(|x| x % 2).collect();
    let packed = row.chunks(8 / bits).map(|places| {
        places.iter().enumerate().fold(0, |byte, (at, place)| {
            byte | ((*place as u8) << (8 - bits * (at + 1)))
        })
    });
    let rows = packed.collect::<Vec<u8>>().repeat(height);
    let file = png::made(
        width as u32,
        height as u32,
        ColorType::Indexed,
        depth,
        &rows,
        |encoder| {
            encoder.set_palette(colours.concat());
        },
    );
    let picture = Picture::new(width as u32, height as u32, |x, _| colours[x as usize % 2]);
    assert_eq!(read::made(&made(&file, Kind::Png)), picture);
}

#[test]
fn a_png_whose_palette_is_seen_through_keeps_that() {
    let file = png::made(
        2,
        1,
        ColorType::Indexed,
        BitDepth::Eight,
        &[0, 1],
        |encoder| {
            encoder.set_palette(&[200, 40, 40, 40, 200, 40][..]);
            encoder.set_trns(&[255, 100][..]);
        },
    );
    let shown = read::made(&made(&file, Kind::Png));
    assert_eq!(shown.samples, [200, 40, 40, 255, 40, 200, 40, 100]);
}

#[test]
fn a_grey_png_with_alpha_keeps_both() {
    let file = png::made(
        2,
        1,
        ColorType::GrayscaleAlpha,
        BitDepth::Eight,
        &[9, 255, 80, 7],
        |_| {},
    );
    let shown = read::made(&made(&file, Kind::Png));
    assert_eq!(shown.samples, [9, 9, 9, 255, 80, 80, 80, 7]);
}

#[test]
fn alpha_that_hides_nothing_is_left_out() {
    let picture = Picture::noise(16, 16);
    let samples = picture
        .samples
        .as_chunks::<3>()
        .0
        .iter()
        .flat_map(|[r, g, b]| [*r, *g, *b, 255]);
    let file = png::plain(&Picture {
        samples: samples.collect(),
        ..picture.clone()
    });
    let made = made(&file, Kind::Png);
    assert_eq!(read::made(&made), picture);
    assert_eq!(made.thumbnail_kind, Kind::Jpeg);
}

#[test]
fn an_animated_png_becomes_its_picture() {
    let picture = Picture::noise(16, 16);
    let mut file = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut file, 16, 16);
    encoder.set_color(ColorType::Rgb);
    encoder.set_animated(3, 0).expect("an animation");
    let mut writer = encoder.write_header().expect("a header");
    writer
        .write_image_data(&picture.samples)
        .expect("the first frame");
    for _ in 0..2 {
        writer.write_image_data(&[0; 16 * 16 * 3]).expect("a frame");
    }
    writer.finish().expect("a PNG");
    let made = made(&file, Kind::Png);
    assert_eq!(read::made(&made), picture);
    assert!(
        !made
            .bytes
            .windows(4)
            .any(|name| name == b"acTL" || name == b"fdAT")
    );
}

#[test]
fn a_large_png_that_comes_out_too_large_becomes_a_jpeg_unless_it_is_transparent() {
    let limits = Limits {
        output: 60_000,
        ..Limits::default()
    };
    let made = process(&png::plain(&Picture::noise(150, 150)), Kind::Png, &limits);
    assert_eq!(made.expect("a picture").kind, Kind::Jpeg);
    let refused = process(&png::plain(&transparent(150, 150)), Kind::Png, &limits);
    assert_eq!(refused.expect_err("too large").status(), 422);
}

#[test]
fn a_gif_becomes_a_png_of_its_first_frame() {
    let made = made(&gif::rectangles(64, 48, 5), Kind::Gif);
    assert_eq!(made.kind, Kind::Png);
    assert_eq!(read::made(&made), Picture::rectangles(64, 48));
}

#[test]
fn a_gif_frame_that_is_smaller_than_the_picture_stands_in_its_place() {
    let mut frame = Frame::from_indexed_pixels(2, 1, vec![0, 1], Some(1));
    (frame.left, frame.top) = (1, 2);
    let shown = read::made(&made(&gif::made(4, 4, [frame]), Kind::Gif));
    assert_eq!(shown.at(1, 2), [200, 40, 40, 255]);
    for (x, y) in [(0, 0), (2, 2), (3, 3)] {
        assert_eq!(shown.at(x, y)[3], 0, "{x}, {y}");
    }
}

#[rstest]
#[case::lossy(include_bytes!("../fixtures/lossy.webp"))]
#[case::animated(include_bytes!("../fixtures/animated.webp"))]
fn a_webp_of_a_photo_becomes_a_jpeg(#[case] file: &[u8]) {
    let made = made(file, Kind::Webp);
    assert_eq!(made.kind, Kind::Jpeg);
    let apart = read::made(&made).apart(&Picture::rectangles(64, 48));
    assert!(apart <= 6.0, "{apart} apart");
}

#[test]
fn a_webp_photo_that_is_seen_through_stays_a_webp() {
    let made = made(include_bytes!("../fixtures/lossy-alpha.webp"), Kind::Webp);
    assert_eq!((made.kind, made.thumbnail_kind), (Kind::Webp, Kind::Webp));
    let shown = read::made(&made);
    assert_eq!((shown.at(5, 5)[3], shown.at(60, 5)[3]), (255, 0));
}

#[rstest]
#[case::rgb(Picture::noise(33, 21), image_webp::ColorType::Rgb8)]
#[case::rgba(transparent(33, 21), image_webp::ColorType::Rgba8)]
fn a_lossless_webp_stays_as_it_is(
    #[case] picture: Picture,
    #[case] colours: image_webp::ColorType,
) {
    let made = made(&lossless_webp(&picture, colours), Kind::Webp);
    assert_eq!(made.kind, Kind::Webp);
    assert_eq!(read::made(&made), picture);
}

#[test]
fn a_large_lossless_webp_becomes_a_png() {
    let picture = Picture {
        width: 2_500,
        height: 1_700,
        samples: vec![90; 2_500 * 1_700 * 3],
    };
    let made = made(
        &lossless_webp(&picture, image_webp::ColorType::Rgb8),
        Kind::Webp,
    );
    assert_eq!(made.kind, Kind::Png);
    assert_eq!(read::made(&made), picture);
}

#[rstest]
#[case::jpeg(Kind::Jpeg, jpeg::plain(&Picture::slopes(24, 16)))]
#[case::png(Kind::Png, png::plain(&Picture::noise(16, 12)))]
#[case::gif(Kind::Gif, gif::rectangles(24, 16, 2))]
#[case::webp(Kind::Webp, lossless_webp(&Picture::noise(16, 12), image_webp::ColorType::Rgb8))]
fn wherever_a_file_is_cut_off_it_is_a_picture_or_refused(
    #[case] kind: Kind,
    #[case] file: Vec<u8>,
) {
    for length in 0..file.len() {
        match process(&file[..length], kind, &Limits::default()) {
            Ok(made) => drop(read::made(&made)),
            Err(refused) => assert_eq!(refused.status(), 422, "{refused}"),
        }
    }
}

#[test]
fn what_is_no_picture_is_not_processed() {
    let refused = process(b"%PDF-1.7", Kind::Pdf, &Limits::default());
    assert_eq!(refused.expect_err("a PDF").status(), 415);
}
