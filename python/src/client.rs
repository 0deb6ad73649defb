//! A verifier that E-goi runs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use egoi_verify::binding_options::{ClientSettings, StoreSettings};
use egoi_verify::{
    CallOptions, Client as CoreClient, ClientOptions, Error, ErrorCode, PhoneNumber, RequestOptions, ValidateOptions,
};
use pyo3::prelude::*;
use zeroize::Zeroizing;

use crate::convert::{Seconds, Value, Whole};
use crate::failure::guarded;
use crate::fork::PerProcess;
use crate::home::Home;
use crate::job::Job;

/// The options that were given, by name; one that is absent or `None` has the core's default.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Given {
    api_key: String,
    sender: String,
    api: Option<String>,
    base_url: Option<String>,
    timeout: Option<Seconds>,
    connect_timeout: Option<Seconds>,
    proxy: Option<String>,
    ca_certificates: Option<Vec<u8>>,
    trust: Option<String>,
    allow_http: Option<bool>,
    check_state_first: Option<bool>,
    status_words: Option<HashMap<String, String>>,
    v1_paths: Option<HashMap<String, String>>,
    v2_paths: Option<HashMap<String, String>>,
    app_name: Option<String>,
    store: Option<String>,
    key: Option<Vec<u8>>,
    previous_keys: Option<Vec<Vec<u8>>>,
    retention: Option<Seconds>,
}

impl Given {
    fn options(self, py: Python<'_>) -> Result<ClientOptions, Error> {
        let options = of_this_python(py, ClientOptions::new(self.api_key, self.sender));
        ClientSettings {
            api: self.api,
            base_url: self.base_url,
            timeout: self.timeout.map(|Seconds(given)| given),
            connect_timeout: self.connect_timeout.map(|Seconds(given)| given),
            proxy: self.proxy,
            ca_certificates: self.ca_certificates,
            trust: self.trust,
            allow_http: self.allow_http,
            check_state_first: self.check_state_first,
            status_words: self.status_words,
            v1_paths: self.v1_paths,
            v2_paths: self.v2_paths,
            app_name: self.app_name,
            store: store(self.store, self.key, self.previous_keys, self.retention),
        }
        .set(options)
    }
}

/// A store, where one of its options was given.
pub(crate) fn store(
    url: Option<String>,
    key: Option<Vec<u8>>,
    previous_keys: Option<Vec<Vec<u8>>>,
    retention: Option<Seconds>,
) -> Option<StoreSettings> {
    let is_given = url.is_some() || key.is_some() || previous_keys.is_some() || retention.is_some();
    let retention = retention.map(|Seconds(given)| given);
    is_given.then(|| StoreSettings { url, key, previous_keys, retention, ..StoreSettings::default() })
}

pub(crate) fn of_this_python(py: Python<'_>, options: ClientOptions) -> ClientOptions {
    let version = py.version_info();
    options.language(&format!("python {}.{}.{}", version.major, version.minor, version.patch))
}

/// How to reach E-goi. It holds the key, and shows nothing.
#[pyclass(frozen, name = "ClientOptions", module = "egoi_verify._native")]
pub(crate) struct Options(pub(crate) ClientOptions);

#[pymethods]
impl Options {
    #[new]
    fn new(py: Python<'_>, given: Given) -> PyResult<Self> {
        guarded(py, || given.options(py).map(Self))
    }

    /// From the environment.
    #[staticmethod]
    fn from_env(py: Python<'_>) -> PyResult<Self> {
        guarded(py, || Ok(Self(of_this_python(py, ClientOptions::from_env()?))))
    }
}

#[pyclass(frozen, module = "egoi_verify._native")]
pub(crate) struct Client {
    options: ClientOptions,
    is_async: bool,
    is_closed: AtomicBool,
    live: PerProcess<Live>,
}

/// The core's client, and where its connections live. They are dropped in this order.
struct Live {
    client: CoreClient,
    home: OnceLock<Home>,
}

impl Client {
    fn live(&self, py: Python<'_>) -> Result<Arc<Live>, Error> {
        self.live.get_or_make(py, || Ok(Live { client: CoreClient::new(self.options.clone())?, home: OnceLock::new() }))
    }

    /// A call of the core's client, in its home.
    fn job<T, F>(&self, py: Python<'_>, logged: bool, call: impl FnOnce(CoreClient) -> F) -> PyResult<Job>
    where
        T: Into<Value>,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        guarded(py, || {
            if self.is_closed.load(Ordering::Relaxed) {
                return Err(Error::new(ErrorCode::Closed, "the client was closed"));
            }
            let live = self.live(py)?;
            let home = match live.home.get() {
                Some(home) => home.clone(),
                None => {
                    let home = Home::new(py, self.is_async)?;
                    live.home.get_or_init(|| home).clone()
                }
            };
            Ok(Job::new(home, None, false, logged, call(live.client.clone())))
        })
    }
}

