//! The state machine: a pure function of record, event and time. It is the specification of every store.
//!
//! ```
//! use std::time::Duration;
//! use egoi_verify::machine::{Event, EventResult, Record, RequestLimits, Timestamp};
//! use egoi_verify::{Outcome, State};
//!
//! let now = Timestamp(0);
//! let limits = RequestLimits { max_attempts: Some(5), max_resends: Some(3), resend_after: None };
//! let record = Record::new(now, Duration::from_secs(600));
//! let (record, result) = record.step(Event::Validate { code_is_right: true }, now, &limits);
//! assert_eq!(result, EventResult::Outcome(Outcome::Verified));
//! assert_eq!(record.state(now), State::Verified);
//! ```

use std::time::Duration;

use crate::verification::{Outcome, State};

/// Milliseconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This time plus the span. It saturates.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }

    /// The time from `then` until this. Zero if this is earlier.
    pub fn since(self, then: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(then.0))
    }
}

impl From<Timestamp> for std::time::SystemTime {
    fn from(at: Timestamp) -> Self {
        // A time beyond what the platform can hold, which no validity reaches, is as good as the epoch's end.
        Self::UNIX_EPOCH.checked_add(Duration::from_millis(at.0)).unwrap_or(Self::UNIX_EPOCH)
    }
}

/// The progress of a request. It does not include `expired`, which follows from the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Progress {
    /// The request is neither verified nor cancelled.
    Open,
    /// The right code was given in time.
    Verified,
    /// The request was cancelled in time.
    Cancelled,
}

/// A request in the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Record {
    /// The past events.
    pub progress: Progress,
    /// The code is valid before this time.
    pub expires_at: Timestamp,
    /// Wrong codes so far.
    pub wrong_codes: u32,
    /// Resends so far.
    pub resends: u32,
    /// The time of the latest SMS.
    pub sent_at: Timestamp,
}

/// An event of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A code is submitted. It is checked only if the record allows another attempt.
    Validate {
        /// Whether the code is the one of the latest SMS.
        code_is_right: bool,
    },
    /// The request is cancelled.
    Cancel,
    /// A new code is requested.
    Resend {
        /// The validity of the new code.
        validity: Duration,
    },
}

/// The result of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventResult {
    /// Of `Validate`: the outcome.
    Outcome(Outcome),
    /// Of `Cancel`: the new state.
    State(State),
    /// Of `Resend`: the SMS may be sent. The record has the new validity.
    Resend,
    /// Of `Resend`: the request is finished, or its attempts are used up.
    Conflict,
    /// Of `Resend`: a limit stopped it.
    RateLimited {
        /// How long to wait. `None` if waiting does not help.
        retry_after: Option<Duration>,
    },
}

/// The limits of one request; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RequestLimits {
    /// The maximum of wrong codes. A resend does not reset the count.
    pub max_attempts: Option<u32>,
    /// The maximum of resends.
    pub max_resends: Option<u32>,
    /// The pause between two SMS to one number.
    pub resend_after: Option<Duration>,
}

impl Record {
    /// Makes a new request.
    pub fn new(now: Timestamp, validity: Duration) -> Self {
        Self { progress: Progress::Open, expires_at: now.after(validity), wrong_codes: 0, resends: 0, sent_at: now }
    }

    /// The state at a time. A code is valid while `now < expires_at`.
    pub fn state(&self, now: Timestamp) -> State {
        match self.progress {
            Progress::Verified => State::Verified,
            Progress::Cancelled => State::Cancelled,
            Progress::Open if now < self.expires_at => State::Pending,
            Progress::Open => State::Expired,
        }
    }

    /// How many more wrong codes are accepted. `None` is no limit.
    pub fn attempts_left(&self, limits: &RequestLimits) -> Option<u32> {
        limits.max_attempts.map(|max| max.saturating_sub(self.wrong_codes))
    }

    /// How many more resends are accepted. `None` is no limit.
    pub fn resends_left(&self, limits: &RequestLimits) -> Option<u32> {
        limits.max_resends.map(|max| max.saturating_sub(self.resends))
    }

    /// The end of the pause after the latest SMS. `None` if there is no pause, or if no resend is possible after it.
    pub fn resend_at(&self, now: Timestamp, limits: &RequestLimits) -> Option<Timestamp> {
        let is_over = self.state(now) != State::Pending || self.attempts_left(limits) == Some(0);
        let pause = limits.resend_after.filter(|_| !is_over && self.resends_left(limits) != Some(0))?;
        Some(self.sent_at.after(pause))
    }

