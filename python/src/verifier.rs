//! A client or an engine, and the verbs that they share.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use egoi_verify::{
    CallOptions, Client as CoreClient, ClientOptions as CoreClientOptions, Engine as CoreEngine, Error, ErrorCode,
    PhoneNumber, RequestOptions, ValidateOptions, parse_number,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use zeroize::Zeroizing;

use crate::convert::{Value, optional, read};
use crate::delivery::{CallerSends, delivered_by_caller};
use crate::failure::{guarded, raised};
use crate::fork::PerProcess;
use crate::job::Job;
use crate::options::{ClientOptions, EgoiSms, RequestArguments, Store, call_options, engine_options, validate_options};
use crate::runtime::Runtime;

type Work = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>;

/// What runs a verb.
#[derive(Clone)]
enum Core {
    Client(CoreClient),
    Engine(CoreEngine),
}

/// The verb of either.
macro_rules! of_either {
    ($core:expr, $verifier:ident => $call:expr) => {
        match $core {
            Core::Client($verifier) => Box::pin(async move { $call.await.map(Value::from) }),
            Core::Engine($verifier) => Box::pin(async move { $call.await.map(Value::from) }),
        }
    };
}

impl Core {
    fn request(self, number: PhoneNumber, options: RequestOptions) -> Work {
        of_either!(self, verifier => verifier.request_to(number, options))
    }

    fn validate(self, id: String, code: Zeroizing<String>, options: ValidateOptions) -> Work {
        of_either!(self, verifier => verifier.validate(&id, &code, options))
    }

    fn validate_with_details(self, id: String, code: Zeroizing<String>, options: ValidateOptions) -> Work {
        of_either!(self, verifier => verifier.validate_with_details(&id, &code, options))
    }

    fn cancel(self, id: String, options: CallOptions) -> Work {
        of_either!(self, verifier => verifier.cancel(&id, options))
    }

    fn resend(self, id: String, options: CallOptions) -> Work {
        of_either!(self, verifier => verifier.resend(&id, options))
    }

    fn get(self, id: String, options: CallOptions) -> Work {
        of_either!(self, verifier => verifier.get(&id, options))
    }

    fn ping(self, options: CallOptions) -> Work {
        of_either!(self, verifier => verifier.ping(options))
    }

    fn find(self, number: PhoneNumber, options: CallOptions) -> Work {
        self.of_engine(move |engine| async move { engine.find(&number.e164(), options).await })
    }

    fn unlock(self, number: PhoneNumber, options: CallOptions) -> Work {
        self.of_engine(move |engine| async move { engine.unlock(&number.e164(), options).await })
    }

    fn erase(self, number: PhoneNumber, options: CallOptions) -> Work {
        self.of_engine(move |engine| async move { engine.erase(&number.e164(), options).await })
    }

    fn of_engine<T, Later>(self, call: impl FnOnce(CoreEngine) -> Later + Send + 'static) -> Work
    where
        Later: Future<Output = Result<T, Error>> + Send + 'static,
        Value: From<T>,
    {
        match self {
            Self::Engine(engine) => Box::pin(async move { call(engine).await.map(Value::from) }),
            Self::Client(_) => {
                Box::pin(async { Err(Error::new(ErrorCode::Unsupported, "a client keeps nothing of a number")) })
            }
        }
    }

    fn senders(self, options: CallOptions) -> Work {
        match self {
            Self::Client(client) => Box::pin(async move { client.senders(options).await.map(Value::from) }),
            Self::Engine(_) => Box::pin(async {
                Err(Error::new(ErrorCode::Unsupported, "an engine has no senders; its gateway may have some"))
            }),
        }
    }
}

/// What is used in one process. It is dropped in this order.
struct Live {
    core: Core,
    runtime: OnceLock<Runtime>,
}

enum Source {
    /// Each process has connections of its own.
    Client(Box<CoreClientOptions>),
    /// One engine knows its process.
    Engine(CoreEngine),
}

#[pyclass(frozen, module = "egoi_verify._native")]
pub(crate) struct Verifier {
    source: Source,
    is_async: bool,
    /// Its calls wait for nothing but the delivery of an SMS.
    is_at_hand: bool,
    is_closed: AtomicBool,
    live: PerProcess<Live>,
}

impl Verifier {
    fn new(source: Source, is_async: bool, is_at_hand: bool) -> Self {
        Self { source, is_async, is_at_hand, is_closed: AtomicBool::new(false), live: PerProcess::new() }
    }

