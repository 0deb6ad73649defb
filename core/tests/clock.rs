//! The clocks that a store may go by.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant, SystemTime};

use egoi_verify::machine::Timestamp;
use egoi_verify::store::{ClockShift, MonotonicClock};
use egoi_verify::{Clock, TestClock};

const HOUR: Duration = Duration::from_secs(3600);

/// That the test took less than an hour is all that is supposed of the machine.
fn is_about_now(at: Timestamp) -> bool {
    let now = SystemTime::now();
    let at = SystemTime::from(at);
    now.duration_since(at).or_else(|_| at.duration_since(now)).unwrap() < HOUR
}

#[test]
fn both_clocks_start_at_the_machines_time() {
    assert!(is_about_now(MonotonicClock::default().now()));
    assert!(is_about_now(TestClock::default().now()));
}

#[test]
fn neither_clock_goes_back() {
    let clocks: [&dyn Clock; 2] = [&MonotonicClock::default(), &TestClock::default()];
    for clock in clocks {
        let times: Vec<Timestamp> = (0..10_000).map(|_| clock.now()).collect();
        assert!(times.is_sorted());
    }
}

#[test]
fn a_test_clock_runs_until_it_is_stopped() {
    let clock = TestClock::default();
    let start = clock.now();
    while clock.now() == start {
        std::thread::yield_now();
    }
    clock.freeze(true);
    let stopped = clock.now();
    let later = Instant::now() + Duration::from_millis(2);
    while Instant::now() < later {
        std::thread::yield_now();
    }
    assert_eq!(clock.now(), stopped);
}

#[test]
fn a_stopped_test_clock_moves_by_what_it_is_advanced_and_no_more() {
    let clock = TestClock::default();
    clock.freeze(true);
    let start = clock.now();
    clock.advance(Duration::from_millis(1));
    clock.advance(HOUR);
    assert_eq!(clock.now().since(start), HOUR + Duration::from_millis(1));
}

#[test]
fn a_running_test_clock_can_be_advanced() {
    let clock = TestClock::default();
    let start = clock.now();
    clock.advance(10 * HOUR);
    assert!(clock.now().since(start) >= 10 * HOUR && clock.now().since(start) < 11 * HOUR);
}

#[test]
fn a_test_clock_goes_on_from_where_it_stopped() {
    let clock = TestClock::default();
    clock.freeze(true);
    clock.advance(10 * HOUR);
    let stopped = clock.now();
    clock.freeze(false);
    assert!(clock.now() >= stopped && clock.now().since(stopped) < HOUR);
}

#[test]
fn a_test_clock_says_how_far_it_was_moved_whatever_time_has_passed() {
    assert_eq!(MonotonicClock::default().shift(), ClockShift::By(0));
    let clock = TestClock::default();
    assert_eq!(clock.shift(), ClockShift::By(0));
    clock.advance(HOUR);
    assert_eq!(clock.shift(), ClockShift::By(3_600_000));
    clock.freeze(true);
    assert_eq!(clock.shift(), ClockShift::To(clock.now()));
    clock.freeze(false);
    let ClockShift::By(shift) = clock.shift() else { panic!("it runs") };
    assert!(shift <= 3_600_000, "it stood still in between");
}
