//! Surviving forks. A fork takes the forking thread along and leaves every other behind, with whatever it held.

use std::cell::RefCell;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use egoi_verify::Error;
use pyo3::prelude::*;

use crate::home::ask_worker_to_rest;

/// Whoever may hold a lock that a child needs, or may be making something once, has a pass; a fork waits until no
/// thread has one. Nobody waits at the gate while holding Python, which whoever has a pass may be waiting for; and between
/// shutting the gate and forking, Python runs what else was registered for that, and lets other threads run.
static GATE: RwLock<()> = RwLock::new(());

/// Held by whoever forks, from before it asks for the gate.
static FORKING: Mutex<()> = Mutex::new(());

thread_local! {
    /// What this thread has of the gate.
    static HELD: RefCell<Held> = const { RefCell::new(Held::Nothing) };
}

enum Held {
    Nothing,
    Pass {
        _guard: RwLockReadGuard<'static, ()>,
    },
    /// It forks.
    Shut {
        _gate: RwLockWriteGuard<'static, ()>,
        _forking: MutexGuard<'static, ()>,
    },
}

/// Gives back, at its end, what it took. A thread that already has a pass, or that forks, needs no second one: to wait for
/// that would be to wait for itself.
#[must_use]
pub(crate) struct Pass {
    is_outermost: bool,
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.is_outermost {
            HELD.set(Held::Nothing);
        }
    }
}

fn needs_none() -> bool {
    HELD.with_borrow(|held| !matches!(held, Held::Nothing))
}

/// A pass, unless another thread forks.
pub(crate) fn try_pass() -> Option<Pass> {
    if needs_none() {
        return Some(Pass { is_outermost: false });
    }
    let _guard = match GATE.try_read() {
        Ok(guard) => guard,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return None,
    };
    HELD.set(Held::Pass { _guard });
    Some(Pass { is_outermost: true })
}

/// A pass, for a thread that has Python.
pub(crate) fn pass(py: Python<'_>) -> Pass {
    loop {
        if let Some(pass) = try_pass() {
            return pass;
        }
        py.detach(|| drop(GATE.read()));
    }
}

/// A pass, for a thread without Python, once no other thread forks.
pub(crate) fn pass_after_forks() -> Pass {
    loop {
        // The gate alone would not do: a fork may be about to shut it.
        drop(FORKING.lock());
        if let Some(pass) = try_pass() {
            return pass;
        }
    }
}

/// Before `os.fork`, in the thread that forks. Twice where the package was imported twice.
#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    if needs_none() {
        return;
    }
    py.detach(|| {
        let _forking = FORKING.lock().unwrap_or_else(PoisonError::into_inner);
        ask_worker_to_rest();
        HELD.set(Held::Shut { _gate: GATE.write().unwrap_or_else(PoisonError::into_inner), _forking });
    });
}

/// After `os.fork`, in the thread that forked, in both processes.
#[pyfunction]
pub(crate) fn after_fork() {
    HELD.set(Held::Nothing);
}

/// What belongs to the process that made it: in a forked child it is left alone, never dropped. To drop a connection
/// there would say goodbye in the parent's name.
pub(crate) struct Own<T> {
    process: u32,
    value: Option<T>,
}

impl<T> Own<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { process: std::process::id(), value: Some(value) }
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
        self.process == std::process::id()
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
        let _pass = pass(py);
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.as_ref().and_then(Own::get) {
            return Ok(Arc::clone(known));
        }
        let new = Arc::new(make()?);
        *made = Some(Own::new(Arc::clone(&new)));
        Ok(new)
    }

    /// Lets go of what this process has.
    pub(crate) fn clear(&self, py: Python<'_>) {
        let _pass = pass(py);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
