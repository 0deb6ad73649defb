//! E-goi's interface on localhost.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use egoi_verify::{Api, Error, ErrorCode, Fault, Sandbox as CoreSandbox, SandboxOptions, binding_options};
use pyo3::prelude::*;

use crate::client::{Options, of_this_python};
use crate::convert::{Seconds, Whole};
use crate::failure::guarded;
use crate::fork::Own;
use crate::home::{Home, worker};
use crate::job::Job;

/// In the order of the fields of `egoi_verify.Message`.
type MessageRow = (u64, String, String, String, String, String, String, u32);

/// The options that were given, by name; one that is `None` has the core's default.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Given {
    host: Option<String>,
    port: Option<Whole>,
    seed: Option<Whole>,
    code: Option<String>,
    api_key: Option<String>,
    v2_words: Option<bool>,
    v2_wrong_is_400: Option<bool>,
    senders: Option<Vec<String>>,
    own_limits: Option<bool>,
    allow_hosts: Option<Vec<String>>,
}

impl Given {
    fn options(self) -> Result<SandboxOptions, Error> {
        let mut options = SandboxOptions::default();
        if let Some(host) = self.host {
            options = options.host(binding_options::address("host", &host)?);
        }
        if let Some(Whole(port)) = self.port {
            options = options.port(binding_options::whole("port", port)?);
        }
        if let Some(Whole(seed)) = self.seed {
            options = options.seed(binding_options::whole("seed", seed)?);
        }
        if let Some(code) = self.code {
            options = options.code(code);
        }
        if let Some(key) = self.api_key {
            options = options.api_key(key);
        }
        if let Some(words) = self.v2_words {
            options = options.v2_words(words);
        }
        if let Some(is_400) = self.v2_wrong_is_400 {
            options = options.v2_wrong_is_400(is_400);
        }
        if let Some(senders) = self.senders {
            options = options.senders(senders);
        }
        if let Some(hold) = self.own_limits {
            options = options.own_limits(hold);
        }
        if let Some(names) = self.allow_hosts {
            options = options.allow_hosts(names);
        }
        Ok(options)
    }
}

/// It listens on the worker thread of the process.
#[pyclass(frozen, module = "egoi_verify._native")]
pub(crate) struct Sandbox(Mutex<Option<Own<Arc<CoreSandbox>>>>);

impl Sandbox {
    fn running(&self) -> Result<Arc<CoreSandbox>, Error> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(own) => own.get().map(Arc::clone).ok_or_else(|| {
                Error::new(
                    ErrorCode::Forked,
                    "the sandbox runs in the process that was forked; start one in each process",
                )
            }),
            None => Err(Error::new(ErrorCode::Closed, "the sandbox was closed")),
        }
    }
}

#[pymethods]
impl Sandbox {
    #[new]
    fn new(py: Python<'_>, given: Given) -> PyResult<Self> {
        guarded(py, || {
            let (worker, options) = (worker(py)?, given.options()?);
            // Without Python, which the worker may be waiting for.
            let sandbox = py.detach(|| worker.block_on(CoreSandbox::start(options)))?;
            Ok(Self(Mutex::new(Some(Own::new(Arc::new(sandbox))))))
        })
    }

    fn url(&self, py: Python<'_>) -> PyResult<String> {
        guarded(py, || Ok(self.running()?.url()))
    }

    fn client_options(&self, py: Python<'_>, api: &str) -> PyResult<Options> {
        guarded(py, || {
            let options = self.running()?.client_options(api.parse::<Api>()?);
            Ok(Options(of_this_python(py, options)))
        })
    }

    fn messages(&self, py: Python<'_>, number: Option<&str>) -> PyResult<Vec<MessageRow>> {
        guarded(py, || {
            let messages = self.running()?.messages(number)?.into_iter();
            Ok(messages.map(|m| (m.id, m.number, m.sender, m.text, m.code, m.request_id, m.sent_at, m.parts)).collect())
        })
    }

    /// On a runtime of the caller's: what it waits for needs none of its own.
    fn wait_for_code(&self, py: Python<'_>, number: String, timeout: Option<Seconds>) -> PyResult<Job> {
        guarded(py, || {
            let sandbox = self.running()?;
            let timeout = timeout.map_or(Ok(binding_options::CODE_COMES_WITHIN), |timeout| timeout.of("timeout"))?;
            let wait = async move { sandbox.wait_for_code(&number, timeout).await };
            Ok(Job::new(Home::new(py, false)?, None, false, false, wait))
        })
    }

    fn advance(&self, py: Python<'_>, by: Seconds) -> PyResult<()> {
        guarded(py, || {
            self.running()?.clock().advance(by.of("by")?);
            Ok(())
        })
    }

    fn freeze(&self, py: Python<'_>, frozen: bool) -> PyResult<()> {
        guarded(py, || {
            self.running()?.clock().freeze(frozen);
            Ok(())
        })
    }

    /// Seconds since 1970.
    fn now(&self, py: Python<'_>) -> PyResult<f64> {
        guarded(py, || {
            let now = self.running()?.clock().now();
            Ok(now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64())
        })
    }

    /// In the words of `POST /sandbox/faults`.
    fn fail_next(&self, py: Python<'_>, fault: &str) -> PyResult<()> {
        guarded(py, || self.running()?.fail_next(Fault::from_json(fault)?))
    }

    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        guarded(py, || {
            self.running()?.reset();
            Ok(())
        })
    }

    /// Ends it; it has stopped listening when this returns, unless somebody still waits for a code.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        guarded(py, || {
            let closed = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(sandbox) = closed.and_then(Own::take).and_then(Arc::into_inner) {
                let worker = worker(py)?;
                py.detach(|| worker.block_on(sandbox.close()));
            }
            Ok(())
        })
    }
}
