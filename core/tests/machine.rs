//! The state machine against its table, and over random histories.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    pub(crate) mod soak;
}

use std::time::{Duration, SystemTime};

use egoi_verify::machine::{Event, EventResult, Progress, Quota, Record, RequestLimits, Timestamp, Window};
use egoi_verify::{Outcome, State};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use support::soak;

const START: Timestamp = Timestamp(1_700_000_000_000);
const VALIDITY: Duration = Duration::from_secs(600);
const RIGHT: Event = Event::Validate { code_is_right: true };
const WRONG: Event = Event::Validate { code_is_right: false };
const CANCEL: Event = Event::Cancel;
const RESEND: Event = Event::Resend { validity: VALIDITY };
const NO_LIMITS: RequestLimits = RequestLimits { max_attempts: None, max_resends: None, resend_after: None };

fn secs(seconds: u64) -> Timestamp {
    START.after(Duration::from_secs(seconds))
}

fn ms(milliseconds: u64) -> Timestamp {
    Timestamp(START.0 + milliseconds)
}

fn pending() -> Record {
    Record::new(START, VALIDITY)
}

fn attempts(most: u32) -> RequestLimits {
    RequestLimits { max_attempts: Some(most), ..NO_LIMITS }
}

mod table {
    use super::*;

    /// The table of the documentation, a line a state: a record in it, what each event gives, and the state afterwards.
    #[test]
    fn every_event_in_every_state_gives_what_the_table_says() {
        let verified = Record { progress: Progress::Verified, ..pending() };
        let cancelled = Record { progress: Progress::Cancelled, ..pending() };
        let expired = Record { expires_at: START, ..pending() };
        let outcome = EventResult::Outcome;
        let table = [
            (
                State::Pending,
                pending(),
                [
                    (RIGHT, outcome(Outcome::Verified), State::Verified),
                    (WRONG, outcome(Outcome::WrongCode), State::Pending),
                    (CANCEL, EventResult::State(State::Cancelled), State::Cancelled),
                    (RESEND, EventResult::Resend, State::Pending),
                ],
            ),
            (
                State::Verified,
                verified,
                [
                    (RIGHT, outcome(Outcome::AlreadyVerified), State::Verified),
                    (WRONG, outcome(Outcome::AlreadyVerified), State::Verified),
                    (CANCEL, EventResult::State(State::Verified), State::Verified),
                    (RESEND, EventResult::Conflict, State::Verified),
                ],
            ),
            (
                State::Expired,
                expired,
                [
                    (RIGHT, outcome(Outcome::Expired), State::Expired),
                    (WRONG, outcome(Outcome::Expired), State::Expired),
                    (CANCEL, EventResult::State(State::Expired), State::Expired),
                    (RESEND, EventResult::Conflict, State::Expired),
                ],
            ),
            (
                State::Cancelled,
                cancelled,
                [
                    (RIGHT, outcome(Outcome::Cancelled), State::Cancelled),
                    (WRONG, outcome(Outcome::Cancelled), State::Cancelled),
                    (CANCEL, EventResult::State(State::Cancelled), State::Cancelled),
                    (RESEND, EventResult::Conflict, State::Cancelled),
                ],
            ),
        ];
        for (state, record, results) in table {
            assert_eq!(record.state(secs(1)), state);
            for (event, expected, afterwards) in results {
                let (after, given) = record.step(event, secs(1), &NO_LIMITS);
                assert_eq!(given, expected, "{event:?} when {state}");
                assert_eq!(after.state(secs(1)), afterwards, "{event:?} when {state}");
                if state != State::Pending {
                    assert_eq!(after, record, "{event:?} when {state} changes nothing at all");
                }
            }
        }
    }
}

mod expiry {
    use super::*;

    #[test]
    fn when_time_reaches_expires_at_a_pending_request_is_expired_and_others_stay_what_they_are() {
        for (progress, before, from_then_on) in [
            (Progress::Open, State::Pending, State::Expired),
            (Progress::Verified, State::Verified, State::Verified),
            (Progress::Cancelled, State::Cancelled, State::Cancelled),
        ] {
            let record = Record { progress, ..pending() };
            assert_eq!(record.state(ms(599_999)), before);
            assert_eq!(record.state(ms(600_000)), from_then_on);
            assert_eq!(record.state(Timestamp(u64::MAX)), from_then_on);
        }
    }

