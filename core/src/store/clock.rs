//! What time it is, as an argument.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::machine::Timestamp;

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// The time now. Never earlier than it said before.
    fn now(&self) -> Timestamp;
}

/// The machine's time when it was made, going on at a monotonic pace: changing the machine's clock moves no validity.
#[derive(Debug, Clone, Copy)]
pub struct MonotonicClock {
    started: Instant,
    started_at: Timestamp,
}

impl Default for MonotonicClock {
    fn default() -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), started_at: Timestamp::default().after(since_epoch) }
    }
}

impl Clock for MonotonicClock {
    fn now(&self) -> Timestamp {
        self.started_at.after(self.started.elapsed())
    }
}

/// A clock for tests: starts at the machine's time, and can be moved on and stopped.
#[derive(Debug)]
pub struct TestClock(Mutex<Hand>);

/// Where the time stood last, and since when it has been running on from there.
#[derive(Debug, Clone, Copy)]
struct Hand {
    at: Timestamp,
    running_since: Option<Instant>,
}

impl Default for TestClock {
    fn default() -> Self {
        Self(Mutex::new(Hand { at: MonotonicClock::default().now(), running_since: Some(Instant::now()) }))
    }
}

impl TestClock {
    /// Moves the time on.
    pub fn advance(&self, by: Duration) {
        let mut hand = self.hand();
        hand.at = hand.at.after(by);
    }

    /// Stops the time, or lets it go on from where it stopped.
    pub fn freeze(&self, frozen: bool) {
        let mut hand = self.hand();
        *hand = Hand { at: hand.now(), running_since: (!frozen).then(Instant::now) };
    }

    /// Whether the time stands still.
    pub fn is_frozen(&self) -> bool {
        self.hand().running_since.is_none()
    }

    fn hand(&self) -> MutexGuard<'_, Hand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hand {
    fn now(&self) -> Timestamp {
        self.running_since.map_or(self.at, |since| self.at.after(since.elapsed()))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.hand().now()
    }
}
