//! See core's `session::endpoints`. Below the HTTP server of both languages, which owns the connection.

use std::time::Duration;

use egoi_verify::Outcome;
use egoi_verify::session::endpoints::{Unstated, checked, code_body, code_sent, number_body};
use egoi_verify_runtime::guarded;

use crate::failure::NativeError;
use crate::session::{NativeCodeSent, NativeProblem};
use crate::values::NativeOutcome;

/// See core's `number_body`.
#[uniffi::export]
pub fn native_number_body(number: &str) -> String {
    number_body(number)
}

/// See core's `code_body`.
#[uniffi::export]
pub fn native_code_body(code: &str) -> String {
    code_body(code)
}

/// What came of a call: a value, or a problem.
#[derive(uniffi::Enum)]
#[expect(missing_docs, reason = "their names say it")]
pub enum NativeAnswer {
    Sent { sent: NativeCodeSent },
    Checked { outcome: NativeOutcome, attempts_left: Option<u32> },
    Refused { problem: NativeProblem },
}

/// See core's `code_sent`.
#[uniffi::export]
pub fn native_sent_answer(
    status: u16,
    body: &str,
    expires_in: Duration,
    resend_in: Option<Duration>,
) -> Result<NativeAnswer, NativeError> {
    Ok(guarded(|| {
        Ok(match code_sent(status, body, Unstated { expires_in, resend_in }) {
            Ok(sent) => NativeAnswer::Sent { sent: sent.into() },
            Err(problem) => NativeAnswer::Refused { problem: problem.into() },
        })
    })?)
}

/// See core's `checked`.
#[uniffi::export]
pub fn native_checked_answer(status: u16, body: &str) -> Result<NativeAnswer, NativeError> {
    Ok(guarded(|| {
        Ok(match checked(status, body) {
            Ok((outcome, attempts_left)) => NativeAnswer::Checked { outcome: outcome.into(), attempts_left },
            Err(problem) => NativeAnswer::Refused { problem: problem.into() },
        })
    })?)
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
