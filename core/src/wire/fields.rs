//! Reading what a caller sends, with faults that a server can tell the caller.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What is wrong with a request's payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is not one JSON object (or, for an SMS, not a list of one), or a key is there twice.
    NotJson,
    /// A required field is missing.
    Missing(&'static str),
    /// A field is of another type.
    WrongType(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("the body is not the JSON that was expected"),
            Self::Missing(field) => write!(f, "the field {field} is missing"),
            Self::WrongType(field) => write!(f, "the field {field} is of the wrong type"),
        }
    }
}

impl std::error::Error for Fault {}

/// The fields of an object, none of them there twice.
pub(super) struct Fields(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique;
        impl<'de> Visitor<'de> for Unique {
            type Value = Fields;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    if fields.insert(key, value).is_some() {
                        return Err(A::Error::custom("a key is there twice"));
                    }
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Unique)
    }
}

impl Fields {
    pub(super) fn decode(body: &[u8]) -> Result<Self, Fault> {
        serde_json::from_slice(body).map_err(|_| Fault::NotJson)
    }

    /// A list of objects.
    pub(super) fn decode_list(body: &[u8]) -> Result<Vec<Self>, Fault> {
        serde_json::from_slice(body).map_err(|_| Fault::NotJson)
    }

    pub(super) fn text(&mut self, field: &'static str) -> Result<String, Fault> {
        self.text_or_none(field)?.ok_or(Fault::Missing(field))
    }

    pub(super) fn text_or_none(&mut self, field: &'static str) -> Result<Option<String>, Fault> {
        match self.0.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Fault::WrongType(field)),
        }
    }

    pub(super) fn integer_or_none(&mut self, field: &'static str) -> Result<Option<i64>, Fault> {
        match self.0.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or(Fault::WrongType(field)),
        }
    }
}