    #[test]
    fn a_code_is_good_one_millisecond_before_expires_at() {
        assert_eq!(pending().step(RIGHT, ms(599_999), &NO_LIMITS).1, EventResult::Outcome(Outcome::Verified));
    }

    #[test]
    fn a_code_is_expired_at_expires_at() {
        assert_eq!(pending().step(RIGHT, ms(600_000), &NO_LIMITS).1, EventResult::Outcome(Outcome::Expired));
    }
}

mod attempts {
    use super::*;

    #[test]
    fn a_wrong_code_counts_one_attempt_and_changes_nothing_else() {
        let (after, _) = pending().step(WRONG, secs(1), &NO_LIMITS);
        assert_eq!(after, Record { wrong_codes: 1, ..pending() });
    }

    #[test]
    fn a_resend_starts_the_validity_again_and_keeps_the_attempts() {
        let guessed = Record { wrong_codes: 3, ..pending() };
        let (after, _) = guessed.step(RESEND, secs(599), &NO_LIMITS);
        let expected = Record { expires_at: secs(599 + 600), resends: 1, sent_at: secs(599), ..guessed };
        assert_eq!(after, expected);
    }

    #[test]
    fn without_limits_a_request_waits_for_the_right_code_however_many_wrong_ones_come() {
        let mut record = pending();
        for _ in 0..10_000 {
            let (after, result) = record.step(WRONG, secs(1), &NO_LIMITS);
            assert_eq!(result, EventResult::Outcome(Outcome::WrongCode));
            record = after;
        }
        assert_eq!(record.step(RIGHT, secs(2), &NO_LIMITS).1, EventResult::Outcome(Outcome::Verified));
    }

    #[test]
    fn the_right_code_is_good_after_one_wrong_code_fewer_than_the_limit() {
        let record = Record { wrong_codes: 4, ..pending() };
        assert_eq!(record.step(RIGHT, secs(1), &attempts(5)).1, EventResult::Outcome(Outcome::Verified));
    }

    #[test]
    fn at_the_limit_not_even_the_right_code_is_looked_at_and_nothing_changes() {
        let record = Record { wrong_codes: 5, ..pending() };
        for event in [RIGHT, WRONG] {
            assert_eq!(
                record.step(event, secs(1), &attempts(5)),
                (record, EventResult::Outcome(Outcome::TooManyAttempts))
            );
        }
    }

    #[test]
    fn at_the_limit_a_resend_is_a_conflict() {
        let record = Record { wrong_codes: 5, ..pending() };
        assert_eq!(record.step(RESEND, secs(60), &attempts(5)), (record, EventResult::Conflict));
    }

    #[test]
    fn at_the_limit_a_request_can_still_be_cancelled() {
        let record = Record { wrong_codes: 5, ..pending() };
        assert_eq!(record.step(CANCEL, secs(1), &attempts(5)).1, EventResult::State(State::Cancelled));
    }

    #[test]
    fn too_many_attempts_lasts_until_the_request_expires() {
        let record = Record { wrong_codes: 5, ..pending() };
        assert_eq!(record.step(RIGHT, ms(599_999), &attempts(5)).1, EventResult::Outcome(Outcome::TooManyAttempts));
        assert_eq!(record.step(RIGHT, ms(600_000), &attempts(5)).1, EventResult::Outcome(Outcome::Expired));
    }

    #[test]
    fn attempts_left_counts_down_to_none_and_is_not_said_without_a_limit() {
        for (wrong_codes, left) in [(0, 5), (4, 1), (5, 0), (6, 0)] {
            assert_eq!(Record { wrong_codes, ..pending() }.attempts_left(&attempts(5)), Some(left));
        }
        assert_eq!(pending().attempts_left(&NO_LIMITS), None);
    }
}

mod resend {
    use super::*;

    #[test]
    fn a_resend_has_to_wait_until_the_pause_is_over_to_the_millisecond() {
        let limits = RequestLimits { resend_after: Some(Duration::from_secs(30)), ..NO_LIMITS };
        let too_soon = EventResult::RateLimited { retry_after: Some(Duration::from_millis(1)) };
        assert_eq!(pending().step(RESEND, ms(29_999), &limits), (pending(), too_soon));
        assert_eq!(pending().step(RESEND, ms(30_000), &limits).1, EventResult::Resend);
    }

