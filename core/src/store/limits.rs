//! The limits of an engine and of a client, and which of them stopped an SMS.

use std::time::Duration;

use super::ClientHash;
use crate::error::{Error, ErrorCode, Reason};
use crate::machine::{CounterLimits, PrefixQuota, Quota, Record, RequestLimits, SmsWait};
use crate::values::PhoneNumber;
use crate::verification::{Outcome, OutcomeDetails};

/// A number has 15 digits at most, of which one is of its calling code.
const MAX_LAST_DIGITS: u32 = 14;

/// The limits of an engine or of a client; `None` is no limit. An SMS is given back only when it was certainly not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Those of one request. The pause is between two SMS to one number, whichever their requests.
    pub request: RequestLimits,
    /// Wrong codes for one number, cleared by a success.
    pub wrong_codes_per_number: Option<Quota>,
    /// SMS to one number.
    pub sms_per_number: Option<Quota>,
    /// Wrong codes of one client, which a success does not clear: it may be for another number.
    pub wrong_codes_per_client: Option<Quota>,
    /// SMS for one client.
    pub sms_per_client: Option<Quota>,
    /// SMS to numbers that share all but their last digits.
    pub sms_per_prefix: Option<PrefixQuota>,
}

impl Limits {
    /// No limits at all.
    pub const NONE: Self = Self {
        request: RequestLimits { max_attempts: None, max_resends: None, resend_after: None },
        wrong_codes_per_number: None,
        sms_per_number: None,
        wrong_codes_per_client: None,
        sms_per_client: None,
        sms_per_prefix: None,
    };

    /// Those of one number.
    pub fn of_number(&self) -> CounterLimits {
        CounterLimits {
            wrong_codes: self.wrong_codes_per_number,
            sms: self.sms_per_number,
            pause: self.request.resend_after,
        }
    }

    /// Those of one client.
    pub fn of_client(&self) -> CounterLimits {
        CounterLimits { wrong_codes: self.wrong_codes_per_client, sms: self.sms_per_client, pause: None }
    }

    /// Those of one prefix.
    pub fn of_prefix(&self) -> CounterLimits {
        let sms = self.sms_per_prefix.map(|prefix| prefix.quota());
        CounterLimits { wrong_codes: None, sms, pause: None }
    }

    /// Whom an SMS is counted for under these limits.
    pub fn counted(&self, number: PhoneNumber, client: Option<ClientHash>) -> Counted {
        let prefix = self.sms_per_prefix.map(|prefix| number.prefix(prefix.last_digits));
        Counted { number, client: client.filter(|_| self.sms_per_client.is_some()), prefix }
    }

    /// The same. A quota that allows nothing, or is of no time, is `invalid_input`.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        for (field, quota) in self.quotas() {
            check_quota(field, quota)?;
        }
        let last_digits = self.sms_per_prefix.map_or(1, |prefix| prefix.last_digits);
        if (1..=MAX_LAST_DIGITS).contains(&last_digits) {
            return Ok(self);
        }
        let reason = if last_digits == 0 { Reason::TooSmall } else { Reason::TooLarge };
        let fault = format_args!("has {last_digits} last digits, must have 1 to {MAX_LAST_DIGITS}");
        Err(Error::invalid_input("sms_per_prefix", reason, fault))
    }

    /// The name of one that is set.
    pub(crate) fn first_set(&self) -> Option<&'static str> {
        self.quotas().into_iter().find_map(|(field, quota)| quota.map(|_| field))
    }

    fn quotas(&self) -> [(&'static str, Option<Quota>); 5] {
        [
            ("wrong_codes_per_number", self.wrong_codes_per_number),
            ("sms_per_number", self.sms_per_number),
            ("wrong_codes_per_client", self.wrong_codes_per_client),
            ("sms_per_client", self.sms_per_client),
            ("sms_per_prefix", self.sms_per_prefix.map(|prefix| prefix.quota())),
        ]
    }
}

fn check_quota(field: &str, quota: Option<Quota>) -> Result<(), Error> {
    match quota {
        Some(Quota { limit: 0, .. }) => {
            Err(Error::invalid_input(field, Reason::TooSmall, "has a limit of 0; the minimum is 1"))
        }
        Some(Quota { per: Duration::ZERO, .. }) => {
            Err(Error::invalid_input(field, Reason::TooSmall, "has a window of 0 s; it must be longer"))
        }
        _ => Ok(()),
    }
}

