//! The states and the outcomes that there are.

use egoi_verify::{Outcome, State};

pub(crate) const STATES: [State; 4] = [State::Pending, State::Verified, State::Expired, State::Cancelled];

pub(crate) const OUTCOMES: [Outcome; 6] = [
    Outcome::Verified,
    Outcome::WrongCode,
    Outcome::Expired,
    Outcome::AlreadyVerified,
    Outcome::Cancelled,
    Outcome::TooManyAttempts,
];
