//! A panic never passes into JavaScript: in a synchronous call it is thrown, in any other the promise is rejected.

use std::panic::{AssertUnwindSafe, catch_unwind};

use egoi_verify::{Error, ErrorCode};

use crate::results::Failure;

/// The error of a call in which the library panicked.
pub(crate) fn panicked() -> Error {
    Error::new(ErrorCode::Internal, "the library panicked, which is a bug in it; please report it")
}

/// Runs a synchronous call. Throws a failure as JSON, of which TypeScript makes the typed error.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> napi::Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked())).map_err(|error| {
        napi::Error::from_reason(
            serde_json::to_string(&Failure::from(&error)).unwrap_or_else(|never| never.to_string()),
        )
    })
}
