//! What a file is, by its first bytes; and whether it was called something else.

use crate::{Kind, Refused};

/// How many bytes of a file's beginning [`sniff`] wants to see.
pub const SNIFFED: usize = 4096;

/// A PDF's header may stand this far behind the beginning, says Adobe's reader; what is there is
/// then two things at once.
const PDF_HEADER_WITHIN: usize = 1024;

/// Of markup, how much is repeated in the refusal.
const SHOWN: usize = 24;

/// The kind of a file by its first [`SNIFFED`] bytes (`whole`: it has no more than `bytes`).
/// The content decides: a declared type or an ending of the name that belongs to another kind is
/// refused. A missing type and `application/octet-stream` declare nothing, and a name without a
/// proper ending (`Scan of 12.05.2026`) says nothing.
///
/// # Errors
///
/// 415 for what is not taken or not what it is called, 422 for an empty file.
pub fn sniff(
    bytes: &[u8],
    whole: bool,
    declared: Option<&str>,
    file_name: &str,
) -> Result<Kind, Refused> {
    if bytes.is_empty() {
        return Err(Refused::Empty);
    }
    let content = content(bytes, whole)?;
    if let Some(declared) = declared.and_then(media_type)
        && !content.declared_as().contains(&declared.as_str())
    {
        return Err(Refused::DeclaredOtherwise { content, declared });
    }
    if let Some(extension) = extension(file_name)
        && !content.extensions().contains(&extension.as_str())
    {
        return Err(Refused::NamedOtherwise { content, extension });
    }
    Ok(content)
}

/// The declared type without parameters; none where it declares nothing.
fn media_type(declared: &str) -> Option<String> {
    let essence = declared
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let says_nothing = essence.is_empty()
        || essence == "application/octet-stream"
        || essence == "binary/octet-stream";
    (!says_nothing).then_some(essence)
}

/// The ending of a name, in small letters: up to ten ASCII letters and digits behind the last dot,
/// with a letter among them. Anything else is a name with a dot in it.
pub(crate) fn extension(file_name: &str) -> Option<String> {
    let (stem, ending) = file_name.trim_end().rsplit_once('.')?;
    let proper = !stem.is_empty()
        && (1..=10).contains(&ending.len())
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && ending.bytes().any(|byte| byte.is_ascii_alphabetic());
    proper.then(|| ending.to_ascii_lowercase())
}

fn content(bytes: &[u8], whole: bool) -> Result<Kind, Refused> {
    let at =
        |offset: usize, magic: &[u8]| bytes.get(offset..).is_some_and(|b| b.starts_with(magic));
    if at(0, b"\xff\xd8\xff") {
        Ok(Kind::Jpeg)
    } else if at(0, b"\x89PNG\r\n\x1a\n") {
        Ok(Kind::Png)
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        Ok(Kind::Webp)
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        Ok(Kind::Gif)
    } else if at(0, b"%PDF-") {
        Ok(Kind::Pdf)
    } else if at(4, b"ftyp") {
        mp4(bytes)
    } else if at(0, b"OggS\0") {
        Ok(Kind::Ogg)
    } else if at(0, b"\x1a\x45\xdf\xa3") {
        matroska(bytes)
    } else {
        text(bytes, whole)
    }
}

/// The family of ISO base media files, by brand.
fn mp4(bytes: &[u8]) -> Result<Kind, Refused> {
    match bytes.get(8..12) {
        Some(b"M4A " | b"M4B ") => Ok(Kind::M4a),
        Some(
            b"isom" | b"iso2" | b"iso3" | b"iso4" | b"iso5" | b"iso6" | b"iso7" | b"iso8" | b"iso9"
            | b"mp41" | b"mp42" | b"avc1" | b"dash" | b"M4V " | b"MSNV",
        ) => Ok(Kind::Mp4),
        Some(b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1" | b"heim" | b"heis") => {
            Err(Refused::Unsupported {
                found: "a HEIC picture",
            })
        }
        Some(b"avif" | b"avis") => Err(Refused::Unsupported {
            found: "an AVIF picture",
        }),
        Some(b"qt  ") => Err(Refused::Unsupported {
            found: "a QuickTime film",
        }),
        _ => Err(Refused::Unsupported {
            found: "an MP4 file of an unknown brand",
        }),
    }
}

/// Matroska says in its header, as a string, whether it keeps to the rules of WebM.
fn matroska(bytes: &[u8]) -> Result<Kind, Refused> {
    const DOC_TYPE: &[u8] = b"\x42\x82\x84webm";
    let header = &bytes[..bytes.len().min(64)];
    if header
        .windows(DOC_TYPE.len())
        .any(|window| window == DOC_TYPE)
    {
        Ok(Kind::Webm)
    } else {
        Err(Refused::Unsupported {
            found: "a Matroska film",
        })
    }
}

/// UTF-8 without control characters, which begins neither like markup nor like something else.
fn text(bytes: &[u8], whole: bool) -> Result<Kind, Refused> {
    let begun = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Before all else: a page in another encoding is markup, too.
    if let Some(beginning) = markup(begun) {
        return Err(Refused::Markup { beginning });
    }
    let readable = match std::str::from_utf8(begun) {
        Ok(_) => begun,
        // Cut in the middle of a character: more of it is to come.
        Err(error) if error.error_len().is_none() && !whole => &begun[..error.valid_up_to()],
        Err(_) => {
            return Err(Refused::Unsupported {
                found: "a file of an unknown kind",
            });
        }
    };
    if readable.iter().any(|byte| is_control(*byte)) {
        return Err(Refused::Unsupported {
            found: "a file of an unknown kind",
        });
    }
    let head = &begun[..begun.len().min(PDF_HEADER_WITHIN)];
    if head.windows(5).any(|window| window == b"%PDF-") {
        return Err(Refused::Unsupported {
            found: "a text with a PDF inside",
        });
    }
    Ok(Kind::Text)
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c)
}

/// The beginning of what a browser or another reader might take for a page, a picture or a program
/// of XML: `<` and a letter, `!`, `?` or `/`, after white space; also with NULs between, as in UTF-16.
fn markup(bytes: &[u8]) -> Option<String> {
    let mut letters = bytes
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, 0 | 0xfe | 0xff))
        .skip_while(|byte| byte.is_ascii_whitespace() || *byte == 0x0b);
    let (first, second) = (letters.next()?, letters.next()?);
    if first != b'<' || !(second.is_ascii_alphabetic() || matches!(second, b'!' | b'?' | b'/')) {
        return None;
    }
    let rest = letters.take(SHOWN).take_while(u8::is_ascii_graphic);
    Some(
        [first, second]
            .into_iter()
            .chain(rest)
            .map(char::from)
            .collect(),
    )
}
