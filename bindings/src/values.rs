//! Values as both languages give and take them. Lengths of time come in as seconds, which core checks.

use std::sync::Arc;
use std::time::SystemTime;

use egoi_verify::binding_options::{RequestSettings, ValidateSettings, camel_case};
use egoi_verify::{
    CodeType, Error, Outcome, OutcomeDetails, RequestOptions, SenderInfo, SmsEncoding, SmsStatus, State,
    ValidateOptions, Verification,
};
use egoi_verify_runtime::CancelToken;

/// Cancels a call, for Swift, where cancelling a task does not drop the future below it.
#[derive(Default, uniffi::Object)]
pub struct NativeCancelToken(pub(crate) CancelToken);

#[uniffi::export]
impl NativeCancelToken {
    /// For one call.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Cancels the call.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

/// See core's `CodeType`.
#[derive(Clone, Copy, uniffi::Enum)]
#[expect(missing_docs, reason = "the variants of core's")]
pub enum NativeCodeType {
    Numeric,
    Alpha,
    Alphanumeric,
    Hex,
}

impl From<NativeCodeType> for CodeType {
    fn from(code_type: NativeCodeType) -> Self {
        match code_type {
            NativeCodeType::Numeric => Self::Numeric,
            NativeCodeType::Alpha => Self::Alpha,
            NativeCodeType::Alphanumeric => Self::Alphanumeric,
            NativeCodeType::Hex => Self::Hex,
        }
    }
}

/// See core's `State`.
#[derive(Clone, Copy, uniffi::Enum)]
#[expect(missing_docs, reason = "the variants of core's")]
pub enum NativeState {
    Pending,
    Verified,
    Expired,
    Cancelled,
}

impl From<State> for NativeState {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Verified => Self::Verified,
            State::Expired => Self::Expired,
            State::Cancelled => Self::Cancelled,
        }
    }
}

/// See core's `Outcome`.
#[derive(Clone, Copy, uniffi::Enum)]
#[expect(missing_docs, reason = "the variants of core's")]
pub enum NativeOutcome {
    Verified,
    WrongCode,
    Expired,
    AlreadyVerified,
    Cancelled,
    TooManyAttempts,
}

impl From<Outcome> for NativeOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Verified => Self::Verified,
            Outcome::WrongCode => Self::WrongCode,
            Outcome::Expired => Self::Expired,
            Outcome::AlreadyVerified => Self::AlreadyVerified,
            Outcome::Cancelled => Self::Cancelled,
            Outcome::TooManyAttempts => Self::TooManyAttempts,
        }
    }
}

/// See core's `OutcomeDetails`.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeOutcomeDetails {
    pub outcome: NativeOutcome,
    pub attempts_left: Option<u32>,
    pub limit: Option<String>,
}

impl From<OutcomeDetails> for NativeOutcomeDetails {
    fn from(details: OutcomeDetails) -> Self {
        Self {
            outcome: details.outcome.into(),
            attempts_left: details.attempts_left,
            limit: details.limit.map(camel_case),
        }
    }
}

/// See core's `Sms`.
#[derive(Clone, Copy, uniffi::Enum)]
#[expect(missing_docs, reason = "the variants of core's")]
pub enum NativeSmsStatus {
    Sent,
    Unknown,
}

impl From<SmsStatus> for NativeSmsStatus {
    fn from(sms: SmsStatus) -> Self {
        match sms {
            SmsStatus::Sent => Self::Sent,
            SmsStatus::Unknown => Self::Unknown,
        }
    }
}

/// See core's `SmsEncoding`.
#[derive(Clone, Copy, uniffi::Enum)]
#[expect(missing_docs, reason = "the variants of core's")]
pub enum NativeSmsEncoding {
    Gsm7,
    Ucs2,
}

impl From<SmsEncoding> for NativeSmsEncoding {
    fn from(encoding: SmsEncoding) -> Self {
        match encoding {
            SmsEncoding::Gsm7 => Self::Gsm7,
            SmsEncoding::Ucs2 => Self::Ucs2,
        }
    }
}

/// See core's `Verification`.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeVerification {
    pub id: String,
    pub state: NativeState,
    pub number: Option<String>,
    pub created_at: Option<SystemTime>,
    pub expires_at: Option<SystemTime>,
    pub sms: Option<NativeSmsStatus>,
    pub attempts_left: Option<u32>,
    pub resend_at: Option<SystemTime>,
    pub resends_left: Option<u32>,
}

impl From<Verification> for NativeVerification {
    fn from(known: Verification) -> Self {
        Self {
            id: known.id,
            state: known.state.into(),
            number: known.number,
            created_at: known.created_at,
            expires_at: known.expires_at,
            sms: known.sms.map(Into::into),
            attempts_left: known.attempts_left,
            resend_at: known.resend_at,
            resends_left: known.resends_left,
        }
    }
}

/// See core's `SenderInfo`.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeSenderInfo {
    pub id: String,
    pub name: Option<String>,
    pub number: Option<String>,
    pub status: Option<String>,
}

impl From<SenderInfo> for NativeSenderInfo {
    fn from(sender: SenderInfo) -> Self {
        Self { id: sender.id, name: sender.name, number: sender.number, status: sender.status }
    }
}

pub(crate) fn listed(senders: Vec<SenderInfo>) -> Vec<NativeSenderInfo> {
    senders.into_iter().map(Into::into).collect()
}

/// What `request` takes.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's `RequestOptions`, and the number")]
pub struct NativeRequest {
    pub number: String,
    pub text: Option<String>,
    pub code_type: Option<NativeCodeType>,
    pub code_size: Option<i64>,
    pub ttl: Option<f64>,
    pub group: Option<String>,
    pub idempotency_key: Option<String>,
    pub client: Option<String>,
    pub default_region: Option<String>,
    pub timeout: Option<f64>,
    pub retries: Option<i64>,
}

impl NativeRequest {
    /// The number, and how to make the request.
    pub(crate) fn read(self) -> Result<(String, RequestOptions), Error> {
        let settings = RequestSettings {
            message: self.text,
            code_type: self.code_type.map(|code_type| CodeType::from(code_type).as_str().to_owned()),
            code_size: self.code_size,
            ttl: self.ttl,
            group: self.group,
            idempotency_key: self.idempotency_key,
            client: self.client,
            default_region: self.default_region,
            timeout: self.timeout,
            retries: self.retries,
        };
        Ok((self.number, settings.set(RequestOptions::default())?))
    }
}

/// What `validate` takes.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the arguments of core's")]
pub struct NativeValidate {
    pub id: String,
    pub code: String,
    pub number: Option<String>,
    pub client: Option<String>,
    pub default_region: Option<String>,
    pub timeout: Option<f64>,
    pub retries: Option<i64>,
}

impl NativeValidate {
    /// The id, the code, and how to validate it.
    pub(crate) fn read(self) -> Result<(String, String, ValidateOptions), Error> {
        let Self { id, code, number, client, default_region, timeout, retries } = self;
        let settings = ValidateSettings { number, client, default_region, timeout, retries };
        Ok((id, code, settings.set(ValidateOptions::default())?))
    }
}