    fn live(&self, py: Python<'_>) -> Result<Arc<Live>, Error> {
        self.live.get_or_make(py, || {
            let core = match &self.source {
                Source::Client(options) => Core::Client(CoreClient::new((**options).clone())?),
                Source::Engine(engine) => Core::Engine(engine.clone()),
            };
            Ok(Live { core, runtime: OnceLock::new() })
        })
    }

    fn job(&self, py: Python<'_>, observed: Option<&str>, work: impl FnOnce(Core) -> Work) -> PyResult<Job> {
        guarded(py, || {
            if self.is_closed.load(Ordering::Relaxed) {
                let what = match self.source {
                    Source::Client(_) => "client",
                    Source::Engine(_) => "engine",
                };
                return Err(Error::new(ErrorCode::Closed, format!("the {what} was closed")));
            }
            let live = self.live(py)?;
            let runtime = match live.runtime.get() {
                Some(runtime) => runtime.clone(),
                None => {
                    let runtime = Runtime::new(py, self.is_async)?;
                    live.runtime.get_or_init(|| runtime).clone()
                }
            };
            let work = work(live.core.clone());
            Ok(match self.source {
                Source::Client(_) => Job::new(runtime, None, false, observed, work),
                Source::Engine(_) => {
                    let (work, delivery) = delivered_by_caller(work);
                    Job::new(runtime, Some(delivery), self.is_at_hand, observed, work)
                }
            })
        })
    }
}

#[pymethods]
impl Verifier {
    /// One that E-goi runs.
    #[staticmethod]
    fn client(py: Python<'_>, options: &ClientOptions, is_async: bool) -> PyResult<Self> {
        let options = options.get(py)?;
        guarded(py, || {
            let client = Self::new(Source::Client(Box::new(options.clone())), is_async, false);
            // What is wrong with the options is reported now.
            client.live(py)?;
            Ok(client)
        })
    }

    /// One in this process. With `egoi_sms`, E-goi's own call sends the SMS; else the thread or event
    /// loop that runs a call is given them.
    #[staticmethod]
    fn engine(
        py: Python<'_>,
        given: &Bound<'_, PyDict>,
        store: Option<&Store>,
        clock: Option<&Bound<'_, PyAny>>,
        egoi_sms: Option<&EgoiSms>,
        is_async: bool,
    ) -> PyResult<Self> {
        let options = engine_options(py, given, store, clock)?;
        guarded(py, || {
            let engine = match egoi_sms {
                Some(egoi_sms) => CoreEngine::new(egoi_sms.0.clone(), options)?,
                None => CoreEngine::new(CallerSends, options)?,
            };
            // E-goi's call waits for the network.
            let is_at_hand = egoi_sms.is_none() && engine.is_in_process();
            Ok(Self::new(Source::Engine(engine), is_async, is_at_hand))
        })
    }

    #[allow(clippy::too_many_arguments, reason = "the options of a request")]
    fn request(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        number: &Bound<'_, PyAny>,
        message: &Bound<'_, PyAny>,
        code_type: &Bound<'_, PyAny>,
        code_size: &Bound<'_, PyAny>,
        ttl: &Bound<'_, PyAny>,
        group: &Bound<'_, PyAny>,
        idempotency_key: &Bound<'_, PyAny>,
        client: &Bound<'_, PyAny>,
        default_region: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
        retries: &Bound<'_, PyAny>,
    ) -> Job {
        let options =
            RequestArguments { message, code_type, code_size, ttl, group, idempotency_key, client, timeout, retries };
        let made = || {
            let number = read::<String>("number", number)?;
            let region = optional::<String>("default_region", default_region)?;
            let number = parse_number(&number, region.as_deref()).map_err(|error| raised(py, &error))?;
            let options = options.read(py)?;
            Ok(self.job(py, observed, |core| core.request(number, options))?.for_number(number))
        };
        Job::or_refused(made())
    }

