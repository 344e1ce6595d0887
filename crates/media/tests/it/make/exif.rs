//! EXIF as cameras write it.

use std::io::Cursor;

use exif::{Field, In, Rational, Tag, Value, experimental::Writer};

/// What a camera notes down; what is not set is not written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    pub(crate) orientation: Option<u16>,
    pub(crate) taken: Option<&'static str>,
    pub(crate) offset: Option<&'static str>,
    /// Degrees, minutes and seconds, each as a fraction, and the side.
    pub(crate) latitude: Option<([(u32, u32); 3], &'static str)>,
    pub(crate) longitude: Option<([(u32, u32); 3], &'static str)>,
    pub(crate) maker: Option<&'static str>,
}

pub(crate) fn orientation(value: u16) -> Vec<u8> {
    Noted {
        orientation: Some(value),
        maker: Some("Secretive"),
        ..Noted::default()
    }
    .tiff()
}

/// In front of the pharmacy, on a summer's day.
pub(crate) fn taken_somewhere() -> Noted {
    Noted {
        orientation: Some(6),
        taken: Some("2026:07:04 18:30:15"),
        offset: Some("+02:00"),
        latitude: Some(([(52, 1), (31, 1), (1200, 100)], "N")),
        longitude: Some(([(13, 1), (24, 1), (3600, 100)], "E")),
        maker: Some("Secretive"),
    }
}

impl Noted {
    pub(crate) fn tiff(&self) -> Vec<u8> {
        let mut fields = Vec::new();
        let mut note = |tag, value| {
            fields.push(Field {
                tag,
                ifd_num: In::PRIMARY,
                value,
            })
        };
        let ascii = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
        let angle = |parts: [(u32, u32); 3]| {
            Value::Rational(parts.map(|(num, denom)| Rational { num, denom }).to_vec())
        };
        if let Some(value) = self.orientation {
            note(Tag::Orientation, Value::Short(vec![value]));
        }
        if let Some(text) = self.maker {
            note(Tag::Make, ascii(text));
        }
        if let Some(text) = self.taken {
            note(Tag::DateTimeOriginal, ascii(text));
        }
        if let Some(text) = self.offset {
            note(Tag::OffsetTimeOriginal, ascii(text));
        }
        if let Some((parts, side)) = self.latitude {
            note(Tag::GPSLatitude, angle(parts));
            note(Tag::GPSLatitudeRef, ascii(side));
        }
        if let Some((parts, side)) = self.longitude {
            note(Tag::GPSLongitude, angle(parts));
            note(Tag::GPSLongitudeRef, ascii(side));
        }
        let mut writer = Writer::new();
        fields.iter().for_each(|field| writer.push_field(field));
        let mut out = Cursor::new(Vec::new());
        writer.write(&mut out, false).expect("EXIF");
        out.into_inner()
    }
}
