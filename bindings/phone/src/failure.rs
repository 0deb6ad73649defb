//! The one way in which a call of this module fails.

use std::fmt;

use egoi_verify_runtime::Failure;

/// A panic, turned into an error.
#[derive(Debug, uniffi::Error)]
pub enum NativeError {
    /// It failed.
    Failed {
        /// Where, in words; no secret.
        detail: String,
    },
}

impl fmt::Display for NativeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Failed { detail } = self;
        f.write_str(detail)
    }
}

impl std::error::Error for NativeError {}

impl From<Failure> for NativeError {
    fn from(failure: Failure) -> Self {
        let detail = match failure {
            Failure::Error(error) => error.to_string(),
            Failure::Cancelled => "cancelled".to_owned(),
        };
        Self::Failed { detail }
    }
}
