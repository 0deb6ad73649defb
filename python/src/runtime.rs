//! Where a call runs.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use egoi_verify::{Error, ErrorCode};
use pyo3::prelude::*;
use tokio::runtime::{self, EnterGuard, Handle};
use tokio::time::sleep;

use crate::fork::{PerProcess, guard_after_forks, pause_asked};

/// How often a blocking call looks whether Ctrl-C was pressed.
pub(crate) const BETWEEN_SIGNALS: Duration = Duration::from_millis(50);

/// Where the calls of one client run. Its connections live there too: one client never has two runtimes.
#[derive(Clone)]
pub(crate) enum Runtime {
    /// One of its own, driven by the threads that call.
    Caller(Arc<CallerRuntime>),
    /// The process's worker thread.
    Worker(Handle),
}

/// A runtime that nothing drives but the threads that call.
pub(crate) struct CallerRuntime {
    /// There, until this is dropped.
    runtime: Option<runtime::Runtime>,
}

impl CallerRuntime {
    pub(crate) fn block_on<T>(&self, what: impl Future<Output = T>) -> Option<T> {
        self.runtime.as_ref().map(|runtime| runtime.block_on(what))
    }
}

impl Drop for CallerRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // To drop it as it is would wait, with Python held, for a name that is still being looked up.
            runtime.shutdown_background();
        }
    }
}

/// Keeps a timer that is due before those of any call. One that is due first is armed by two system calls: one that wakes
/// the runtime, and one in which it waits for nothing.
async fn tick() {
    loop {
        sleep(BETWEEN_SIGNALS).await;
    }
}

static WORKER: PerProcess<Handle> = PerProcess::new();

impl Runtime {
    /// A new runtime, or the worker of the process.
    pub(crate) fn new(py: Python<'_>, is_async: bool) -> Result<Self, Error> {
        Ok(if is_async {
            Self::Worker(worker(py)?)
        } else {
            let runtime = build()?;
            runtime.spawn(tick());
            Self::Caller(Arc::new(CallerRuntime { runtime: Some(runtime) }))
        })
    }

    /// Has what is polled in this thread find its timers there.
    pub(crate) fn enter(&self) -> Option<EnterGuard<'_>> {
        match self {
            Self::Caller(caller) => caller.runtime.as_ref().map(runtime::Runtime::enter),
            Self::Worker(worker) => Some(worker.enter()),
        }
    }
}

/// How many calls are on the worker of this process.
static IN_FLIGHT: AtomicUsize = AtomicUsize::new(0);

/// A call on the worker, while it is there.
pub(crate) struct InFlight {
    pub(crate) is_first: bool,
}

impl InFlight {
    pub(crate) fn started() -> Self {
        Self { is_first: IN_FLIGHT.fetch_add(1, Ordering::Relaxed) == 0 }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        IN_FLIGHT.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The process's worker thread, started at its first use. It ends with the process.
pub(crate) fn worker(py: Python<'_>) -> Result<Handle, Error> {
    let handle = WORKER.get_or_make(py, || {
        let runtime = build()?;
        let handle = runtime.handle().clone();
        // Those of a parent never end here.
        IN_FLIGHT.store(0, Ordering::Relaxed);
        thread::Builder::new()
            .name("egoi-verify".to_owned())
            .spawn(move || runtime.block_on(pause_when_asked()))
            .map_err(|error| Error::new(ErrorCode::Internal, "a thread could not be started").with_cause(error))?;
        Ok(handle)
    })?;
    Ok(Handle::clone(&handle))
}

/// The worker has a fork guard except while it pauses: of what it runs, a sandbox's server above all, anything may hold a
/// lock that a child needs.
async fn pause_when_asked() -> Infallible {
    loop {
        let guard = guard_after_forks();
        pause_asked().await;
        // While this future is polled nothing else of the runtime is.
        drop(guard);
    }
}

fn build() -> Result<runtime::Runtime, Error> {
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorCode::Internal, "a runtime could not be started").with_cause(error))
}
