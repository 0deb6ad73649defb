//! The arguments and the results of the verbs.

use std::fmt;
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Reason};
use crate::sms::MessageTemplate;
use crate::values::{CodeSize, CodeType, PhoneNumber, RequestId, Validity, masked};

/// The state of a request.
///
/// ```
/// use egoi_verify::{CallOptions, Client, Error, State};
///
/// async fn was_too_late(client: &Client, id: &str) -> Result<bool, Error> {
///     Ok(client.cancel(id, CallOptions::default()).await? != State::Cancelled)
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The request waits for the right code.
    Pending,
    /// The right code was given in time.
    Verified,
    /// The validity ended first.
    Expired,
    /// The request was cancelled first.
    Cancelled,
}

impl State {
    /// The stable name, for example `pending`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Verified => "verified",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The result of `validate`. Only [`Outcome::Verified`] proves anything.
///
/// ```
/// use egoi_verify::Outcome;
///
/// fn told(outcome: Outcome) -> &'static str {
///     match outcome {
///         Outcome::Verified => "the number is proved",
///         Outcome::WrongCode => "try again",
///         Outcome::Expired | Outcome::Cancelled | Outcome::TooManyAttempts => "ask for a new code",
///         Outcome::AlreadyVerified => "verified before, which proves nothing now",
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "only `Outcome::Verified` proves that the number belongs to the person"]
pub enum Outcome {
    /// The code is right, in time, and was used for the first time. This is the only success.
    Verified,
    /// The code is wrong. The request waits for the right code until it expires.
    WrongCode,
    /// The validity has ended.
    Expired,
    /// The request was verified before. That proves nothing now.
    AlreadyVerified,
    /// The request was cancelled before.
    Cancelled,
    /// There were too many wrong codes. This code was not checked.
    TooManyAttempts,
}

impl Outcome {
    /// Whether the number is proved.
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::Verified)
    }

    /// The stable name, for example `wrong_code`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::WrongCode => "wrong_code",
            Self::Expired => "expired",
            Self::AlreadyVerified => "already_verified",
            Self::Cancelled => "cancelled",
            Self::TooManyAttempts => "too_many_attempts",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The outcome of a code with its details: how many attempts are left, or the limit that stopped the call.
///
/// ```
/// use egoi_verify::{Engine, Error, Outcome, ValidateOptions};
///
/// async fn told(engine: &Engine, id: &str, given: &str) -> Result<String, Error> {
///     let details = engine.validate_with_details(id, given, ValidateOptions::default()).await?;
///     Ok(match (details.outcome, details.attempts_left) {
///         (Outcome::WrongCode, Some(left)) => format!("not that code; {left} tries left"),
///         (outcome, _) => outcome.to_string(),
///     })
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "only `Outcome::Verified` proves that the number belongs to the person"]
#[non_exhaustive]
pub struct OutcomeDetails {
    /// The outcome. Only [`Outcome::Verified`] proves anything.
    pub outcome: Outcome,
    /// How many more wrong codes are accepted: the fewest that a limit of the request, the number or the client leaves. Of a wrong
    /// code and of too many attempts. `None` if no limit counts here, if E-goi counts, or if a store repeated the call after a lost
    /// response.
    pub attempts_left: Option<u32>,
    /// The name of the limit that stopped the call: `max_attempts` of the request, `wrong_codes_per_number` or
    /// `wrong_codes_per_client`. Of [`Outcome::TooManyAttempts`], unless E-goi stopped the call.
    pub limit: Option<&'static str>,
}

impl OutcomeDetails {
    /// The details of a wrong code. Each number is what one limit leaves; `None` is no limit.
    pub fn wrong_code(left: impl IntoIterator<Item = Option<u32>>) -> Self {
        Self { attempts_left: left.into_iter().flatten().min(), ..Outcome::WrongCode.into() }
    }

    /// The details of a call that the limit of this name stopped.
    pub fn stopped_by(limit: &'static str) -> Self {
        Self { attempts_left: Some(0), limit: Some(limit), ..Outcome::TooManyAttempts.into() }
    }
}

