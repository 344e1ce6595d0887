//! Colours look as they did, without the profile that came with them.

use jpeg_encoder::ColorType as Colours;
use moxcms::{ColorProfile, Layout, TransformOptions};
use orderchat_media::{Kind, Limits, process};
use rstest::rstest;

use crate::make::{
    Picture, jpeg,
    png::{self, BitDepth, ColorType},
    read,
};

/// The picture as somebody saves it who works in the colours of `profile`.
fn in_colours_of(picture: &Picture, profile: &ColorProfile) -> Picture {
    let srgb = ColorProfile::new_srgb();
    let transform = srgb
        .create_transform_8bit(
            Layout::Rgb,
            profile,
            Layout::Rgb,
            TransformOptions::default(),
        )
        .expect("a transformation");
    let mut samples = vec![0; picture.samples.len()];
    transform
        .transform(&picture.samples, &mut samples)
        .expect("samples");
    Picture {
        samples,
        ..picture.clone()
    }
}

fn png_with(picture: &Picture, profile: &ColorProfile) -> Vec<u8> {
    let icc = profile.encode().expect("a profile");
    let content = [b"profile\0\0".as_slice(), &png::stored(&icc)].concat();
    png::with_chunk(&png::plain(picture), b"iCCP", &content)
}

#[rstest]
#[case::display_p3(ColorProfile::new_display_p3())]
#[case::adobe(ColorProfile::new_adobe_rgb())]
fn a_picture_in_other_colours_looks_the_same_without_its_profile(#[case] profile: ColorProfile) {
    let picture = Picture::rectangles(64, 48);
    let stored = in_colours_of(&picture, &profile);
    assert!(stored.farthest(&picture) > 10, "the samples differ");

    let made = process(&png_with(&stored, &profile), Kind::Png, &Limits::default()).expect("PNG");
    let farthest = read::made(&made).farthest(&picture);
    assert!(farthest <= 3, "{farthest} apart as a PNG");

    let icc = profile.encode().expect("a profile");
    let file = jpeg::made(&stored, Colours::Rgb, |encoder| {
        encoder.add_icc_profile(&icc).expect("a profile");
    });
    let made = process(&file, Kind::Jpeg, &Limits::default()).expect("JPEG");
    let farthest = read::made(&made).farthest(&picture);
    assert!(farthest <= 12, "{farthest} apart as a JPEG");
}

#[test]
fn a_picture_in_srgb_is_not_touched() {
    let picture = Picture::noise(32, 24);
    let file = png_with(&picture, &ColorProfile::new_srgb());
    let made = process(&file, Kind::Png, &Limits::default()).expect("a picture");
    assert_eq!(read::made(&made), picture);
}

#[test]
fn a_profile_that_is_broken_or_not_for_this_picture_is_ignored() {
    let picture = Picture::noise(32, 24);
    let broken = [b"profile\0\0".as_slice(), &png::stored(&[7; 500])].concat();
    let grey = png_with(&picture, &ColorProfile::new_gray_with_gamma(1.0));
    for file in [
        png::with_chunk(&png::plain(&picture), b"iCCP", &broken),
        grey,
    ] {
        let made = process(&file, Kind::Png, &Limits::default()).expect("a picture");
        assert_eq!(read::made(&made), picture);
    }
}

#[test]
fn a_png_with_a_gamma_of_its_own_looks_the_same_without() {
    // Half of the light, in samples that are proportional to it.
    let linear = Picture::new(8, 8, |_, _| [128, 128, 128]);
    for rows in [linear.samples.clone(), vec![128; 64]] {
        let colour = if rows.len() == 64 {
            ColorType::Grayscale
        } else {
            ColorType::Rgb
        };
        let file = png::made(8, 8, colour, BitDepth::Eight, &rows, |encoder| {
            encoder.set_source_gamma(::png::ScaledFloat::new(1.0));
        });
        let made = process(&file, Kind::Png, &Limits::default()).expect("a picture");
        let shown = read::made(&made).at(3, 3)[0];
        assert!(shown.abs_diff(188) <= 2, "{shown}");
    }
}
