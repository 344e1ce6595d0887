//! Small pictures of large ones.

use orderchat_media::{Kind, Limits, process};
use rstest::rstest;

use crate::make::{Picture, exif, jpeg, png, read};

#[rstest]
#[case::wide(1_200, 300, 480, 120)]
#[case::high(300, 1_200, 120, 480)]
#[case::as_large(480, 480, 480, 480)]
#[case::small(20, 10, 20, 10)]
#[case::thin(3_000, 1, 480, 1)]
fn a_thumbnail_is_at_most_480_pixels_and_keeps_its_shape(
    #[case] width: u32,
    #[case] height: u32,
    #[case] small_width: u32,
    #[case] small_height: u32,
) {
    let file = png::plain(&Picture::rectangles(width, height));
    let made = process(&file, Kind::Png, &Limits::default()).expect("a picture");
    let thumbnail = read::thumbnail(&made);
    assert_eq!(
        (thumbnail.width, thumbnail.height),
        (small_width, small_height)
    );
}

#[test]
fn a_thumbnail_shows_the_picture_upright() {
    let file = jpeg::with_exif(&Picture::rectangles(1_000, 600), &exif::orientation(6));
    let made = process(&file, Kind::Jpeg, &Limits::default()).expect("a picture");
    let thumbnail = read::thumbnail(&made);
    assert_eq!((thumbnail.width, thumbnail.height), (288, 480));
    // Turned to the right: what was below on the left is above on the left.
    for (x, y, colour) in [
        (50, 50, [40, 40, 200]),
        (240, 50, [200, 40, 40]),
        (240, 430, [40, 200, 40]),
    ] {
        for (sample, expected) in thumbnail.at(x, y).iter().zip(colour) {
            assert!(
                sample.abs_diff(expected) <= 12,
                "{:?} at {x}, {y}",
                thumbnail.at(x, y)
            );
        }
    }
}

#[test]
fn a_transparent_picture_has_a_transparent_thumbnail() {
    let samples: Vec<u8> = (0..600 * 600)
        .flat_map(|at| [200, 40, 40, if at % 600 < 300 { 255 } else { 0 }])
        .collect();
    let file = png::plain(&Picture {
        width: 600,
        height: 600,
        samples,
    });
    let made = process(&file, Kind::Png, &Limits::default()).expect("a picture");
    assert_eq!(made.thumbnail_kind, Kind::Webp);
    let thumbnail = read::thumbnail(&made);
    assert_eq!(thumbnail.at(10, 10), [200, 40, 40, 255]);
    assert_eq!(thumbnail.at(470, 10)[3], 0);
}

#[test]
fn a_thumbhash_gives_back_the_colours_roughly() {
    let file = png::plain(&Picture::rectangles(640, 480));
    let made = process(&file, Kind::Png, &Limits::default()).expect("a picture");
    assert!(
        (5..=30).contains(&made.thumbhash.len()),
        "{} bytes",
        made.thumbhash.len()
    );
    let (width, height, rgba) = thumbhash::thumb_hash_to_rgba(&made.thumbhash).expect("a hash");
    assert!(width > height, "{width} × {height}");
    let red = &rgba[(height / 4 * width + width / 4) * 4..][..3];
    assert!(red[0] > red[1] && red[0] > red[2], "{red:?}");
}
