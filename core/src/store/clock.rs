//! What time it is, as an argument.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::machine::Timestamp;

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// The time now. Never earlier than it said before.
    fn now(&self) -> Timestamp;

    /// What a store that goes by its server's or the machine's clock makes of that clock's time. Only a clock for tests
    /// changes it.
    fn shift(&self) -> ClockShift {
        ClockShift::By(0)
    }
}

/// What becomes of the time of another clock, applied by a store in the same statement or script that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockShift {
    /// It is this many milliseconds later; 0 changes nothing.
    By(i64),
    /// It stands still here.
    To(Timestamp),
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

impl MonotonicClock {
    fn at(&self, now: Instant) -> Timestamp {
        self.started_at.after(now.saturating_duration_since(self.started))
    }
}

impl Clock for MonotonicClock {
    fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }
}

/// A clock for tests: starts at the machine's time, and can be moved on and stopped.
#[derive(Debug)]
pub struct TestClock {
    /// What the time would be, had it not been moved.
    unmoved: MonotonicClock,
    hand: Mutex<Hand>,
}

/// Where the time stood last, and since when it has been running on from there.
#[derive(Debug, Clone, Copy)]
struct Hand {
    at: Timestamp,
    running_since: Option<Instant>,
}

impl Default for TestClock {
    fn default() -> Self {
        let unmoved = MonotonicClock::default();
        Self { unmoved, hand: Mutex::new(Hand { at: unmoved.started_at, running_since: Some(unmoved.started) }) }
    }
}

impl TestClock {
    /// Moves the time on.
    pub fn advance(&self, by: Duration) {
        let mut hand = self.hand();
        hand.at = hand.at.after(by);
    }

    /// Stops the time, or lets it continue.
    pub fn freeze(&self, frozen: bool) {
        let mut hand = self.hand();
        let now = Instant::now();
        *hand = Hand { at: hand.at(now), running_since: (!frozen).then_some(now) };
    }

    #[cfg(feature = "sandbox")]
    pub(crate) fn is_frozen(&self) -> bool {
        self.hand().running_since.is_none()
    }

    fn hand(&self) -> MutexGuard<'_, Hand> {
        self.hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hand {
    fn at(&self, now: Instant) -> Timestamp {
        self.running_since.map_or(self.at, |since| self.at.after(now.saturating_duration_since(since)))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.hand().at(Instant::now())
    }

    fn shift(&self) -> ClockShift {
        let hand = self.hand();
        if hand.running_since.is_none() {
            return ClockShift::To(hand.at);
        }
        // One reading for both, so that a time that was not moved is shifted by nothing.
        let now = Instant::now();
        let (moved, unmoved) = (hand.at(now), self.unmoved.at(now));
        ClockShift::By(i64::try_from(i128::from(moved.0) - i128::from(unmoved.0)).unwrap_or(i64::MAX))
    }
}
