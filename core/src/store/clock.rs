//! The time, as an argument.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::machine::Timestamp;

/// A clock for a store in memory, or for tests.
///
/// ```
/// use egoi_verify::{Clock, TestClock};
///
/// let clock = TestClock::default();
/// let before = clock.now();
/// clock.advance(std::time::Duration::from_secs(61));
/// assert!(clock.now() > before);
/// ```
pub trait Clock: Send + Sync {
    /// The time now. It never goes back.
    fn now(&self) -> Timestamp;

    /// The change to the time of a store that uses its server's or the machine's clock. Only a clock for tests changes it.
    fn shift(&self) -> ClockShift {
        ClockShift::By(0)
    }
}

/// A change to the time of another clock. A store applies it in the statement or script that reads the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockShift {
    /// The time is this many milliseconds later. 0 changes nothing.
    By(i64),
    /// The time stands still here.
    To(Timestamp),
}

/// Starts at the machine's time and advances monotonically: a change of the machine's clock changes no validity.
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

/// A clock for tests of an engine. It starts at the machine's time. A test can advance it and stop it.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use egoi_verify::{EngineOptions, TestClock};
///
/// let clock = Arc::new(TestClock::default());
/// let options = EngineOptions::default().clock(clock.clone());
/// clock.advance(Duration::from_secs(601)); // Every code of the engine has expired.
/// ```
#[derive(Debug)]
pub struct TestClock {
    /// The time without the test's changes.
    unmoved: MonotonicClock,
    hand: Mutex<Hand>,
}

/// The latest set time, and the time since which it runs on from there.
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
    /// Advances the time.
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
