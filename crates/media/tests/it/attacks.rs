//! Files that are two things at once (A18) and files that cost more than they look (A19).

use std::time::Duration;

use jpeg_encoder::ColorType;
use orderchat_media::{Kind, Limits, Refused, capture, cost, process, sniff};
use proptest::prelude::*;
use rstest::rstest;

use crate::make::{Picture, exif, gif, jpeg, png, read};

const SCRIPT: &[u8] = b"*/=1;alert(document.domain)//<script>alert(1)</script>";
const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\0\0evil.class";

fn holds(bytes: &[u8], payload: &[u8]) -> bool {
    bytes.windows(payload.len()).any(|window| window == payload)
}

/// What comes out of a picture has no byte of the payload.
fn is_gone(file: &[u8], kind: Kind, payload: &[u8]) {
    assert!(holds(file, payload), "it is in the file that comes");
    assert_eq!(sniff(file, true, None, ""), Ok(kind));
    let made = process(file, kind, &Limits::default()).expect("a picture");
    assert!(
        !holds(&made.bytes, payload) && !holds(&made.thumbnail, payload),
        "it is still there"
    );
    read::made(&made);
}

#[test]
fn a_gif_that_is_a_script_as_well_loses_the_script() {
    let gif = gif::rectangles(16, 16, 1);
    is_gone(&[&gif, SCRIPT].concat(), Kind::Gif, SCRIPT);

    // Behind the palette: a comment of the GIF, and the text of the script.
    let palette_ends = 13 + 3 * 8;
    let length = [u8::try_from(SCRIPT.len()).expect("short")];
    let comment = [b"\x21\xfe".as_slice(), &length, SCRIPT, b"\0"].concat();
    is_gone(
        &[&gif[..palette_ends], &comment, &gif[palette_ends..]].concat(),
        Kind::Gif,
        SCRIPT,
    );
}

#[test]
fn a_script_that_calls_itself_a_gif_is_refused() {
    let script = b"GIF89a=1;alert(document.domain)//";
    let refused = process(script, Kind::Gif, &Limits::default()).expect_err("no GIF");
    assert_eq!(refused.status(), 422);
}

#[test]
fn a_script_that_holds_a_pdf_is_refused() {
    let script = b"/*\n%PDF-1.7\n*/alert(1)";
    assert_eq!(
        sniff(script, true, None, "a.txt")
            .expect_err("both")
            .status(),
        415
    );
    assert_eq!(
        sniff(script, true, None, "a.pdf")
            .expect_err("both")
            .status(),
        415
    );
}

#[rstest]
#[case::behind(|jpeg: &[u8]| [jpeg, ZIP].concat())]
#[case::comment(|jpeg: &[u8]| jpeg::with_segment(jpeg, 0xfe, ZIP))]
#[case::application(|jpeg: &[u8]| jpeg::with_segment(jpeg, 0xed, ZIP))]
fn a_jpeg_with_an_archive_loses_the_archive(#[case] with: fn(&[u8]) -> Vec<u8>) {
    is_gone(
        &with(&jpeg::plain(&Picture::slopes(32, 32))),
        Kind::Jpeg,
        ZIP,
    );
}

#[rstest]
#[case::text(b"tEXt")]
#[case::private(b"prVt")]
fn a_png_with_a_script_loses_the_script(#[case] chunk: &[u8; 4]) {
    let png = png::plain(&Picture::noise(16, 16));
    is_gone(&png::with_chunk(&png, chunk, SCRIPT), Kind::Png, SCRIPT);
    is_gone(&[&png, SCRIPT].concat(), Kind::Png, SCRIPT);
}

#[rstest]
#[case::svg("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.svg")]
#[case::svg_as_png("<?xml version='1.0'?><svg onload='alert(1)'/>", "a.png")]
#[case::html_as_jpg("<!doctype html><script>alert(1)</script>", "photo.jpg")]
fn markup_is_refused_whatever_it_is_called(#[case] text: &str, #[case] name: &str) {
    let refused = sniff(text.as_bytes(), true, Some("image/jpeg"), name).expect_err("markup");
    assert!(matches!(refused, Refused::Markup { .. }), "{refused}");
    assert_eq!(refused.status(), 415);
}

/// What a refusal may cost, on a slow machine without optimisation.
fn cheaply<T>(refused: impl FnOnce() -> T) -> T {
    let before = cpu();
    let told = refused();
    let took = cpu() - before;
    assert!(took < Duration::from_secs(2), "{took:?} of CPU");
    told
}

