//! Message texts that can be told apart.
//!
//! The checker knows a message by the hash of its text, so every text of a run differs. They are
//! made of letters only: the server masks what looks like a card number, and a text with long runs
//! of digits would not come back as it was sent.

use rand::RngExt as _;
use sha2::{Digest as _, Sha256};

const SENTENCES: [&str; 4] = [
    "the rider is at the corner and will be with you in a few minutes, please keep the door open",
    "we are out of the large pack, would two small ones of the same medicine be fine with you",
    "thank you, please leave the bag with the neighbour on the ground floor if nobody answers",
    "the order is packed and waits at the counter, the cooling bag has to come back with the rider",
];

/// Eight random letters that set one run's orders, users and texts apart from another's.
pub(crate) fn run_tag() -> String {
    random_letters(8)
}

/// A secret for a server of one's own to verify tokens with.
pub(crate) fn secret() -> String {
    random_letters(48)
}

fn random_letters(count: usize) -> String {
    let mut rng = rand::rng();
    (0..count)
        .map(|_| char::from(b'a' + rng.random_range(0..26)))
        .collect()
}

/// The text of the message with this key: about 120 characters, the same for the same key.
pub(crate) fn of(key: &str) -> String {
    let choice = key.bytes().map(usize::from).sum::<usize>() % SENTENCES.len();
    format!("{}: {}", letters(key), SENTENCES[choice])
}

/// The numbers in the key of a text of this run; `None` for what the run did not say.
///
/// The key must be `RUN-N-N-…`, numbers only. Here for every event that a load hears, so it
/// allocates no more than the answer.
pub(crate) fn numbers<const N: usize>(content: &str, run: &str) -> Option<[u64; N]> {
    let (key, _) = content.split_once(": ")?;
    let mut parts = key.strip_prefix(run)?.strip_prefix('-')?.split('-');
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = parts.next()?.bytes().try_fold(0_u64, |number, letter| {
            let digit = letter.checked_sub(b'A').filter(|digit| *digit < 10)?;
            number.checked_mul(10)?.checked_add(digit.into())
        })?;
    }
    parts.next().is_none().then_some(numbers)
}

/// `key` with each digit written as a capital letter. Keys are made of small letters, digits and
/// dashes, so no two become the same.
fn letters(key: &str) -> String {
    key.chars()
        .map(|c| match c.to_digit(10) {
            Some(digit) => char::from(b'A' + u8::try_from(digit).unwrap_or(0)),
            None => c,
        })
        .collect()
}

/// SHA-256 of a text, in hexadecimal: how histories name what was sent.
pub(crate) fn hash(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes())
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn texts_differ_by_key_and_hold_no_digit() {
        let texts: HashSet<String> = (0..10_000).map(|n| of(&format!("run-w1-{n}"))).collect();
        assert_eq!(texts.len(), 10_000);
        assert!(
            texts
                .iter()
                .all(|text| !text.contains(|c: char| c.is_ascii_digit()))
        );
    }

    #[test]
    fn a_text_tells_the_numbers_of_its_key() {
        let text = of("run-12-20690");
        assert_eq!(numbers(&text, "run"), Some([12, 20_690]));
        assert_eq!(numbers::<2>(&text, "other"), None);
        assert_eq!(numbers::<1>(&text, "run"), None);
        assert_eq!(numbers::<3>(&text, "run"), None);
        assert_eq!(numbers::<1>("run-B", "run"), None);
        assert_eq!(numbers::<1>("run-12: not letters", "run"), None);
        assert_eq!(numbers::<1>("", "run"), None);
    }

    #[test]
    fn a_hash_is_sha256_in_hexadecimal() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            hash("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
