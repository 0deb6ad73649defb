//! The one error type, with a code that is the same in every language.

use std::fmt;
use std::time::Duration;

/// What kind of failure it was. The words of [`ErrorCode::as_str`] are stable and the same in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// Refused before anything was sent; the detail names the field, the fault and the limit.
    InvalidInput,
    /// 401: the API key is missing or wrong.
    Unauthorized,
    /// 403: the account may not do this; often the transactional service is not activated.
    Forbidden,
    /// 404: no such request, or a request for another number.
    NotFound,
    /// Any other 4xx but 408, a V1 `Error`, or a country that is not allowed.
    Rejected,
    /// 409, the resend of a request that is over, or an idempotency key used for another number.
    Conflict,
    /// 429, or a limit of the `Engine`; see [`Error::retry_after`].
    RateLimited,
    /// No connection was made: DNS, refused, proxy, certificate, connect timeout.
    Unreachable,
    /// Bytes went out and no whole answer came in time.
    Timeout,
    /// Bytes went out and the connection broke before a whole answer came.
    Interrupted,
    /// 5xx.
    Unavailable,
    /// A 3xx, never followed, because the key would travel with it.
    Redirected,
    /// The answer is not the contract.
    InvalidResponse,
    /// Not in this version of the API.
    Unsupported,
    /// The store failed.
    Storage,
    /// The SMS could not be handed over (`Engine`).
    DeliveryFailed,
    /// Used after it was closed.
    Closed,
    /// A memory store or a sandbox used in a forked child.
    Forked,
    /// A panic, turned into an error.
    Internal,
}

impl ErrorCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 19] = [
        Self::InvalidInput,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Rejected,
        Self::Conflict,
        Self::RateLimited,
        Self::Unreachable,
        Self::Timeout,
        Self::Interrupted,
        Self::Unavailable,
        Self::Redirected,
        Self::InvalidResponse,
        Self::Unsupported,
        Self::Storage,
        Self::DeliveryFailed,
        Self::Closed,
        Self::Forked,
        Self::Internal,
    ];

    /// The stable word, for example `rate_limited`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Rejected => "rejected",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::Unavailable => "unavailable",
            Self::Redirected => "redirected",
            Self::InvalidResponse => "invalid_response",
            Self::Unsupported => "unsupported",
            Self::Storage => "storage",
            Self::DeliveryFailed => "delivery_failed",
            Self::Closed => "closed",
            Self::Forked => "forked",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

struct Inner {
    code: ErrorCode,
    detail: String,
    http_status: Option<u16>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    retry_is_safe: bool,
    sms_possibly_sent: bool,
    cause: Option<Cause>,
}

/// Why a call failed. Never holds a key, a code, a whole phone number or a message.
pub struct Error(Box<Inner>);

impl Error {
    /// A failure of this code; `detail` is for people and must not hold a secret. Public so that a [`StoreBackend`] can be
    /// written outside this crate.
    ///
    /// [`StoreBackend`]: crate::Store
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            detail: detail.into(),
            http_status: None,
            request_id: None,
            retry_after: None,
            retry_is_safe: matches!(code, ErrorCode::RateLimited | ErrorCode::Unreachable),
            // How far a call that panicked had come nobody knows.
            sms_possibly_sent: matches!(code, ErrorCode::Internal),
            cause: None,
        }))
    }

    pub(crate) fn invalid_input(field: &str, fault_and_limit: impl fmt::Display) -> Self {
        Self::new(ErrorCode::InvalidInput, format!("`{field}`: {fault_and_limit}"))
    }

    /// The same failure with its cause.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    pub(crate) fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    pub(crate) fn with_retry_after(mut self, after: Option<Duration>) -> Self {
        self.0.retry_after = after;
        self
    }

    pub(crate) fn with_retry_is_safe(mut self, safe: bool) -> Self {
        self.0.retry_is_safe = safe;
        self
    }

    pub(crate) fn with_sms_possibly_sent(mut self, maybe: bool) -> Self {
        self.0.sms_possibly_sent = maybe;
        self
    }

    /// What kind of failure it was.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The failure in words, for people, secrets removed.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The HTTP status that the service answered, where it answered.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The request that the failure is about, where it is known.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long to wait before the next try, where it is known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether repeating the same call may succeed and cannot send another SMS or spend an attempt.
    pub fn retry_is_safe(&self) -> bool {
        self.0.retry_is_safe
    }

    /// Whether this `request` or `resend` may have sent an SMS; `false` is certain.
    pub fn sms_possibly_sent(&self) -> bool {
        self.0.sms_possibly_sent
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.detail)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.0.code)
            .field("detail", &self.0.detail)
            .field("http_status", &self.0.http_status)
            .field("request_id", &self.0.request_id)
            .field("retry_after", &self.0.retry_after)
            .field("retry_is_safe", &self.0.retry_is_safe)
            .field("sms_possibly_sent", &self.0.sms_possibly_sent)
            .field("cause", &self.0.cause.as_ref().map(ToString::to_string))
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| &**cause as &(dyn std::error::Error + 'static))
    }
}
