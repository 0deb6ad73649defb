//! What a call did, by core's hook: the caller reads it when the call has ended. Core makes no event of a call that nobody
//! observes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use egoi_verify::{CallEvent, CallObserver};
use pyo3::prelude::*;
use tokio::task_local;

/// A field, as Python has it.
#[derive(Clone, IntoPyObject)]
pub(crate) enum Field {
    Text(String),
    Whole(u32),
    Fraction(f64),
}

/// The fields of an event that are known.
pub(crate) type Fields = BTreeMap<&'static str, Field>;

/// One call that is observed.
#[derive(Clone)]
pub(crate) struct Observed(Arc<State>);

struct State {
    traceparent: Option<String>,
    event: Mutex<Option<CallEvent>>,
}

task_local! {
    static OBSERVED: Observed;
}

impl Observed {
    pub(crate) fn new(traceparent: &str) -> Self {
        let traceparent = Some(traceparent).filter(|text| !text.is_empty()).map(str::to_owned);
        Self(Arc::new(State { traceparent, event: Mutex::default() }))
    }

    pub(crate) fn of<F: Future>(self, call: F) -> impl Future<Output = F::Output> {
        OBSERVED.scope(self, call)
    }

    pub(crate) fn fields(&self) -> Fields {
        let event = self.0.event.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(event) = event else { return Fields::new() };
        let texts = [
            ("outcome", Some(event.outcome.to_owned())),
            ("request_id", event.request_id),
            ("number", event.number),
            ("country", event.country),
            ("limit", event.limit.map(str::to_owned)),
        ];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name, Field::Text(text?))));
        let status = event.http_status.map(|status| ("http_status", Field::Whole(status.into())));
        let numbers =
            [("retries", Field::Whole(event.retries)), ("duration", Field::Fraction(event.duration.as_secs_f64()))];
        texts.chain(status).chain(numbers).collect()
    }
}

/// The observer of every client and engine of this module.
pub(crate) struct Observer;

impl CallObserver for Observer {
    fn ended(&self, event: &CallEvent) {
        // The call of an engine ends after that of the SMS which it sends by `EgoiSms`.
        let _ = OBSERVED.try_with(|Observed(call)| {
            *call.event.lock().unwrap_or_else(PoisonError::into_inner) = Some(event.clone());
        });
    }

    fn is_enabled(&self) -> bool {
        OBSERVED.try_with(|_| ()).is_ok()
    }

    fn traceparent(&self) -> Option<String> {
        OBSERVED.try_with(|Observed(call)| call.traceparent.clone()).ok().flatten()
    }
}
