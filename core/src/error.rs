//! The one error type, with a code that is the same in every language.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// An enum whose variants each have a stable name, the same in every language.
macro_rules! named {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// All of them, in the order of the documentation.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$variant),*];

            /// The stable name, in `snake_case`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use named;

named! {
    /// The kind of a failure. The strings of [`ErrorCode::as_str`] are stable and the same in every language.
    ErrorCode {
        /// Refused before anything was sent; the detail names the field, the fault and the limit.
        InvalidInput = "invalid_input",
        /// 401: the API key is missing or wrong.
        Unauthorized = "unauthorized",
        /// 403: the account may not do this; often the transactional service is not activated.
        Forbidden = "forbidden",
        /// 404: no such request, or a request for another number.
        NotFound = "not_found",
        /// Any other 4xx but 408, a V1 `Error`, or a country that is not allowed.
        Rejected = "rejected",
        /// 409, the resend of a finished request, or an idempotency key used for another number.
        Conflict = "conflict",
        /// 429, or a limit of the `Engine`; see [`Error::retry_after`] and [`Error::limit`].
        RateLimited = "rate_limited",
        /// No connection was made: DNS, refused, proxy, certificate, connect timeout. See [`Error::reason`].
        Unreachable = "unreachable",
        /// A request went out and no complete response came in time.
        Timeout = "timeout",
        /// A request went out and the connection broke before a complete response came.
        Interrupted = "interrupted",
        /// 5xx.
        Unavailable = "unavailable",
        /// A 3xx, never followed, because the key would travel with it.
        Redirected = "redirected",
        /// The response does not match the documented API.
        InvalidResponse = "invalid_response",
        /// Not in this version of the API, or not in this store.
        Unsupported = "unsupported",
        /// The store is down, full or slow. Nothing is ever verified then.
        Storage = "storage",
        /// An operator must change something: a key that does not match the store, missing rights, a missing database, a
        /// newer schema, a read-only server. See [`Error::reason`].
        Misconfigured = "misconfigured",
        /// The SMS could not be sent (`Engine`). See [`Error::cause_code`].
        DeliveryFailed = "delivery_failed",
        /// Used after it was closed.
        Closed = "closed",
        /// A memory store or a sandbox used in a forked child.
        Forked = "forked",
        /// A panic, turned into an error.
        Internal = "internal",
    }
}

/// Where the documentation site is published. It is not published yet, and nobody can register a name that ends so.
const SITE: &str = "https://egoi-verify.example";

impl ErrorCode {
    /// The address of the page that says what causes this code and what to do.
    pub fn docs_url(self) -> String {
        format!("{SITE}/errors/{self}.html")
    }
}

named! {
    /// The fault behind `invalid_input` and `misconfigured`, and the cause of `unreachable`. The strings of
    /// [`Reason::as_str`] are stable and the same in every language.
    Reason {
        /// A required value is not there.
        Missing = "missing",
        /// An empty text.
        Empty = "empty",
        /// Fewer characters, bytes or digits than the minimum.
        TooShort = "too_short",
        /// More characters, bytes, digits or SMS parts than the maximum.
        TooLong = "too_long",
        /// Below the minimum, or negative.
        TooSmall = "too_small",
        /// Above the maximum.
        TooLarge = "too_large",
        /// A fraction where whole seconds are accepted.
        NotWhole = "not_whole",
        /// Not a phone number.
        NotANumber = "not_a_number",
        /// A phone number without its country calling code.
        NoCountryCode = "no_country_code",
        /// A calling code or a country that does not exist.
        UnknownCountry = "unknown_country",
        /// A phone number whose length its country does not have.
        ImpossibleLength = "impossible_length",
        /// A phone number with its calling code written twice.
        DoubledCallingCode = "doubled_calling_code",
        /// A phone number as its country wrote it before its numbering plan changed.
        Outdated = "outdated",
        /// A phone number in no range that its country is known to use.
        NotAssigned = "not_assigned",
        /// A landline or another number where only a mobile is accepted.
        NotMobile = "not_mobile",
        /// A phone number that is never sent an SMS: premium rate, shared cost, toll free, a pager, a satellite phone.
        RefusedType = "refused_type",
        /// A phone number with an extension, which gets no SMS.
        HasExtension = "has_extension",
        /// A control character, a letter or another character that the value cannot have.
        BadCharacter = "bad_character",
        /// A message without `{CODE}`.
        NoPlaceholder = "no_placeholder",
        /// A message that has its last line already.
        AlreadyThere = "already_there",
        /// Not one of the accepted values or names.
        UnknownValue = "unknown_value",
        /// A text that does not have the accepted form.
        Malformed = "malformed",
        /// Plain HTTP to an address that is not loopback.
        NotHttps = "not_https",
        /// A file, a variable or a certificate store that cannot be read.
        Unreadable = "unreadable",
        /// A port that cannot be listened on.
        PortUnavailable = "port_unavailable",
        /// A store that this build does not contain.
        NotInThisBuild = "not_in_this_build",
        /// An option without another one that it needs, or with one that it excludes.
        Conflicting = "conflicting",
        /// A key that is not the one the store or the request was made with.
        WrongKey = "wrong_key",
        /// A user name or a password that the server refuses.
        WrongPassword = "wrong_password",
        /// A user without the rights that the store needs.
        NoPermission = "no_permission",
        /// A database or a schema that does not exist.
        NoDatabase = "no_database",
        /// A server or a file that cannot be written.
        ReadOnly = "read_only",
        /// A store of a newer version of this library.
        NewerVersion = "newer_version",
        /// A server or a file that cannot be a store: another program's, a cluster, one that evicts.
        Unsuitable = "unsuitable",
        /// The host name has no address.
        Dns = "dns",
        /// The connection was refused.
        Refused = "refused",
        /// The proxy refused or failed.
        Proxy = "proxy",
        /// The TLS handshake failed, often at the certificate.
        Tls = "tls",
        /// The connection was not made in time.
        ConnectTimeout = "connect_timeout",
    }
}

impl ErrorCode {
    /// The HTTP status to respond with, when your own server fails a request of its user because of this error. Not the
    /// status of the service's response, which is [`Error::http_status`].
    ///
    /// | status | codes | what the user can do |
    /// | --- | --- | --- |
    /// | 422 | `invalid_input`, `rejected` | correct the number, or use another |
    /// | 404, 409 | `not_found`, `conflict` | ask for a new code |
    /// | 429 | `rate_limited` | wait for [`Error::retry_after`] |
    /// | 503 | `unreachable`, `storage`, `closed` | try again later |
    /// | 502, 504 | `interrupted`, `unavailable`, `redirected`, `invalid_response`, `delivery_failed`; `timeout` | look for an SMS before asking again |
    /// | 500 | the other codes | nothing: an operator must act |
    pub const fn suggested_status(self) -> u16 {
        match self {
            Self::InvalidInput | Self::Rejected => 422,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::RateLimited => 429,
            Self::Unreachable | Self::Storage | Self::Closed => 503,
            Self::Interrupted | Self::Unavailable | Self::Redirected | Self::InvalidResponse | Self::DeliveryFailed => {
                502
            }
            Self::Timeout => 504,
            Self::Unauthorized
            | Self::Forbidden
            | Self::Unsupported
            | Self::Misconfigured
            | Self::Forked
            | Self::Internal => 500,
        }
    }
}

/// A year. Every language's duration holds it, and nobody waits longer.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

type Cause = Box<dyn std::error::Error + Send + Sync>;

struct Inner {
    code: ErrorCode,
    detail: String,
    field: Option<String>,
    reason: Option<Reason>,
    limit: Option<&'static str>,
    http_status: Option<u16>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    retry_is_safe: bool,
    sms_possibly_sent: bool,
    cause: Option<Cause>,
}

/// Why a call failed. Never holds a key, a code, a full phone number or a message.
///
/// ```
/// use egoi_verify::{Error, ErrorCode};
///
/// fn advice(error: &Error) -> &'static str {
///     match error.code() {
///         ErrorCode::InvalidInput | ErrorCode::Rejected => "correct the number",
///         _ if error.retry_is_safe() => "try again",
///         _ if error.sms_possibly_sent() => "wait for the SMS",
///         _ => "tell an operator",
///     }
/// }
/// ```
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
            field: None,
            reason: None,
            limit: None,
            http_status: None,
            request_id: None,
            retry_after: None,
            retry_is_safe: matches!(code, ErrorCode::RateLimited | ErrorCode::Unreachable),
            // How far a call that panicked had come nobody knows.
            sms_possibly_sent: matches!(code, ErrorCode::Internal),
            cause: None,
        }))
    }

    /// What was wrong with an input, and what is accepted: "is 7200 s; the maximum is 3600 s".
    #[doc(hidden)]
    pub fn invalid_input(field: &str, reason: Reason, fault: impl fmt::Display) -> Self {
        Self::new(ErrorCode::InvalidInput, format!("`{field}` {fault}")).with_field(field).with_reason(reason)
    }

    /// A number that is not within its range.
    pub(crate) fn out_of_range<T: PartialOrd + fmt::Display>(
        field: &str,
        given: T,
        range: RangeInclusive<T>,
        unit: &str,
    ) -> Self {
        let (reason, which, limit) = if given < *range.start() {
            (Reason::TooSmall, "minimum", range.start())
        } else {
            (Reason::TooLarge, "maximum", range.end())
        };
        Self::invalid_input(field, reason, format_args!("is {given}{unit}; the {which} is {limit}{unit}"))
    }

    /// A text that is empty or too long.
    pub(crate) fn wrong_length(field: &str, given: usize, max: usize, unit: &str) -> Self {
        if given == 0 {
            Self::invalid_input(field, Reason::Empty, format_args!("is empty; it must have 1 to {max} {unit}"))
        } else {
            let fault = format_args!("has {given} {unit}; the maximum is {max} {unit}");
            Self::invalid_input(field, Reason::TooLong, fault)
        }
    }

    #[cfg_attr(
        not(any(feature = "postgres", feature = "redis", feature = "sqlite")),
        allow(dead_code, reason = "only stores with a server")
    )]
    /// An operator must change the option `field`, or what it names.
    pub(crate) fn misconfigured(field: &str, reason: Reason, detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::Misconfigured, detail).with_field(field).with_reason(reason)
    }

    fn with_field(mut self, field: &str) -> Self {
        self.0.field = Some(field.to_owned());
        self
    }

    pub(crate) fn with_reason(mut self, reason: Reason) -> Self {
        self.0.reason = Some(reason);
        self
    }

    /// The name of the option that stopped the call.
    pub(crate) fn with_limit(mut self, limit: &'static str) -> Self {
        self.0.limit = Some(limit);
        self
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
        self.0.retry_after = after.map(|after| after.min(LONGEST_WAIT));
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

    /// The address of the page that says what causes this failure and what to do.
    pub fn docs_url(&self) -> String {
        self.code().docs_url()
    }

    /// The failure in words, for people, without secrets.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The option or argument that was refused (`invalid_input`, `misconfigured`).
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// The fault of that field, or why no connection was made (`invalid_input`, `misconfigured`, `unreachable`).
    pub fn reason(&self) -> Option<Reason> {
        self.0.reason
    }

    /// The name of the limit that stopped the call, for example `sms_per_number`.
    pub fn limit(&self) -> Option<&'static str> {
        self.0.limit
    }

    /// The code of the error below this one: of `delivery_failed` with [`EgoiSms`](crate::EgoiSms), for example
    /// `unauthorized`.
    pub fn cause_code(&self) -> Option<ErrorCode> {
        self.0.cause.as_ref()?.downcast_ref::<Self>().map(Self::code)
    }

    /// The HTTP status that your own server may respond with: [`ErrorCode::suggested_status`].
    pub fn suggested_status(&self) -> u16 {
        self.code().suggested_status()
    }

    /// The HTTP status of the service's response, if there was one.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The request that the failure is about, if it is known.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long to wait before the next try, if it is known: at most a year.
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
            .field("field", &self.0.field)
            .field("reason", &self.0.reason)
            .field("limit", &self.0.limit)
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
