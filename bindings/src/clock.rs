//! The clocks that an engine of a test goes by.

use std::sync::Arc;
use std::time::SystemTime;

use egoi_verify::machine::Timestamp;
use egoi_verify::store::ClockShift;
use egoi_verify::{Clock, TestClock, binding_options};
use egoi_verify_runtime::guarded;

use crate::failure::NativeError;

/// A clock as an engine takes it.
#[derive(uniffi::Object)]
pub struct NativeEngineClock(pub(crate) Arc<dyn Clock>);

#[uniffi::export]
impl NativeEngineClock {
    /// One that another native module has: the sandbox's.
    #[uniffi::constructor]
    pub fn of(source: Arc<dyn NativeTimeSource>) -> Arc<Self> {
        Arc::new(Self(Arc::new(ForeignClock(source))))
    }
}

/// Says what time it is in another native module.
#[uniffi::export(with_foreign)]
pub trait NativeTimeSource: Send + Sync {
    /// The time now. Never earlier than it said before.
    fn now(&self) -> SystemTime;
}

struct ForeignClock(Arc<dyn NativeTimeSource>);

impl Clock for ForeignClock {
    fn now(&self) -> Timestamp {
        Timestamp::default().after(self.0.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }

    fn shift(&self) -> ClockShift {
        ClockShift::To(self.now())
    }
}

/// A clock for tests.
#[derive(Default, uniffi::Object)]
pub struct NativeTestClock(Arc<TestClock>);

#[uniffi::export]
impl NativeTestClock {
    /// At the machine's time.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The same clock, for an engine.
    pub fn for_engine(&self) -> Arc<NativeEngineClock> {
        Arc::new(NativeEngineClock(Arc::<TestClock>::clone(&self.0)))
    }

    /// Moves the time on.
    pub fn advance(&self, by: f64) -> Result<(), NativeError> {
        Ok(guarded(|| {
            self.0.advance(binding_options::seconds("by", by)?);
            Ok(())
        })?)
    }

    /// Stops the time, or lets it go on.
    pub fn freeze(&self, frozen: bool) {
        self.0.freeze(frozen);
    }

    /// The time now.
    pub fn now(&self) -> SystemTime {
        Clock::now(&*self.0).into()
    }
}