/// CPU time of this thread.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).expect("seconds"),
        u32::try_from(time.tv_nsec).expect("nanoseconds"),
    )
}

#[rstest]
#[case::png(Kind::Png, png::claiming(50_000, 50_000))]
#[case::png_at_the_end(Kind::Png, png::claiming(i32::MAX as u32, i32::MAX as u32))]
#[case::png_wide(Kind::Png, png::claiming(i32::MAX as u32, 1))]
#[case::jpeg(Kind::Jpeg, jpeg::claiming(&jpeg::plain(&Picture::slopes(16, 16)), 50_000, 50_000))]
#[case::gif(Kind::Gif, gif_claiming(50_000, 50_000))]
#[case::webp(Kind::Webp, webp_claiming())]
fn a_flood_of_pixels_is_refused_by_its_header(#[case] kind: Kind, #[case] file: Vec<u8>) {
    let refused = cheaply(|| cost(&file, kind, &Limits::default())).expect_err("a flood");
    assert!(
        matches!(refused, Refused::TooManyPixels { .. }),
        "{refused}"
    );
    assert_eq!(refused.status(), 422);
    assert_eq!(process(&file, kind, &Limits::default()), Err(refused));
    assert_eq!(cheaply(|| capture(&file, kind)), None);
}

fn gif_claiming(width: u16, height: u16) -> Vec<u8> {
    let mut gif = gif::rectangles(4, 4, 1);
    gif[6..8].copy_from_slice(&width.to_le_bytes());
    gif[8..10].copy_from_slice(&height.to_le_bytes());
    gif
}

/// An extended WebP with a canvas of 16,384 pixels a side.
fn webp_claiming() -> Vec<u8> {
    let lossy = include_bytes!("../fixtures/lossy.webp");
    let side = &16_383_u32.to_le_bytes()[..3];
    let canvas = [&[0; 4], side, side].concat();
    let body = [b"WEBPVP8X\x0a\0\0\0".as_slice(), &canvas, &lossy[12..]].concat();
    let length = u32::try_from(body.len()).expect("short").to_le_bytes();
    [b"RIFF", length.as_slice(), &body].concat()
}

#[test]
fn a_gif_frame_larger_than_its_picture_is_not_decoded() {
    let frame = ::gif::Frame::from_indexed_pixels(4, 4, vec![0; 16], None);
    let mut gif = gif::made(4, 4, [frame]);
    let descriptor = gif.iter().rposition(|byte| *byte == 0x2c).expect("a frame");
    gif[descriptor + 5..descriptor + 9].copy_from_slice(&[0xff; 4]);
    let refused = cheaply(|| process(&gif, Kind::Gif, &Limits::default()));
    assert_eq!(refused.expect_err("outside").status(), 422);
}

#[test]
fn ten_thousand_frames_are_refused() {
    let gif = gif::rectangles(4, 4, 10_000);
    let refused = cheaply(|| cost(&gif, Kind::Gif, &Limits::default())).expect_err("too many");
    assert_eq!(refused, Refused::TooManyFrames { limit: 1_000 });
    assert_eq!(refused.status(), 422);
}

#[rstest]
#[case::exif(0xe1, b"Exif\0\0MM\0*".as_slice(), "EXIF")]
#[case::profile(0xe2, b"ICC_PROFILE\0".as_slice(), "colour profile")]
fn a_jpeg_with_huge_metadata_is_refused(
    #[case] marker: u8,
    #[case] name: &[u8],
    #[case] what: &str,
) {
    let body = [name, &vec![0; 65_000 - name.len()]].concat();
    let plain = jpeg::plain(&Picture::slopes(16, 16));
    let segment = &jpeg::with_segment(&plain, marker, &body)[2..2 + 4 + body.len()];
    let huge = [&plain[..2], &segment.repeat(70), &plain[2..]].concat();
    let refused = cheaply(|| cost(&huge, Kind::Jpeg, &Limits::default())).expect_err("too much");
    assert!(refused.to_string().contains(what), "{refused}");
    assert_eq!(refused.status(), 422);
}

#[rstest]
#[case::exif(b"eXIf", "EXIF")]
#[case::profile(b"iCCP", "colour profile")]
fn a_png_with_huge_metadata_is_refused(#[case] chunk: &[u8; 4], #[case] what: &str) {
    let png = png::with_chunk(&png::plain(&Picture::noise(4, 4)), chunk, &vec![0; 5 << 20]);
    let refused = cheaply(|| cost(&png, Kind::Png, &Limits::default())).expect_err("too much");
    assert!(refused.to_string().contains(what), "{refused}");
}

