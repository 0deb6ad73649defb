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
    ///
    /// ```
    /// use egoi_verify::{ErrorCode, PhoneNumber};
    ///
    /// let refused = PhoneNumber::parse("12").map_err(|error| error.code());
    /// assert!(matches!(refused, Err(ErrorCode::InvalidInput)));
    /// assert_eq!(ErrorCode::InvalidInput.as_str(), "invalid_input");
    /// ```
    ErrorCode {
        /// An argument or an option was refused before anything was sent. The detail names the field, the fault and the limit.
        InvalidInput = "invalid_input",
        /// 401: the API key is missing or wrong.
        Unauthorized = "unauthorized",
        /// 403: the account may not do this. Often its transactional service is not active.
        Forbidden = "forbidden",
        /// 404: the request is unknown, or it is for another number.
        NotFound = "not_found",
        /// Any other 4xx except 408, a V1 `Error`, or a country that is not allowed.
        Rejected = "rejected",
        /// 409, the resend of a finished request, or an idempotency key that was used for another number.
        Conflict = "conflict",
        /// 429, or a limit of the library. See [`Error::retry_after`] and [`Error::limit`].
        RateLimited = "rate_limited",
        /// There was no connection: DNS, refused, proxy, certificate, connect timeout. See [`Error::reason`].
        Unreachable = "unreachable",
        /// The request was sent, and no complete response came in time.
        Timeout = "timeout",
        /// The request was sent, and the connection broke before a complete response came.
        Interrupted = "interrupted",
        /// 5xx: the service failed.
        Unavailable = "unavailable",
        /// 3xx. The library follows no redirect, as it would send the key there.
        Redirected = "redirected",
        /// The response does not match the documented API.
        InvalidResponse = "invalid_response",
        /// The API version or the store does not have this.
        Unsupported = "unsupported",
        /// The store is down, full or slow. Nothing was verified.
        Storage = "storage",
        /// An operator must change something: a key that does not match the store, missing rights, a missing database, a
        /// newer schema, a read-only server. See [`Error::reason`].
        Misconfigured = "misconfigured",
        /// The SMS could not be sent (`Engine`). See [`Error::cause_code`].
        DeliveryFailed = "delivery_failed",
        /// The object was used after it was closed.
        Closed = "closed",
        /// A memory store or a sandbox was used in a forked child process.
        Forked = "forked",
        /// A bug in the library: a panic that became an error.
        Internal = "internal",
    }
}

/// The address of the documentation site. The site is not published yet, and the name is a reserved one.
const SITE: &str = "https://egoi-verify.example";

impl ErrorCode {
    /// The address of the page about this code, its causes and what to do.
    pub fn docs_url(self) -> String {
        format!("{SITE}/errors/{self}.html")
    }
}

