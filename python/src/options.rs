//! The options of clients, engines and calls, as Python gives them.

use std::collections::HashMap;
use std::sync::Arc;

use egoi_verify::binding_options::{ClientSettings, EngineSettings, QuotaSettings, StoreSettings};
use egoi_verify::{
    CallOptions, ClientOptions as CoreClientOptions, EngineOptions, Error, RequestOptions, Store as CoreStore,
    ValidateOptions, binding_options,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::clock::TestClock;
use crate::convert::{Argument, Bytes, Seconds, Whole, option, optional, read, wrong_type};
use crate::failure::raised;

/// Where state is kept. It holds the key, and shows nothing.
#[pyclass(frozen, module = "egoi_verify._native")]
pub(crate) struct Store(CoreStore);

#[pymethods]
impl Store {
    #[new]
    fn new(py: Python<'_>, given: &Bound<'_, PyDict>) -> PyResult<Self> {
        let settings = StoreSettings {
            url: Some(read("url", &given.as_any().get_item("url")?)?),
            key: bytes(given, "key")?,
            previous_keys: many_bytes(given, "previous_keys")?,
            retention: seconds(given, "retention")?,
            pool_size: whole(given, "pool_size")?,
            ca_certificates: bytes(given, "ca_certificates")?,
        };
        settings.read().map(Self).map_err(|error| raised(py, &error))
    }
}

/// How to reach E-goi. It holds the key, and shows nothing.
///
/// What is wrong with the options is raised by the first that uses them: until then, frames of Python hold the key.
#[pyclass(frozen, module = "egoi_verify._native")]
pub(crate) struct ClientOptions(Result<CoreClientOptions, PyErr>);

#[pymethods]
impl ClientOptions {
    #[new]
    fn new(py: Python<'_>, given: &Bound<'_, PyDict>, store: Option<&Store>) -> Self {
        let required = |name: &str| read::<String>(name, &given.as_any().get_item(name)?);
        let made = || {
            let options = CoreClientOptions::new(required("api_key")?, required("sender")?);
            client_options(py, options, given, store)
        };
        Self(made())
    }

    /// From the environment, and the other options.
    #[staticmethod]
    fn from_env(py: Python<'_>, given: &Bound<'_, PyDict>, store: Option<&Store>) -> Self {
        let options = CoreClientOptions::from_env().map_err(|error| raised(py, &error));
        Self(options.and_then(|options| client_options(py, options, given, store)))
    }
}

impl ClientOptions {
    pub(crate) fn of(py: Python<'_>, options: CoreClientOptions) -> Self {
        Self(Ok(of_this_python(py, options)))
    }

    pub(crate) fn get(&self, py: Python<'_>) -> PyResult<&CoreClientOptions> {
        self.0.as_ref().map_err(|error| error.clone_ref(py))
    }
}

fn of_this_python(py: Python<'_>, options: CoreClientOptions) -> CoreClientOptions {
    let version = py.version_info();
    options.language(&format!("python {}.{}.{}", version.major, version.minor, version.patch))
}

fn client_options(
    py: Python<'_>,
    options: CoreClientOptions,
    given: &Bound<'_, PyDict>,
    store: Option<&Store>,
) -> PyResult<CoreClientOptions> {
    let text = |name: &str| option::<String>(given, name);
    let flag = |name: &str| option::<bool>(given, name);
    let map = |name: &str| option::<HashMap<String, String>>(given, name);
    let settings = ClientSettings {
        api: text("api")?,
        base_url: text("base_url")?,
        timeout: seconds(given, "timeout")?,
        connect_timeout: seconds(given, "connect_timeout")?,
        proxy: text("proxy")?,
        ca_certificates: bytes(given, "ca_certificates")?,
        trust: text("trust")?,
        allow_http: flag("allow_http")?,
        check_state_first: flag("check_state_first")?,
        status_words: map("status_words")?,
        v1_paths: map("v1_paths")?,
        v2_paths: map("v2_paths")?,
        app_name: text("app_name")?,
        store: None,
    };
    let options = settings.set(of_this_python(py, options)).map_err(|error| raised(py, &error))?;
    Ok(match store {
        Some(store) => options.store(store.0.clone()),
        None => options,
    })
}

fn seconds(given: &Bound<'_, PyDict>, name: &str) -> PyResult<Option<f64>> {
    Ok(option(given, name)?.map(|Seconds(seconds)| seconds))
}

fn whole(given: &Bound<'_, PyDict>, name: &str) -> PyResult<Option<i64>> {
    Ok(option(given, name)?.map(|Whole(number)| number))
}

fn bytes(given: &Bound<'_, PyDict>, name: &str) -> PyResult<Option<Vec<u8>>> {
    Ok(option(given, name)?.map(|Bytes(bytes)| bytes))
}

fn many_bytes(given: &Bound<'_, PyDict>, name: &str) -> PyResult<Option<Vec<Vec<u8>>>> {
    let many: Option<Vec<Bytes>> = option(given, name)?;
    Ok(many.map(|many| many.into_iter().map(|Bytes(bytes)| bytes).collect()))
}

/// A limit: absent is the core's default, `None` is no limit.
fn limit<'py, T: Argument<'py>>(given: &Bound<'py, PyDict>, name: &str) -> PyResult<Option<Option<T>>> {
    given.get_item(name)?.map(|given| optional(name, &given)).transpose()
}

/// At most so many in so long a time: a pair, which Python makes of a `Quota`.
struct Quota(QuotaSettings);

impl<'py> Argument<'py> for Quota {
    fn read(name: &str, given: &Bound<'py, PyAny>) -> PyResult<Self> {
        let Ok(pair) = given.cast::<PyTuple>() else { return Err(wrong_type(name, given, "a Quota or None")) };
        let Whole(limit) = read(&format!("{name}.limit"), &pair.get_item(0)?)?;
        let Seconds(per) = read(&format!("{name}.per"), &pair.get_item(1)?)?;
        Ok(Self(QuotaSettings { limit, per }))
    }
}

pub(crate) fn engine_options(
    py: Python<'_>,
    given: &Bound<'_, PyDict>,
    store: Option<&Store>,
) -> PyResult<EngineOptions> {
    let number = |name: &str| -> PyResult<_> {
        Ok(limit(given, name)?.map(|limit: Option<Whole>| limit.map(|Whole(number)| number)))
    };
    let quota = |name: &str| -> PyResult<_> {
        Ok(limit(given, name)?.map(|limit: Option<Quota>| limit.map(|Quota(quota)| quota)))
    };
    let pause: Option<Option<Seconds>> = limit(given, "resend_after")?;
    let countries: Option<Vec<Whole>> = option(given, "countries")?;
    let settings = EngineSettings {
        store: None,
        max_requests: whole(given, "max_requests")?,
        timeout: seconds(given, "timeout")?,
        max_attempts: number("max_attempts")?,
        wrong_codes_per_number: quota("wrong_codes_per_number")?,
        sms_per_number: quota("sms_per_number")?,
        max_resends: number("max_resends")?,
        resend_after: pause.map(|pause| pause.map(|Seconds(seconds)| seconds)),
        countries: countries.map(|codes| codes.into_iter().map(|Whole(code)| code).collect()),
    };
    let options = EngineOptions::default();
    let options = match store {
        Some(store) => options.store(store.0.clone()),
        None => options,
    };
    let options = settings.set(options).map_err(|error| raised(py, &error))?;
    let clock = given.get_item("clock")?.filter(|clock| !clock.is_none());
    Ok(match clock {
        Some(clock) => {
            let clock = clock
                .cast::<TestClock>()
                .map_err(|_| wrong_type("clock", &clock, "a TestClock or the clock of a Sandbox"))?;
            options.clock(Arc::<egoi_verify::TestClock>::clone(&clock.get().0))
        }
        None => options,
    })
}

/// The options of a request, in the order of `egoi_verify.Client.request`.
pub(crate) struct RequestArguments<'a, 'py> {
    pub(crate) message: &'a Bound<'py, PyAny>,
    pub(crate) code_type: &'a Bound<'py, PyAny>,
    pub(crate) code_size: &'a Bound<'py, PyAny>,
    pub(crate) ttl: &'a Bound<'py, PyAny>,
    pub(crate) group: &'a Bound<'py, PyAny>,
    pub(crate) idempotency_key: &'a Bound<'py, PyAny>,
    pub(crate) timeout: &'a Bound<'py, PyAny>,
}

impl RequestArguments<'_, '_> {
    pub(crate) fn read(&self, py: Python<'_>) -> PyResult<RequestOptions> {
        let failed = |error: Error| raised(py, &error);
        let mut options = RequestOptions::default();
        if let Some(message) = optional::<String>("message", self.message)? {
            options = options.message(message);
        }
        if let Some(code_type) = optional::<String>("code_type", self.code_type)? {
            options = options.code_type(code_type.parse().map_err(failed)?);
        }
        if let Some(Whole(size)) = optional("code_size", self.code_size)? {
            options = options.code_size(binding_options::code_size(size).map_err(failed)?);
        }
        if let Some(ttl) = optional::<Seconds>("ttl", self.ttl)? {
            options = options.ttl(ttl.of_validity().map_err(failed)?);
        }
        if let Some(group) = optional::<String>("group", self.group)? {
            options = options.group(group);
        }
        if let Some(key) = optional::<String>("idempotency_key", self.idempotency_key)? {
            options = options.idempotency_key(key);
        }
        if let Some(timeout) = optional::<Seconds>("timeout", self.timeout)? {
            options = options.timeout(timeout.of("timeout").map_err(failed)?);
        }
        Ok(options)
    }
}

pub(crate) fn validate_options(number: &Bound<'_, PyAny>, timeout: &Bound<'_, PyAny>) -> PyResult<ValidateOptions> {
    let mut options = ValidateOptions::default();
    if let Some(number) = optional::<String>("number", number)? {
        options = options.number(number);
    }
    if let Some(timeout) = optional::<Seconds>("timeout", timeout)? {
        options = options.timeout(timeout.of("timeout").map_err(|error| raised(number.py(), &error))?);
    }
    Ok(options)
}

pub(crate) fn call_options(timeout: &Bound<'_, PyAny>) -> PyResult<CallOptions> {
    let mut options = CallOptions::default();
    if let Some(given) = optional::<Seconds>("timeout", timeout)? {
        options = options.timeout(given.of("timeout").map_err(|error| raised(timeout.py(), &error))?);
    }
    Ok(options)
}
