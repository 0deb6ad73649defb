//! The fork guard. A fork takes the forking thread along and leaves every other behind, with whatever it held.

use std::cell::RefCell;
use std::mem;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use egoi_verify::Error;
use pyo3::prelude::*;
use tokio::sync::Notify;

/// A thread that may hold a lock which a child needs, or may be making something once, has a guard; a fork waits until no
/// thread has one. Nobody waits for it while holding Python, which a thread with a guard may be waiting for; and between
/// taking the lock and forking, Python runs what else was registered for that, and lets other threads run.
static NO_FORK: RwLock<()> = RwLock::new(());

/// Held by the thread that forks, from before it asks for the lock.
static FORKING: Mutex<()> = Mutex::new(());

/// Notified before a fork: the worker gives its guard up.
static PAUSE: Notify = Notify::const_new();

thread_local! {
    /// What this thread has of the lock.
    static HELD: RefCell<Held> = const { RefCell::new(Held::Nothing) };
}

enum Held {
    Nothing,
    Guard { _guard: RwLockReadGuard<'static, ()> },
    Forking { _no_fork: RwLockWriteGuard<'static, ()>, _forking: MutexGuard<'static, ()> },
}

/// Gives back, at its end, what it took. A thread that already has a guard, or that forks, needs no second one: to wait
/// for that would be to wait for itself.
#[must_use]
pub(crate) struct Guard {
    is_outermost: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.is_outermost {
            HELD.set(Held::Nothing);
        }
    }
}

fn needs_none() -> bool {
    HELD.with_borrow(|held| !matches!(held, Held::Nothing))
}

/// A guard, unless another thread forks.
pub(crate) fn try_guard() -> Option<Guard> {
    if needs_none() {
        return Some(Guard { is_outermost: false });
    }
    let _guard = match NO_FORK.try_read() {
        Ok(guard) => guard,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return None,
    };
    HELD.set(Held::Guard { _guard });
    Some(Guard { is_outermost: true })
}

/// A guard, for a thread that has Python.
pub(crate) fn guard(py: Python<'_>) -> Guard {
    loop {
        if let Some(guard) = try_guard() {
            return guard;
        }
        py.detach(|| drop(NO_FORK.read()));
    }
}

/// A guard, for a thread without Python, once no other thread forks.
pub(crate) fn guard_after_forks() -> Guard {
    loop {
        // The lock of the guards is not enough: a fork may be about to take it.
        drop(FORKING.lock());
        if let Some(guard) = try_guard() {
            return guard;
        }
    }
}

/// Returns when a fork asks the worker to give its guard up.
pub(crate) async fn pause_asked() {
    PAUSE.notified().await;
}

/// Before `os.fork`, in the thread that forks. Twice where the package was imported twice.
#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    if needs_none() {
        return;
    }
    py.detach(|| {
        let _forking = FORKING.lock().unwrap_or_else(PoisonError::into_inner);
        PAUSE.notify_one();
        HELD.set(Held::Forking { _no_fork: NO_FORK.write().unwrap_or_else(PoisonError::into_inner), _forking });
    });
}

/// After `os.fork`, in the thread that forked, in both processes.
#[pyfunction]
pub(crate) fn after_fork() {
    HELD.set(Held::Nothing);
}

/// This process, or 0 where nobody tells it of a fork.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Has the C library tell of every fork, also of one that Python does not make. When the module is imported.
pub(crate) fn watch() {
    #[cfg(unix)]
    {
        extern "C" fn after_fork_in_child() {
            PROCESS.store(process::id(), Ordering::Relaxed);
        }
        // SAFETY: the function does nothing that a signal's handler could not do, and no module of Python is unloaded.
        #[allow(unsafe_code, reason = "the standard library does not wrap it")]
        let is_told = unsafe { libc::pthread_atfork(None, None, Some(after_fork_in_child)) } == 0;
        if is_told {
            PROCESS.store(process::id(), Ordering::Relaxed);
        }
    }
}

/// The id of this process. A call asks several times, and the operating system takes a system call for each.
pub(crate) fn process_id() -> u32 {
    match PROCESS.load(Ordering::Relaxed) {
        0 => process::id(),
        known => known,
    }
}

/// What belongs to the process that made it: in a forked child it is left alone, never dropped. To drop a connection
/// there would say goodbye in the parent's name.
pub(crate) struct Own<T> {
    process: u32,
    value: Option<T>,
}

impl<T> Own<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { process: process_id(), value: Some(value) }
    }

    /// The value, in the process that made it.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref().filter(|_| self.is_here())
    }

    /// The value, in the process that made it.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        if self.is_here() { self.value.as_mut() } else { None }
    }

    /// Takes the value out, in the process that made it.
    pub(crate) fn take(mut self) -> Option<T> {
        if self.is_here() { self.value.take() } else { None }
    }

    pub(crate) fn is_here(&self) -> bool {
        self.process == process_id()
    }
}

impl<T> Drop for Own<T> {
    fn drop(&mut self) {
        if self.value.is_some() && !self.is_here() {
            mem::forget(self.value.take());
        }
    }
}

/// What every process has one of, made at its first use there.
pub(crate) struct PerProcess<T>(Mutex<Option<Own<Arc<T>>>>);

impl<T> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    pub(crate) fn get_or_make(&self, py: Python<'_>, make: impl FnOnce() -> Result<T, Error>) -> Result<Arc<T>, Error> {
        let _guard = guard(py);
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.as_ref().and_then(Own::get) {
            return Ok(Arc::clone(known));
        }
        let new = Arc::new(make()?);
        *made = Some(Own::new(Arc::clone(&new)));
        Ok(new)
    }

    /// Releases what this process has.
    pub(crate) fn clear(&self, py: Python<'_>) {
        let _guard = guard(py);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
