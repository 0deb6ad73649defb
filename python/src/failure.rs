//! Errors, as the exceptions of `egoi_verify._errors`.

use std::cell::RefCell;
use std::error::Error as _;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

use egoi_verify::{Error, ErrorCode};
use pyo3::exceptions::{PyException, PyOSError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The exception that stands for the error.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = || {
        let make = MAKE.get_or_try_init(py, || py.import("egoi_verify._errors")?.getattr("make").map(Bound::unbind))?;
        let exception = make.bind(py).call1((
            error.code().as_str(),
            error.detail(),
            error.http_status(),
            error.request_id(),
            error.retry_after().map(|after| after.as_secs_f64()),
            error.retry_is_safe(),
            error.sms_possibly_sent(),
            error.field(),
            error.reason().map(|reason| reason.as_str()),
            error.limit(),
            error.cause_code().map(|code| code.as_str()),
            error.retries(),
        ))?;
        let raised = PyErr::from_value(exception);
        raised.set_cause(py, error.source().map(|source| cause(py, source)));
        Ok(raised)
    };
    make().unwrap_or_else(|failed: PyErr| failed)
}

/// What lies below an error: the operating system's failure as Python knows it, where there is one, or its words.
fn cause(py: Python<'_>, source: &(dyn std::error::Error + 'static)) -> PyErr {
    if let Some(error) = source.downcast_ref::<Error>() {
        return raised(py, error);
    }
    let mut words = Vec::new();
    let mut next = Some(source);
    while let Some(error) = next {
        if let Some(failure) = error.downcast_ref::<io::Error>()
            && let Some(number) = failure.raw_os_error()
        {
            // Given its number, Python finds the class: `ConnectionRefusedError`, for one.
            let words = io::Error::from_raw_os_error(number).to_string();
            let words = words.rsplit_once(" (os error").map_or(words.as_str(), |(words, _)| words).to_owned();
            return PyOSError::new_err((number, words));
        }
        words.push(error.to_string());
        next = error.source();
    }
    PyException::new_err(words.join(": "))
}

/// Runs what does not wait; a panic is `internal`.
pub(crate) fn guarded<T>(py: Python<'_>, call: impl FnOnce() -> Result<T, Error>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err(panicked())).map_err(|error| raised(py, &error))
}

thread_local! {
    /// Where this thread panicked last.
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What a panic says is neither printed nor repeated: it may hold a secret. Where it happened is kept, for the error.
pub(crate) fn silence_panics() {
    // This module has a standard library of its own: nobody else's panics come here.
    set_hook(Box::new(|panic| {
        PANICKED_AT.set(panic.location().map(|at| format!(" at {}:{}", at.file(), at.line())));
    }));
}

/// What a panic is to the caller.
pub(crate) fn panicked() -> Error {
    let place = PANICKED_AT.take().unwrap_or_default();
    Error::new(ErrorCode::Internal, format!("a panic in the native module{place}; this is a bug, please report it"))
}