    #[test]
    fn the_pause_counts_from_the_latest_sms() {
        let limits = RequestLimits { resend_after: Some(Duration::from_secs(30)), ..NO_LIMITS };
        let (resent, _) = pending().step(RESEND, secs(100), &limits);
        let too_soon = EventResult::RateLimited { retry_after: Some(Duration::from_secs(10)) };
        assert_eq!(resent.step(RESEND, secs(120), &limits), (resent, too_soon));
    }

    #[test]
    fn past_max_resends_no_wait_helps() {
        let limits = RequestLimits { max_resends: Some(3), ..NO_LIMITS };
        let third = Record { resends: 2, ..pending() };
        assert_eq!(third.step(RESEND, secs(100), &limits).1, EventResult::Resend);
        let fourth = Record { resends: 3, ..pending() };
        assert_eq!(fourth.step(RESEND, secs(100), &limits), (fourth, EventResult::RateLimited { retry_after: None }));
    }
}

mod window {
    use super::*;

    #[test]
    fn a_window_starts_at_its_first_event_and_ends_to_the_millisecond() {
        let quota = Quota { limit: 2, per: Duration::from_secs(3600) };
        let one = Window::default().counted(secs(10), &quota);
        assert_eq!(one.wait(secs(10), &quota), None);
        let full = one.counted(secs(1000), &quota);
        assert_eq!(full.wait(secs(1000), &quota), Some(Duration::from_secs(3610 - 1000)));
        assert_eq!(full.wait(ms(3_609_999), &quota), Some(Duration::from_millis(1)));
        assert_eq!(full.wait(secs(3610), &quota), None);
    }

    #[test]
    fn a_window_that_is_over_starts_anew_at_the_next_event() {
        let quota = Quota { limit: 1, per: Duration::from_secs(3600) };
        let next = Window::default().counted(secs(0), &quota).counted(secs(5000), &quota);
        assert_eq!(next, Window { started: secs(5000), count: 1 });
    }
}

mod timestamp {
    use super::*;

    #[test]
    fn a_time_past_the_end_of_time_is_its_end() {
        assert_eq!(Timestamp(u64::MAX).after(Duration::from_secs(1)), Timestamp(u64::MAX));
        assert_eq!(Timestamp(1).after(Duration::MAX), Timestamp(u64::MAX));
    }

    #[test]
    fn no_time_has_passed_since_a_later_time() {
        assert_eq!(ms(0).since(ms(1)), Duration::ZERO);
    }

    #[test]
    fn a_timestamp_is_milliseconds_since_1970() {
        assert_eq!(SystemTime::from(Timestamp(1500)), SystemTime::UNIX_EPOCH + Duration::from_millis(1500));
    }
}

// Random histories: each is made from its number, which a failure names.

mod histories {
    use super::*;

    struct History {
        limits: RequestLimits,
        /// A record, an event at a time, what became of it, and the result.
        steps: Vec<(Record, Event, Timestamp, Record, EventResult)>,
    }

    impl History {
        fn random(number: u64) -> Self {
            let random = &mut SmallRng::seed_from_u64(number);
            let limits = RequestLimits {
                max_attempts: random.random_bool(0.7).then(|| random.random_range(1..8)),
                max_resends: random.random_bool(0.5).then(|| random.random_range(0..4)),
                resend_after: random.random_bool(0.5).then(|| Duration::from_millis(random.random_range(0..60_000))),
            };
            let mut now = START;
            let mut record = Record::new(now, validity(random));
            let steps = (0..random.random_range(1..40)).map(|_| {
                now = match random.random_range(0..8) {
                    // The very edges come often: at the end of the validity, and a millisecond to either side of it.
                    0 => Timestamp(now.0.max(record.expires_at.0 - 1)),
                    1 => Timestamp(now.0.max(record.expires_at.0)),
                    2 => Timestamp(now.0.max(record.expires_at.0 + 1)),
                    3 | 4 => now.after(Duration::from_millis(random.random_range(0..90_000))),
                    _ => now,
                };
                let event = match random.random_range(0..20) {
                    0..2 => RIGHT,
                    2..12 => WRONG,
                    12 => CANCEL,
                    _ => Event::Resend { validity: validity(random) },
                };
                let before = record;
                let (after, result) = record.step(event, now, &limits);
                record = after;
                (before, event, now, after, result)
            });
            let steps = steps.collect();
            Self { limits, steps }
        }
    }