#[pymethods]
impl Client {
    #[new]
    fn new(py: Python<'_>, options: &Options, is_async: bool) -> PyResult<Self> {
        guarded(py, || {
            let client = Self {
                options: options.0.clone(),
                is_async,
                is_closed: AtomicBool::new(false),
                live: PerProcess::new(),
            };
            // Whatever is wrong with the options is said now.
            client.live(py)?;
            Ok(client)
        })
    }

    #[allow(clippy::too_many_arguments, reason = "the options of a request")]
    fn request(
        &self,
        py: Python<'_>,
        logged: bool,
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
        self.job(py, logged, |client| async move { client.request_to(number, options).await })
    }

    fn validate(
        &self,
        py: Python<'_>,
        logged: bool,
        id: String,
        code: String,
        number: Option<String>,
        timeout: Option<Seconds>,
    ) -> PyResult<Job> {
        let code = Zeroizing::new(code);
        let options = guarded(py, || validate_options(number, timeout))?;
        self.job(py, logged, |client| async move { client.validate(&id, &code, options).await })
    }

    fn cancel(&self, py: Python<'_>, logged: bool, id: String, timeout: Option<Seconds>) -> PyResult<Job> {
        let options = guarded(py, || call_options(timeout))?;
        self.job(py, logged, |client| async move { client.cancel(&id, options).await })
    }

    fn resend(&self, py: Python<'_>, logged: bool, id: String, timeout: Option<Seconds>) -> PyResult<Job> {
        let options = guarded(py, || call_options(timeout))?;
        self.job(py, logged, |client| async move { client.resend(&id, options).await })
    }

    fn get(&self, py: Python<'_>, logged: bool, id: String, timeout: Option<Seconds>) -> PyResult<Job> {
        let options = guarded(py, || call_options(timeout))?;
        self.job(py, logged, |client| async move { client.get(&id, options).await })
    }

    fn ping(&self, py: Python<'_>, logged: bool, timeout: Option<Seconds>) -> PyResult<Job> {
        let options = guarded(py, || call_options(timeout))?;
        self.job(py, logged, |client| async move { client.ping(options).await })
    }

    fn senders(&self, py: Python<'_>, logged: bool, timeout: Option<Seconds>) -> PyResult<Job> {
        let options = guarded(py, || call_options(timeout))?;
        self.job(py, logged, |client| async move { client.senders(options).await })
    }

    /// Closes its connections once the calls that are under way have ended.
    fn close(&self, py: Python<'_>) {
        self.is_closed.store(true, Ordering::Relaxed);
        self.live.clear(py);
    }
}

pub(crate) fn request_options(
    message: Option<String>,
    code_type: Option<&str>,
    code_size: Option<Whole>,
    ttl: Option<Seconds>,
    group: Option<String>,
    idempotency_key: Option<String>,
    timeout: Option<Seconds>,
) -> Result<RequestOptions, Error> {
    let mut options = RequestOptions::default();
    if let Some(message) = message {
        options = options.message(message);
    }
    if let Some(code_type) = code_type {
        options = options.code_type(code_type.parse()?);
    }
    if let Some(Whole(size)) = code_size {
        options = options.code_size(egoi_verify::binding_options::code_size(size)?);
    }
    if let Some(ttl) = ttl {
        options = options.ttl(ttl.of_validity()?);
    }
    if let Some(group) = group {
        options = options.group(group);
    }
    if let Some(key) = idempotency_key {
        options = options.idempotency_key(key);
    }
    if let Some(timeout) = timeout {
        options = options.timeout(timeout.of("timeout")?);
    }
    Ok(options)
}

pub(crate) fn validate_options(number: Option<String>, timeout: Option<Seconds>) -> Result<ValidateOptions, Error> {
    let mut options = ValidateOptions::default();
    if let Some(number) = number {
        options = options.number(number);
    }
    if let Some(timeout) = timeout {
        options = options.timeout(timeout.of("timeout")?);
    }
    Ok(options)
}

pub(crate) fn call_options(timeout: Option<Seconds>) -> Result<CallOptions, Error> {
    let mut options = CallOptions::default();
    if let Some(timeout) = timeout {
        options = options.timeout(timeout.of("timeout")?);
    }
    Ok(options)
}
