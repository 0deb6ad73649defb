//! Where a call runs.

use std::sync::Arc;
use std::thread;

use egoi_verify::{Error, ErrorCode};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::fork::PerProcess;

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
    pub(crate) runtime: Runtime,
}

static WORKER: PerProcess<Handle> = PerProcess::new();

impl Home {
    /// A new runtime, or the worker of the process.
    pub(crate) fn new(is_async: bool) -> Result<Self, Error> {
        Ok(if is_async { Self::Worker(worker()?) } else { Self::Caller(Arc::new(Caller { runtime: runtime()? })) })
    }
}

/// The process's worker thread, started at its first use. It ends with the process.
pub(crate) fn worker() -> Result<Handle, Error> {
    let handle = WORKER.get_or_make(|| {
        let runtime = runtime()?;
        let handle = runtime.handle().clone();
        thread::Builder::new()
            .name("egoi-verify".to_owned())
            .spawn(move || runtime.block_on(std::future::pending::<()>()))
            .map_err(|error| Error::new(ErrorCode::Internal, "a thread could not be started").with_cause(error))?;
        Ok(handle)
    })?;
    Ok(Handle::clone(&handle))
}

fn runtime() -> Result<Runtime, Error> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorCode::Internal, "a runtime could not be started").with_cause(error))
}