    #[allow(clippy::too_many_arguments, reason = "the options of a validation")]
    fn validate(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        id: &Bound<'_, PyAny>,
        code: &Bound<'_, PyAny>,
        number: &Bound<'_, PyAny>,
        client: &Bound<'_, PyAny>,
        default_region: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
        retries: &Bound<'_, PyAny>,
    ) -> Job {
        let made = || {
            let (id, code) = (read("id", id)?, read("code", code)?);
            let options = validate_options(number, client, default_region, timeout, retries)?;
            self.job(py, observed, |core| core.validate(id, code, options))
        };
        Job::or_refused(made())
    }

    #[allow(clippy::too_many_arguments, reason = "the options of a validation")]
    fn validate_with_details(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        id: &Bound<'_, PyAny>,
        code: &Bound<'_, PyAny>,
        number: &Bound<'_, PyAny>,
        client: &Bound<'_, PyAny>,
        default_region: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
        retries: &Bound<'_, PyAny>,
    ) -> Job {
        let made = || {
            let (id, code) = (read("id", id)?, read("code", code)?);
            let options = validate_options(number, client, default_region, timeout, retries)?;
            self.job(py, observed, |core| core.validate_with_details(id, code, options))
        };
        Job::or_refused(made())
    }

    fn cancel(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        id: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
        retries: &Bound<'_, PyAny>,
    ) -> Job {
        self.about(py, observed, id, timeout, retries, Core::cancel)
    }

    fn resend(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        id: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
        retries: &Bound<'_, PyAny>,
    ) -> Job {
        self.about(py, observed, id, timeout, retries, Core::resend)
    }

    fn get(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        id: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
        retries: &Bound<'_, PyAny>,
    ) -> Job {
        self.about(py, observed, id, timeout, retries, Core::get)
    }

    fn ping(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        timeout: &Bound<'_, PyAny>,
        retries: &Bound<'_, PyAny>,
    ) -> Job {
        self.about_nothing(py, observed, timeout, retries, Core::ping)
    }

    fn find(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        number: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> Job {
        self.about_number(py, observed, number, timeout, Core::find)
    }

    fn unlock(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        number: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> Job {
        self.about_number(py, observed, number, timeout, Core::unlock)
    }

    fn erase(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        number: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> Job {
        self.about_number(py, observed, number, timeout, Core::erase)
    }

    fn senders(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        timeout: &Bound<'_, PyAny>,
        retries: &Bound<'_, PyAny>,
    ) -> Job {
        self.about_nothing(py, observed, timeout, retries, Core::senders)
    }

    /// Closes its connections once the calls that are under way have ended.
    fn close(&self, py: Python<'_>) {
        self.is_closed.store(true, Ordering::Relaxed);
        self.live.clear(py);
    }
}

impl Verifier {
    /// A call that takes its options only.
    fn about_nothing(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        timeout: &Bound<'_, PyAny>,
        retries: &Bound<'_, PyAny>,
        verb: impl FnOnce(Core, CallOptions) -> Work,
    ) -> Job {
        let made = || {
            let options = call_options(timeout, retries)?;
            self.job(py, observed, |core| verb(core, options))
        };
        Job::or_refused(made())
    }

    /// A call that takes a number only.
    fn about_number(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        number: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
        verb: impl FnOnce(Core, PhoneNumber, CallOptions) -> Work,
    ) -> Job {
        let made = || {
            let number = read::<String>("number", number)?;
            let number = PhoneNumber::parse(&number).map_err(|error| raised(py, &error))?;
            let options = call_options(timeout, py.None().bind(py))?;
            Ok(self.job(py, observed, |core| verb(core, number, options))?.for_number(number))
        };
        Job::or_refused(made())
    }

    /// A verb that takes an id only.
    fn about(
        &self,
        py: Python<'_>,
        observed: Option<&str>,
        id: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
        retries: &Bound<'_, PyAny>,
        verb: impl FnOnce(Core, String, CallOptions) -> Work,
    ) -> Job {
        let made = || {
            let (id, options) = (read("id", id)?, call_options(timeout, retries)?);
            self.job(py, observed, |core| verb(core, id, options))
        };
        Job::or_refused(made())
    }
}
