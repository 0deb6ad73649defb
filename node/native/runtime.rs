//! The one thread that every call of this process runs on.

use std::future::pending;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

use egoi_verify::{Error, ErrorCode};
use tokio::runtime::{Builder, Handle};

/// Worker threads of JavaScript come and go; this one stays, and holds no process back from its end.
static RUNTIME: Mutex<Option<Handle>> = Mutex::new(None);

/// The runtime, which begins with the first call for it.
pub(crate) fn handle() -> Result<Handle, Error> {
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    match &*runtime {
        Some(handle) => Ok(handle.clone()),
        None => Ok(runtime.insert(begin().map_err(cannot)?).clone()),
    }
}

fn begin() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name("egoi-verify".to_owned()).spawn(move || runtime.block_on(pending::<()>()))?;
    Ok(handle)
}

fn cannot(error: io::Error) -> Error {
    Error::new(ErrorCode::Internal, format!("cannot start a thread for the calls: {error}")).with_cause(error)
}
