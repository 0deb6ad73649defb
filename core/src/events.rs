//! The events of calls, for an operator: the one hook of clients and engines.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorCode};
use crate::values::{PhoneNumber, RequestId};
use crate::verification::{NumberRecord, OutcomeDetails, State, Verification};

/// The event of one call, for a [`CallObserver`]. It holds no key, code, message or full number.
///
/// ```
/// use egoi_verify::CallEvent;
///
/// fn line(event: &CallEvent) -> String {
///     format!("{}: {} after {} ms", event.verb, event.outcome, event.duration.as_millis())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallEvent {
    /// The name of the call: `request`, `validate`, `cancel`, `resend`, `get`, `ping`, `senders`, `send_sms` of
    /// [`EgoiSms`](crate::EgoiSms), or `find`, `unlock` and `erase` of an engine.
    pub verb: &'static str,
    /// The outcome of a success: an [`Outcome`](crate::Outcome), the [`State`] of the request afterwards, or `ok`. The error's
    /// code of a failure. `aborted`, if the future of the call was dropped.
    pub outcome: &'static str,
    /// The error's code, if the call failed.
    pub error: Option<ErrorCode>,
    /// How long the call took.
    pub duration: Duration,
    /// How often a `Client` repeated an HTTP request in this call.
    pub retries: u32,
    /// The status of the service's last response, if there was one.
    pub http_status: Option<u16>,
    /// The id of the request, if it is known.
    pub request_id: Option<String>,
    /// The number, masked, if the call had one.
    pub number: Option<String>,
    /// The ISO 3166 code of the number's country, for example `PT`.
    pub country: Option<String>,
    /// The name of the limit that stopped the call, for example `sms_per_number`.
    pub limit: Option<&'static str>,
}

/// Receives the event of each call of a [`Client`](crate::Client) or an [`Engine`](crate::Engine). Set it with
/// [`ClientOptions::observer`](crate::ClientOptions::observer) or [`EngineOptions::observer`](crate::EngineOptions::observer).
///
/// The library calls it in the thread that polls the call: it must not block. A panic of an observer is caught, and the call goes
/// on.
///
/// ```
/// use egoi_verify::{CallEvent, CallObserver};
///
/// struct Alarm;
///
/// impl CallObserver for Alarm {
///     fn ended(&self, event: &CallEvent) {
///         if event.error.is_some_and(|code| code.suggested_status() >= 500) {
///             eprintln!("{} failed: {} after {:?}", event.verb, event.outcome, event.duration);
///         }
///     }
/// }
/// ```
pub trait CallObserver: Send + Sync {
    /// Is called when a call has ended.
    fn ended(&self, event: &CallEvent);

    /// Returns whether the call that begins now has an event. Default: true.
    fn is_enabled(&self) -> bool {
        true
    }

    /// Returns the header `traceparent` (W3C Trace Context) of the HTTP request that a `Client` sends now. Default: no header.
    /// A value that is no valid header is left out.
    fn traceparent(&self) -> Option<String> {
        None
    }
}

/// The observer of a client or an engine, if it has one.
#[derive(Clone, Default)]
pub(crate) struct Observers(Option<Arc<dyn CallObserver>>);

/// What is known of a call when it begins.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) verb: &'static str,
    pub(crate) number: Option<PhoneNumber>,
    pub(crate) id: Option<&'a str>,
}

/// What the HTTP requests of a call did.
#[derive(Default)]
pub(crate) struct Exchanges {
    pub(crate) retries: AtomicU32,
    /// 0 before the first response.
    pub(crate) status: AtomicU16,
}

/// What a success says for its event.
pub(crate) trait Reported {
    fn outcome(&self) -> &'static str {
        "ok"
    }

    fn request(&self) -> Option<&Verification> {
        None
    }

    fn limit(&self) -> Option<&'static str> {
        None
    }
}

impl Reported for Verification {
    fn outcome(&self) -> &'static str {
        self.state.as_str()
    }

    fn request(&self) -> Option<&Verification> {
        Some(self)
    }
}

impl Reported for OutcomeDetails {
    fn outcome(&self) -> &'static str {
        self.outcome.as_str()
    }

    fn limit(&self) -> Option<&'static str> {
        self.limit
    }
}

impl Reported for State {
    fn outcome(&self) -> &'static str {
        self.as_str()
    }
}

impl Reported for () {}
impl Reported for u64 {}
impl Reported for NumberRecord {}
impl<T> Reported for Vec<T> {}

impl<'a> About<'a> {
    pub(crate) fn new(verb: &'static str) -> Self {
        Self { verb, number: None, id: None }
    }

    pub(crate) fn of_request(verb: &'static str, id: &'a str) -> Self {
        Self { verb, number: None, id: Some(id) }
    }

    pub(crate) fn of_number(verb: &'static str, number: Option<PhoneNumber>) -> Self {
        Self { verb, number, id: None }
    }
}

impl Observers {
    pub(crate) fn new(observer: Arc<dyn CallObserver>) -> Self {
        Self(Some(observer))
    }

