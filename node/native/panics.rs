//! A panic never passes into JavaScript: in a synchronous call it is thrown, in any other the promise is rejected.

use std::panic::{AssertUnwindSafe, catch_unwind};

use egoi_verify::{Error, ErrorCode};
use napi_derive::napi;

use crate::answers::Failure;
use crate::port::Port;

/// What became of a call in which the library panicked.
pub(crate) fn panicked() -> Error {
    Error::new(ErrorCode::Internal, "the library panicked, which is a bug in it; please report it")
}

/// Runs a synchronous call. TypeScript makes the typed error out of what is thrown, which is a failure as JSON.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> napi::Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked())).map_err(|error| {
        napi::Error::from_reason(
            serde_json::to_string(&Failure::from(&error)).unwrap_or_else(|never| never.to_string()),
        )
    })
}

/// Panics, so that a test can see what becomes of it: at once, or in a call.
#[napi]
#[allow(clippy::panic, reason = "that is what it is for")]
pub fn panic_for_test(port: Option<&Port>, call: Option<u32>, is_at_hand: Option<bool>) -> napi::Result<()> {
    guarded(|| match (port, call) {
        (Some(port), Some(call)) => {
            let is_at_hand = is_at_hand.unwrap_or_default();
            port.shared().start::<()>(call, is_at_hand, async { panic!("a test asked for it") });
            Ok(())
        }
        _ => panic!("a test asked for it"),
    })
}
