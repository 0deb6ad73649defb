//! One validation at a time for each request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::values::RequestId;

type Lock = Arc<tokio::sync::Mutex<()>>;

/// The requests that are being validated; the others take no room.
#[derive(Default)]
pub(super) struct RequestLocks(Mutex<HashMap<RequestId, Lock>>);

impl RequestLocks {
    /// The lock of this request, which holds `RequestLock::lock` while it runs.
    pub(super) fn of<'a>(&'a self, id: &'a RequestId) -> RequestLock<'a> {
        RequestLock { locks: self, id, lock: Arc::clone(self.all().entry(id.clone()).or_default()) }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<RequestId, Lock>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct RequestLock<'a> {
    locks: &'a RequestLocks,
    id: &'a RequestId,
    pub(super) lock: Lock,
}

impl Drop for RequestLock<'_> {
    fn drop(&mut self) {
        let mut all = self.locks.all();
        // The map's and our own: nobody else waits, and nobody can begin to while we hold the map.
        if Arc::strong_count(&self.lock) == 2 {
            all.remove(self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_forgotten_with_its_last_turn() -> Result<(), crate::Error> {
        let request_locks = RequestLocks::default();
        let id = RequestId::parse("a")?;
        let (one, two) = (request_locks.of(&id), request_locks.of(&id));
        assert!(Arc::ptr_eq(&one.lock, &two.lock));
        drop(one);
        assert_eq!(request_locks.all().len(), 1);
        drop(two);
        assert!(request_locks.all().is_empty());
        Ok(())
    }
}
