//! Failures on demand.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Reason};
use crate::generate::draw_bits;
use crate::values::PhoneNumber;

/// A call of the service.
///
/// ```
/// use egoi_verify::{Fault, FaultCall};
///
/// let fault = Fault { call: Some(FaultCall::Request), status: Some(503), ..Fault::default() };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the verbs of `Verifier`, and V2's two calls about the service")]
pub enum FaultCall {
    Request,
    Validate,
    Cancel,
    Resend,
    Get,
    Ping,
    Senders,
    Sms,
}

impl FaultCall {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Validate => "validate",
            Self::Cancel => "cancel",
            Self::Resend => "resend",
            Self::Get => "get",
            Self::Ping => "ping",
            Self::Senders => "senders",
            Self::Sms => "sms",
        }
    }
}

/// The moment at which a connection is cut.
///
/// ```
/// use egoi_verify::{Cut, Fault};
///
/// let fault = Fault { cut: Some(Cut::After), ..Fault::default() };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Before the call takes effect.
    Before,
    /// After the call took effect, in place of the response.
    After,
}

/// The change of a response.
///
/// ```
/// use egoi_verify::{Fault, FaultBody};
///
/// let fault = Fault { body: Some(FaultBody::Malformed), ..Fault::default() };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultBody {
    /// JSON that breaks off.
    Malformed,
    /// 100 MiB.
    Huge,
    /// The same JSON, labelled `text/html; charset=UTF-8`, which is PHP's default.
    TextHtml,
    /// For `request`: the id is a JSON number, in this response and in later responses about the request.
    IntegerIds,
    /// For `get`: the request before a code was used, as a lagging read replica shows it.
    LaggingRead,
    /// For `get`: asterisks instead of the code.
    MaskedCode,
    /// `errors` and `errorCode`, as V1's clients read them, with `status` or with 200. The call has no effect.
    Errors,
}

/// A failure of the sandbox, for the calls that match it. A delay comes first. With a cut before or a status, the call has no
/// effect. With a cut after or a body, it takes effect.
///
/// ```
/// use egoi_verify::{Error, Fault, FaultCall, Sandbox};
///
/// fn next_request_fails(sandbox: &Sandbox) -> Result<(), Error> {
///     sandbox.fail_next(Fault { call: Some(FaultCall::Request), status: Some(503), ..Fault::default() })
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// The call that fails. `None`: every call.
    pub call: Option<FaultCall>,
    /// The number of the request. `None`: every number.
    pub number: Option<String>,
    /// The status of the response, 400 to 599 or a 3xx.
    pub status: Option<u16>,
    /// The delay before the response, at most a minute.
    #[serde(rename = "delay_ms", with = "milliseconds")]
    pub delay: Duration,
    /// When to cut the connection.
    pub cut: Option<Cut>,
    /// What the response is replaced by, or how it is changed.
    pub body: Option<FaultBody>,
    /// The probability that a call that matches fails, 0 to 1.
    pub probability: f64,
    /// How many calls fail. `None`: all of them.
    pub count: Option<u64>,
}

impl Default for Fault {
    fn default() -> Self {
        Self {
            call: None,
            number: None,
            status: None,
            delay: Duration::ZERO,
            cut: None,
            body: None,
            probability: 1.0,
            count: Some(1),
        }
    }
}

#[derive(Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    fn all(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, mut fault: Fault) -> Result<(), Error> {
        if !(0.0..=1.0).contains(&fault.probability) {
            return Err(Error::out_of_range("probability", fault.probability, 0.0..=1.0, ""));
        }
        if let Some(status) = fault.status.filter(|status| !(300..=599).contains(status)) {
            return Err(Error::out_of_range("status", status, 300..=599, ""));
        }
        if fault.status.is_none() && fault.delay.is_zero() && fault.cut.is_none() && fault.body.is_none() {
            let fault = "has no failure; it must have `status`, `delay`, `cut` or `body`";
            return Err(Error::invalid_input("fault", Reason::Missing, fault));
        }
        if fault.delay > Duration::from_secs(60) {
            return Err(Error::out_of_range("delay", fault.delay.as_secs_f64(), 0.0..=60.0, " s"));
        }
        if let Some(number) = &mut fault.number {
            *number = PhoneNumber::parse(number)?.e164();
        }
        self.all().push(fault);
        Ok(())
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        self.all().clone()
    }

    pub(crate) fn clear(&self) {
        self.all().clear();
    }

    /// The first failure that matches the call. Counts the call.
    pub(crate) fn strike(&self, call: FaultCall, number: Option<&str>) -> Option<Fault> {
        let mut all = self.all();
        let at = all.iter().position(|fault| {
            fault.call.is_none_or(|of| of == call)
                && fault.number.as_deref().is_none_or(|of| Some(of) == number)
                && fault.count != Some(0)
                && chance() < fault.probability
        })?;
        let fault = all.get_mut(at)?;
        fault.count = fault.count.map(|left| left - 1);
        let struck = fault.clone();
        if fault.count == Some(0) {
            all.remove(at);
        }
        Some(struck)
    }
}

impl Fault {
    /// Reads the JSON of `POST /sandbox/faults`, for the bindings.
    #[doc(hidden)]
    pub fn from_json(words: &str) -> Result<Self, Error> {
        serde_json::from_str(words)
            .map_err(|error| Error::invalid_input("fault", Reason::Malformed, format_args!("cannot be read: {error}")))
    }
}

mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(delay: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        u64::try_from(delay.as_millis()).unwrap_or(u64::MAX).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

/// At least 0 and less than 1.
fn chance() -> f64 {
    // 53 bits, as many as a double holds. Without randomness nothing fails by chance.
    draw_bits().map_or(0.0, |bits| (bits >> 75) as f64 / (1u64 << 53) as f64)
}
