//! A verifier in this process.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use egoi_verify::binding_options::{EngineSettings, QuotaSettings};
use egoi_verify::{
    Clock as _, EgoiSms, Engine as CoreEngine, EngineOptions, Error, ErrorCode, OutgoingSms, PhoneNumber, SendError,
    SendFuture, SmsGateway,
};
use pyo3::prelude::*;
use tokio::sync::oneshot;
use tokio::task_local;
use zeroize::Zeroizing;

use crate::client::{Options, call_options, request_options, store, validate_options};
use crate::convert::{Seconds, Value, Whole};
use crate::failure::guarded;
use crate::fork::{Own, PerProcess};
use crate::home::Home;
use crate::job::Job;

task_local! {
    /// Where the call that is being run wants its SMS, of which it has one at most.
    static HAND_OVER: Cell<Option<oneshot::Sender<HandOver>>>;
}

/// Gives every SMS to whoever runs the call: the calling thread, or the event loop.
struct ToTheCaller;

impl SmsGateway for ToTheCaller {
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_> {
        let (end, ended) = oneshot::channel();
        let delivery = HandOver {
            number: sms.number,
            text: sms.text,
            attempt_id: sms.attempt_id,
            end: std::sync::Mutex::new(Some(Own::new(end))),
        };
        let to_the_caller = HAND_OVER.try_with(Cell::take).ok().flatten();
        let is_taken = to_the_caller.is_some_and(|to_the_caller| to_the_caller.send(delivery).is_ok());
        Box::pin(async move {
            if !is_taken {
                return Err(SendError::NotSent("nobody was there to hand the SMS over".into()));
            }
            // Whoever lets go of an SMS without a word may have sent it.
            ended.await.unwrap_or_else(|_| Err(SendError::PossiblySent("the function that sends was given up".into())))
        })
    }
}

/// The way to say how a hand-over ended.
type End = oneshot::Sender<Result<(), SendError>>;

/// An SMS to hand over, and the way to say how that ended.
#[pyclass(frozen, module = "egoi_verify._native")]
pub(crate) struct HandOver {
    number: PhoneNumber,
    text: Zeroizing<String>,
    #[pyo3(get)]
    attempt_id: String,
    end: std::sync::Mutex<Option<Own<End>>>,
}

#[pymethods]
impl HandOver {
    #[getter]
    fn number(&self) -> String {
        self.number.e164()
    }

    #[getter]
    fn text(&self) -> &str {
        &self.text
    }

    /// It was sent (`True`), was certainly not (`False`), or may have been (`None`).
    fn report(&self, sent: Option<bool>) {
        let end = self.end.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(end) = end.and_then(Own::take) {
            // Why is told in Python, by the exception itself.
            let _ = end.send(match sent {
                Some(true) => Ok(()),
                Some(false) => Err(SendError::NotSent("see the exception's cause".into())),
                None => Err(SendError::PossiblySent("see the exception's cause".into())),
            });
        }
    }
}

/// A clock for tests.
#[pyclass(frozen, module = "egoi_verify._native")]
#[derive(Default)]
pub(crate) struct TestClock(Arc<egoi_verify::TestClock>);

#[pymethods]
impl TestClock {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn advance(&self, py: Python<'_>, by: Seconds) -> PyResult<()> {
        guarded(py, || {
            self.0.advance(by.of("by")?);
            Ok(())
        })
    }

    fn freeze(&self, frozen: bool) {
        self.0.freeze(frozen);
    }

    /// Seconds since 1970.
    fn now(&self) -> f64 {
        Duration::from_millis(self.0.now().0).as_secs_f64()
    }
}

/// A limit: what was given, none included.
struct Limit<T>(Option<Option<T>>);

impl<T> Default for Limit<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'a, 'py, T> FromPyObject<'a, 'py> for Limit<T>
where
    Option<T>: FromPyObject<'a, 'py>,
{
    type Error = <Option<T> as FromPyObject<'a, 'py>>::Error;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> Result<Self, Self::Error> {
        given.extract().map(|given| Self(Some(given)))
    }
}

/// The options that were given, by name. One that is absent has the core's default, as has one that is `None`, but for the
/// limits, of which `None` is none.
#[derive(FromPyObject)]
struct Given<'py> {
    #[pyo3(item)]
    store: Option<String>,
    #[pyo3(item)]
    key: Option<Vec<u8>>,
    #[pyo3(item)]
    previous_keys: Option<Vec<Vec<u8>>>,
    #[pyo3(item)]
    retention: Option<Seconds>,
    #[pyo3(item)]
    max_requests: Option<Whole>,
    #[pyo3(item)]
    countries: Option<Vec<Whole>>,
    #[pyo3(item)]
    clock: Option<Bound<'py, TestClock>>,
    #[pyo3(item, default)]
    max_attempts: Limit<Whole>,
    #[pyo3(item, default)]
    max_resends: Limit<Whole>,
    #[pyo3(item, default)]
    resend_after: Limit<Seconds>,
    #[pyo3(item, default)]
    wrong_codes_per_number: Limit<(Whole, Seconds)>,
    #[pyo3(item, default)]
    sms_per_number: Limit<(Whole, Seconds)>,
}

