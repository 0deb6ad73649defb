//! Options by name, as Kotlin and Swift give them, read as core's settings.

use std::collections::HashMap;

use egoi_verify::{Error, ErrorCode};
use serde::de::value::{self, MapDeserializer, SeqDeserializer};
use serde::de::{Deserialize, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Options by their names in core. An absent option has core's default.
pub type NativeSettings = HashMap<String, NativeSetting>;

/// The value of an option.
#[derive(uniffi::Enum)]
#[expect(missing_docs, reason = "what JSON has, and bytes")]
pub enum NativeSetting {
    /// A limit that is off.
    Null,
    Flag {
        value: bool,
    },
    Whole {
        value: i64,
    },
    Number {
        value: f64,
    },
    Text {
        value: String,
    },
    Bytes {
        value: Vec<u8>,
    },
    Each {
        values: Vec<NativeSetting>,
    },
    Named {
        values: HashMap<String, NativeSetting>,
    },
}

/// The settings of core. Kotlin and Swift have checked the types: a wrong type is our fault.
pub(crate) fn settings<T: for<'de> Deserialize<'de>>(given: NativeSettings) -> Result<T, Error> {
    // Serde's text may repeat a secret.
    T::deserialize(MapDeserializer::new(given.into_iter())).map_err(|_: value::Error| {
        Error::new(ErrorCode::Internal, "an option has a name or a type that core does not know")
    })
}

impl<'de> Deserializer<'de> for NativeSetting {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Flag { value } => visitor.visit_bool(value),
            Self::Whole { value } => visitor.visit_i64(value),
            Self::Number { value } => visitor.visit_f64(value),
            Self::Text { value } => visitor.visit_string(value),
            Self::Bytes { value } => visitor.visit_byte_buf(value),
            Self::Each { values } => visitor.visit_seq(SeqDeserializer::new(values.into_iter())),
            Self::Named { values } => visitor.visit_map(MapDeserializer::new(values.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        match self {
            Self::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, value::Error> for NativeSetting {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