    /// Applies an event. Returns the new record and the result.
    #[must_use]
    pub fn step(mut self, event: Event, now: Timestamp, limits: &RequestLimits) -> (Self, EventResult) {
        let state = self.state(now);
        let spent = self.attempts_left(limits) == Some(0);
        let result = match (event, state) {
            (Event::Validate { .. }, State::Pending) if spent => EventResult::Outcome(Outcome::TooManyAttempts),
            (Event::Validate { code_is_right: true }, State::Pending) => {
                self.progress = Progress::Verified;
                EventResult::Outcome(Outcome::Verified)
            }
            (Event::Validate { code_is_right: false }, State::Pending) => {
                self.wrong_codes = self.wrong_codes.saturating_add(1);
                EventResult::Outcome(Outcome::WrongCode)
            }
            (Event::Validate { .. }, State::Verified) => EventResult::Outcome(Outcome::AlreadyVerified),
            (Event::Validate { .. }, State::Expired) => EventResult::Outcome(Outcome::Expired),
            (Event::Validate { .. }, State::Cancelled) => EventResult::Outcome(Outcome::Cancelled),
            (Event::Cancel, State::Pending) => {
                self.progress = Progress::Cancelled;
                EventResult::State(State::Cancelled)
            }
            (Event::Cancel, over) => EventResult::State(over),
            (Event::Resend { .. }, State::Pending) if spent => EventResult::Conflict,
            (Event::Resend { validity }, State::Pending) => {
                let pause = limits.resend_after.unwrap_or_default();
                let pause_ends = self.sent_at.after(pause);
                if limits.max_resends.is_some_and(|max| self.resends >= max) {
                    EventResult::RateLimited { retry_after: None }
                } else if now < pause_ends {
                    EventResult::RateLimited { retry_after: Some(pause_ends.since(now)) }
                } else {
                    self.resends = self.resends.saturating_add(1);
                    self.sent_at = now;
                    self.expires_at = now.after(validity);
                    EventResult::Resend
                }
            }
            (Event::Resend { .. }, _) => EventResult::Conflict,
        };
        (self, result)
    }
}

/// A limit: at most `limit` events in a window of `per`. The window starts at its first event.
///
/// ```
/// use std::time::Duration;
/// use egoi_verify::{EngineOptions, Quota};
///
/// let hour = Duration::from_secs(3600);
/// let options = EngineOptions::default().sms_per_number(Some(Quota { limit: 3, per: hour }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    /// The maximum of events in the window.
    pub limit: u32,
    /// The length of the window.
    pub per: Duration,
}

/// A limit: at most `limit` SMS in a window of `per` to numbers that differ only in their last digits.
///
/// ```
/// use std::time::Duration;
/// use egoi_verify::{EngineOptions, PrefixQuota};
///
/// let day = Duration::from_secs(24 * 60 * 60);
/// let quota = PrefixQuota { limit: 10, per: day, last_digits: 3 };
/// let options = EngineOptions::default().sms_per_prefix(Some(quota));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PrefixQuota {
    /// The maximum of SMS in the window.
    pub limit: u32,
    /// The length of the window.
    pub per: Duration,
    /// The number of digits at the end that may differ, 1 to 14. If a number has fewer digits after its calling code, all numbers of
    /// that calling code share one window.
    pub last_digits: u32,
}

impl PrefixQuota {
    /// The quota without the digits.
    pub(crate) fn quota(&self) -> Quota {
        Quota { limit: self.limit, per: self.per }
    }
}

/// The counted events of one phone number, client or prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Window {
    /// The time of the first event.
    pub started: Timestamp,
    /// The number of events.
    pub count: u32,
}

impl Window {
    /// The window at a time: empty after its end.
    #[must_use]
    pub fn at(self, now: Timestamp, quota: &Quota) -> Self {
        if self.count > 0 && now < self.started.after(quota.per) { self } else { Self { started: now, count: 0 } }
    }

    /// How long until another event is allowed. `None` if it is allowed now.
    pub fn wait(self, now: Timestamp, quota: &Quota) -> Option<Duration> {
        let window = self.at(now, quota);
        (window.count >= quota.limit).then(|| window.started.after(quota.per).since(now))
    }