    pub(crate) fn traceparent(&self) -> Option<String> {
        unharmed(|| self.0.as_ref()?.traceparent())?
    }

    /// Runs a call and reports it.
    pub(crate) async fn observe<T: Reported>(
        &self,
        about: About<'_>,
        exchanges: Option<&Exchanges>,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let observer = self.0.as_deref().filter(|observer| unharmed(|| observer.is_enabled()).unwrap_or(false));
        if observer.is_none() && !is_traced() {
            return call.await;
        }
        let mut observed =
            Observed { about, exchanges, observer, started: Instant::now(), span: span(about), is_ended: false };
        let done = within(&observed.span, call).await;
        match &done {
            Ok(made) => observed.end(made.outcome(), made.request(), made.limit(), None),
            Err(error) => observed.end(error.code().as_str(), None, error.limit(), Some(error)),
        }
        done
    }
}

/// A call under way that somebody observes.
struct Observed<'a> {
    about: About<'a>,
    exchanges: Option<&'a Exchanges>,
    observer: Option<&'a dyn CallObserver>,
    started: Instant,
    span: Span,
    is_ended: bool,
}

impl Observed<'_> {
    fn end(
        &mut self,
        outcome: &'static str,
        request: Option<&Verification>,
        limit: Option<&'static str>,
        error: Option<&Error>,
    ) {
        self.is_ended = true;
        let event = CallEvent { limit, ..self.event(outcome, request, error) };
        record(&self.span, &event);
        if let Some(observer) = self.observer {
            unharmed(|| observer.ended(&event));
        }
    }

    fn event(&self, outcome: &'static str, request: Option<&Verification>, error: Option<&Error>) -> CallEvent {
        let Self { about, exchanges, .. } = self;
        // What was given as an id may be anything.
        let given = || about.id.filter(|id| RequestId::parse(id).is_ok());
        let id = request.map(|request| request.id.as_str()).or_else(|| error?.request_id()).or_else(given);
        let read = || PhoneNumber::parse(request?.number.as_deref()?).ok();
        let number = about.number.or_else(read);
        let status = exchanges.map(|exchanges| exchanges.status.load(Ordering::Relaxed)).filter(|status| *status != 0);
        CallEvent {
            verb: about.verb,
            outcome,
            error: error.map(Error::code),
            duration: self.started.elapsed(),
            retries: exchanges.map_or(0, |exchanges| exchanges.retries.load(Ordering::Relaxed)),
            http_status: error.and_then(Error::http_status).or(status),
            request_id: id.map(str::to_owned),
            number: number.map(|number| number.masked()),
            country: number.and_then(|number| number.country()),
            limit: None,
        }
    }
}

impl Drop for Observed<'_> {
    fn drop(&mut self) {
        if !self.is_ended {
            self.end(ABORTED, None, None, None);
        }
    }
}

/// The outcome of a call whose future was dropped.
const ABORTED: &str = "aborted";

/// What an observer does. Its panic does not reach the call.
fn unharmed<T>(observer: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(observer)).ok()
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Observers").field(&self.0.is_some()).finish()
    }
}

#[cfg(not(feature = "tracing"))]
mod spans {
    use super::{About, CallEvent};

    pub(super) struct Span;

    pub(super) const fn is_traced() -> bool {
        false
    }

    pub(super) const fn span(_: About<'_>) -> Span {
        Span
    }

    pub(super) async fn within<T>(_: &Span, call: impl Future<Output = T>) -> T {
        call.await
    }

    pub(super) const fn record(_: &Span, _: &CallEvent) {}
}

#[cfg(feature = "tracing")]
mod spans {
    use tracing::field::{Empty, display};
    use tracing::{Instrument as _, Level};

    use super::{About, CallEvent};

    pub(super) use tracing::Span;

    pub(super) fn is_traced() -> bool {
        tracing::enabled!(Level::INFO)
    }

    /// The span of one call.
    pub(super) fn span(about: About<'_>) -> Span {
        tracing::info_span!(
            "egoi_verify",
            verb = about.verb,
            outcome = Empty,
            retries = Empty,
            http_status = Empty,
            request_id = Empty,
            number = Empty,
            country = Empty,
            limit = Empty,
            duration_ms = Empty,
        )
    }

    pub(super) async fn within<T>(span: &Span, call: impl Future<Output = T>) -> T {
        // Entering a span that nobody looks at would still cost something at every poll.
        if span.is_disabled() { call.await } else { call.instrument(span.clone()).await }
    }

    pub(super) fn record(span: &Span, event: &CallEvent) {
        if span.is_disabled() {
            return;
        }
        span.record("outcome", event.outcome);
        span.record("retries", event.retries);
        span.record("duration_ms", event.duration.as_secs_f64() * 1000.0);
        if let Some(status) = event.http_status {
            span.record("http_status", status);
        }
        let texts = [
            ("request_id", event.request_id.as_deref()),
            ("number", event.number.as_deref()),
            ("country", event.country.as_deref()),
            ("limit", event.limit),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                span.record(name, display(text));
            }
        }
    }
}

use spans::{Span, is_traced, record, span, within};
