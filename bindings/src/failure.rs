//! Failures, flat.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use egoi_verify::Error;
use egoi_verify::binding_options::{camel_case, detail_in_camel_case};
use egoi_verify_runtime::Failure;

/// Why a call gave nothing back.
#[derive(Debug, uniffi::Error)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once, for the other side")]
pub enum NativeError {
    /// It failed.
    Failed {
        /// The stable string, for example `rate_limited`.
        code: String,
        /// The failure in words, secrets removed.
        detail: String,
        /// The HTTP status of the service's response.
        http_status: Option<i32>,
        /// The request that the failure is about.
        request_id: Option<String>,
        /// How long to wait before the next try.
        retry_after: Option<Duration>,
        /// Whether repeating the call is safe.
        retry_is_safe: bool,
        /// Whether an SMS may have been sent.
        sms_possibly_sent: bool,
        /// The option or argument that was refused.
        field: Option<String>,
        /// Its fault, one stable string.
        reason: Option<String>,
        /// The name of the limit that stopped the call.
        limit: Option<String>,
        /// The code of the error below.
        cause_code: Option<String>,
        /// How many HTTP requests of the call were repeated.
        retries: i32,
        /// What lies below it, in words.
        cause_in_words: Option<String>,
        /// What the user's own function threw.
        thrown: Option<Arc<dyn Thrown>>,
    },
    /// Its caller cancelled it by its cancel token.
    Cancelled,
}

impl fmt::Display for NativeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { code, detail, .. } => write!(f, "{code}: {detail}"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl std::error::Error for NativeError {}

impl From<Failure> for NativeError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Cancelled => Self::Cancelled,
            Failure::Error(error) => error.into(),
        }
    }
}

impl From<Error> for NativeError {
    fn from(error: Error) -> Self {
        let thrown = error.source().and_then(|source| source.downcast_ref::<ThrownByUser>());
        Self::Failed {
            code: error.code().as_str().to_owned(),
            detail: detail_in_camel_case(&error),
            http_status: error.http_status().map(i32::from),
            request_id: error.request_id().map(str::to_owned),
            retry_after: error.retry_after(),
            retry_is_safe: error.retry_is_safe(),
            sms_possibly_sent: error.sms_possibly_sent(),
            field: error.field().map(camel_case),
            reason: error.reason().map(|reason| reason.to_string()),
            limit: error.limit().map(camel_case),
            cause_code: error.cause_code().map(|code| code.to_string()),
            retries: i32::try_from(error.retries()).unwrap_or(i32::MAX),
            cause_in_words: if thrown.is_none() { error.source().map(in_words) } else { None },
            thrown: thrown.map(|thrown| Arc::clone(&thrown.0)),
        }
    }
}

fn in_words(source: &(dyn std::error::Error + 'static)) -> String {
    let mut words = source.to_string();
    let mut next = source.source();
    while let Some(error) = next {
        words = format!("{words}: {error}");
        next = error.source();
    }
    words
}

/// What the user's own function threw. It is held, and given back as it was: nothing here reads it.
#[uniffi::export(with_foreign)]
pub trait Thrown: Send + Sync + fmt::Debug {
    /// There only because a trait without a method has no binding.
    fn is_held(&self) -> bool;
}

/// It, as the cause of the core's error.
#[derive(Debug)]
pub(crate) struct ThrownByUser(pub(crate) Arc<dyn Thrown>);

impl fmt::Display for ThrownByUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the function that sends threw")
    }
}

impl std::error::Error for ThrownByUser {}
