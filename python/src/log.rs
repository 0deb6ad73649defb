//! What a call did, for `logging`: the fields of the core's span, read by the caller when the call has ended. The core
//! says nothing until the first caller asks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, Once, PoisonError};

use pyo3::prelude::*;
use tokio::task_local;
use tracing::field::{self, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

/// A field, as Python has it.
#[derive(Clone, IntoPyObject)]
pub(crate) enum Field {
    Text(String),
    Whole(u64),
    Fraction(f64),
}

/// The fields of one call.
pub(crate) type Fields = BTreeMap<&'static str, Field>;

/// The fields of one call's span.
#[derive(Default, Clone)]
pub(crate) struct CallLog(Arc<Mutex<Fields>>);

task_local! {
    static LOG: CallLog;
}

impl CallLog {
    pub(crate) fn new() -> Self {
        static LISTENING: Once = Once::new();
        LISTENING.call_once(|| {
            // The copy of `tracing` in this module is nobody else's.
            let _ = tracing::subscriber::set_global_default(Listener);
        });
        Self::default()
    }

    pub(crate) fn of<F: Future>(self, call: F) -> impl Future<Output = F::Output> {
        LOG.scope(self, call)
    }

    pub(crate) fn fields(&self) -> Fields {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn insert(&self, field: &field::Field, value: Field) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(field.name(), value);
    }
}

impl Visit for &CallLog {
    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        self.insert(field, Field::Text(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &field::Field, value: &str) {
        self.insert(field, Field::Text(value.to_owned()));
    }

    fn record_u64(&mut self, field: &field::Field, value: u64) {
        self.insert(field, Field::Whole(value));
    }

    fn record_f64(&mut self, field: &field::Field, value: f64) {
        self.insert(field, Field::Fraction(value));
    }
}

struct Listener;

impl Subscriber for Listener {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.is_span() && metadata.name() == "egoi_verify" { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        LOG.try_with(|_| ()).is_ok()
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let _ = LOG.try_with(|mut log| span.record(&mut log));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let _ = LOG.try_with(|mut log| values.record(&mut log));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