/// The outcome without details.
impl From<Outcome> for OutcomeDetails {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, attempts_left: None, limit: None }
    }
}

/// Whether the SMS of a request was sent.
///
/// ```
/// use egoi_verify::{SmsStatus, Verification};
///
/// fn may_be_missing(verification: &Verification) -> bool {
///     verification.sms == Some(SmsStatus::Unknown)
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SmsStatus {
    /// The SMS was sent.
    Sent,
    /// A process died or a connection broke during sending.
    Unknown,
}

impl SmsStatus {
    /// The stable name: `sent` or `unknown`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Unknown => "unknown",
        }
    }
}

/// A request and its state. It never holds the code or the message. Printed, the number is masked.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use egoi_verify::Verification;
///
/// /// For "Send again in 24 s".
/// fn until_resend(verification: &Verification) -> Duration {
///     let Some(at) = verification.resend_at else { return Duration::ZERO };
///     at.duration_since(SystemTime::now()).unwrap_or_default()
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// The request's id, for `validate`, `cancel`, `resend` and `get`.
    pub id: String,
    /// The state of the request.
    pub state: State,
    /// The full number in E.164, `+351910000000`, if it is known.
    pub number: Option<String>,
    /// The time of the request, if it is known.
    pub created_at: Option<SystemTime>,
    /// The code is valid before this time, if it is known. Never later than the service's own time. A `get` over V2 does not
    /// have it: the service reports the time of the request, and not of its latest resend.
    pub expires_at: Option<SystemTime>,
    /// Whether the SMS was sent, if it is known.
    pub sms: Option<SmsStatus>,
    /// How many more wrong codes are accepted. Only an `Engine` that limits them reports it.
    pub attempts_left: Option<u32>,
    /// A resend before this time is `rate_limited`. Only an `Engine` with a pause reports it, while a resend is possible. A limit
    /// of the number may stop a resend for longer.
    pub resend_at: Option<SystemTime>,
    /// How many more resends are accepted. Only an `Engine` that limits them reports it.
    pub resends_left: Option<u32>,
}

impl Verification {
    pub(crate) fn new(id: &RequestId, state: State) -> Self {
        Self {
            id: id.as_str().to_owned(),
            state,
            number: None,
            created_at: None,
            expires_at: None,
            sms: None,
            attempts_left: None,
            resend_at: None,
            resends_left: None,
        }
    }
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verification")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("number", &self.number.as_deref().map(masked))
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .field("sms", &self.sms)
            .field("attempts_left", &self.attempts_left)
            .field("resend_at", &self.resend_at)
            .field("resends_left", &self.resends_left)
            .finish()
    }
}

/// The requests and the limits of one number in an `Engine`'s store. Printed, the number is masked.
///
/// ```
/// use egoi_verify::{CallOptions, Engine, Error};
///
/// async fn limits_of(engine: &Engine, number: &str) -> Result<Vec<&'static str>, Error> {
///     let record = engine.find(number, CallOptions::default()).await?;
///     Ok(record.limits.iter().map(|limit| limit.limit).collect())
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NumberRecord {
    /// The full number in E.164, `+351910000000`.
    pub number: String,
    /// The requests for the number, the newest first.
    pub requests: Vec<Verification>,
    /// The limits of the number whose count is not zero.
    pub limits: Vec<NumberLimit>,
}

/// A limit of a number whose count is not zero.
///
/// ```
/// use egoi_verify::{NumberLimit, NumberRecord};
///
/// fn stopped(record: &NumberRecord) -> Vec<&NumberLimit> {
///     record.limits.iter().filter(|limit| limit.count >= limit.max).collect()
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NumberLimit {
    /// The name of the limit: `wrong_codes_per_number`, `sms_per_number` or `resend_after`.
    pub limit: &'static str,
    /// How many events were counted.
    pub count: u32,
    /// The limit stops calls once `count` reaches this.
    pub max: u32,
    /// The time at which the count starts again.
    pub ends_at: SystemTime,
}

