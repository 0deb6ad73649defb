//! Surviving forks. A fork takes the forking thread along and leaves every other behind, with whatever it held.

use std::cell::RefCell;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use egoi_verify::Error;
use pyo3::prelude::*;

/// Whoever may hold a lock that a child needs, or may be making something once, has a pass; a fork waits until no
/// thread has one. Nobody waits for Python while holding it.
static GATE: RwLock<()> = RwLock::new(());

thread_local! {
    static SHUT: RefCell<Option<RwLockWriteGuard<'static, ()>>> = const { RefCell::new(None) };
}

pub(crate) fn pass() -> RwLockReadGuard<'static, ()> {
    GATE.read().unwrap_or_else(PoisonError::into_inner)
}

/// Before `os.fork`, in the thread that forks.
#[pyfunction]
pub(crate) fn before_fork() {
    SHUT.set(Some(GATE.write().unwrap_or_else(PoisonError::into_inner)));
}

/// After `os.fork`, in the thread that forked, in both processes.
#[pyfunction]
pub(crate) fn after_fork() {
    SHUT.set(None);
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
        if !self.is_here() {
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

    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> Result<T, Error>) -> Result<Arc<T>, Error> {
        let _pass = pass();
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.as_ref().and_then(Own::get) {
            return Ok(Arc::clone(known));
        }
        let new = Arc::new(make()?);
        *made = Some(Own::new(Arc::clone(&new)));
        Ok(new)
    }

    /// Lets go of what this process has.
    pub(crate) fn clear(&self) {
        let _pass = pass();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
