//! Card numbers in texts are masked to the first 6 and last 4 digits before anything is stored.

/// Shortest and longest card number (ISO/IEC 7812).
const LENGTHS: std::ops::RangeInclusive<usize> = 13..=19;
/// Most separators between two groups of digits that still make one number: `4111 - 1111`.
const SEPARATORS: usize = 3;

/// A digit of the text: its value, and where it stands.
#[derive(Clone, Copy)]
struct Digit {
    value: u32,
    start: usize,
    end: usize,
}

/// The text with card numbers masked; `None` if there are none. A number counts as a card's when it
/// has 13 to 19 digits in any script, alone or in groups, begins as card numbers do (2 to 6) and
/// passes the Luhn check.
#[must_use]
pub fn mask(text: &str) -> Option<String> {
    let mut hidden: Vec<Digit> = Vec::new();
    for run in runs(text) {
        let mut at = 0;
        while at < run.len() {
            match card_at(&run, at) {
                Some(length) => {
                    hidden.extend(&run[at + 6..at + length - 4]);
                    at += length;
                }
                None => at += 1,
            }
        }
    }
    if hidden.is_empty() {
        return None;
    }
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for digit in hidden {
        masked.push_str(&text[from..digit.start]);
        masked.push('*');
        from = digit.end;
    }
    masked.push_str(&text[from..]);
    Some(masked)
}

/// The digits of the text in runs that only separators interrupt.
fn runs(text: &str) -> Vec<Vec<Digit>> {
    let mut runs = vec![Vec::new()];
    let mut separators = 0;
    for (start, c) in text.char_indices() {
        if let Some(value) = digit(c) {
            let digit = Digit {
                value,
                start,
                end: start + c.len_utf8(),
            };
            if separators > SEPARATORS {
                runs.push(Vec::new());
            }
            if let Some(run) = runs.last_mut() {
                run.push(digit);
            }
            separators = 0;
        } else if is_separator(c) {
            separators += 1;
        } else {
            separators = SEPARATORS + 1;
        }
    }
    runs
}

/// The length of the card number that begins at this digit: a group begins and ends with it.
fn card_at(run: &[Digit], at: usize) -> Option<usize> {
    let touches = |left: usize| {
        run.get(left + 1)
            .is_some_and(|next| next.start == run[left].end)
    };
    let begins_group = at == 0 || !touches(at - 1);
    if !begins_group || !(2..=6).contains(&run[at].value) {
        return None;
    }
    LENGTHS.rev().find(|length| {
        let end = at + length;
        end <= run.len() && !touches(end - 1) && luhn(&run[at..end])
    })
}

fn luhn(digits: &[Digit]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit.value * 2) {
            (0, _) => digit.value,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The value of a decimal digit in the scripts that phones offer.
fn digit(c: char) -> Option<u32> {
    const ZEROS: [u32; 8] = [0x30, 0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10, 0x1D7CE];
    let code = u32::from(c);
    ZEROS
        .into_iter()
        .find(|zero| (*zero..zero + 10).contains(&code))
        .map(|zero| code - zero)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '.' | '_' | '/' | '\\' | '|' | ',' | ':' | '*' | '+' | '·' | '•'
        )
        || matches!(u32::from(c), 0x2010..=0x2015 | 0x2212 | 0x200B..=0x200F | 0x2060 | 0xFEFF | 0xAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_spellings_of_a_card_number_are_masked() {
        for text in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111.1111.1111.1111",
            "4111_1111_1111_1111",
            "4111\u{a0}1111\u{a0}1111\u{a0}1111",
            "4111 - 1111 - 1111 - 1111",
            "4111\n1111\n1111\n1111",
            "4111\u{200b}1111\u{200b}1111\u{200b}1111",
            "４１１１１１１１１１１１１１１１",
            "٤١١١١١١١١١١١١١١١",
            "card:4111/1111/1111/1111 exp 12/27 cvc 123",
        ] {
            let masked = mask(text);
            let digits = |text: &str| text.chars().filter(|c| digit(*c).is_some()).count();
            assert_eq!(
                masked.as_deref().map(digits),
                Some(digits(text) - 6),
                "{text:?} became {masked:?}"
            );
        }
    }

    #[test]
    fn the_first_six_and_last_four_stay() {
        assert_eq!(
            mask("pay with 5555 5555 5555 4444 please").as_deref(),
            Some("pay with 5555 55** **** 4444 please")
        );
        assert_eq!(mask("378282246310005").as_deref(), Some("378282*****0005"));
    }

    #[test]
    fn other_numbers_stay_as_they_are() {
        for text in [
            "4111111111111112",
            "+49 30 1234567",
            "order 1234567890123456",
            "9111111111111111",
            "",
        ] {
            assert_eq!(mask(text), None, "{text}");
        }
    }
}
