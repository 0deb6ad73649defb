//! Several interpreters in one process.

use std::sync::atomic::{AtomicI64, Ordering};

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

/// Lets the first interpreter in that asks, and no other: what pyo3 keeps of Python, types above all, belongs to one, and it
/// only looks itself where it makes a module by its own hand.
pub(crate) fn first_alone(_py: Python<'_>) -> PyResult<()> {
    static FIRST: AtomicI64 = AtomicI64::new(NONE);
    const NONE: i64 = -1;

    // SAFETY: `_py` is the proof of a current interpreter, which has an id.
    #[allow(unsafe_code, reason = "pyo3 wraps neither")]
    let current = unsafe { pyo3::ffi::PyInterpreterState_GetID(pyo3::ffi::PyInterpreterState_Get()) };
    match FIRST.compare_exchange(NONE, current, Ordering::Relaxed, Ordering::Relaxed) {
        Err(first) if first != current => Err(PyImportError::new_err(
            "egoi_verify works in one interpreter of a process, and another one has imported it before; \
             mod_wsgi runs an application in the main one with `WSGIApplicationGroup %{GLOBAL}`",
        )),
        _ => Ok(()),
    }
}
