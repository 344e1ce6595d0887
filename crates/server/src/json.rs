//! JSON from outside, read strictly and within bounds.

mod mismatch;
mod typed;

use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

pub(crate) use mismatch::Mismatch;
pub(crate) use typed::from_value;

/// For a field that may be left out (`None`), null (`Some(None)`) or given.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// How deep lists and objects may be in one another.
const DEEPEST: usize = 64;
/// Fields of objects and items of lists in one text. The largest requests have a few hundred; a
/// value takes up to 100 bytes of memory, whatever it takes on the wire.
const MOST_VALUES: usize = 4_096;

/// Reads one JSON text. In it are no repeated keys, nothing deeper than [`DEEPEST`], not more than
/// [`MOST_VALUES`] values, no numbers that a double cannot hold and no text that is not Unicode.
///
/// # Errors
/// What is wrong and where (line and column), without repeating anything of the text.
pub(crate) fn parse(text: &[u8]) -> Result<Value, serde_json::Error> {
    let values = Cell::new(0);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Strict {
        depth: 0,
        values: &values,
    }
    .deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Reads a value at this depth.
#[derive(Clone, Copy, Debug)]
struct Strict<'a> {
    depth: usize,
    /// Counted over the whole text.
    values: &'a Cell<usize>,
}

impl Strict<'_> {
    /// For the values of a list or an object.
    fn inside<E: Error>(self) -> Result<Self, E> {
        if self.depth == DEEPEST {
            return Err(E::custom(format_args!(
                "nested deeper than {DEEPEST} levels"
            )));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    fn count<E: Error>(self) -> Result<(), E> {
        let count = self.values.get() + 1;
        self.values.set(count);
        if count > MOST_VALUES {
            return Err(E::custom(format_args!("more than {MOST_VALUES} values")));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            self.count()?;
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            self.count()?;
            if object.contains_key(&name) {
                return Err(A::Error::custom("an object has the same key twice"));
            }
            let value = fields.next_value_seed(inside)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn refused(text: &[u8]) -> String {
        parse(text).unwrap_err().to_string()
    }

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    fn keys(count: usize) -> String {
        let fields: Vec<_> = (0..count).map(|n| format!("\"{n}\":1")).collect();
        format!("{{{}}}", fields.join(","))
    }

    #[test]
    fn json_is_read_as_it_stands() {
        let text = br#" {"b":[1,-2,1.5,true,null,"\u00e9\ud83d\ude00"],"a":{}} "#;
        let value = parse(text).unwrap();
        assert_eq!(
            value,
            json!({ "b": [1, -2, 1.5, true, null, "é😀"], "a": {} })
        );
        let order: Vec<_> = value.as_object().unwrap().keys().collect();
        assert_eq!(order, ["b", "a"]);
    }

    #[rstest]
    #[case::empty("")]
    #[case::unfinished("{")]
    #[case::two_values("{} {}")]
    #[case::trailing_comma(r#"{"a":1,}"#)]
    #[case::byte_order_mark("\u{feff}{}")]
    #[case::nan(r#"{"a":NaN}"#)]
    #[case::too_large_a_number(r#"{"a":1e999}"#)]
    #[case::lone_surrogate(r#"{"a":"\ud800"}"#)]
    #[case::reversed_surrogates(r#"{"a":"\udc00\ud800"}"#)]
    #[case::raw_control("{\"a\":\"\u{1}\"}")]
    #[case::same_key(r#"{"a":1,"a":1}"#)]
    #[case::same_key_escaped(r#"{"a":1,"\u0061":2}"#)]
    #[case::same_key_deep(r#"{"a":[{"b":1,"b":1}]}"#)]
    fn what_is_not_strict_json_is_refused(#[case] text: &str) {
        refused(text.as_bytes());
    }

    #[test]
    fn text_that_is_not_unicode_is_refused() {
        refused(b"{\"a\":\"\xff\xfe\"}");
    }

    #[test]
    fn depth_is_bounded() {
        assert!(parse(nested(64).as_bytes()).is_ok());
        assert!(refused(nested(65).as_bytes()).contains("deeper than 64"));
        assert!(refused("[".repeat(10_000).as_bytes()).contains("deeper than 64"));
    }

    #[test]
    fn the_number_of_values_is_bounded() {
        assert!(parse(keys(4_096).as_bytes()).is_ok());
        assert!(refused(keys(4_097).as_bytes()).contains("more than 4096"));
        let list = format!("[{}0]", "0,".repeat(5_000));
        assert!(refused(list.as_bytes()).contains("more than 4096"));
    }

    #[test]
    fn a_refusal_repeats_nothing_of_the_text() {
        for text in [
            r#"{"canary":1,"canary":2}"#,
            r#"{"a":canary}"#,
            r#"{"a":"canary"#,
            r#"{"a":"canary\x"}"#,
            r#"{"a":1}canary"#,
        ] {
            assert!(!refused(text.as_bytes()).contains("canary"), "{text}");
        }
    }
}
