//! One validation at a time for each request, and what is known of the submissions of the last minute.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::values::RequestId;

type Lock = Arc<tokio::sync::Mutex<()>>;

/// How long the service may still be working on a submission that got no response, and a read may lag behind one.
const MARKED: Duration = Duration::from_secs(60);

/// The requests that are being validated, and those with a mark; the others take no room.
#[derive(Default)]
pub(super) struct RequestLocks(Mutex<All>);

#[derive(Default)]
struct All {
    locks: HashMap<RequestId, Lock>,
    /// Each with its end.
    marks: HashMap<RequestId, (Mark, Instant)>,
    /// The same in the order of their ends, some of which a later mark has moved.
    ends: VecDeque<(Instant, RequestId)>,
}

/// What a submission leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nobody knows what became of it: it may still take effect.
    Unresolved,
    /// Its code was the right one.
    Verified,
}

impl RequestLocks {
    /// The lock of this request, which holds `RequestLock::lock` while it runs.
    pub(super) fn of<'a>(&'a self, id: &'a RequestId) -> RequestLock<'a> {
        RequestLock { locks: self, id, lock: Arc::clone(self.all().locks.entry(id.clone()).or_default()) }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    fn forget_what_is_over(&mut self) {
        let now = Instant::now();
        while self.ends.front().is_some_and(|(end, _)| *end <= now) {
            let Some((_, id)) = self.ends.pop_front() else { break };
            if self.marks.get(&id).is_some_and(|(_, end)| *end <= now) {
                self.marks.remove(&id);
            }
        }
    }
}

pub(super) struct RequestLock<'a> {
    locks: &'a RequestLocks,
    id: &'a RequestId,
    pub(super) lock: Lock,
}

impl RequestLock<'_> {
    /// What the submissions of the last minute left behind.
    pub(super) fn mark(&self) -> Option<Mark> {
        let mut all = self.locks.all();
        all.forget_what_is_over();
        all.marks.get(self.id).map(|(mark, _)| *mark)
    }

    /// A submission that begins.
    pub(super) fn submission(&self) -> Submission<'_> {
        Submission { of: self, leaves: Some(Mark::Unresolved) }
    }
}

impl Drop for RequestLock<'_> {
    fn drop(&mut self) {
        let mut all = self.locks.all();
        // The map's and our own: nobody else waits, and nobody can begin to while we hold the map.
        if Arc::strong_count(&self.lock) == 2 {
            all.locks.remove(self.id);
        }
    }
}

/// A submission. Its mark is left when this is dropped, however the call ends.
pub(super) struct Submission<'a> {
    of: &'a RequestLock<'a>,
    pub(super) leaves: Option<Mark>,
}

impl Drop for Submission<'_> {
    fn drop(&mut self) {
        let Some(mark) = self.leaves else { return };
        let mut all = self.of.locks.all();
        all.forget_what_is_over();
        let end = Instant::now() + MARKED;
        let mark = match all.marks.get(self.of.id) {
            Some((Mark::Verified, _)) => Mark::Verified,
            _ => mark,
        };
        all.marks.insert(self.of.id.clone(), (mark, end));
        all.ends.push_back((end, self.of.id.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_forgotten_with_its_last_turn() -> Result<(), crate::error::Error> {
        let request_locks = RequestLocks::default();
        let id = RequestId::parse("a")?;
        let (one, two) = (request_locks.of(&id), request_locks.of(&id));
        assert!(Arc::ptr_eq(&one.lock, &two.lock));
        drop(one);
        assert_eq!(request_locks.all().locks.len(), 1);
        drop(two);
        assert!(request_locks.all().locks.is_empty());
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_mark_is_left_for_a_minute_and_takes_no_room_afterwards() -> Result<(), crate::error::Error> {
        let request_locks = RequestLocks::default();
        let (id, other) = (RequestId::parse("a")?, RequestId::parse("b")?);
        let (lock, untouched) = (request_locks.of(&id), request_locks.of(&other));
        let leaving = |mark| lock.submission().leaves = mark;
        leaving(None);
        assert_eq!(lock.mark(), None);
        drop(lock.submission());
        tokio::time::advance(MARKED / 2).await;
        leaving(Some(Mark::Verified));
        leaving(Some(Mark::Unresolved));
        tokio::time::advance(MARKED - Duration::from_millis(1)).await;
        assert_eq!((lock.mark(), untouched.mark()), (Some(Mark::Verified), None));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(lock.mark(), None);
        assert!(request_locks.all().marks.is_empty() && request_locks.all().ends.is_empty());
        Ok(())
    }
}
