//! The state machine: a pure function of record, event and time. It is the specification; every store is held to it.

use std::time::Duration;

use crate::verification::{Outcome, State};

/// Milliseconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This much later, at most at the end of time.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long it is from then until this; nothing where this is earlier.
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

/// What was done to a request; that it expired is not kept but follows from the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Progress {
    /// Neither verified nor cancelled.
    Open,
    /// The right code was given in time.
    Verified,
    /// Cancelled in time.
    Cancelled,
}

/// A request, as the state machine has it.
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
    /// When the code was last handed over.
    pub sent_at: Timestamp,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A code was submitted. Whether it is the right one is only looked at where the record allows another attempt.
    Validate {
        /// Whether it is the code that was sent last.
        code_is_right: bool,
    },
    /// The sender cancels.
    Cancel,
    /// A new code is to be sent.
    Resend {
        /// How long the new code is good.
        validity: Duration,
    },
}

/// What an event is answered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventResult {
    /// To a code.
    Outcome(Outcome),
    /// To a cancellation: the state afterwards.
    State(State),
    /// To a resend: it may go ahead, the record has the new validity.
    Resend,
    /// To a resend: the request is over, or its attempts are used up.
    Conflict,
    /// To a resend: a limit. Where the wait is known, it helps to wait.
    RateLimited {
        /// How long to wait; none where waiting does not help.
        retry_after: Option<Duration>,
    },
}

/// The limits of one request; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RequestLimits {
    /// Wrong codes, not given back by a resend.
    pub max_attempts: Option<u32>,
    /// Resends.
    pub max_resends: Option<u32>,
    /// The pause between two SMS to one number.
    pub resend_after: Option<Duration>,
}

impl Record {
    /// A new request.
    pub fn new(now: Timestamp, validity: Duration) -> Self {
        Self { progress: Progress::Open, expires_at: now.after(validity), wrong_codes: 0, resends: 0, sent_at: now }
    }

    /// The state at a time. A code is good while `now < expires_at`.
    pub fn state(&self, now: Timestamp) -> State {
        match self.progress {
            Progress::Verified => State::Verified,
            Progress::Cancelled => State::Cancelled,
            Progress::Open if now < self.expires_at => State::Pending,
            Progress::Open => State::Expired,
        }
    }

    /// Whether another code may be looked at.
    pub fn attempts_left(&self, limits: &RequestLimits) -> Option<u32> {
        limits.max_attempts.map(|max| max.saturating_sub(self.wrong_codes))
    }

    /// How many more resends there may be; none where they are not limited.
    pub fn resends_left(&self, limits: &RequestLimits) -> Option<u32> {
        limits.max_resends.map(|max| max.saturating_sub(self.resends))
    }

    /// When the pause after the latest SMS ends; none where there is no pause, or no resend that waiting could help.
    pub fn resend_at(&self, now: Timestamp, limits: &RequestLimits) -> Option<Timestamp> {
        let is_over = self.state(now) != State::Pending || self.attempts_left(limits) == Some(0);
        let pause = limits.resend_after.filter(|_| !is_over && self.resends_left(limits) != Some(0))?;
        Some(self.sent_at.after(pause))
    }

    /// What becomes of the record at an event, and the result.
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

/// At most this many events in this long a window, which starts at its first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    /// How many events.
    pub limit: u32,
    /// How long the window is.
    pub per: Duration,
}

/// So many SMS in so long a window to numbers that share all but their last digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PrefixQuota {
    /// How many SMS.
    pub limit: u32,
    /// How long the window is.
    pub per: Duration,
    /// How many digits at the end of a number may differ. With as many as the number has behind its calling code, all numbers of
    /// that calling code share one window.
    pub last_digits: u32,
}

impl PrefixQuota {
    /// How many SMS in how long a window.
    pub(crate) fn quota(&self) -> Quota {
        Quota { limit: self.limit, per: self.per }
    }
}

/// Events of one phone number, client or prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Window {
    /// When the first event was.
    pub started: Timestamp,
    /// How many there were.
    pub count: u32,
}

impl Window {
    /// The window as it is now: empty once its time is over.
    #[must_use]
    pub fn at(self, now: Timestamp, quota: &Quota) -> Self {
        if self.count > 0 && now < self.started.after(quota.per) { self } else { Self { started: now, count: 0 } }
    }

    /// How long until another event is allowed; none where it is allowed now.
    pub fn wait(self, now: Timestamp, quota: &Quota) -> Option<Duration> {
        let window = self.at(now, quota);
        (window.count >= quota.limit).then(|| window.started.after(quota.per).since(now))
    }

    /// Both together, where both count still; without a limit nobody asks.
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

    /// Gives an event back that was counted then and did not happen: to the window that it was counted in.
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
    /// Wrong codes.
    pub wrong_codes: Option<Quota>,
    /// SMS.
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
    /// When.
    pub at: Timestamp,
    /// The request that it is of.
    pub request: u128,
}

/// What stops an SMS, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsWait {
    /// The pause after the latest SMS.
    Pause(Duration),
    /// The window.
    Quota(Duration),
}

/// What is counted for one phone number, client or prefix.
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
    /// What stops another SMS; none where it may be sent now.
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

    /// Gives the SMS of a request back that was counted then, and not sent: to the window that it was counted in. The pause
    /// before it was over when it was counted.
    pub fn give_sms_back(&mut self, counted_at: Timestamp, request: u128) {
        self.sms.give_back(counted_at);
        if self.latest.is_some_and(|latest| latest.request == request && latest.at <= counted_at) {
            self.latest = None;
        }
    }

    /// What was counted under two keys together, as far as it counts still.
    #[must_use]
    pub fn merged(self, other: Self, now: Timestamp, limits: &CounterLimits) -> Self {
        let latest = self.latest.into_iter().chain(other.latest).max_by_key(|latest| latest.at);
        Self {
            wrong_codes: self.wrong_codes.merged(other.wrong_codes, now, limits.wrong_codes),
            sms: self.sms.merged(other.sms, now, limits.sms),
            latest,
        }
    }

    /// When nothing of it counts any more.
    pub fn end(&self, limits: &CounterLimits) -> Timestamp {
        let end = |window: Window, quota: Option<Quota>| match quota {
            Some(quota) if window.count > 0 => window.started.after(quota.per),
            _ => Timestamp::default(),
        };
        let pause = limits.pause.and_then(|pause| Some(self.latest?.at.after(pause)));
        end(self.wrong_codes, limits.wrong_codes).max(end(self.sms, limits.sms)).max(pause.unwrap_or_default())
    }
}
