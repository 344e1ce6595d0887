//! What a search means: a text is found when it contains what was asked for, both folded alike.
//!
//! Folding takes away what people do not type: case, accents, full width, vowel marks and
//! lengthening of Arabic, joiners, how much white space there is, and how a letter was put together
//! (Unicode's compatibility forms). It knows no language, so any script and any part of a word is
//! found.

use unicode_normalization::UnicodeNormalization as _;

use crate::{Refusal, text};

/// Longest query, in characters after trimming.
pub const QUERY_LENGTH: usize = 200;
/// Characters of a gram. A shorter query is answered from the newest messages only.
const GRAM: usize = 3;
/// Messages of the caller's rooms that a query of one or two characters is looked for in.
pub const SHORT_REACH: u32 = 5_000;

/// What is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    folded: String,
    /// Lower case and without a leading `#`: how numbers of orders and codes of rooms are compared.
    name: String,
}

impl Query {
    /// # Errors
    /// [`crate::Rule::Invalid`] at `q` for a text that is empty, too long, or of nothing but what
    /// folding takes away.
    pub fn parse(asked: &str) -> Result<Self, Refusal> {
        let asked = text::clean("q", asked, QUERY_LENGTH)?;
        let folded = fold(&asked);
        if folded.trim().is_empty() {
            let detail = "has only marks and joiners; write at least one character";
            return Err(Refusal::invalid("q", detail));
        }
        let name = asked.to_lowercase();
        let name = name.strip_prefix('#').unwrap_or(&name).to_owned();
        Ok(Self { folded, name })
    }

    /// Too short for grams.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.folded.chars().nth(GRAM - 1).is_none()
    }

    #[must_use]
    pub fn is_in(&self, body: &str) -> bool {
        fold(body).contains(&self.folded)
    }

    /// Whether an order's number or a room's code begins so; whether it is so, for a query of
    /// [`Self::names_whole`].
    #[must_use]
    pub fn names(&self, number_or_code: &str) -> bool {
        let named = number_or_code.to_lowercase();
        if self.names_whole() {
            named == self.name
        } else {
            named.starts_with(&self.name)
        }
    }

    /// What an order's number or a room's code begins with, or is, in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Of one or two characters, which too many numbers begin with: only the whole number is meant.
    #[must_use]
    pub fn names_whole(&self) -> bool {
        self.name.chars().nth(GRAM - 1).is_none()
    }

    /// Some grams that a text with the query in it has, at most `most`, spread over the query.
    #[must_use]
    pub fn grams(&self, most: usize) -> Vec<Gram> {
        let mut all = Vec::new();
        grams_of(&self.folded, |gram| all.push(gram));
        all.sort_unstable();
        all.dedup();
        let step = all.len().div_ceil(most.max(1)).max(1);
        all.into_iter().step_by(step).collect()
    }
}

/// Three characters in a row, or another mark of a message, as a number whose bits are spread
/// evenly. The numbers stand on disk: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gram(pub u64);

impl Gram {
    const ROOM: u64 = 1 << 63;
    const SENDER: u64 = 3 << 62;

    const fn of(mark: u64) -> Self {
        // The finalizer of splitmix64.
        let mut x = mark.wrapping_add(0x9E37_79B9_7F4A_7C15);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self(x ^ (x >> 31))
    }

    /// Of every message in the room with this internal key.
    #[must_use]
    pub const fn room(key: i64) -> Self {
        Self::of(Self::ROOM ^ key.unsigned_abs())
    }

    /// Of every message from the user with this internal key.
    #[must_use]
    pub const fn sender(key: i64) -> Self {
        Self::of(Self::SENDER ^ key.unsigned_abs())
    }
}

/// Gives each gram of a message's text, repeated ones too.
pub fn grams(body: &str, each: impl FnMut(Gram)) {
    grams_of(&fold(body), each);
}

fn grams_of(folded: &str, mut each: impl FnMut(Gram)) {
    let mut last = 0_u64;
    for (place, c) in folded.chars().enumerate() {
        // 21 bits hold any character.
        last = (last << 21 | u64::from(u32::from(c))) & ((1 << 63) - 1);
        if place + 1 >= GRAM {
            each(Gram::of(last));
        }
    }
}

/// The text as it is compared. The index of search stands on it: whoever changes what it gives lets
/// the index be made anew by a migration.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    if text.is_ascii() {
        text.chars().for_each(|c| push_folded(&mut folded, c));
        return folded;
    }
    // Taken apart, so that accents can be left out whatever they stand on; and put together again,
    // for syllables of Korean and voiced kana are letters of their own.
    text.nfkd().for_each(|c| push_folded(&mut folded, c));
    if folded.is_ascii() {
        return folded;
    }
    folded.nfc().collect()
}

fn push_folded(folded: &mut String, c: char) {
    if c.is_ascii() && !c.is_ascii_whitespace() {
        folded.push(c.to_ascii_lowercase());
    } else if c.is_whitespace() {
        if !folded.ends_with(' ') {
            folded.push(' ');
        }
    } else if !is_mark(c) {
        for lower in narrow(c).to_lowercase() {
            push_base(folded, lower);
        }
    }
}

/// What is not typed: accents, vowel marks and lengthening of Arabic, joiners, variants.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c),
        0x00AD | 0x0300..=0x036F | 0x061C | 0x0640 | 0x064B..=0x065F | 0x0670
        | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFE00..=0xFE0F | 0xFEFF)
}

