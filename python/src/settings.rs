//! Reads a dictionary of options as core's settings, by the types that core declares.

use std::collections::HashMap;
use std::fmt;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde::Deserialize;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::convert::{Argument, Bytes, Seconds, Whole, read, wrong_type};

/// The settings. A wrong type is a `TypeError` that names the option.
pub(crate) fn settings<T: for<'de> Deserialize<'de>>(given: &Bound<'_, PyDict>) -> PyResult<T> {
    let options = given.iter().map(|(name, value)| Ok((name.extract::<String>()?, value)));
    let options = options.collect::<PyResult<Vec<_>>>()?;
    let options = options.into_iter().map(|(name, value)| (name.clone(), Given { name, value }));
    T::deserialize(MapDeserializer::new(options)).map_err(|Raised(error)| error)
}

/// The value of an option; `None` is null.
struct Given<'py> {
    name: String,
    value: Bound<'py, PyAny>,
}

impl<'py> Given<'py> {
    fn read<T: Argument<'py>>(&self) -> Result<T, Raised> {
        read(&self.name, &self.value).map_err(Raised)
    }
}

impl<'de> Deserializer<'de> for Given<'_> {
    type Error = Raised;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Raised> {
        Err(de::Error::invalid_type(de::Unexpected::Other(&self.name), &visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Raised> {
        if self.value.is_none() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Raised> {
        visitor.visit_bool(self.read()?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Raised> {
        visitor.visit_i64(self.read::<Whole>()?.0)
    }

    /// Every number with a fraction is a length of time.
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Raised> {
        visitor.visit_f64(self.read::<Seconds>()?.0)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Raised> {
        visitor.visit_string(self.read()?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Raised> {
        visitor.visit_byte_buf(self.read::<Bytes>()?.0)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Raised> {
        let items: Vec<Bound<'_, PyAny>> = self.read()?;
        let items = items.into_iter().enumerate();
        let items = items.map(|(at, value)| Given { name: format!("{}[{at}]", self.name), value });
        visitor.visit_seq(SeqDeserializer::new(items))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Raised> {
        visitor.visit_map(MapDeserializer::new(self.read::<HashMap<String, String>>()?.into_iter()))
    }

    /// The structs in an option are quotas: tuples, which Python makes of a `Quota` and of a `PrefixQuota`.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Raised> {
        let Ok(quota) = self.value.cast::<PyTuple>() else {
            let accepted = format!("a {} or None", name.trim_end_matches("Settings"));
            return Err(Raised(wrong_type(&self.name, &self.value, &accepted)));
        };
        let values = fields.iter().zip(quota.iter());
        let values = values.map(|(field, value)| Given { name: format!("{}.{field}", self.name), value });
        visitor.visit_seq(SeqDeserializer::new(values))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 char str bytes unit unit_struct newtype_struct tuple tuple_struct enum
        identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Raised> for Given<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// An exception, as serde's errors are.
#[derive(Debug)]
struct Raised(PyErr);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Raised {}

impl de::Error for Raised {
    fn custom<T: fmt::Display>(fault: T) -> Self {
        Self(PyTypeError::new_err(fault.to_string()))
    }
}
