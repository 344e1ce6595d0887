//! A picture lies as it was seen, however the camera was held.

use orderchat_media::{Kind, Limits, process};
use rstest::rstest;

use crate::make::{Picture, exif, jpeg, png, read};

const WIDTH: u32 = 40;
const HEIGHT: u32 = 24;

/// Where each pixel of the upright picture stands in the stored one, as EXIF defines it.
fn stored(picture: &Picture, orientation: u16) -> Picture {
    let (w, h) = (picture.width, picture.height);
    let (width, height) = if orientation < 5 { (w, h) } else { (h, w) };
    Picture::new(width, height, |x, y| {
        let (x, y) = match orientation {
            2 => (w - 1 - x, y),
            3 => (w - 1 - x, h - 1 - y),
            4 => (x, h - 1 - y),
            5 => (y, x),
            6 => (w - 1 - y, x),
            7 => (w - 1 - y, h - 1 - x),
            8 => (y, h - 1 - x),
            _ => (x, y),
        };
        [
            picture.at(x, y)[0],
            picture.at(x, y)[1],
            picture.at(x, y)[2],
        ]
    })
}

#[rstest]
fn a_png_comes_out_upright_pixel_by_pixel(#[values(1, 2, 3, 4, 5, 6, 7, 8)] orientation: u16) {
    let picture = Picture::noise(WIDTH, HEIGHT);
    let file = png::plain(&stored(&picture, orientation));
    let file = png::with_chunk(&file, b"eXIf", &exif::orientation(orientation));
    let made = process(&file, Kind::Png, &Limits::default()).expect("a picture");
    assert_eq!(read::made(&made), picture);
}

#[rstest]
fn a_jpeg_comes_out_upright(#[values(1, 2, 3, 4, 5, 6, 7, 8)] orientation: u16) {
    let picture = Picture::slopes(WIDTH, HEIGHT);
    let file = jpeg::with_exif(
        &stored(&picture, orientation),
        &exif::orientation(orientation),
    );
    let made = process(&file, Kind::Jpeg, &Limits::default()).expect("a picture");
    let farthest = read::made(&made).farthest(&picture);
    assert!(farthest <= 12, "{farthest} apart");
    let farthest = read::thumbnail(&made).farthest(&picture);
    assert!(farthest <= 40, "{farthest} apart in the thumbnail");
}

#[rstest]
#[case::none_such(9)]
#[case::zero(0)]
fn an_orientation_that_is_none_leaves_the_picture_as_it_is(#[case] orientation: u16) {
    let picture = Picture::noise(WIDTH, HEIGHT);
    let file = png::with_chunk(
        &png::plain(&picture),
        b"eXIf",
        &exif::orientation(orientation),
    );
    let made = process(&file, Kind::Png, &Limits::default()).expect("a picture");
    assert_eq!(read::made(&made), picture);
}

#[test]
fn broken_exif_leaves_the_picture_as_it_is() {
    let picture = Picture::noise(WIDTH, HEIGHT);
    let mut tiff = exif::orientation(6);
    tiff.truncate(12);
    let file = png::with_chunk(&png::plain(&picture), b"eXIf", &tiff);
    let made = process(&file, Kind::Png, &Limits::default()).expect("a picture");
    assert_eq!(read::made(&made), picture);
}
