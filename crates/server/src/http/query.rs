//! Query parameters: all known, each once, each of its type; otherwise 422 names the parameter.

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    Unexpected, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::json::Mismatch;
use crate::problem::Problem;

/// The query as a `T`, a struct that says `#[serde(deny_unknown_fields)]` and whose fields are
/// texts, whole numbers, truths, enums without values, or options of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueryOf<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for QueryOf<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let parameters = Parameters {
            rest: parameters(&parts.uri)?.into_iter(),
            value: None,
        };
        T::deserialize(parameters)
            .map(Self)
            .map_err(|mismatch| mismatch.in_query().into())
    }
}

/// Refuses any parameter at all.
///
/// # Errors
/// 422 names the first.
pub(super) fn none_taken(uri: &Uri) -> Result<(), Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    if uri.query().is_none() {
        return Ok(());
    }
    let parameters = Parameters {
        rest: parameters(uri)?.into_iter(),
        value: None,
    };
    Nothing::deserialize(parameters)
        .map(|Nothing {}| ())
        .map_err(|mismatch| mismatch.in_query().into())
}

/// The parameters in the order given, decoded.
pub(super) fn parameters(uri: &Uri) -> Result<Vec<(String, String)>, Problem> {
    let query = uri.query().unwrap_or_default();
    query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| {
            let at = |name, why| Problem::from(Mismatch::new(why).within(name).in_query());
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let name = decode(name).ok_or_else(|| {
                Problem::invalid("", "has a query parameter whose name is not UTF-8")
            })?;
            match decode(value) {
                Some(value) if value.contains('\0') => {
                    Err(at(name, "has the character U+0000, which no text may"))
                }
                Some(value) => Ok((name, value)),
                None => Err(at(name, "is not UTF-8")),
            }
        })
        .collect()
}

/// As forms encode; `None` for what is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

struct Parameters {
    rest: std::vec::IntoIter<(String, String)>,
    /// The parameter whose name was given out last.
    value: Option<(String, String)>,
}

impl<'de> Deserializer<'de> for Parameters {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Parameters {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mismatch> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some((name.clone(), value));
        let name: StringDeserializer<Mismatch> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Mismatch> {
        let (name, value) = self
            .value
            .take()
            .ok_or_else(|| Mismatch::custom("a value was asked for before its name"))?;
        seed.deserialize(Text(value))
            .map_err(|mismatch| mismatch.within(name))
    }
}

/// The value of a parameter.
struct Text(String);

impl Text {
    /// Digits only, or a minus and digits, of no more than 64 bits with their sign: nothing else is a
    /// number here, as the API's document has it.
    fn visit_number<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Mismatch> {
        let digits = self.0.strip_prefix('-').unwrap_or(&self.0);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        match self.0.parse::<i64>() {
            Ok(number) if is_number => match u64::try_from(number) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_i64(number),
            },
            _ => Err(Mismatch::invalid_type(Unexpected::Other("text"), &visitor)),
        }
    }
}

macro_rules! numbers {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
            self.visit_number(visitor)
        })+
    };
}

impl<'de> Deserializer<'de> for Text {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_string(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0.as_str() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Mismatch::new("must be true or false")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

/// How many a page holds at most: 1 to 200, 50 when not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(u32);

impl Limit {
    const MOST: u32 = 200;

    pub(crate) const fn get(self) -> u32 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InRange;

        impl Visitor<'_> for InRange {
            type Value = Limit;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "a whole number from 1 to {}", Limit::MOST)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Limit, E> {
                u32::try_from(number)
                    .ok()
                    .filter(|number| (1..=Limit::MOST).contains(number))
                    .map(Limit)
                    .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
            }
        }

        deserializer.deserialize_u64(InRange)
    }
}

#[cfg(test)]
mod tests;
