//! The content decides what a file is.

use orderchat_media::{Kind, Refused, sniff};
use proptest::prelude::*;
use rstest::rstest;

use crate::make::{Picture, gif, jpeg, png};

const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
const WEBM: &[u8] = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\x82\x84webm";
const MATROSKA: &[u8] = b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\xf7\x81\x01\x42\x82\x88matroska";

#[rstest]
#[case(Kind::Jpeg, JPEG)]
#[case(Kind::Png, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")]
#[case(Kind::Webp, b"RIFF\x24\0\0\0WEBPVP8 ")]
#[case(Kind::Gif, b"GIF89a\x01\0\x01\0")]
#[case(Kind::Gif, b"GIF87a\x01\0\x01\0")]
#[case(Kind::Pdf, b"%PDF-1.7\n%\xe2\xe3\xcf\xd3")]
#[case(Kind::Mp4, b"\0\0\0\x20ftypisom\0\0\x02\0")]
#[case(Kind::Mp4, b"\0\0\0\x18ftypmp42\0\0\0\0")]
#[case(Kind::M4a, b"\0\0\0\x20ftypM4A \0\0\0\0")]
#[case(Kind::Ogg, b"OggS\0\x02\0\0\0\0")]
#[case(Kind::Webm, WEBM)]
#[case(Kind::Text, b"Twice a day, after meals.\r\n")]
#[case(Kind::Text, b"\xef\xbb\xbfZweimal t\xc3\xa4glich")]
#[case(Kind::Text, b"<3 thank you")]
#[case(Kind::Text, b"a < b, and b > c")]
#[case(Kind::Text, b"x")]
fn a_file_is_what_it_begins_with(#[case] kind: Kind, #[case] bytes: &[u8]) {
    assert_eq!(sniff(bytes, true, None, ""), Ok(kind));
}

#[test]
fn what_encoders_make_is_known() {
    let picture = Picture::slopes(8, 8);
    assert_eq!(
        sniff(&jpeg::plain(&picture), true, None, "a.jpg"),
        Ok(Kind::Jpeg)
    );
    assert_eq!(
        sniff(&png::plain(&picture), true, None, "a.png"),
        Ok(Kind::Png)
    );
    assert_eq!(
        sniff(&gif::rectangles(8, 8, 1), true, None, "a.gif"),
        Ok(Kind::Gif)
    );
}

#[test]
fn an_empty_file_is_refused_with_422() {
    let refused = sniff(b"", true, Some("image/png"), "a.png").expect_err("empty");
    assert_eq!((refused.status(), &refused), (422, &Refused::Empty));
}

#[rstest]
#[case::zip(b"PK\x03\x04\x14\0", "unknown kind")]
#[case::elf(b"\x7fELF\x02\x01\x01", "unknown kind")]
#[case::tiff(b"II*\0\x08\0\0\0", "unknown kind")]
#[case::heic(b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC")]
#[case::avif(b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF")]
#[case::quicktime(b"\0\0\0\x14ftypqt  \0\0\0\0", "QuickTime")]
#[case::matroska(MATROSKA, "Matroska")]
#[case::latin(b"Zweimal t\xe4glich", "unknown kind")]
#[case::cut_off(b"Zweimal t\xc3", "unknown kind")]
#[case::nul(b"text\0text", "unknown kind")]
#[case::escape(b"\x1b[31mred", "unknown kind")]
fn what_is_not_taken_is_refused_with_415(#[case] bytes: &[u8], #[case] found: &str) {
    let refused = sniff(bytes, true, None, "").expect_err("not taken");
    assert_eq!(refused.status(), 415);
    assert!(refused.to_string().contains(found), "{refused}");
}

#[test]
fn a_text_that_goes_on_may_stop_in_the_middle_of_a_letter() {
    assert_eq!(
        sniff(b"Zweimal t\xc3", false, None, "a.txt"),
        Ok(Kind::Text)
    );
}

#[rstest]
#[case::html("<!DOCTYPE html><script>alert(1)</script>")]
#[case::element("<script>alert(1)</script>")]
#[case::space(" \r\n\t <svg onload=alert(1)>")]
#[case::xml("<?xml version=\"1.0\"?><svg/>")]
#[case::closing("</x><script>")]
#[case::comment("<!-- --><script>")]
#[case::marked("\u{feff}<html>")]
fn a_text_that_begins_like_markup_is_refused_with_415(#[case] text: &str) {
    for name in ["a.txt", "a.jpg", "a.html", ""] {
        let refused = sniff(text.as_bytes(), true, None, name).expect_err("markup");
        assert_eq!(refused.status(), 415);
        assert!(matches!(refused, Refused::Markup { .. }), "{refused}");
    }
}

#[test]
fn markup_in_another_encoding_is_markup() {
    let html = "<html><script>alert(1)</script>";
    let little: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(html.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let big: Vec<u8> = html.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big] {
        assert!(matches!(
            sniff(&bytes, true, None, ""),
            Err(Refused::Markup { .. })
        ));
    }
}

