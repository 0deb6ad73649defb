//! What an operator learns of each call.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use egoi_verify::binding_options::camel_case;
use egoi_verify::{CallEvent, CallObserver};

/// See core's `CallEvent`.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeCallEvent {
    pub verb: String,
    pub outcome: String,
    pub error_code: Option<String>,
    pub duration: Duration,
    pub retries: i32,
    pub http_status: Option<i32>,
    pub request_id: Option<String>,
    pub number: Option<String>,
    pub country: Option<String>,
    pub limit: Option<String>,
}

impl From<&CallEvent> for NativeCallEvent {
    fn from(event: &CallEvent) -> Self {
        Self {
            verb: camel_case(event.verb),
            outcome: event.outcome.to_owned(),
            error_code: event.error.map(|code| code.to_string()),
            duration: event.duration,
            retries: event.retries.try_into().unwrap_or(i32::MAX),
            http_status: event.http_status.map(i32::from),
            request_id: event.request_id.clone(),
            number: event.number.clone(),
            country: event.country.clone(),
            limit: event.limit.map(camel_case),
        }
    }
}

/// Is told of each call of the process.
#[uniffi::export(with_foreign)]
pub trait NativeObserver: Send + Sync {
    /// A call has ended.
    fn ended(&self, event: NativeCallEvent);
}

static IS_OBSERVED: AtomicBool = AtomicBool::new(false);
static OBSERVER: RwLock<Option<Arc<dyn NativeObserver>>> = RwLock::new(None);

/// Has the events of every client and engine of the process go there, or nowhere.
#[uniffi::export]
pub fn native_observe(observer: Option<Arc<dyn NativeObserver>>) {
    IS_OBSERVED.store(observer.is_some(), Ordering::Relaxed);
    *OBSERVER.write().unwrap_or_else(PoisonError::into_inner) = observer;
}

/// The observer of every client and engine.
pub(crate) struct Observer;

impl CallObserver for Observer {
    fn ended(&self, event: &CallEvent) {
        let observer = OBSERVER.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(observer) = observer {
            observer.ended(event.into());
        }
    }

    fn is_enabled(&self) -> bool {
        IS_OBSERVED.load(Ordering::Relaxed)
    }
}