impl Given<'_> {
    fn options(self) -> Result<EngineOptions, Error> {
        let whole = |Whole(given)| given;
        let seconds = |Seconds(given)| given;
        let quota = |(Whole(limit), Seconds(per))| QuotaSettings { limit, per };
        let settings = EngineSettings {
            store: store(
                Some(self.store.unwrap_or_else(|| "memory:".to_owned())),
                self.key,
                self.previous_keys,
                self.retention,
            ),
            max_requests: self.max_requests.map(whole),
            max_attempts: self.max_attempts.0.map(|given| given.map(whole)),
            wrong_codes_per_number: self.wrong_codes_per_number.0.map(|given| given.map(quota)),
            sms_per_number: self.sms_per_number.0.map(|given| given.map(quota)),
            max_resends: self.max_resends.0.map(|given| given.map(whole)),
            resend_after: self.resend_after.0.map(|given| given.map(seconds)),
            countries: self.countries.map(|codes| codes.into_iter().map(whole).collect()),
            ..EngineSettings::default()
        };
        let options = settings.set(EngineOptions::default())?;
        Ok(match self.clock {
            Some(clock) => options.clock(Arc::<egoi_verify::TestClock>::clone(&clock.get().0)),
            None => options,
        })
    }
}

#[pyclass(frozen, module = "egoi_verify._native")]
pub(crate) struct Engine {
    engine: CoreEngine,
    is_async: bool,
    /// Its calls wait for nothing but an SMS being handed over.
    is_at_hand: bool,
    is_closed: AtomicBool,
    home: PerProcess<Home>,
}

impl Engine {
    /// A call of the core's engine.
    fn job<T, F>(&self, py: Python<'_>, call: impl FnOnce(CoreEngine) -> F) -> PyResult<Job>
    where
        T: Into<Value>,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        guarded(py, || {
            if self.is_closed.load(Ordering::Relaxed) {
                return Err(Error::new(ErrorCode::Closed, "the engine was closed"));
            }
            let home = self.home.get_or_make(py, || Home::new(py, self.is_async))?;
            let (to_the_caller, delivery) = oneshot::channel();
            let work = HAND_OVER.scope(Cell::new(Some(to_the_caller)), call(self.engine.clone()));
            Ok(Job::new(Home::clone(&home), Some(delivery), self.is_at_hand, false, work))
        })
    }
}

#[pymethods]
impl Engine {
    /// With `egoi_sms`, a client's options, E-goi's own call sends the SMS; else whoever runs a call is given them.
    #[new]
    fn new(py: Python<'_>, given: Given<'_>, egoi_sms: Option<&Options>, is_async: bool) -> PyResult<Self> {
        guarded(py, || {
            let options = given.options()?;
            let engine = match egoi_sms {
                Some(client) => CoreEngine::new(EgoiSms::new(client.0.clone())?, options)?,
                None => CoreEngine::new(ToTheCaller, options)?,
            };
            // E-goi's call waits for the network.
            let is_at_hand = egoi_sms.is_none() && engine.is_in_process();
            Ok(Self { engine, is_async, is_at_hand, is_closed: AtomicBool::new(false), home: PerProcess::new() })
        })
    }

    #[allow(clippy::too_many_arguments, reason = "the options of a request")]
    fn request(
        &self,
        py: Python<'_>,
        number: &str,
        message: Option<String>,
        code_type: Option<&str>,
        code_size: Option<Whole>,
        ttl: Option<Seconds>,
        group: Option<String>,
        idempotency_key: Option<String>,
        timeout: Option<Seconds>,
    ) -> PyResult<Job> {
        let (number, options) = guarded(py, || {
            let number = PhoneNumber::parse(number)?;
            Ok((number, request_options(message, code_type, code_size, ttl, group, idempotency_key, timeout)?))
        })?;
        self.job(py, |engine| async move { engine.request_to(number, options).await })
    }

    fn validate(
        &self,
        py: Python<'_>,
        id: String,
        code: String,
        number: Option<String>,
        timeout: Option<Seconds>,
    ) -> PyResult<Job> {
        let code = Zeroizing::new(code);
        let options = guarded(py, || validate_options(number, timeout))?;
        self.job(py, |engine| async move { engine.validate(&id, &code, options).await })
    }

    fn cancel(&self, py: Python<'_>, id: String, timeout: Option<Seconds>) -> PyResult<Job> {
        let options = guarded(py, || call_options(timeout))?;
        self.job(py, |engine| async move { engine.cancel(&id, options).await })
    }

    fn resend(&self, py: Python<'_>, id: String, timeout: Option<Seconds>) -> PyResult<Job> {
        let options = guarded(py, || call_options(timeout))?;
        self.job(py, |engine| async move { engine.resend(&id, options).await })
    }

    fn get(&self, py: Python<'_>, id: String, timeout: Option<Seconds>) -> PyResult<Job> {
        let options = guarded(py, || call_options(timeout))?;
        self.job(py, |engine| async move { engine.get(&id, options).await })
    }

    fn ping(&self, py: Python<'_>, timeout: Option<Seconds>) -> PyResult<Job> {
        let options = guarded(py, || call_options(timeout))?;
        self.job(py, |engine| async move { engine.ping(options).await })
    }

    fn close(&self, py: Python<'_>) {
        self.is_closed.store(true, Ordering::Relaxed);
        self.home.clear(py);
    }
}
