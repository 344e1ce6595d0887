//! From a JSON value to a type of ours, knowing the way to whatever does not fit.

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Value, map};

use super::mismatch::Mismatch;

/// Reads a value as a `T`. Types that take no unknown fields say `#[serde(deny_unknown_fields)]`.
pub(crate) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Mismatch> {
    T::deserialize(Node(value))
}

/// No text may hold NUL, in keys neither: one of the databases cannot store it.
fn without_nul(text: String) -> Result<String, Mismatch> {
    if text.contains('\0') {
        return Err(Mismatch::new("has the character U+0000, which no text may"));
    }
    Ok(text)
}

struct Node(Value);

impl<'de> Deserializer<'de> for Node {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => {
                if let Some(value) = number.as_u64() {
                    visitor.visit_u64(value)
                } else if let Some(value) = number.as_i64() {
                    visitor.visit_i64(value)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
                }
            }
            Value::String(text) => visitor.visit_string(without_nul(text)?),
            Value::Array(items) => {
                let mut items = Items {
                    rest: items.into_iter(),
                    index: 0,
                };
                let value = visitor.visit_seq(&mut items)?;
                match items.rest.len() {
                    0 => Ok(value),
                    more => Err(Mismatch::new(format!("has {more} items too many"))),
                }
            }
            Value::Object(fields) => visitor.visit_map(Fields {
                rest: fields.into_iter(),
                value: None,
            }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    /// One of a set of words. No request has enums that carry values.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::String(word) => visitor.visit_enum(word.into_deserializer()),
            _ => Err(Mismatch::unknown_variant("", words)),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items {
    rest: std::vec::IntoIter<Value>,
    index: usize,
}

impl<'de> SeqAccess<'de> for &mut Items {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mismatch> {
        let Some(item) = self.rest.next() else {
            return Ok(None);
        };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Node(item))
            .map(Some)
            .map_err(|mismatch| mismatch.within(index.to_string()))
    }
}

struct Fields {
    rest: map::IntoIter,
    /// The field whose name was given out last.
    value: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mismatch> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        let name = without_nul(name)?;
        self.value = Some((name.clone(), value));
        let name: StringDeserializer<Mismatch> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Mismatch> {
        let (name, value) = self
            .value
            .take()
            .ok_or_else(|| Mismatch::custom("a value was asked for before its name"))?;
        seed.deserialize(Node(value))
            .map_err(|mismatch| mismatch.within(name))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde::Deserialize;
    use serde_json::{Map, json};

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read by the test through Debug")]
    struct Draft {
        content: String,
        reply_to: Option<String>,
        kind: Option<Kind>,
        limit: Option<u8>,
        people: Option<Vec<Person>>,
        metadata: Option<Map<String, Value>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read by the test through Debug")]
    struct Person {
        user: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Text,
        Image,
        OrderUpdate,
    }

    #[test]
    fn what_fits_is_read() {
        let draft: Draft = from_value(json!({
            "content": "a", "reply_to": null, "kind": "order_update", "limit": 7,
            "people": [{ "user": "kim" }], "metadata": { "a": [1, { "b": null }] },
        }))
        .unwrap();
        assert_eq!(
            format!("{draft:?}"),
            "Draft { content: \"a\", reply_to: None, kind: Some(OrderUpdate), limit: Some(7), \
             people: Some([Person { user: \"kim\" }]), metadata: Some({\"a\": \
             Array [Number(1), Object {\"b\": Null}]}) }"
        );
    }

    #[rstest]
    #[case(json!({}), "content", "is missing")]
    #[case(json!({ "content": 1 }), "content", "must be a string")]
    #[case(json!({ "content": null }), "content", "must be a string")]
    #[case(json!({ "content": "a", "limit": 300 }), "limit", "must be a whole number from 0 to 255")]
    #[case(json!({ "content": "a", "limit": "7" }), "limit", "must be a whole number from 0 to 255")]
    #[case(json!({ "content": "a", "kind": "song" }), "kind", "must be text, image or order_update")]
    #[case(json!({ "content": "a", "kind": 7 }), "kind", "must be text, image or order_update")]
    #[case(json!({ "content": "a", "people": {} }), "people", "must be a list")]
    #[case(json!({ "content": "a", "people": ["kim"] }), "people/0", "must be an object")]
    #[case(
        json!({ "content": "a", "people": [{ "user": "kim" }, { "user": "ada", "rank": 1 }] }),
        "people/1/rank", "is unknown; taken is user"
    )]
    #[case(json!({ "content": "a", "metadata": "x" }), "metadata", "must be an object")]
    #[case(
        json!({ "content": "a", "metadata": { "b": ["\0"] } }),
        "metadata/b/0", "has the character U+0000, which no text may"
    )]
    #[case(
        json!({ "content": "a", "metadata": { "\0": 1 } }),
        "metadata", "has the character U+0000, which no text may"
    )]
    fn what_does_not_fit_is_named_without_its_value(
        #[case] value: Value,
        #[case] way: &str,
        #[case] detail: &str,
    ) {
        let mismatch = from_value::<Draft>(value).unwrap_err();
        assert_eq!(mismatch.parts(), (way.to_owned(), detail));
    }

    #[test]
    fn an_unknown_field_is_named_but_not_at_any_length() {
        let mut body = json!({ "content": "a" });
        body["é".repeat(1_000)] = json!(1);
        let mismatch = from_value::<Draft>(body).unwrap_err();
        assert_eq!(mismatch.parts().0, format!("{}…", "é".repeat(64)));
    }
}
