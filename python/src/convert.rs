//! Values between Python and the core.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use egoi_verify::{
    Error, ErrorCode, NumberRecord, Outcome, OutcomeDetails, SenderInfo, State, Verification, binding_options,
};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDelta, PyDeltaAccess as _, PyMapping, PyMemoryView, PyString, PyType,
};
use zeroize::Zeroizing;

use crate::failure::raised;

/// What a parameter may be given. A wrong type is a `TypeError` that names the parameter.
pub(crate) trait Argument<'py>: Sized {
    fn read(name: &str, given: &Bound<'py, PyAny>) -> PyResult<Self>;
}

pub(crate) fn read<'py, T: Argument<'py>>(name: &str, given: &Bound<'py, PyAny>) -> PyResult<T> {
    T::read(name, given)
}

/// The same where `None` is the default.
pub(crate) fn optional<'py, T: Argument<'py>>(name: &str, given: &Bound<'py, PyAny>) -> PyResult<Option<T>> {
    if given.is_none() { Ok(None) } else { T::read(name, given).map(Some) }
}

/// The error of a wrong type: "`sender` is int; it must be str".
pub(crate) fn wrong_type(name: &str, given: &Bound<'_, PyAny>, accepted: &str) -> PyErr {
    let is = match given.cast::<PyType>() {
        Ok(class) => class.qualname().map(|class| format!("the class {class}")),
        Err(_) if given.is_none() => Ok("None".to_owned()),
        Err(_) => given.get_type().qualname().map(|class| class.to_string()),
    };
    is.map_or_else(|error| error, |is| PyTypeError::new_err(format!("`{name}` is {is}; it must be {accepted}")))
}

impl<'py> Argument<'py> for Bound<'py, PyAny> {
    fn read(_: &str, given: &Bound<'py, PyAny>) -> PyResult<Self> {
        Ok(given.clone())
    }
}

impl<'py> Argument<'py> for String {
    fn read(name: &str, given: &Bound<'py, PyAny>) -> PyResult<Self> {
        let Ok(text) = given.cast::<PyString>() else { return Err(wrong_type(name, given, "str")) };
        text.to_str().map(str::to_owned).map_err(|_| {
            let detail = format!("`{name}` has a surrogate; only characters are allowed");
            raised(given.py(), &Error::new(ErrorCode::InvalidInput, detail))
        })
    }
}

impl<'py> Argument<'py> for Zeroizing<String> {
    fn read(name: &str, given: &Bound<'py, PyAny>) -> PyResult<Self> {
        String::read(name, given).map(Zeroizing::new)
    }
}

impl<'py> Argument<'py> for bool {
    fn read(name: &str, given: &Bound<'py, PyAny>) -> PyResult<Self> {
        given.cast::<PyBool>().map(|given| given.is_true()).map_err(|_| wrong_type(name, given, "bool"))
    }
}

/// Bytes, or a text, which stands for its UTF-8.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl<'py> Argument<'py> for Bytes {
    fn read(name: &str, given: &Bound<'py, PyAny>) -> PyResult<Self> {
        if given.is_instance_of::<PyString>() {
            return String::read(name, given).map(|text| Self(text.into_bytes()));
        }
        // `bytearray` and `memoryview` too, but not a list of numbers.
        match given.cast::<PyBytes>() {
            Ok(bytes) => Ok(Self(bytes.as_bytes().to_vec())),
            Err(_) if given.is_instance_of::<PyByteArray>() || given.is_instance_of::<PyMemoryView>() => {
                Ok(Self(given.py().get_type::<PyBytes>().call1((given,))?.extract()?))
            }
            Err(_) => Err(wrong_type(name, given, "bytes or str")),
        }
    }
}

impl<'py, T: Argument<'py>> Argument<'py> for Vec<T> {
    fn read(name: &str, given: &Bound<'py, PyAny>) -> PyResult<Self> {
        // The items of these are hardly meant.
        let is_text = given.is_instance_of::<PyString>() || given.is_instance_of::<PyBytes>();
        match given.try_iter() {
            Ok(items) if !is_text => {
                items.enumerate().map(|(at, item)| T::read(&format!("{name}[{at}]"), &item?)).collect()
            }
            _ => Err(wrong_type(name, given, "a sequence")),
        }
    }
}

impl<'py> Argument<'py> for HashMap<String, String> {
    fn read(name: &str, given: &Bound<'py, PyAny>) -> PyResult<Self> {
        let Ok(mapping) = given.cast::<PyMapping>() else { return Err(wrong_type(name, given, "a mapping")) };
        let items = mapping.items()?;
        items
            .iter()
            .map(|item| {
                let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
                let key = String::read(&format!("a key of {name}"), &key)?;
                let value = String::read(&format!("{name}[{key:?}]"), &value)?;
                Ok((key, value))
            })
            .collect()
    }
}

