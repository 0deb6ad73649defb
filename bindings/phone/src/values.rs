//! Values as both languages give and take them.

use egoi_verify::{CodeType, Outcome, State};

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

impl From<NativeState> for State {
    fn from(state: NativeState) -> Self {
        match state {
            NativeState::Pending => Self::Pending,
            NativeState::Verified => Self::Verified,
            NativeState::Expired => Self::Expired,
            NativeState::Cancelled => Self::Cancelled,
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

impl From<NativeOutcome> for Outcome {
    fn from(outcome: NativeOutcome) -> Self {
        match outcome {
            NativeOutcome::Verified => Self::Verified,
            NativeOutcome::WrongCode => Self::WrongCode,
            NativeOutcome::Expired => Self::Expired,
            NativeOutcome::AlreadyVerified => Self::AlreadyVerified,
            NativeOutcome::Cancelled => Self::Cancelled,
            NativeOutcome::TooManyAttempts => Self::TooManyAttempts,
        }
    }
}
