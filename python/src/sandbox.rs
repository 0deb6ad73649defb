//! E-goi's interface on localhost.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use egoi_verify::binding_options::{self, SandboxSettings};
use egoi_verify::{Api, Error, ErrorCode, Fault, Sandbox as CoreSandbox, SandboxOptions};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::clock::TestClock;
use crate::convert::{Seconds, optional, read};
use crate::failure::guarded;
use crate::fork::Own;
use crate::job::Job;
use crate::options::ClientOptions;
use crate::runtime::{Runtime, worker};
use crate::settings::settings;

/// In the order of the fields of `egoi_verify.Message`.
type MessageRow = (u64, String, String, String, String, String, String, u32);

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
    fn new(py: Python<'_>, given: &Bound<'_, PyDict>) -> PyResult<Self> {
        let settings: SandboxSettings = settings(given)?;
        guarded(py, || {
            let options = settings.set(SandboxOptions::default())?;
            let worker = worker(py)?;
            // Without Python, which the worker may be waiting for.
            let sandbox = py.detach(|| worker.block_on(CoreSandbox::start(options)))?;
            Ok(Self(Mutex::new(Some(Own::new(Arc::new(sandbox))))))
        })
    }

    fn url(&self, py: Python<'_>) -> PyResult<String> {
        guarded(py, || Ok(self.running()?.url()))
    }

    fn client_options(&self, py: Python<'_>, api: &str) -> PyResult<ClientOptions> {
        guarded(py, || Ok(ClientOptions::of(py, self.running()?.client_options(api.parse::<Api>()?))))
    }

    fn messages(&self, py: Python<'_>, number: &Bound<'_, PyAny>) -> PyResult<Vec<MessageRow>> {
        let number: Option<String> = optional("number", number)?;
        guarded(py, || {
            let messages = self.running()?.messages(number.as_deref())?.into_iter();
            Ok(messages.map(|m| (m.id, m.number, m.sender, m.text, m.code, m.request_id, m.sent_at, m.parts)).collect())
        })
    }

    /// On a runtime of the caller's: what it waits for needs none of its own.
    fn wait_for_code(&self, py: Python<'_>, number: &Bound<'_, PyAny>, timeout: &Bound<'_, PyAny>) -> PyResult<Job> {
        let number: String = read("number", number)?;
        let timeout: Option<Seconds> = optional("timeout", timeout)?;
        guarded(py, || {
            let sandbox = self.running()?;
            let timeout = timeout.map_or(Ok(binding_options::CODE_COMES_WITHIN), Seconds::of_call)?;
            let wait = async move { sandbox.wait_for_code(&number, timeout).await };
            Ok(Job::new(Runtime::new(py, false)?, None, false, None, wait))
        })
    }

    fn advance(&self, py: Python<'_>, by: &Bound<'_, PyAny>) -> PyResult<()> {
        let by: Seconds = read("by", by)?;
        guarded(py, || {
            self.running()?.clock().advance(by.of("by")?);
            Ok(())
        })
    }

    /// The same clock, for an engine.
    fn test_clock(&self, py: Python<'_>) -> PyResult<TestClock> {
        guarded(py, || Ok(TestClock(self.running()?.clock().for_engine())))
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