/// A whole number of any size; one beyond 64 bits is beyond every limit too.
#[derive(Clone, Copy)]
pub(crate) struct Whole(pub(crate) i64);

impl<'py> Argument<'py> for Whole {
    fn read(name: &str, given: &Bound<'py, PyAny>) -> PyResult<Self> {
        if given.is_instance_of::<PyBool>() {
            return Err(wrong_type(name, given, "int"));
        }
        match given.extract::<i64>() {
            Ok(number) => Ok(Self(number)),
            Err(error) if error.is_instance_of::<PyOverflowError>(given.py()) => {
                Ok(Self(if given.lt(0)? { i64::MIN } else { i64::MAX }))
            }
            Err(_) => Err(wrong_type(name, given, "int")),
        }
    }
}

/// A length of time: seconds, or a `timedelta`.
#[derive(Clone, Copy)]
pub(crate) struct Seconds(pub(crate) f64);

impl<'py> Argument<'py> for Seconds {
    fn read(name: &str, given: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(delta) = given.cast::<PyDelta>() {
            let whole = f64::from(delta.get_days()) * 86_400.0 + f64::from(delta.get_seconds());
            return Ok(Self(whole + f64::from(delta.get_microseconds()) / 1e6));
        }
        let wrong = || wrong_type(name, given, "a number of seconds or a timedelta");
        if given.is_instance_of::<PyBool>() {
            return Err(wrong());
        }
        match given.extract() {
            Ok(seconds) => Ok(Self(seconds)),
            Err(error) if error.is_instance_of::<PyOverflowError>(given.py()) => Ok(Self(f64::INFINITY)),
            Err(_) => Err(wrong()),
        }
    }
}

impl Seconds {
    pub(crate) fn of(self, field: &str) -> Result<Duration, Error> {
        binding_options::seconds(field, self.0)
    }

    /// As the `timeout` of a call.
    pub(crate) fn of_call(self) -> Result<Duration, Error> {
        binding_options::timeout(self.0)
    }

    pub(crate) fn of_validity(self) -> Result<Duration, Error> {
        binding_options::ttl(self.0)
    }
}

/// What a call gives back.
#[derive(IntoPyObject)]
pub(crate) enum Value {
    Verification(VerificationRow),
    Word(&'static str),
    Details(DetailsRow),
    Text(String),
    Senders(Vec<SenderRow>),
    Number(NumberRow),
    Count(u64),
    Nothing(Option<()>),
}

/// In the order of the fields of `egoi_verify.Verification`; the times in seconds since 1970.
type VerificationRow = (
    String,
    &'static str,
    Option<String>,
    Option<f64>,
    Option<f64>,
    Option<&'static str>,
    Option<u32>,
    Option<f64>,
    Option<u32>,
);

/// In the order of the fields of `egoi_verify.OutcomeDetails`.
type DetailsRow = (&'static str, Option<u32>, Option<&'static str>);

/// In the order of the fields of `egoi_verify.SenderInfo`.
type SenderRow = (String, Option<String>, Option<String>, Option<String>);

/// In the order of the fields of `egoi_verify.NumberRecord`, and of each of its limits.
type NumberRow = (String, Vec<VerificationRow>, Vec<(&'static str, u32, u32, f64)>);

fn seconds(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn row(known: Verification) -> VerificationRow {
    (
        known.id,
        known.state.as_str(),
        known.number,
        known.created_at.map(seconds),
        known.expires_at.map(seconds),
        known.sms.map(|sms| sms.as_str()),
        known.attempts_left,
        known.resend_at.map(seconds),
        known.resends_left,
    )
}

impl From<Verification> for Value {
    fn from(known: Verification) -> Self {
        Self::Verification(row(known))
    }
}

impl From<NumberRecord> for Value {
    fn from(record: NumberRecord) -> Self {
        let limits = record.limits.into_iter();
        let limits = limits.map(|limit| (limit.limit, limit.count, limit.max, seconds(limit.ends_at))).collect();
        Self::Number((record.number, record.requests.into_iter().map(row).collect(), limits))
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<Outcome> for Value {
    fn from(outcome: Outcome) -> Self {
        Self::Word(outcome.as_str())
    }
}

impl From<OutcomeDetails> for Value {
    fn from(details: OutcomeDetails) -> Self {
        Self::Details((details.outcome.as_str(), details.attempts_left, details.limit))
    }
}

impl From<State> for Value {
    fn from(state: State) -> Self {
        Self::Word(state.as_str())
    }
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Self::Nothing(None)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<SenderInfo>> for Value {
    fn from(senders: Vec<SenderInfo>) -> Self {
        Self::Senders(senders.into_iter().map(|each| (each.id, each.name, each.number, each.status)).collect())
    }
}
