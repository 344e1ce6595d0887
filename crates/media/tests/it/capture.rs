//! When and where a picture was taken.

use std::io::Cursor;

use orderchat_media::{Kind, capture};
use rstest::rstest;

use crate::make::{Picture, exif, exif::Noted, jpeg, png};

fn read(noted: &Noted) -> Option<orderchat_media::Capture> {
    capture(
        &jpeg::with_exif(&Picture::slopes(8, 8), &noted.tiff()),
        Kind::Jpeg,
    )
}

#[test]
fn time_and_place_are_read_of_every_format_that_has_them() {
    let picture = Picture::slopes(16, 16);
    let tiff = exif::taken_somewhere().tiff();
    let mut webp = Cursor::new(Vec::new());
    let mut encoder = image_webp::WebPEncoder::new(&mut webp);
    encoder.set_exif_metadata(tiff.clone());
    encoder
        .encode(&picture.samples, 16, 16, image_webp::ColorType::Rgb8)
        .expect("a WebP");
    for (kind, file) in [
        (Kind::Jpeg, jpeg::with_exif(&picture, &tiff)),
        (
            Kind::Png,
            png::with_chunk(&png::plain(&picture), b"eXIf", &tiff),
        ),
        (Kind::Webp, webp.into_inner()),
    ] {
        let found = capture(&file, kind).expect("both");
        let taken = found.taken_at.expect("a time");
        assert_eq!(taken.local.to_string(), "2026-07-04T18:30:15");
        assert_eq!(taken.offset.map(|offset| offset.seconds()), Some(7_200));
        let position = found.position.expect("a place");
        assert!((position.latitude - 52.52).abs() < 1e-6, "{position:?}");
        assert!((position.longitude - 13.41).abs() < 1e-6, "{position:?}");
    }
}

#[test]
fn a_time_without_a_zone_stays_without() {
    let found = read(&Noted {
        offset: None,
        ..exif::taken_somewhere()
    })
    .expect("a time");
    assert_eq!(found.taken_at.expect("a time").offset, None);
}

#[test]
fn south_and_west_are_below_zero() {
    let angle = |side| Some(([(33, 1), (30, 1), (0, 1)], side));
    let noted = Noted {
        latitude: angle("S"),
        longitude: angle("W"),
        ..Noted::default()
    };
    let position = read(&noted)
        .and_then(|found| found.position)
        .expect("a place");
    assert_eq!((position.latitude, position.longitude), (-33.5, -33.5));
}

#[rstest]
#[case::nothing(Noted { maker: Some("Secretive"), ..Noted::default() })]
#[case::no_such_day(Noted { taken: Some("2026:02:30 10:00:00"), ..Noted::default() })]
#[case::blank(Noted { taken: Some("    :  :     :  :  "), ..Noted::default() })]
#[case::words(Noted { taken: Some("yesterday at noon.."), ..Noted::default() })]
#[case::half_a_place(Noted { latitude: Some(([(1, 1), (0, 1), (0, 1)], "N")), ..Noted::default() })]
#[case::off_the_globe(Noted {
    latitude: Some(([(91, 1), (0, 1), (0, 1)], "N")),
    longitude: Some(([(1, 1), (0, 1), (0, 1)], "E")),
    ..Noted::default()
})]
#[case::divided_by_zero(Noted {
    latitude: Some(([(0, 0), (0, 1), (0, 1)], "N")),
    longitude: Some(([(1, 0), (0, 1), (0, 1)], "E")),
    ..Noted::default()
})]
fn what_makes_no_sense_is_not_read(#[case] noted: Noted) {
    assert_eq!(read(&noted), None);
}

#[test]
fn what_has_no_exif_was_taken_nowhere() {
    assert_eq!(
        capture(&jpeg::plain(&Picture::slopes(8, 8)), Kind::Jpeg),
        None
    );
    assert_eq!(capture(b"GIF89a", Kind::Gif), None);
    assert_eq!(capture(b"not a JPEG", Kind::Jpeg), None);
    assert_eq!(capture(b"%PDF-1.7", Kind::Pdf), None);
}
