//! A clock for tests.

use std::sync::Arc;

use egoi_verify::Clock as _;
use egoi_verify::binding_options;
use napi_derive::napi;

use crate::guard::guarded;
use crate::results::milliseconds;

/// A clock that an engine goes by in a test.
#[napi]
#[derive(Default)]
pub struct TestClock(pub(crate) Arc<egoi_verify::TestClock>);

#[napi]
impl TestClock {
    /// Starts at the machine's time.
    #[napi(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the time on.
    #[napi]
    pub fn advance(&self, seconds: f64) -> napi::Result<()> {
        guarded(|| {
            self.0.advance(binding_options::seconds("seconds", seconds)?);
            Ok(())
        })
    }

    /// Stops the time, or lets it go on.
    #[napi]
    pub fn freeze(&self, frozen: bool) {
        self.0.freeze(frozen);
    }

    /// Milliseconds since 1970.
    #[napi]
    #[must_use]
    pub fn now(&self) -> f64 {
        milliseconds(self.0.now().into())
    }
}
