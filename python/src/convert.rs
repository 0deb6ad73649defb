//! Values between Python and the core.

use std::time::Duration;

use egoi_verify::{Error, Outcome, SenderInfo, State, Verification, binding_options};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::{PyDelta, PyDeltaAccess as _};

/// A whole number of any size; what is beyond 64 bits is beyond every limit too.
#[derive(Clone, Copy)]
pub(crate) struct Whole(pub(crate) i64);

impl FromPyObject<'_, '_> for Whole {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match given.extract::<i64>() {
            Ok(number) => Ok(Self(number)),
            Err(error) if error.is_instance_of::<PyOverflowError>(given.py()) => {
                Ok(Self(if given.lt(0)? { i64::MIN } else { i64::MAX }))
            }
            Err(error) => Err(error),
        }
    }
}

/// A length of time: seconds, or a `timedelta`.
#[derive(Clone, Copy)]
pub(crate) struct Seconds(pub(crate) f64);

impl FromPyObject<'_, '_> for Seconds {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match given.cast::<PyDelta>() {
            Ok(delta) => {
                let whole = f64::from(delta.get_days()) * 86_400.0 + f64::from(delta.get_seconds());
                Ok(Self(whole + f64::from(delta.get_microseconds()) / 1e6))
            }
            Err(_) => given.extract().map(Self),
        }
    }
}

impl Seconds {
    pub(crate) fn of(self, field: &str) -> Result<Duration, Error> {
        binding_options::seconds(field, self.0)
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
    Text(String),
    Senders(Vec<SenderRow>),
    Nothing(()),
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

/// In the order of the fields of `egoi_verify.SenderInfo`.
type SenderRow = (String, Option<String>, Option<String>, Option<String>);

impl From<Verification> for Value {
    fn from(known: Verification) -> Self {
        let seconds = |at: std::time::SystemTime| {
            at.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
        };
        Self::Verification((
            known.id,
            known.state.as_str(),
            known.number,
            known.created_at.map(seconds),
            known.expires_at.map(seconds),
            known.sms.map(|sms| sms.as_str()),
            known.attempts_left,
            known.resend_at.map(seconds),
            known.resends_left,
        ))
    }
}

impl From<Outcome> for Value {
    fn from(outcome: Outcome) -> Self {
        Self::Word(outcome.as_str())
    }
}

impl From<State> for Value {
    fn from(state: State) -> Self {
        Self::Word(state.as_str())
    }
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Self::Nothing(())
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