impl fmt::Debug for NumberRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NumberRecord")
            .field("number", &masked(&self.number))
            .field("requests", &self.requests)
            .field("limits", &self.limits)
            .finish()
    }
}

/// The options of `request`. An option that is not set has its default.
///
/// ```
/// # use std::time::Duration;
/// # use egoi_verify::{CodeType, RequestOptions};
/// let options = RequestOptions::default()
///     .message("Your code is {CODE}")
///     .code_type(CodeType::Hex)
///     .code_size(8)
///     .ttl(Duration::from_secs(300));
/// ```
#[derive(Clone, Default)]
pub struct RequestOptions {
    message: Option<String>,
    code_type: CodeType,
    code_size: Option<u32>,
    ttl: Option<Duration>,
    group: Option<String>,
    idempotency_key: Option<String>,
    client: Option<String>,
    default_region: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: Option<u32>,
}

impl RequestOptions {
    /// The text of the SMS: 1 to 1,000 characters and at most 6 SMS parts. The code replaces `{CODE}`. A newline is the only
    /// control character that is accepted. Default: `{CODE} is your verification code.`
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// The characters of the code. Default: numeric.
    #[must_use]
    pub fn code_type(mut self, code_type: CodeType) -> Self {
        self.code_type = code_type;
        self
    }

    /// The length of the code, 4 to 20 characters. Default: 6.
    #[must_use]
    pub fn code_size(mut self, characters: u32) -> Self {
        self.code_size = Some(characters);
        self
    }

    /// The validity of the code, 1 to 3,600 whole seconds. Default: 600.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// A label for E-goi's reports, 1 to 100 characters. Only V1 sends it. Default: `2FA`.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// A key of 1 to 256 characters. A second call with the same key returns the same request and sends no SMS, for as long as
    /// the store's retention. With another number it is `conflict`. Needs an `Engine`, or a `Client` with a store.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// The caller: an address, a session or a device, as text of 1 to 256 characters. `sms_per_client` counts the SMS of each
    /// caller. Resends of a request count for the same caller. Only a keyed hash of the text is stored.
    #[must_use]
    pub fn client(mut self, client: impl Into<String>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// The country of a number that is written without its calling code: an ISO 3166 code such as `PT`.
    #[must_use]
    pub fn default_region(mut self, country: impl Into<String>) -> Self {
        self.default_region = Some(country.into());
        self
    }

    /// The deadline of this call.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The maximum of retries of each HTTP request of this call, 0 to 2. An `Engine` repeats nothing. Default:
    /// [`ClientOptions::retries`](crate::ClientOptions::retries).
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = Some(retries);
        self
    }
}

/// Leaves out the message, which can hold a code in place of `{CODE}`, the idempotency key and the client.
impl fmt::Debug for RequestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestOptions")
            .field("code_type", &self.code_type)
            .field("code_size", &self.code_size)
            .field("ttl", &self.ttl)
            .field("default_region", &self.default_region)
            .field("timeout", &self.timeout)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}

/// A request whose every value was checked.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) message: MessageTemplate,
    pub(crate) code_type: CodeType,
    pub(crate) code_size: CodeSize,
    pub(crate) validity: Validity,
    pub(crate) group: String,
}

impl Terms {
    pub(crate) fn check(options: &RequestOptions) -> Result<Self, Error> {
        let code_size = options.code_size.map_or(Ok(CodeSize::default()), CodeSize::new)?;
        Ok(Self {
            message: options
                .message
                .as_deref()
                .map_or_else(|| Ok(MessageTemplate::default()), |text| MessageTemplate::new(text, code_size))?,
            code_type: options.code_type,
            code_size,
            validity: options.ttl.map_or(Ok(Validity::default()), Validity::new)?,
            group: label("group", 100, options.group.as_deref().unwrap_or("2FA"))?,
        })
    }
}

