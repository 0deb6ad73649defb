//! The exit codes of the process.

use std::process::ExitCode;

use egoi_verify::{ErrorCode, Outcome, State};

/// The exit codes of `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    Internal = 1,
    BadInput = 2,
    WrongCode = 3,
    Expired = 4,
    AlreadyVerified = 5,
    Cancelled = 6,
    TooManyAttempts = 7,
    Refused = 8,
    RateLimited = 9,
    NoClearAnswer = 10,
}

impl Exit {
    /// The exit code for a cancellation that ended in this state.
    pub(crate) const fn of_cancelling(state: State) -> Self {
        match state {
            State::Cancelled => Self::Done,
            State::Expired => Self::Expired,
            State::Verified => Self::AlreadyVerified,
            State::Pending => Self::NoClearAnswer,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Verified => Self::Done,
            Outcome::WrongCode => Self::WrongCode,
            Outcome::Expired => Self::Expired,
            Outcome::AlreadyVerified => Self::AlreadyVerified,
            Outcome::Cancelled => Self::Cancelled,
            Outcome::TooManyAttempts => Self::TooManyAttempts,
        }
    }
}

impl From<ErrorCode> for Exit {
    fn from(code: ErrorCode) -> Self {
        use ErrorCode::{
            Conflict, DeliveryFailed, Forbidden, Interrupted, InvalidInput, InvalidResponse, Misconfigured, NotFound,
            RateLimited, Redirected, Rejected, Storage, Timeout, Unauthorized, Unavailable, Unreachable, Unsupported,
        };
        match code {
            InvalidInput | Misconfigured => Self::BadInput,
            Unauthorized | Forbidden | NotFound | Rejected | Conflict | Unsupported => Self::Refused,
            RateLimited => Self::RateLimited,
            Unreachable | Timeout | Interrupted | Unavailable | Redirected | InvalidResponse | Storage
            | DeliveryFailed => Self::NoClearAnswer,
            _ => Self::Internal,
        }
    }
}
