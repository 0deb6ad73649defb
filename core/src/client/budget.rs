//! How often, and when, a call may be tried again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::generate;

/// How many more tries an exchange may have.
pub(crate) const MAX_RETRIES: u32 = 2;

/// How many calls pay for one more try.
const CALLS_PER_TRY: u32 = 5;
const RESERVE: u32 = 10 * CALLS_PER_TRY;

/// Lets a failing service see at most 1.2 times the normal load: a reserve of 10 tries, then one for every five calls.
pub(super) struct Budget(Mutex<Account>);

struct Account {
    /// In calls.
    balance: u32,
    /// The reserve is lent: the first calls pay it back before they fill it up, or the first thousand calls would have
    /// ten tries too many.
    owed: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self(Mutex::new(Account { balance: RESERVE, owed: RESERVE }))
    }
}

impl Budget {
    /// A call begins.
    pub(super) fn call(&self) {
        let mut account = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if account.owed > 0 {
            account.owed -= 1;
        } else {
            account.balance = RESERVE.min(account.balance + 1);
        }
    }

    /// Takes one more try, if there is one.
    pub(super) fn take(&self) -> bool {
        let mut account = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match account.balance.checked_sub(CALLS_PER_TRY) {
            Some(rest) => {
                account.balance = rest;
                true
            }
            None => false,
        }
    }
}

/// How long to wait before the next try, `failed` tries having failed: anything from nothing to 100 ms, 200 ms and so on,
/// so that clients that failed together do not come back together.
pub(super) fn jitter(failed: u32) -> Duration {
    generate::up_to(Duration::from_millis(100 << failed.saturating_sub(1).min(4)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_failing_calls_are_tried_at_most_1200_times() {
        let budget = Budget::default();
        let mut tries = 0;
        for _ in 0..1000 {
            budget.call();
            tries += 1;
            for _ in 0..MAX_RETRIES {
                tries += u32::from(budget.take());
            }
        }
        assert_eq!(tries, 1200);
    }

    #[test]
    fn a_long_quiet_time_saves_up_no_more_than_the_reserve() {
        let budget = Budget::default();
        (0..100_000).for_each(|_| budget.call());
        assert_eq!((0..100).filter(|_| budget.take()).count(), 10);
    }

    #[test]
    fn jitter_stays_below_its_bound() {
        for failed in 1..=2 {
            assert!((0..1000).all(|_| jitter(failed) <= Duration::from_millis(100 * u64::from(failed))));
        }
    }
}