    fn validity(random: &mut SmallRng) -> Duration {
        Duration::from_secs(random.random_range(1..=3600))
    }

    type Promise = (&'static str, fn(&History) -> bool);

    /// The properties are looked at together, as making a history takes longer than looking at it.
    #[test]
    fn over_random_histories_the_machine_keeps_its_promises() {
        let promises: [Promise; 7] = [
            ("terminal states never change", terminal_states_never_change),
            ("a wrong code never changes the state", a_wrong_code_never_changes_the_state),
            ("expiry is exact to the millisecond", expiry_is_exact_to_the_millisecond),
            ("attempts never pass the limit", attempts_never_pass_the_limit),
            ("no attempt is given back", no_attempt_is_given_back),
            ("a request is verified at most once", a_request_is_verified_at_most_once),
            ("resends keep to their limits", resends_keep_to_their_limits),
        ];
        for number in 0..soak::count(100_000, 10_000_000) {
            let history = History::random(number);
            for (promise, is_kept) in &promises {
                assert!(is_kept(&history), "{promise}: history {number}: {:#?}\n{:?}", history.steps, history.limits);
            }
        }
    }

    fn terminal_states_never_change(history: &History) -> bool {
        let states: Vec<State> = history.steps.iter().map(|(_, _, now, after, _)| after.state(*now)).collect();
        states.windows(2).all(|pair| pair[0] == State::Pending || pair[0] == pair[1])
    }

    fn a_wrong_code_never_changes_the_state(history: &History) -> bool {
        history.steps.iter().filter(|step| step.1 == WRONG).all(|(before, _, now, after, _)| {
            let same_but_the_count = Record { wrong_codes: before.wrong_codes, ..*after } == *before;
            same_but_the_count && after.state(*now) == before.state(*now)
        })
    }

    fn expiry_is_exact_to_the_millisecond(history: &History) -> bool {
        history.steps.iter().filter(|step| step.0.progress == Progress::Open).all(|(before, ..)| {
            let at = |time| before.step(RIGHT, Timestamp(time), &NO_LIMITS).1;
            at(before.expires_at.0 - 1) == EventResult::Outcome(Outcome::Verified)
                && at(before.expires_at.0) == EventResult::Outcome(Outcome::Expired)
        })
    }

    fn attempts_never_pass_the_limit(history: &History) -> bool {
        let Some(most) = history.limits.max_attempts else { return true };
        let looked_at = history.steps.iter().filter(|step| step.4 == EventResult::Outcome(Outcome::WrongCode)).count();
        looked_at <= most as usize && history.steps.iter().all(|step| step.3.wrong_codes <= most)
    }

    fn no_attempt_is_given_back(history: &History) -> bool {
        let mut counted = 0;
        history.steps.iter().all(|(.., after, result)| {
            counted += u32::from(*result == EventResult::Outcome(Outcome::WrongCode));
            after.wrong_codes == counted
        })
    }

    fn a_request_is_verified_at_most_once(history: &History) -> bool {
        history.steps.iter().filter(|step| step.4 == EventResult::Outcome(Outcome::Verified)).count() <= 1
    }

    fn resends_keep_to_their_limits(history: &History) -> bool {
        let History { limits, steps } = history;
        let sent: Vec<Timestamp> = std::iter::once(START)
            .chain(steps.iter().filter(|step| step.4 == EventResult::Resend).map(|step| step.2))
            .collect();
        let pause = limits.resend_after.unwrap_or_default();
        sent.windows(2).all(|pair| pair[1].since(pair[0]) >= pause)
            && limits.max_resends.is_none_or(|most| sent.len() - 1 <= most as usize)
    }

    #[test]
    fn random_histories_come_to_every_result() {
        let mut seen = Vec::new();
        for number in 0..10_000 {
            for (.., result) in History::random(number).steps {
                let kind = match result {
                    EventResult::RateLimited { retry_after } => {
                        EventResult::RateLimited { retry_after: retry_after.map(|_| Duration::ZERO) }
                    }
                    other => other,
                };
                if !seen.contains(&kind) {
                    seen.push(kind);
                }
            }
        }
        // Six outcomes, the three states that a cancellation can find or leave, a resend, a conflict, two limits.
        assert_eq!(seen.len(), 6 + 3 + 1 + 1 + 2, "{seen:?}");
    }
}
