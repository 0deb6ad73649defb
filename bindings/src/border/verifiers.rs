//! The clients and engines that have a number.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use egoi_verify::{Error, ErrorCode};
use egoi_verify_runtime::{Failure, guarded};
use tokio::runtime;

use super::worker::{Use, build};
use super::{Begun, Calls, read};
use crate::client::NativeClient;
use crate::engine::{NativeEgoiSms, NativeEngine};
use crate::failure::NativeError;

static VERIFIERS: RwLock<Option<HashMap<i64, Arc<Verifier>>>> = RwLock::new(None);
static NUMBERS: AtomicI64 = AtomicI64::new(1);

struct Verifier {
    calls: Arc<dyn Calls>,
    /// Whether a call may have finished when it is first polled, which is then done in the thread that calls.
    is_at_hand: bool,
    place: Mutex<Option<Place>>,
}

/// Where the calls of a verifier run. Its connections live there too: one verifier never has two.
#[derive(Clone)]
pub(super) enum Place {
    /// The worker.
    Worker(Use),
    /// A runtime of its own, driven by the threads that call.
    Caller(Arc<CallerRuntime>),
}

/// A runtime that nothing drives but the threads that call.
pub(super) struct CallerRuntime {
    /// There, until this is dropped.
    runtime: Option<runtime::Runtime>,
}

impl CallerRuntime {
    pub(super) fn block_on<T>(&self, what: impl Future<Output = T>) -> Option<T> {
        self.runtime.as_ref().map(|runtime| runtime.block_on(what))
    }
}

impl Drop for CallerRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // To drop it as it is would wait for a name that is still being looked up.
            runtime.shutdown_background();
        }
    }
}

/// A call that has begun, and where it goes on.
pub(super) struct Begin {
    pub(super) call: Begun,
    pub(super) place: Place,
    pub(super) is_at_hand: bool,
}

pub(super) fn begin(number: i64, call: &[u8]) -> Result<Begin, Error> {
    let verifiers = VERIFIERS.read().unwrap_or_else(PoisonError::into_inner);
    let verifier = verifiers.as_ref().and_then(|verifiers| verifiers.get(&number)).cloned();
    drop(verifiers);
    let begun = guarded(|| {
        let verifier = verifier.ok_or_else(closed)?;
        let call = verifier.calls.begin(read(call)?)?;
        let place = verifier.place.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)?;
        Ok(Begin { call, place, is_at_hand: verifier.is_at_hand })
    });
    begun.map_err(|failure| match failure {
        Failure::Error(error) => error,
        Failure::Cancelled => closed(),
    })
}

fn closed() -> Error {
    Error::new(ErrorCode::Closed, "it was closed")
}

/// The calls of a client or an engine, by number.
#[derive(uniffi::Object)]
pub struct NativeCalls {
    number: i64,
    verifier: Arc<Verifier>,
}

impl NativeCalls {
    fn of(calls: Arc<dyn Calls>, is_at_hand: bool, waits: bool) -> Result<Arc<Self>, NativeError> {
        Ok(guarded(|| {
            let place = if waits {
                Place::Caller(Arc::new(CallerRuntime { runtime: Some(build()?) }))
            } else {
                Place::Worker(Use::new()?)
            };
            let verifier = Arc::new(Verifier { calls, is_at_hand, place: Mutex::new(Some(place)) });
            let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
            let mut verifiers = VERIFIERS.write().unwrap_or_else(PoisonError::into_inner);
            verifiers.get_or_insert_default().insert(number, Arc::clone(&verifier));
            Ok(Arc::new(Self { number, verifier }))
        })?)
    }
}

#[uniffi::export]
impl NativeCalls {
    /// Those of a client. With `waits`, each call waits in the thread that makes it.
    #[uniffi::constructor]
    pub fn of_client(client: Arc<NativeClient>, waits: bool) -> Result<Arc<Self>, NativeError> {
        Self::of(client, false, waits)
    }

    /// Those of an engine.
    #[uniffi::constructor]
    pub fn of_engine(engine: Arc<NativeEngine>, waits: bool) -> Result<Arc<Self>, NativeError> {
        Self::of(engine, true, waits)
    }

    /// Those of E-goi's own SMS call.
    #[uniffi::constructor]
    pub fn of_egoi_sms(egoi_sms: Arc<NativeEgoiSms>) -> Result<Arc<Self>, NativeError> {
        Self::of(egoi_sms, false, false)
    }

    /// What Kotlin names it by.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// Every later call is `closed`. What it holds is released once the calls that are under way have ended.
    pub fn shut(&self) {
        self.verifier.calls.shut();
        drop(self.verifier.place.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Drop for NativeCalls {
    fn drop(&mut self) {
        let mut verifiers = VERIFIERS.write().unwrap_or_else(PoisonError::into_inner);
        let last = verifiers.as_mut().and_then(|verifiers| verifiers.remove(&self.number));
        drop(verifiers);
        drop(last);
    }
}
