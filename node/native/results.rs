//! What a call gives back, as JSON. The names are those of the TypeScript surface.

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use egoi_verify::Error;
use egoi_verify::binding_options::{camel_case, detail_in_camel_case};
use serde::Serialize;

/// A failure, of which TypeScript makes a `VerifyError`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure<'a> {
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<f64>,
    retry_is_safe: bool,
    sms_possibly_sent: bool,
    retries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Box<Cause<'a>>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Cause<'a> {
    /// A failure of the library's own, such as that of E-goi's SMS call.
    Own(Failure<'a>),
    Other {
        text: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<Box<Cause<'a>>>,
    },
}

impl<'a> From<&'a Error> for Failure<'a> {
    fn from(error: &'a Error) -> Self {
        Self {
            code: error.code().as_str(),
            detail: detail_in_camel_case(error),
            http_status: error.http_status(),
            request_id: error.request_id(),
            retry_after: error.retry_after().map(|after| after.as_secs_f64()),
            retry_is_safe: error.retry_is_safe(),
            sms_possibly_sent: error.sms_possibly_sent(),
            retries: error.retries(),
            field: error.field().map(camel_case),
            reason: error.reason().map(|reason| reason.as_str()),
            limit: error.limit().map(camel_case),
            cause_code: error.cause_code().map(|code| code.as_str()),
            cause: cause_of(error),
        }
    }
}

fn cause_of<'a>(error: &'a (dyn StdError + 'static)) -> Option<Box<Cause<'a>>> {
    let cause = error.source()?;
    Some(Box::new(match cause.downcast_ref::<Error>() {
        Some(own) => Cause::Own(own.into()),
        None => Cause::Other { text: cause.to_string(), cause: cause_of(cause) },
    }))
}

/// What is known of a request; times are milliseconds since 1970, as `Date` takes them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verification {
    id: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sms: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts_left: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resend_at: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resends_left: Option<u32>,
}

impl From<egoi_verify::Verification> for Verification {
    fn from(verification: egoi_verify::Verification) -> Self {
        Self {
            id: verification.id,
            state: verification.state.as_str(),
            number: verification.number,
            created_at: verification.created_at.map(milliseconds),
            expires_at: verification.expires_at.map(milliseconds),
            sms: verification.sms.map(|sms| sms.as_str()),
            attempts_left: verification.attempts_left,
            resend_at: verification.resend_at.map(milliseconds),
            resends_left: verification.resends_left,
        }
    }
}

/// What is known of a submitted code.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutcomeDetails {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts_left: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<String>,
}

impl From<egoi_verify::OutcomeDetails> for OutcomeDetails {
    fn from(details: egoi_verify::OutcomeDetails) -> Self {
        Self {
            outcome: details.outcome.as_str(),
            attempts_left: details.attempts_left,
            limit: details.limit.map(camel_case),
        }
    }
}

/// What is kept of a number.
#[derive(Serialize)]
pub(crate) struct NumberRecord {
    number: String,
    requests: Vec<Verification>,
    limits: Vec<NumberLimit>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NumberLimit {
    limit: String,
    count: u32,
    max: u32,
    ends_at: f64,
}

impl From<egoi_verify::NumberRecord> for NumberRecord {
    fn from(record: egoi_verify::NumberRecord) -> Self {
        let limit = |limit: egoi_verify::NumberLimit| NumberLimit {
            limit: camel_case(limit.limit),
            count: limit.count,
            max: limit.max,
            ends_at: milliseconds(limit.ends_at),
        };
        Self {
            number: record.number,
            requests: record.requests.into_iter().map(Verification::from).collect(),
            limits: record.limits.into_iter().map(limit).collect(),
        }
    }
}

/// A sender of the account.
#[derive(Serialize)]
pub(crate) struct SenderInfo {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
}

impl From<egoi_verify::SenderInfo> for SenderInfo {
    fn from(sender: egoi_verify::SenderInfo) -> Self {
        Self { id: sender.id, name: sender.name, number: sender.number, status: sender.status }
    }
}

/// What an observed call did.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event<'a> {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    duration: f64,
    retries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<String>,
}

impl<'a> From<&'a egoi_verify::CallEvent> for Event<'a> {
    fn from(event: &'a egoi_verify::CallEvent) -> Self {
        Self {
            outcome: event.outcome,
            error_code: event.error.map(|code| code.as_str()),
            duration: event.duration.as_secs_f64(),
            retries: event.retries,
            http_status: event.http_status,
            request_id: event.request_id.as_deref(),
            number: event.number.as_deref(),
            country: event.country.as_deref(),
            limit: event.limit.map(camel_case),
        }
    }
}

/// An SMS of a sandbox's inbox.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    id: u64,
    number: String,
    sender: String,
    text: String,
    code: String,
    request_id: String,
    sent_at: String,
    parts: u32,
}

impl From<egoi_verify::Message> for Message {
    fn from(message: egoi_verify::Message) -> Self {
        Self {
            id: message.id,
            number: message.number,
            sender: message.sender,
            text: message.text,
            code: message.code,
            request_id: message.request_id,
            sent_at: message.sent_at,
            parts: message.parts,
        }
    }
}

/// A time as `Date` takes it. A `Date` has whole milliseconds; cutting them off never makes an `expires_at` later.
pub(crate) fn milliseconds(at: SystemTime) -> f64 {
    let since: Duration = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as f64
}