impl RequestOptions {
    pub(crate) fn number(&self, text: &str) -> Result<PhoneNumber, Error> {
        PhoneNumber::parse_in(text, self.default_region.as_deref())
    }

    pub(crate) fn checked_idempotency_key(&self) -> Result<Option<String>, Error> {
        self.idempotency_key.as_deref().map(|key| label("idempotency_key", 256, key)).transpose()
    }

    pub(crate) fn checked_client(&self) -> Result<Option<[u8; 16]>, Error> {
        self.client.as_deref().map(client_hash).transpose()
    }
}

/// What stands for a client: a store puts its key to it before it keeps it.
fn client_hash(client: &str) -> Result<[u8; 16], Error> {
    length("client", 256, client)?;
    let hash: [u8; 32] = Sha256::digest(client).into();
    let mut beginning = [0; 16];
    beginning.copy_from_slice(&hash[..16]);
    Ok(beginning)
}

fn length(field: &str, longest: usize, text: &str) -> Result<(), Error> {
    let characters = text.chars().count();
    if characters == 0 || characters > longest {
        return Err(Error::wrong_length(field, characters, longest, "characters"));
    }
    Ok(())
}

fn label(field: &str, longest: usize, text: &str) -> Result<String, Error> {
    length(field, longest, text)?;
    if text.chars().any(char::is_control) {
        return Err(Error::invalid_input(
            field,
            Reason::BadCharacter,
            "has a control character, which is not accepted",
        ));
    }
    Ok(text.to_owned())
}

/// The options of `validate`.
///
/// ```
/// use egoi_verify::ValidateOptions;
///
/// let options = ValidateOptions::default().number("+351 910 000 000").client("203.0.113.1");
/// ```
#[derive(Clone, Default)]
pub struct ValidateOptions {
    pub(crate) number: Option<String>,
    client: Option<String>,
    default_region: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: Option<u32>,
}

impl ValidateOptions {
    /// The number that the request must be for. This ties the result to the person. A request for another number is `not_found`,
    /// and no code is checked. V1 cannot check it: `unsupported`. Over V1, keep id and number together in the session.
    #[must_use]
    pub fn number(mut self, number: impl Into<String>) -> Self {
        self.number = Some(number.into());
        self
    }

    /// The country of a `number` that is written without its calling code: an ISO 3166 code such as `PT`.
    #[must_use]
    pub fn default_region(mut self, country: impl Into<String>) -> Self {
        self.default_region = Some(country.into());
        self
    }

    /// The deadline of this call.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The maximum of retries of each HTTP request of this call, 0 to 2. An `Engine` repeats nothing. Default:
    /// [`ClientOptions::retries`](crate::ClientOptions::retries).
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = Some(retries);
        self
    }

    /// The caller: an address, a session or a device, as text of 1 to 256 characters. `wrong_codes_per_client` counts the wrong
    /// codes of each caller. Only a keyed hash of the text is stored.
    #[must_use]
    pub fn client(mut self, client: impl Into<String>) -> Self {
        self.client = Some(client.into());
        self
    }

    pub(crate) fn checked_client(&self) -> Result<Option<[u8; 16]>, Error> {
        self.client.as_deref().map(client_hash).transpose()
    }

    pub(crate) fn checked_number(&self) -> Result<Option<PhoneNumber>, Error> {
        let number = |text| PhoneNumber::parse_in(text, self.default_region.as_deref());
        self.number.as_deref().map(number).transpose()
    }
}

/// The options of the other calls.
///
/// ```
/// use std::time::Duration;
/// use egoi_verify::CallOptions;
///
/// let options = CallOptions::default().timeout(Duration::from_secs(5));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: Option<u32>,
}

impl CallOptions {
    /// The deadline of this call.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The maximum of retries of each HTTP request of this call, 0 to 2. An `Engine` repeats nothing. Default:
    /// [`ClientOptions::retries`](crate::ClientOptions::retries).
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = Some(retries);
        self
    }
}