/// The digits of Arabic, Persian and Devanagari become ASCII: numbers of orders are written in all
/// of them.
fn narrow(c: char) -> char {
    let code = u32::from(c);
    let ascii = match code {
        0x0660..=0x0669 => code - 0x0660 + 0x30,
        0x06F0..=0x06F9 => code - 0x06F0 + 0x30,
        0x0966..=0x096F => code - 0x0966 + 0x30,
        _ => return c,
    };
    char::from_u32(ascii).unwrap_or(c)
}

/// The letter that people type instead, for those that Unicode does not take apart.
fn push_base(folded: &mut String, c: char) {
    let base = match c {
        'đ' => 'd',
        'ı' => 'i',
        'ł' => 'l',
        'ø' => 'o',
        'ς' => 'σ',
        'ٱ' => 'ا',
        'ى' => 'ي',
        'ß' => return folded.push_str("ss"),
        'æ' => return folded.push_str("ae"),
        'œ' => return folded.push_str("oe"),
        mark if is_mark(mark) => return,
        other => other,
    };
    folded.push(base);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str, body: &str) -> bool {
        Query::parse(query).unwrap().is_in(body)
    }

    #[test]
    fn a_part_of_a_word_is_found_in_any_script() {
        for (query, body) in [
            ("oxicil", "Amoxicillin 500 mg"),
            ("STRASSE", "An der Straße 3"),
            ("cafe", "Café"),
            ("CAFÉ", "cafe\u{301}"),
            ("istanbul", "İSTANBUL"),
            ("ISPARTA", "ısparta"),
            ("ΟΔΟΣ", "οδός"),
            ("مستشفى", "إلى المُسْتَشْفى"),
            ("احمد", "أحـــمد"),
            ("感冒药", "请带感冒药来"),
            ("மருந்து", "என் மருந்து எங்கே"),
            ("दवा", "मेरी दवाई"),
            ("👩‍⚕️", "thanks 👩‍⚕️!"),
            ("ｏｒｄｅｒ １２", "Order 12"),
            ("order 12", "Order   \n 12"),
            ("1042", "طلب ١٠٤٢"),
            (
                "안녕",
                "\u{110b}\u{1161}\u{11ab}\u{1102}\u{1167}\u{11bc}하세요",
            ),
            (
                "\u{110b}\u{1161}\u{11ab}\u{1102}\u{1167}\u{11bc}",
                "안녕하세요",
            ),
            ("がく", "か\u{3099}くすり"),
            ("ｶﾞｸ", "ガク"),
            ("мой", "Мои\u{306}"),
            ("Мои\u{306}", "мой"),
            ("елка", "Ёлка"),
            ("nguyen", "Nguyễn"),
            ("file", "ﬁle"),
            ("№5", "No5"),
        ] {
            assert!(finds(query, body), "{query:?} in {body:?}");
        }
        assert!(!finds("amoxicilin", "Amoxicillin"));
        // Other letters, not the same with something on them.
        assert!(!finds("か", "がくすり"));
        assert!(!finds("아", "안녕"));
        assert!(!finds("a%b", "a b"));
    }

    #[test]
    fn a_text_with_the_query_in_it_has_all_its_grams() {
        let body = "Please leave the Café order at İstanbul Straße 12, ١٠٤٢ 感冒药!";
        let mut has = Vec::new();
        grams(body, |gram| has.push(gram));
        for query in ["cafe ORDER", "strasse 1", "1042", "感冒药", "istanbul"] {
            let query = Query::parse(query).unwrap();
            assert!(query.is_in(body));
            assert!(query.grams(8).iter().all(|gram| has.contains(gram)));
        }
    }

    #[test]
    fn grams_stand_on_disk_and_never_change() {
        let query = Query::parse("abc").unwrap();
        assert_eq!(query.grams(8), [Gram(0xB34E_3CED_FC16_85DC)]);
        assert_ne!(Gram::room(1), Gram::sender(1));
    }

    #[test]
    fn one_or_two_characters_are_short_whatever_they_weigh() {
        for (query, short) in [("a", true), ("药店", true), ("👩‍⚕️", true), ("abc", false)]
        {
            assert_eq!(Query::parse(query).unwrap().is_short(), short, "{query}");
        }
    }

    #[test]
    fn a_query_has_a_length_and_something_to_find() {
        for refused in ["", "  ", "\u{301}", "\u{200b}", "\u{b4}", &"x".repeat(201)] {
            assert!(Query::parse(refused).is_err(), "{refused:?}");
        }
        assert!(Query::parse(&"x".repeat(200)).is_ok());
    }

    #[test]
    fn a_name_is_found_by_its_beginning_and_a_short_one_as_a_whole() {
        let query = Query::parse("#ord-10").unwrap();
        assert!(query.names("ORD-1042"));
        assert!(!query.names("XORD-1042"));
        let short = Query::parse("#7b").unwrap();
        assert!(short.names("7B") && !short.names("7B2"));
    }

    #[test]
    fn a_long_query_gives_few_grams() {
        let query = Query::parse(&"the quick brown fox ".repeat(9)).unwrap();
        assert!(query.grams(8).len() <= 8);
    }
}
