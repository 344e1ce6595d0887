//! What people may write into any text field: SPEC 5, first item.

use crate::Refusal;

/// Longest message, in Unicode scalar values after trimming.
pub const MESSAGE_LENGTH: usize = 8_000;
/// Longest title of a room.
pub const TITLE_LENGTH: usize = 200;
/// Longest description of a room.
pub const DESCRIPTION_LENGTH: usize = 2_000;
/// Longest reason or note.
pub const REASON_LENGTH: usize = 1_000;
/// Longest name of a person, a pharmacy or an order number.
pub const NAME_LENGTH: usize = 200;

/// Trims, turns CRLF into LF, and refuses other controls and texts that show nothing.
///
/// # Errors
/// [`Refusal::Invalid`] at `pointer`, never repeating the text.
pub fn clean(pointer: &str, text: &str, longest: usize) -> Result<String, Refusal> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::invalid(
            pointer,
            "is empty; write at least one character",
        ));
    }
    if let Some(control) = text
        .chars()
        .find(|c| c.is_control() && *c != '\t' && *c != '\n')
    {
        let detail = format!(
            "has the control character U+{:04X}; only tab and newline are allowed",
            u32::from(control)
        );
        return Err(Refusal::invalid(pointer, detail));
    }
    if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        return Err(Refusal::invalid(pointer, "has only invisible characters"));
    }
    let length = text.chars().count();
    if length > longest {
        let detail = format!("is {length} characters long; at most {longest} are allowed");
        return Err(Refusal::invalid(pointer, detail));
    }
    Ok(text.to_owned())
}

/// [`clean`] for a field that may be absent or empty: empty counts as absent.
///
/// # Errors
/// As [`clean`].
pub fn clean_optional(
    pointer: &str,
    text: Option<&str>,
    longest: usize,
) -> Result<Option<String>, Refusal> {
    match text {
        Some(text) if !text.trim().is_empty() => clean(pointer, text, longest).map(Some),
        _ => Ok(None),
    }
}

/// Characters that take no place and no ink (Unicode `Default_Ignorable_Code_Point`, the blank
/// braille cell, and the interlinear annotation marks).
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0x00AD | 0x034F | 0x061C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
        | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164
        | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
        | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// Bytes in hexadecimal, in lower case.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first `longest` characters, with an ellipsis in place of the rest.
#[must_use]
pub fn excerpt(text: &str, longest: usize) -> String {
    let mut rest = text.char_indices().skip(longest.saturating_sub(1));
    match (rest.next(), rest.next()) {
        (Some((cut, _)), Some(_)) => [&text[..cut], "…"].concat(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_its_line_ends_are_lf() {
        assert_eq!(
            clean("/content", "  a\r\nb\t \n", 10),
            Ok("a\nb\t".trim_end().to_owned())
        );
    }

    #[test]
    fn empty_control_and_invisible_texts_are_refused() {
        for text in [
            "",
            " \n",
            "a\u{0}b",
            "a\u{7f}",
            "a\rb",
            "\u{200b}\u{feff} \u{2060}",
            "\u{3164}",
        ] {
            assert!(clean("/content", text, 10).is_err(), "{text:?}");
        }
        assert!(clean("/content", "👩\u{200d}⚕\u{fe0f}", 10).is_ok());
    }

    #[test]
    fn length_counts_scalar_values_after_trimming() {
        assert!(
            clean(
                "/content",
                &format!(" {} ", "ß".repeat(8_000)),
                MESSAGE_LENGTH
            )
            .is_ok()
        );
        assert!(clean("/content", &"ß".repeat(8_001), MESSAGE_LENGTH).is_err());
    }

    #[test]
    fn an_excerpt_is_at_most_its_length() {
        assert_eq!(excerpt("abcd", 4), "abcd");
        assert_eq!(excerpt("abcde", 4), "abc…");
        assert_eq!(excerpt("ééééé", 4), "ééé…");
    }
}
