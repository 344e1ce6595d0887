//! What is read of EXIF: how the picture lies, when and where it was taken. No more.

use exif::{Exif, In, Reader, Tag, Value};

use crate::{Capture, Position, Taken, pixels::Orientation};

/// EXIF as it stands in a file: TIFF, in some files behind a name.
fn read(bytes: &[u8]) -> Option<Exif> {
    let tiff = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
    let mut reader = Reader::new();
    // A broken maker's note must not turn the picture on its side.
    reader.continue_on_error(true);
    reader
        .read_raw(tiff.to_vec())
        .or_else(|error| error.distill_partial_result(|_| ()))
        .ok()
}

pub(crate) fn orientation(bytes: &[u8]) -> Orientation {
    read(bytes)
        .and_then(|exif| {
            exif.get_field(Tag::Orientation, In::PRIMARY)?
                .value
                .get_uint(0)
        })
        .map_or_else(Orientation::default, Orientation::from_exif)
}

pub(crate) fn capture(bytes: &[u8]) -> Option<Capture> {
    let exif = read(bytes)?;
    let capture = Capture {
        taken_at: taken(&exif),
        position: position(&exif),
    };
    (capture.taken_at.is_some() || capture.position.is_some()).then_some(capture)
}

fn ascii(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(lines) => lines.first().map(Vec::as_slice),
        _ => None,
    }
}

fn taken(exif: &Exif) -> Option<Taken> {
    let mut time = exif::DateTime::from_ascii(ascii(exif, Tag::DateTimeOriginal)?).ok()?;
    let small = |part: u8| i8::try_from(part).ok();
    let local = jiff::civil::DateTime::new(
        i16::try_from(time.year).ok()?,
        small(time.month)?,
        small(time.day)?,
        small(time.hour)?,
        small(time.minute)?,
        small(time.second)?,
        0,
    )
    .ok()?;
    let offset = ascii(exif, Tag::OffsetTimeOriginal)
        .and_then(|text| time.parse_offset(text).ok())
        .and(time.offset)
        .and_then(|minutes| jiff::tz::Offset::from_seconds(i32::from(minutes) * 60).ok());
    Some(Taken { local, offset })
}

fn position(exif: &Exif) -> Option<Position> {
    let latitude = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, b'S', 90.0)?;
    let longitude = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, b'W', 180.0)?;
    Some(Position {
        latitude,
        longitude,
    })
}

/// Degrees, minutes and seconds as one number, below zero on the side that `negative` names.
fn degrees(exif: &Exif, tag: Tag, side: Tag, negative: u8, limit: f64) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else {
        return None;
    };
    let [whole, minutes, seconds] = parts.as_slice() else {
        return None;
    };
    let size = whole.to_f64() + minutes.to_f64() / 60.0 + seconds.to_f64() / 3600.0;
    let side = ascii(exif, side)?.first()?.to_ascii_uppercase();
    // A fraction over zero is no number, and no place.
    (size.is_finite() && size <= limit).then_some(if side == negative { -size } else { size })
}
