//! Where a call runs.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use egoi_verify::{Error, ErrorCode};
use pyo3::prelude::*;
use tokio::runtime::{Builder, EnterGuard, Handle, Runtime};
use tokio::sync::Notify;

use crate::fork::{PerProcess, pass_after_forks};
use crate::job::IN_FLIGHT;

/// Where the calls of one client run. Its connections live there too: one client never has two homes.
#[derive(Clone)]
pub(crate) enum Home {
    /// On a runtime of its own, driven by the threads that call.
    Caller(Arc<Caller>),
    /// On the process's worker thread.
    Worker(Handle),
}

/// A runtime that nothing drives but the threads that call.
pub(crate) struct Caller {
    /// There, until this is dropped.
    runtime: Option<Runtime>,
}

impl Caller {
    pub(crate) fn block_on<T>(&self, what: impl Future<Output = T>) -> Option<T> {
        self.runtime.as_ref().map(|runtime| runtime.block_on(what))
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // To drop it as it is would wait, with Python held, for a name that is still being looked up.
            runtime.shutdown_background();
        }
    }
}

static WORKER: PerProcess<Handle> = PerProcess::new();

/// Rung before a fork.
static REST: Notify = Notify::const_new();

impl Home {
    /// A new runtime, or the worker of the process.
    pub(crate) fn new(py: Python<'_>, is_async: bool) -> Result<Self, Error> {
        Ok(if is_async {
            Self::Worker(worker(py)?)
        } else {
            Self::Caller(Arc::new(Caller { runtime: Some(runtime()?) }))
        })
    }

    /// Has what is polled in this thread find its timers there.
    pub(crate) fn enter(&self) -> Option<EnterGuard<'_>> {
        match self {
            Self::Caller(caller) => caller.runtime.as_ref().map(Runtime::enter),
            Self::Worker(worker) => Some(worker.enter()),
        }
    }
}

/// The process's worker thread, started at its first use. It ends with the process.
pub(crate) fn worker(py: Python<'_>) -> Result<Handle, Error> {
    let handle = WORKER.get_or_make(py, || {
        let runtime = runtime()?;
        let handle = runtime.handle().clone();
        // Those of a parent never end here.
        IN_FLIGHT.store(0, Ordering::Relaxed);
        thread::Builder::new()
            .name("egoi-verify".to_owned())
            .spawn(move || runtime.block_on(rest_when_asked()))
            .map_err(|error| Error::new(ErrorCode::Internal, "a thread could not be started").with_cause(error))?;
        Ok(handle)
    })?;
    Ok(Handle::clone(&handle))
}

/// The worker has a pass but for when it rests: of what it runs, a sandbox's server above all, anything may hold a lock
/// that a child needs.
async fn rest_when_asked() -> Infallible {
    loop {
        let pass = pass_after_forks();
        REST.notified().await;
        // While this future is polled nothing else of the runtime is.
        drop(pass);
    }
}

/// Has the worker give its pass up until the fork is over.
pub(crate) fn ask_worker_to_rest() {
    REST.notify_one();
}

fn runtime() -> Result<Runtime, Error> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorCode::Internal, "a runtime could not be started").with_cause(error))
}
