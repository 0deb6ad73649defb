//! Calls of a store that outlive their caller: one that is dropped or out of time may have told the store already.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;

use super::Digest;

type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A call of a store. Dropped before its end, it goes on in the background, and its result is undone.
pub(crate) struct Detachable<T: Send + 'static> {
    call: Option<Task<T>>,
    undo: Option<Box<dyn FnOnce(T) -> Task<()> + Send>>,
}

impl<T: Send + 'static> Detachable<T> {
    pub(crate) fn new<Undone: Future<Output = ()> + Send + 'static>(
        call: impl Future<Output = T> + Send + 'static,
        undo: impl FnOnce(T) -> Undone + Send + 'static,
    ) -> Self {
        Self { call: Some(Box::pin(call)), undo: Some(Box::new(|result| Box::pin(undo(result)))) }
    }

    /// A call whose result nobody has to undo.
    pub(crate) fn kept(call: impl Future<Output = T> + Send + 'static) -> Self {
        Self { call: Some(Box::pin(call)), undo: None }
    }
}

impl<T: Send + 'static> Future for Detachable<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(call) = &mut self.call else { return Poll::Pending };
        let polled = call.as_mut().poll(context);
        if polled.is_ready() {
            self.call = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Detachable<T> {
    fn drop(&mut self) {
        let (Some(call), undo) = (self.call.take(), self.undo.take()) else { return };
        in_background(async move {
            let result = call.await;
            if let Some(undo) = undo {
                undo(result).await;
            }
        });
    }
}

/// Runs it to its end, where there is a runtime for that.
pub(crate) fn in_background(work: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(work);
    }
}

/// One call at a time for each idempotency key of a process: a retry waits until a call that was dropped is undone.
#[derive(Default)]
pub(crate) struct KeyLocks(Mutex<HashMap<Digest, Lock>>);

type Lock = Arc<tokio::sync::Mutex<()>>;

/// The lock of a key, while it is held.
pub(crate) struct KeyLock {
    _held: OwnedMutexGuard<()>,
    _place: Place,
}

struct Place {
    locks: Arc<KeyLocks>,
    key: Digest,
    lock: Lock,
}

impl KeyLocks {
    pub(crate) async fn lock(self: Arc<Self>, key: Digest) -> KeyLock {
        let lock = Arc::clone(self.all().entry(key).or_default());
        let place = Place { locks: self, key, lock };
        KeyLock { _held: Arc::clone(&place.lock).lock_owned().await, _place: place }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Digest, Lock>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.locks.all();
        // The map's and our own: nobody else waits, and nobody can begin to while we hold the map.
        if Arc::strong_count(&self.lock) == 2 {
            all.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_is_locked_once_and_takes_no_room_afterwards() {
        let locks = Arc::new(KeyLocks::default());
        let first = Arc::clone(&locks).lock([1; 32]).await;
        let mut second = Box::pin(Arc::clone(&locks).lock([1; 32]));
        assert!(futures_pending(&mut second));
        drop(Arc::clone(&locks).lock([2; 32]).await);
        assert_eq!(locks.all().len(), 1);
        drop(first);
        drop(second.await);
        assert!(locks.all().is_empty());
    }

    fn futures_pending<T>(future: &mut (impl Future<Output = T> + Unpin)) -> bool {
        Pin::new(future).poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending()
    }
}