#[rstest]
#[case("image/jpeg")]
#[case("image/jpg")]
#[case("IMAGE/JPEG")]
#[case("image/jpeg; charset=binary")]
#[case("application/octet-stream")]
#[case("")]
fn a_declared_type_that_fits_or_says_nothing_is_taken(#[case] declared: &str) {
    assert_eq!(
        sniff(JPEG, true, Some(declared), "photo.jpg"),
        Ok(Kind::Jpeg)
    );
}

#[rstest]
#[case("image/png")]
#[case("text/html")]
#[case("image/svg+xml")]
#[case("image")]
fn a_declared_type_of_another_kind_is_refused_with_415(#[case] declared: &str) {
    let refused = sniff(JPEG, true, Some(declared), "photo.jpg").expect_err("another kind");
    assert_eq!(refused.status(), 415);
    assert!(refused.to_string().contains(declared), "{refused}");
    assert!(refused.to_string().contains("image/jpeg"), "{refused}");
}

#[rstest]
#[case("photo.jpg")]
#[case("PHOTO.JPEG")]
#[case("photo")]
#[case(".jpg")]
#[case("Scan of 12.05.2026")]
#[case("Dr. Grün")]
#[case("v1.2")]
#[case("")]
fn a_name_that_fits_or_says_nothing_is_taken(#[case] name: &str) {
    assert_eq!(sniff(JPEG, true, None, name), Ok(Kind::Jpeg));
}

#[rstest]
#[case("photo.png")]
#[case("photo.html")]
#[case("photo.jpg.exe")]
#[case("photo.jpg ")]
#[case("photo.svg ")]
#[case("photo.mp4")]
fn a_name_of_another_kind_is_refused_with_415(#[case] name: &str) {
    let refused = sniff(JPEG, true, None, name);
    if name.trim_end() == "photo.jpg" {
        assert_eq!(refused, Ok(Kind::Jpeg));
        return;
    }
    let refused = refused.expect_err("another kind");
    assert_eq!(refused.status(), 415);
    assert!(refused.to_string().contains(".jpg"), "{refused}");
}

#[rstest]
#[case("run.bat")]
#[case("run.sh")]
#[case("run.js")]
#[case("run.ps1")]
fn a_text_may_not_be_called_a_program(#[case] name: &str) {
    let refused = sniff(b"echo hello", true, Some("text/plain"), name).expect_err("a program");
    assert_eq!(refused.status(), 415);
}

#[rstest]
#[case("note.m4a", "audio/mp4")]
#[case("note.mp4", "video/mp4")]
#[case("note.m4a", "audio/x-m4a")]
fn a_voice_note_in_mp4_may_be_branded_either_way(#[case] name: &str, #[case] declared: &str) {
    for brand in [b"isom", b"M4A "] {
        let bytes = [b"\0\0\0\x18ftyp", brand.as_slice(), b"\0\0\0\0"].concat();
        assert!(sniff(&bytes, true, Some(declared), name).is_ok());
    }
}

#[test]
fn every_kind_is_taken_under_its_own_name_and_type() {
    let begins = |kind| match kind {
        Kind::Jpeg => JPEG,
        Kind::Png => b"\x89PNG\r\n\x1a\n",
        Kind::Webp => b"RIFF\x24\0\0\0WEBPVP8 ",
        Kind::Gif => b"GIF89a\x01\0\x01\0",
        Kind::Pdf => b"%PDF-1.7",
        Kind::Text => b"text",
        Kind::Mp4 => b"\0\0\0\x20ftypisom",
        Kind::M4a => b"\0\0\0\x20ftypM4A ",
        Kind::Ogg => b"OggS\0",
        Kind::Webm => WEBM,
    };
    for kind in Kind::ALL {
        let name = format!("file.{}", kind.extension());
        assert_eq!(
            sniff(begins(kind), true, Some(kind.mime()), &name),
            Ok(kind)
        );
    }
}

proptest! {
    #[test]
    fn whatever_comes_is_a_kind_or_refused(bytes: Vec<u8>, whole: bool, declared: Option<String>, name: String) {
        match sniff(&bytes, whole, declared.as_deref(), &name) {
            Ok(_) => {}
            Err(refused) => prop_assert!(matches!(refused.status(), 415 | 422)),
        }
    }

    #[test]
    fn what_is_taken_as_text_does_not_begin_like_markup(text in "[ \t\r\n]{0,3}<?[a-z!/?3 ]{0,8}.{0,20}") {
        let taken = sniff(text.as_bytes(), true, None, "") == Ok(Kind::Text);
        let mut begins = text.trim_start().chars();
        let markup = begins.next() == Some('<')
            && begins.next().is_some_and(|c| c.is_ascii_alphabetic() || "!?/".contains(c));
        prop_assert!(!(taken && markup), "{text:?}");
    }
}
