//! The options of clients, engines and calls, as Python gives them.

use std::sync::Arc;

use egoi_verify::binding_options::{ClientSettings, EgoiSmsSettings, EngineSettings, StoreSettings};
use egoi_verify::{
    CallOptions, ClientOptions as CoreClientOptions, EgoiSms as CoreEgoiSms, EngineOptions, Error, RequestOptions,
    Store as CoreStore, ValidateOptions, binding_options,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::clock::TestClock;
use crate::convert::{Seconds, Whole, optional, read, wrong_type};
use crate::failure::{guarded, raised};
use crate::observed::Observer;
use crate::settings::settings;

/// Where state is kept. It holds the key, and shows nothing.
#[pyclass(frozen, module = "egoi_verify._native")]
pub(crate) struct Store(CoreStore);

#[pymethods]
impl Store {
    #[new]
    fn new(py: Python<'_>, url: &Bound<'_, PyAny>, given: &Bound<'_, PyDict>) -> PyResult<Self> {
        let settings = StoreSettings { url: Some(read("url", url)?), ..settings(given)? };
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
    fn new(
        py: Python<'_>,
        api_key: &Bound<'_, PyAny>,
        sender: &Bound<'_, PyAny>,
        given: &Bound<'_, PyDict>,
        store: Option<&Store>,
    ) -> Self {
        let made = || {
            let options =
                CoreClientOptions::new(read::<String>("api_key", api_key)?, read::<String>("sender", sender)?);
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

/// E-goi's own SMS call. It holds the key, and shows nothing.
#[pyclass(frozen, module = "egoi_verify._native")]
pub(crate) struct EgoiSms(pub(crate) CoreEgoiSms);

#[pymethods]
impl EgoiSms {
    #[new]
    fn new(py: Python<'_>, client: &ClientOptions, given: &Bound<'_, PyDict>) -> PyResult<Self> {
        let settings: EgoiSmsSettings = settings(given)?;
        let client = client.get(py)?.clone();
        guarded(py, || settings.set(CoreEgoiSms::new(client)?).map(Self))
    }
}

fn of_this_python(py: Python<'_>, options: CoreClientOptions) -> CoreClientOptions {
    let version = py.version_info();
    let language = format!("python {}.{}.{}", version.major, version.minor, version.patch);
    options.language(&language).observer(Arc::new(Observer))
}

fn client_options(
    py: Python<'_>,
    options: CoreClientOptions,
    given: &Bound<'_, PyDict>,
    store: Option<&Store>,
) -> PyResult<CoreClientOptions> {
    let settings: ClientSettings = settings(given)?;
    let options = settings.set(of_this_python(py, options)).map_err(|error| raised(py, &error))?;
    Ok(match store {
        Some(store) => options.store(store.0.clone()),
        None => options,
    })
}

pub(crate) fn engine_options(
    py: Python<'_>,
    given: &Bound<'_, PyDict>,
    store: Option<&Store>,
    clock: Option<&Bound<'_, PyAny>>,
) -> PyResult<EngineOptions> {
    let settings: EngineSettings = settings(given)?;
    let mut options =
        settings.set(EngineOptions::default().observer(Arc::new(Observer))).map_err(|error| raised(py, &error))?;
    if let Some(store) = store {
        options = options.store(store.0.clone());
    }
    if let Some(clock) = clock {
        let clock = clock
            .cast::<TestClock>()
            .map_err(|_| wrong_type("clock", clock, "a TestClock or the clock of a Sandbox"))?;
        options = options.clock(Arc::<egoi_verify::TestClock>::clone(&clock.get().0));
    }
    Ok(options)
}

/// The options of a request, in the order of `egoi_verify.Client.request`.
pub(crate) struct RequestArguments<'a, 'py> {
    pub(crate) message: &'a Bound<'py, PyAny>,
    pub(crate) code_type: &'a Bound<'py, PyAny>,
    pub(crate) code_size: &'a Bound<'py, PyAny>,
    pub(crate) ttl: &'a Bound<'py, PyAny>,
    pub(crate) group: &'a Bound<'py, PyAny>,
    pub(crate) idempotency_key: &'a Bound<'py, PyAny>,
    pub(crate) client: &'a Bound<'py, PyAny>,
    pub(crate) timeout: &'a Bound<'py, PyAny>,
    pub(crate) retries: &'a Bound<'py, PyAny>,
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
        if let Some(client) = optional::<String>("client", self.client)? {
            options = options.client(client);
        }
        if let Some(timeout) = optional::<Seconds>("timeout", self.timeout)? {
            options = options.timeout(timeout.of_call().map_err(failed)?);
        }
        if let Some(Whole(retries)) = optional("retries", self.retries)? {
            options = options.retries(binding_options::retries(retries).map_err(failed)?);
        }
        Ok(options)
    }
}

pub(crate) fn validate_options(
    number: &Bound<'_, PyAny>,
    client: &Bound<'_, PyAny>,
    default_region: &Bound<'_, PyAny>,
    timeout: &Bound<'_, PyAny>,
    retries: &Bound<'_, PyAny>,
) -> PyResult<ValidateOptions> {
    let mut options = ValidateOptions::default();
    if let Some(number) = optional::<String>("number", number)? {
        options = options.number(number);
    }
    if let Some(client) = optional::<String>("client", client)? {
        options = options.client(client);
    }
    if let Some(country) = optional::<String>("default_region", default_region)? {
        options = options.default_region(country);
    }
    if let Some(timeout) = optional::<Seconds>("timeout", timeout)? {
        options = options.timeout(timeout.of_call().map_err(|error| raised(number.py(), &error))?);
    }
    if let Some(Whole(retries)) = optional("retries", retries)? {
        options = options.retries(binding_options::retries(retries).map_err(|error| raised(number.py(), &error))?);
    }
    Ok(options)
}

pub(crate) fn call_options(timeout: &Bound<'_, PyAny>, retries: &Bound<'_, PyAny>) -> PyResult<CallOptions> {
    let mut options = CallOptions::default();
    if let Some(given) = optional::<Seconds>("timeout", timeout)? {
        options = options.timeout(given.of_call().map_err(|error| raised(timeout.py(), &error))?);
    }
    if let Some(Whole(given)) = optional("retries", retries)? {
        options = options.retries(binding_options::retries(given).map_err(|error| raised(timeout.py(), &error))?);
    }
    Ok(options)
}