named! {
    /// The fault behind `invalid_input` and `misconfigured`, and the cause of `unreachable`. The strings of
    /// [`Reason::as_str`] are stable and the same in every language.
    ///
    /// ```
    /// use egoi_verify::{PhoneNumber, Reason};
    ///
    /// let refused = PhoneNumber::parse("910 000 000").map_err(|error| error.reason());
    /// assert!(matches!(refused, Err(Some(Reason::NoCountryCode))));
    /// ```
    Reason {
        /// A required value is missing.
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
        /// A fraction of a second. Only whole seconds are accepted.
        NotWhole = "not_whole",
        /// Not a phone number.
        NotANumber = "not_a_number",
        /// A phone number without its country calling code.
        NoCountryCode = "no_country_code",
        /// A calling code or a country that does not exist.
        UnknownCountry = "unknown_country",
        /// A phone number of a length that its country does not use.
        ImpossibleLength = "impossible_length",
        /// A phone number with its calling code written twice.
        DoubledCallingCode = "doubled_calling_code",
        /// A phone number in the form that its country used before its numbering plan changed.
        Outdated = "outdated",
        /// A phone number outside the ranges that its country uses.
        NotAssigned = "not_assigned",
        /// A landline or another number, but only a mobile phone is accepted.
        NotMobile = "not_mobile",
        /// A phone number of a type that never gets an SMS: premium rate, shared cost, toll free, a pager, a satellite phone.
        RefusedType = "refused_type",
        /// A phone number with an extension, which gets no SMS.
        HasExtension = "has_extension",
        /// A control character, a letter or another character that the value cannot have.
        BadCharacter = "bad_character",
        /// A message without `{CODE}`.
        NoPlaceholder = "no_placeholder",
        /// A message that already has this last line.
        AlreadyThere = "already_there",
        /// Not one of the accepted values or names.
        UnknownValue = "unknown_value",
        /// A text of another form than the accepted one.
        Malformed = "malformed",
        /// Plain HTTP to an address that is not loopback.
        NotHttps = "not_https",
        /// A file, a variable or a certificate store that cannot be read.
        Unreadable = "unreadable",
        /// A port that cannot be listened on.
        PortUnavailable = "port_unavailable",
        /// A store that this build does not contain.
        NotInThisBuild = "not_in_this_build",
        /// An option that needs another option, or that excludes an option which is set.
        Conflicting = "conflicting",
        /// Another key than the key of the store or the request.
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
    /// The HTTP status for your own server's response, if this error makes a request of your user fail. The status of the
    /// service's response is [`Error::http_status`].
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

/// A year. The duration types of all languages hold it.
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
    retries: u32,
    cause: Option<Cause>,
}

/// The failure of a call. It never holds a key, a code, a full phone number or a message.
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
    /// Makes an error of this code, for a [`StoreBackend`] of your own. `detail` is for people, and must not hold a secret.
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
            retries: 0,
            cause: None,
        }))
    }

    /// Makes an `invalid_input` error. `fault` is the fault and the limit: "is 7200 s; the maximum is 3600 s".
    #[doc(hidden)]
    pub fn invalid_input(field: &str, reason: Reason, fault: impl fmt::Display) -> Self {
        Self::new(ErrorCode::InvalidInput, format!("`{field}` {fault}")).with_field(field).with_reason(reason)
    }

    /// A number outside its range.
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
    /// An operator must change the option `field`, or the thing that it names.
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

    /// Adds the cause.
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

    pub(crate) fn with_retries(mut self, retries: u32) -> Self {
        self.0.retries = retries;
        self
    }

    /// The kind of failure.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The address of the page about this failure, its causes and what to do.
    pub fn docs_url(&self) -> String {
        self.code().docs_url()
    }

    /// The failure in words, for people. Secrets are removed.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The name of the refused option or argument (`invalid_input`, `misconfigured`).
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// The fault of that field (`invalid_input`, `misconfigured`), or why there was no connection (`unreachable`).
    pub fn reason(&self) -> Option<Reason> {
        self.0.reason
    }

    /// The name of the limit that stopped the call, for example `sms_per_number`.
    pub fn limit(&self) -> Option<&'static str> {
        self.0.limit
    }

    /// The code of the error that caused this one. `delivery_failed` has it with [`EgoiSms`](crate::EgoiSms), for example
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

    /// The id of the request, if it is known.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long to wait before the next try, if it is known. At most a year.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether you may repeat the call: it may succeed, and it cannot send another SMS or use up an attempt.
    pub fn retry_is_safe(&self) -> bool {
        self.0.retry_is_safe
    }

    /// Whether this `request` or `resend` may have sent an SMS. `false` is certain.
    pub fn sms_possibly_sent(&self) -> bool {
        self.0.sms_possibly_sent
    }

    /// The number of HTTP requests of the call that were repeated. `delivery_failed` has those of [`EgoiSms`](crate::EgoiSms).
    pub fn retries(&self) -> u32 {
        let of_cause = || self.0.cause.as_ref()?.downcast_ref::<Self>().map(Self::retries);
        if self.0.retries > 0 { self.0.retries } else { of_cause().unwrap_or_default() }
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
            .field("retries", &self.retries())
            .field("cause", &self.0.cause.as_ref().map(ToString::to_string))
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| &**cause as &(dyn std::error::Error + 'static))
    }
}