/// Whom an SMS is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The number.
    pub number: PhoneNumber,
    /// The client, where one was named and is counted.
    pub client: Option<ClientHash>,
    /// The digits that the number shares with others, where those are counted.
    pub prefix: Option<u64>,
}

/// The limit that stopped an SMS, and how long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsLimit {
    /// All resends of the request are used up. Waiting does not help.
    MaxResends,
    /// The pause after the latest SMS to the number, or an SMS that is still being delivered.
    ResendAfter(Duration),
    /// The window of the number.
    SmsPerNumber(Duration),
    /// The window of the client.
    SmsPerClient(Duration),
    /// The window of the numbers that share all but their last digits.
    SmsPerPrefix(Duration),
}

impl SmsLimit {
    /// The one that the state machine names.
    pub(crate) fn of(retry_after: Option<Duration>) -> Self {
        retry_after.map_or(Self::MaxResends, Self::ResendAfter)
    }

    /// The one of this name, as the stores that are servers say it.
    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(crate) fn named(name: &str, wait: Duration) -> Option<Self> {
        Some(match name {
            "max_resends" => Self::MaxResends,
            "resend_after" => Self::ResendAfter(wait),
            "sms_per_number" => Self::SmsPerNumber(wait),
            "sms_per_client" => Self::SmsPerClient(wait),
            "sms_per_prefix" => Self::SmsPerPrefix(wait),
            _ => return None,
        })
    }

    /// The one of a number that stops an SMS.
    pub fn of_number(wait: SmsWait) -> Self {
        match wait {
            SmsWait::Pause(wait) => Self::ResendAfter(wait),
            SmsWait::Quota(wait) => Self::SmsPerNumber(wait),
        }
    }

    /// The one of a client that does.
    pub fn of_client(wait: SmsWait) -> Self {
        match wait {
            SmsWait::Pause(wait) | SmsWait::Quota(wait) => Self::SmsPerClient(wait),
        }
    }

    /// The one of a prefix that does.
    pub fn of_prefix(wait: SmsWait) -> Self {
        match wait {
            SmsWait::Pause(wait) | SmsWait::Quota(wait) => Self::SmsPerPrefix(wait),
        }
    }
}

/// The failure of a call that this limit stopped.
pub(crate) fn rate_limited(limit: SmsLimit) -> Error {
    let (name, wait, detail) = match limit {
        SmsLimit::MaxResends => ("max_resends", None, "all resends of this request are used up"),
        SmsLimit::ResendAfter(wait) => ("resend_after", Some(wait), "too soon after the latest SMS to this number"),
        SmsLimit::SmsPerNumber(wait) => ("sms_per_number", Some(wait), "too many SMS to this number"),
        SmsLimit::SmsPerClient(wait) => ("sms_per_client", Some(wait), "too many SMS for this client"),
        SmsLimit::SmsPerPrefix(wait) => {
            ("sms_per_prefix", Some(wait), "too many SMS to numbers that share all but their last digits")
        }
    };
    Error::new(ErrorCode::RateLimited, detail)
        .with_limit(name)
        .with_retry_is_safe(wait.is_some())
        .with_retry_after(wait)
}

/// The outcome of the state machine with the details that the limits of one request give it.
pub(crate) fn details_of(outcome: Outcome, record: &Record, limits: &RequestLimits) -> OutcomeDetails {
    match outcome {
        Outcome::WrongCode => OutcomeDetails::wrong_code([record.attempts_left(limits)]),
        Outcome::TooManyAttempts => OutcomeDetails::stopped_by("max_attempts"),
        other => other.into(),
    }
}

/// The result of a validation, as the stores that are servers say it: the outcome's name, after `wrong_code` a space and the attempts
/// that are left, if a limit counts them; the limit's name in the place of `too_many_attempts`.
#[cfg(any(feature = "postgres", feature = "redis"))]
pub(crate) fn details_said(said: &str) -> Option<OutcomeDetails> {
    Some(match said {
        "verified" => Outcome::Verified.into(),
        "wrong_code" => Outcome::WrongCode.into(),
        "expired" => Outcome::Expired.into(),
        "already_verified" => Outcome::AlreadyVerified.into(),
        "cancelled" => Outcome::Cancelled.into(),
        "max_attempts" => OutcomeDetails::stopped_by("max_attempts"),
        "wrong_codes_per_number" => OutcomeDetails::stopped_by("wrong_codes_per_number"),
        "wrong_codes_per_client" => OutcomeDetails::stopped_by("wrong_codes_per_client"),
        counted => OutcomeDetails::wrong_code([Some(counted.strip_prefix("wrong_code ")?.parse().ok()?)]),
    })
}
