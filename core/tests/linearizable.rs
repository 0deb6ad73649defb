//! The check that histories of several processes are held to can fail.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod cable;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod calls;
    #[allow(dead_code, unused_macros, reason = "each program of tests needs some of it")]
    pub(crate) mod conformance;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod linearizable;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod model;
    pub(crate) mod renamed;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod server;
    pub(crate) mod soak;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod watched;
}

use support::calls::{Call, Made, Most};
use support::linearizable::is_linearizable;

const MAX: Most = Most {
    attempts: Some(2),
    wrong_codes_per_number: None,
    sms_per_number: None,
    wrong_codes_per_client: None,
    sms_per_client: None,
    sms_per_prefix: None,
    resend_after: None,
};
const CREATED: Made = made(Call::Create { id: 1, to: 0, code: 1, key: None }, 0);

const fn made(call: Call, began: u64) -> Made {
    Made { call, began, answer: None, failure: None }
}

fn answered(call: Call, began: u64, ended: u64, answer: &str) -> Made {
    Made { answer: Some((ended, answer.to_owned())), ..made(call, began) }
}

fn validated(code: u8, began: u64, ended: u64, outcome: &str) -> Made {
    answered(Call::Validate { id: 1, code }, began, ended, &format!("Some({outcome})"))
}

fn is_right(history: Vec<Made>) -> bool {
    let mut all = vec![Made { answer: Some((1, "new".to_owned())), ..CREATED }];
    all.extend(history);
    is_linearizable(&all, MAX)
}

#[test]
fn calls_that_overlap_may_have_been_in_either_order() {
    assert!(is_right(vec![validated(1, 2, 9, "AlreadyVerified"), validated(1, 3, 8, "Verified")]));
}

#[test]
fn of_calls_one_after_the_other_the_first_was_first() {
    assert!(!is_right(vec![validated(1, 2, 3, "AlreadyVerified"), validated(1, 4, 5, "Verified")]));
}

#[test]
fn two_successes_are_one_too_many() {
    assert!(!is_right(vec![validated(1, 2, 9, "Verified"), validated(1, 3, 8, "Verified")]));
}

#[test]
fn a_wrong_code_past_the_limit_is_not_looked_at() {
    let wrong = |began| validated(2, began, began + 1, "WrongCode");
    assert!(is_right(vec![wrong(2), wrong(4), validated(1, 6, 7, "TooManyAttempts")]));
    assert!(!is_right(vec![wrong(2), wrong(4), wrong(6)]));
}

#[test]
fn what_failed_may_have_been_done_and_may_not() {
    let failed = made(Call::Validate { id: 1, code: 1 }, 2);
    for outcome in ["Verified", "AlreadyVerified"] {
        assert!(is_right(vec![failed.clone(), validated(1, 4, 5, outcome)]), "{outcome}");
    }
    assert!(!is_right(vec![failed, validated(1, 4, 5, "Verified"), validated(1, 6, 7, "Verified")]));
}
