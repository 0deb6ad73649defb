//! The wire: bytes to values and back, V1 and V2, for the client and for the sandbox. No I/O.
//!
//! Public for the fuzz targets alone.
//!
//! Where each part comes from:
//!
#![doc = include_str!("sources.md")]

mod fields;
pub mod v1;
pub mod v2;
pub mod words;

use std::fmt;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorCode};

pub use fields::Fault;

/// Why a response is not the contract. It never quotes the response, which may hold a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(&'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

impl From<serde_json::Error> for Malformed {
    fn from(error: serde_json::Error) -> Self {
        use serde_json::error::Category;
        Self(match error.classify() {
            Category::Syntax | Category::Io => "is not JSON",
            Category::Eof => "ends in the middle",
            Category::Data => "is JSON of another shape: a field is missing, twice, or of another type",
        })
    }
}

/// Whether it is JSON, of whatever shape.
pub(crate) fn decode_anything(body: &[u8]) -> Result<(), Malformed> {
    Ok(serde_json::from_str::<IgnoredAny>(text(body)?).map(drop)?)
}

/// A response of one object.
fn decode_object<T: DeserializeOwned>(body: &[u8]) -> Result<T, Malformed> {
    Ok(serde_json::from_str::<Object<T>>(text(body)?)?.0)
}

/// A response of one object, or of a list of one.
fn decode_one<T: DeserializeOwned>(body: &[u8]) -> Result<T, Malformed> {
    Ok(serde_json::from_str::<One<T>>(text(body)?)?.0)
}

/// All of it, because the parser does not look at the strings that it passes over; without a byte-order mark.
fn text(body: &[u8]) -> Result<&str, Malformed> {
    let text = std::str::from_utf8(body).map_err(|_| Malformed("is not UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// An object and nothing else: a derived struct alone would take an array of its fields as well.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Map<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Map(PhantomData))
    }
}

/// An object, or a list of exactly one.
struct One<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = One<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a list of one")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(One)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let lone = || serde::de::Error::custom("not a list of one");
                let Object(only) = list.next_element::<Object<T>>()?.ok_or_else(lone)?;
                if list.next_element::<IgnoredAny>()?.is_some() {
                    return Err(lone());
                }
                Ok(One(only))
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// A string; a value of another type is as good as none.
fn text_only<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(Lenient { takes_numbers: false })
}

/// A string, or the digits of a whole number; a value of another type is as good as none.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(Lenient { takes_numbers: true })
}

/// Takes a value of any type, so that a field that decides nothing fails no call.
struct Lenient {
    takes_numbers: bool,
}

impl<'de> Visitor<'de> for Lenient {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(self.takes_numbers.then(|| number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(self.takes_numbers.then(|| number.to_string()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// A field that lists errors, of any type.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct Refusals(Value);

impl Refusals {
    fn has_some(&self) -> bool {
        match &self.0 {
            Value::Null | Value::Bool(false) => false,
            Value::Array(list) => !list.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            Value::String(words) => !words.is_empty(),
            Value::Bool(true) | Value::Number(_) => true,
        }
    }
}

/// A list, without those of its items that cannot be read; a list of which nothing can be read is none.
fn decode_list<T: DeserializeOwned>(body: &[u8]) -> Result<Vec<T>, Malformed> {
    let list: Vec<Value> = serde_json::from_str(text(body)?)?;
    let is_empty = list.is_empty();
    let read: Vec<T> = list
        .into_iter()
        .filter_map(|item| serde_json::from_value::<Object<T>>(item).ok())
        .map(|Object(item)| item)
        .collect();
    if read.is_empty() && !is_empty { Err(Malformed("is a list of nothing that can be read")) } else { Ok(read) }
}

/// What the service says of a failure, in its own words, from any of the fields that either version uses. Nothing where
/// it says nothing that can be read.
pub fn decode_refusal(body: &[u8]) -> Option<String> {
    let texts = match serde_json::from_str(text(body).ok()?).ok()? {
        Value::String(words) => vec![words],
        Value::Array(list) if list.iter().all(Value::is_string) => texts_in(Value::Array(list)),
        Value::Array(mut list) if list.len() == 1 => words_of(list.pop()?),
        one => words_of(one),
    };
    let texts: Vec<_> = texts.into_iter().filter(|words| !words.trim().is_empty()).collect();
    (!texts.is_empty()).then(|| texts.join(": "))
}

/// The words of an object that describes a failure: a problem document's, V1's, or those of a framework.
fn words_of(described: Value) -> Vec<String> {
    let Value::Object(mut fields) = described else { return Vec::new() };
    let mut texts = Vec::new();
    for field in ["title", "detail", "message", "error", "errorCode", "errors", "violations"] {
        for words in fields.remove(field).map(texts_in).unwrap_or_default() {
            if !texts.contains(&words) {
                texts.push(words);
            }
        }
    }
    match fields.remove("status") {
        Some(Value::String(word)) if texts.is_empty() => vec![word],
        _ => texts,
    }
}

/// The texts in a description, however deep: a string, a number, a list, or an object of them.
fn texts_in(description: Value) -> Vec<String> {
    match description {
        Value::String(words) => vec![words],
        Value::Number(number) => vec![number.to_string()],
        Value::Array(list) => list.into_iter().flat_map(texts_in).collect(),
        Value::Object(fields) => fields.into_values().flat_map(texts_in).collect(),
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}

/// Reads `Retry-After`: seconds, or an HTTP date (RFC 9110, 10.2.3).
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // One that is too large to be read is longer than anybody waits.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    Some(at.duration_since(now).unwrap_or_default())
}

/// The JSON of a payload that holds a key or a code: in memory that is wiped. `texts` is how many bytes its strings
/// have, so that it never has to grow, which would leave a copy behind.
fn encode_secret(payload: &impl Serialize, texts: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    // None of the strings has a control character but the newline, so that escaping at most doubles them.
    let mut bytes = Zeroizing::new(Vec::with_capacity(256 + 2 * texts));
    serde_json::to_writer(&mut *bytes, payload)
        .map_err(|_| Error::new(ErrorCode::Internal, "the payload could not be written as JSON"))?;
    Ok(bytes)
}

/// The JSON of a response.
fn encode(response: &serde_json::Value) -> Vec<u8> {
    response.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(retry_after(" 120 ", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:17 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("99999999999999999999999", now), Some(Duration::from_secs(u64::MAX)));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("", now), None);
        assert_eq!(retry_after("-1", now), None);
    }
}
