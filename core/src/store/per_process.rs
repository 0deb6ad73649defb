//! What each process makes for itself: a forked child leaves its parent's connections alone.

use std::sync::OnceLock;

/// A value that is made anew in a forked child.
///
/// It is read without a lock, which a thread of the parent could have held at the fork. What the parent made is never
/// dropped in a child: that would say goodbye over a connection that is still the parent's.
pub(crate) struct PerProcess<T> {
    first: OnceLock<Box<Made<T>>>,
}

struct Made<T> {
    process: u32,
    /// Taken out when it is dropped.
    value: Option<T>,
    next: PerProcess<T>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { first: OnceLock::new() }
    }

    /// This process's value, made by `make` if there is none yet. Of two that are made at once one is dropped.
    pub(crate) fn get_or_make<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        let process = std::process::id();
        let mut value = None;
        let mut make = Some(make);
        let mut place = self;
        loop {
            if let Some(made) = place.first.get() {
                match &made.value {
                    Some(found) if made.process == process => return Ok(found),
                    _ => place = &made.next,
                }
                continue;
            }
            if let Some(make) = make.take() {
                value = Some(make()?);
            }
            // Made before it is put down, so that putting it down takes no time in which a fork could come.
            let made = Made { process, value: value.take(), next: Self::new() };
            if let Err(refused) = place.first.set(Box::new(made)) {
                let mut refused = refused;
                value = refused.value.take();
            }
        }
    }
}

impl<T> Drop for Made<T> {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            std::mem::forget(self.value.take());
        }
    }
}