#[test]
fn a_profile_that_inflates_is_left_out() {
    let mut deflated = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut deflated, &vec![0; 64 << 20]).expect("bytes");
    let content = [
        b"profile\0\0".as_slice(),
        &deflated.finish().expect("a stream"),
    ]
    .concat();
    let picture = Picture::noise(4, 4);
    let png = png::with_chunk(&png::plain(&picture), b"iCCP", &content);
    let made = cheaply(|| process(&png, Kind::Png, &Limits::default())).expect("a picture");
    assert_eq!(read::made(&made), picture);
}

#[test]
fn a_jpeg_of_many_scans_is_refused() {
    let progressive = jpeg::made(&Picture::slopes(64, 64), ColorType::Rgb, |encoder| {
        encoder.set_progressive(true);
    });
    assert!(cost(&progressive, Kind::Jpeg, &Limits::default()).is_ok());
    let deep = jpeg::with_scans(&progressive, 1_000);
    let refused = cheaply(|| process(&deep, Kind::Jpeg, &Limits::default())).expect_err("deep");
    assert_eq!(refused, Refused::TooManyScans { limit: 32 });
}

#[test]
fn a_progressive_jpeg_is_counted_with_its_coefficients() {
    let small = Picture::slopes(16, 16);
    let progressive = jpeg::made(&small, ColorType::Rgb, |encoder| {
        encoder.set_progressive(true)
    });
    let large = jpeg::claiming(&progressive, 5_000, 4_000);
    let refused = cost(&large, Kind::Jpeg, &Limits::default()).expect_err("too much memory");
    assert!(
        matches!(refused, Refused::TooMuchMemory { .. }),
        "{refused}"
    );
    assert_eq!(refused.status(), 422);
    let baseline = jpeg::claiming(&jpeg::plain(&small), 5_000, 4_000);
    let cost = cost(&baseline, Kind::Jpeg, &Limits::default()).expect("twenty megapixels");
    assert!((60_000_000..80_000_000).contains(&cost.bytes), "{cost:?}");
}

#[test]
fn two_headers_of_different_sizes_are_refused() {
    let small = jpeg::plain(&Picture::slopes(16, 16));
    let frame = small
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .expect("a header");
    let length = usize::from(u16::from_be_bytes([small[frame + 2], small[frame + 3]])) + 2;
    let second = &jpeg::claiming(&small, 60_000, 60_000)[frame..frame + length];
    let both = [&small[..frame + length], second, &small[frame + length..]].concat();
    let refused = process(&both, Kind::Jpeg, &Limits::default()).expect_err("two headers");
    assert!(matches!(refused, Refused::Broken { .. }), "{refused}");
}

/// One of each format, each small enough to be decoded a hundred times.
fn small_files() -> [(Kind, Vec<u8>); 7] {
    let picture = Picture::slopes(24, 16);
    let progressive = jpeg::made(&picture, ColorType::Rgb, |encoder| {
        encoder.set_progressive(true)
    });
    [
        (
            Kind::Jpeg,
            jpeg::with_exif(&picture, &exif::taken_somewhere().tiff()),
        ),
        (Kind::Jpeg, progressive),
        (Kind::Png, png::interlaced(&picture)),
        (Kind::Gif, gif::rectangles(24, 16, 2)),
        (
            Kind::Webp,
            include_bytes!("../fixtures/lossy.webp").to_vec(),
        ),
        (
            Kind::Webp,
            include_bytes!("../fixtures/lossy-alpha.webp").to_vec(),
        ),
        (
            Kind::Webp,
            include_bytes!("../fixtures/animated.webp").to_vec(),
        ),
    ]
}

proptest! {
    #[test]
    fn whatever_is_changed_in_a_file_it_is_a_picture_or_refused(
        which in 0..7_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (kind, mut file) = small_files()[which].clone();
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        // A header may claim more pixels now; those of twenty megapixels take their time.
        let limits = Limits { pixels: 1 << 18, ..Limits::default() };
        let _ = capture(&file, kind);
        match process(&file, kind, &limits) {
            Ok(made) => drop(read::made(&made)),
            Err(refused) => prop_assert_eq!(refused.status(), 422),
        }
    }
}