    /// How many more events are allowed now.
    pub fn left(self, now: Timestamp, quota: &Quota) -> u32 {
        quota.limit.saturating_sub(self.at(now, quota).count)
    }

    /// The sum of two windows, if both still count.
    fn merged(self, other: Self, now: Timestamp, quota: Option<Quota>) -> Self {
        let counts = |window: Self| window.count > 0 && quota.is_none_or(|quota| now < window.started.after(quota.per));
        match (counts(self), counts(other)) {
            (true, true) => {
                Self { started: self.started.min(other.started), count: self.count.saturating_add(other.count) }
            }
            (false, true) => other,
            _ => self,
        }
    }

    /// Removes an event that was counted at this time and did not happen, from the window that counted it.
    pub fn give_back(&mut self, counted_at: Timestamp) {
        if self.started <= counted_at {
            self.count = self.count.saturating_sub(1);
        }
    }

    /// The window with one more event.
    #[must_use]
    pub fn counted(self, now: Timestamp, quota: &Quota) -> Self {
        let window = self.at(now, quota);
        Self { count: window.count.saturating_add(1), ..window }
    }
}

/// The limits of one phone number, client or prefix; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CounterLimits {
    /// The limit of wrong codes.
    pub wrong_codes: Option<Quota>,
    /// The limit of SMS.
    pub sms: Option<Quota>,
    /// The pause between two SMS.
    pub pause: Option<Duration>,
}

impl CounterLimits {
    /// Whether an SMS is counted at all.
    pub fn count_sms(&self) -> bool {
        self.sms.is_some() || self.pause.is_some()
    }
}

/// The latest SMS that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatestSms {
    /// The time of the SMS.
    pub at: Timestamp,
    /// The request of the SMS.
    pub request: u128,
}

/// The limit that stops an SMS, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsWait {
    /// The pause after the latest SMS.
    Pause(Duration),
    /// The window.
    Quota(Duration),
}

/// The counts of one phone number, client or prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Wrong codes.
    pub wrong_codes: Window,
    /// SMS.
    pub sms: Window,
    /// The latest SMS, of a number.
    pub latest: Option<LatestSms>,
}

impl Counters {
    /// The limit that stops another SMS. `None` if it may be sent now.
    pub fn sms_wait(&self, now: Timestamp, limits: &CounterLimits) -> Option<SmsWait> {
        let ends = limits.pause.and_then(|pause| Some(self.latest?.at.after(pause)));
        match ends.filter(|ends| now < *ends) {
            Some(ends) => Some(SmsWait::Pause(ends.since(now))),
            None => limits.sms.and_then(|quota| self.sms.wait(now, &quota)).map(SmsWait::Quota),
        }
    }

    /// Counts an SMS of a request.
    pub fn count_sms(&mut self, now: Timestamp, request: u128, limits: &CounterLimits) {
        if let Some(quota) = limits.sms {
            self.sms = self.sms.counted(now, &quota);
        }
        if limits.pause.is_some() {
            self.latest = Some(LatestSms { at: now, request });
        }
    }

    /// Removes the SMS of a request that was counted at this time and not sent, from the window that counted it. The pause before it
    /// had ended when it was counted.
    pub fn give_sms_back(&mut self, counted_at: Timestamp, request: u128) {
        self.sms.give_back(counted_at);
        if self.latest.is_some_and(|latest| latest.request == request && latest.at <= counted_at) {
            self.latest = None;
        }
    }

    /// The sum of the counts under two keys, as far as they still count.
    #[must_use]
    pub fn merged(self, other: Self, now: Timestamp, limits: &CounterLimits) -> Self {
        let latest = self.latest.into_iter().chain(other.latest).max_by_key(|latest| latest.at);
        Self {
            wrong_codes: self.wrong_codes.merged(other.wrong_codes, now, limits.wrong_codes),
            sms: self.sms.merged(other.sms, now, limits.sms),
            latest,
        }
    }

    /// The time after which nothing counts any more.
    pub fn end(&self, limits: &CounterLimits) -> Timestamp {
        let end = |window: Window, quota: Option<Quota>| match quota {
            Some(quota) if window.count > 0 => window.started.after(quota.per),
            _ => Timestamp::default(),
        };
        let pause = limits.pause.and_then(|pause| Some(self.latest?.at.after(pause)));
        end(self.wrong_codes, limits.wrong_codes).max(end(self.sms, limits.sms)).max(pause.unwrap_or_default())
    }
}
