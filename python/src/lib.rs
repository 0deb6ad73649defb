//! The native module of the Python package: it translates, and holds no rule of its own.
//!
//! Two things run what a call has to do. A blocking call is driven by the thread that makes it, on a runtime that belongs
//! to its client. An asyncio call runs on the one worker thread of the process, which never touches Python: what it has
//! done it leaves in the [`completions::Completions`] of an event loop, and wakes the loop by a socket. So neither a busy interpreter
//! nor one that shuts down can delay it, and a loop that dies takes nothing with it.

mod call;
mod clock;
mod completions;
mod convert;
mod delivery;
mod failure;
mod fork;
mod functions;
mod interpreter;
mod job;
mod observed;
mod options;
mod runtime;
mod sandbox;
mod settings;
mod verifier;

/// `egoi_verify._native`. It keeps no state that the global lock would have to guard.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::clock::TestClock;
    #[pymodule_export]
    use crate::completions::{Completions, wake_no_more};
    #[pymodule_export]
    use crate::delivery::Delivery;
    #[pymodule_export]
    use crate::fork::{after_fork, before_fork};
    #[pymodule_export]
    use crate::functions::{
        code_in_sms, docs_url, error_codes, generate_code, masked, panicking, parse_number, sms_parts, with_app_hash,
        with_origin,
    };
    #[pymodule_export]
    use crate::job::Job;
    #[pymodule_export]
    use crate::options::{ClientOptions, EgoiSms, Store};
    #[pymodule_export]
    use crate::sandbox::Sandbox;
    #[pymodule_export]
    use crate::verifier::Verifier;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::interpreter::first_alone(module.py())?;
        crate::failure::silence_panics();
        crate::fork::watch();
        Ok(())
    }

    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "its name in Python")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
