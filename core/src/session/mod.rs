//! The state of an app's screen while a person proves a number: a state machine without clock, I/O or randomness.
//!
//! An app must not hold an E-goi key, so it talks to its own server, which holds the [`Verifier`](crate::Verifier) and
//! decides. **What a session says proves nothing to anybody but the person who looks at the screen**: the server grants
//! what is to be granted, in its own session, when its own call says [`Outcome::Verified`].
//!
//! Whoever drives a [`Session`] calls [`start`](Session::start), [`submit`](Session::submit), [`resend`](Session::resend)
//! or [`cancel`](Session::cancel), asks the server with what comes back, and tells the session what came of it by
//! [`sent`](Session::sent), [`checked`](Session::checked), [`ended`](Session::ended), [`failed`](Session::failed) or
//! [`cancelled`](Session::cancelled). One call is under way at a time: any other is refused with `conflict` until then.
//!
//! What a person does wrong is a state too, so that whoever drives a session needs no error of these calls: a number that is none, an
//! empty code and an early resend show as [`SessionState::Failed`], and what does not fit the state changes nothing.
//!
//! Time is an argument, as a [`Moment`]. Validities are counted on the clock that runs since the device was started, which
//! nobody can change; the server says them as lengths of time and not as instants, as a phone's idea of the time of day may be
//! wrong. [`Session::next_change`] says when to look again, because the code expires or a resend is allowed from then on.

#[doc(hidden)]
pub mod endpoints;
#[doc(hidden)]
pub mod texts;

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Reason};
use crate::sms::code_in_sms;
use crate::values::{Code, PhoneNumber, RequestId};
use crate::verification::{Outcome, State};

/// When something happens, on both clocks of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// How long ago the device was started, sleep included: `CLOCK_BOOTTIME` of Linux and Android, `CLOCK_MONOTONIC` of
    /// Apple's systems.
    pub since_boot: Duration,
    /// The time of day, which the person may change; used alone to bridge a restart of the device.
    pub wall: SystemTime,
}

/// What the screen shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionState {
    /// Nothing has begun: ask for the number.
    Idle,
    /// The server was asked to send a code.
    Sending,
    /// Ask for the code.
    AwaitingCode(AwaitingCode),
    /// A code, or a cancellation, is with the server.
    Checking,
    /// The server said that the number is proved.
    Verified,
    /// The code is not valid any more.
    Expired,
    /// Cancelled.
    Cancelled,
    /// A call failed.
    Failed {
        /// What went wrong.
        problem: Problem,
        /// What the person may do now.
        advice: Advice,
        /// The request that still waits for its code, if there is one: it may still be given.
        awaiting: Option<AwaitingCode>,
    },
}

/// A request that waits for its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitingCode {
    /// How much longer the code is good. Never zero.
    pub expires_in: Duration,
    /// How long until a new code may be asked for: zero from then on, none if the server sends no other.
    pub resend_in: Option<Duration>,
    /// How many wrong codes are left, if the server counts them.
    pub attempts_left: Option<u32>,
    /// Why the code is asked for again.
    pub reason: Option<AskedAgain>,
}

/// Why a code is asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedAgain {
    /// The one before was wrong.
    WrongCode,
    /// A new one was sent, and the old one stopped working.
    Resent,
}

/// What the person may do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// The same again: nothing was sent and nothing spent.
    TryAgain,
    /// The same again, after `retry_after` of the problem.
    Wait,
    /// Give the code, again or for the first time.
    EnterCode,
    /// Give another number.
    ChangeNumber,
    /// Begin anew, with a new SMS; a code that still arrives will not do.
    StartOver,
    /// Nothing here helps: the server is set up wrongly.
    ContactSupport,
}

/// Why a call to the app's server failed. In the words of [`ErrorCode`], which the server passes on, if it has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The word of an [`ErrorCode`] or, where the server says so of a code, of an [`Outcome`].
    pub code: String,
    /// For people; holds no code and no whole number.
    pub detail: String,
    /// How long to wait.
    pub retry_after: Option<Duration>,
    /// Whether an SMS may have gone out.
    pub sms_possibly_sent: bool,
}

/// The response of the server to a request and to a resend.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeSent {
    /// What the server knows the request by: at most 128 characters of `A-Z a-z 0-9 . _ -`.
    pub id: String,
    /// How long the code is good: more than nothing, at most an hour.
    pub expires_in: Duration,
    /// How long until another code may be asked for; none if the server sends no other.
    pub resend_in: Option<Duration>,
    /// How many wrong codes are allowed, if the server counts them.
    pub attempts_left: Option<u32>,
}

/// A code that the server is to be asked about.
pub struct Submission {
    /// The request.
    pub id: String,
    /// The code, normalised.
    pub code: Code,
}

/// The screen's state machine. Its `Debug` shows neither number nor id.
pub struct Session {
    number: Option<PhoneNumber>,
    stage: Stage,
}

/// Times are milliseconds since the device was started.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Idle,
    Sending { resending: Option<Live> },
    Awaiting { live: Live, reason: Option<AskedAgain> },
    Checking { live: Live, cancelling: bool },
    Verified,
    Expired,
    Cancelled,
    Failed { problem: Problem, advice: Advice, live: Option<Live> },
}

/// A request that can still be verified.
#[derive(Clone, Serialize, Deserialize)]
struct Live {
    id: String,
    validity: u64,
    expires_at: u64,
    resend_at: Option<u64>,
    attempts_left: Option<u32>,
}

/// A session as it is kept while the app is not running.
#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    since_boot: u64,
    wall: u64,
    number: Option<String>,
    stage: Stage,
}

const VERSION: u32 = 1;
const LONGEST_VALIDITY: Duration = Duration::from_secs(3600);

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Idle => "idle",
            Stage::Sending { .. } => "sending",
            Stage::Awaiting { .. } => "awaiting_code",
            Stage::Checking { .. } => "checking",
            Stage::Verified => "verified",
            Stage::Expired => "expired",
            Stage::Cancelled => "cancelled",
            Stage::Failed { .. } => "failed",
        };
        write!(f, "Session({stage})")
    }
}

impl Default for Session {
    fn default() -> Self {
        Self { number: None, stage: Stage::Idle }
    }
}

impl Session {
    /// What the screen shows now.
    pub fn state(&self, now: Moment) -> SessionState {
        match &self.stage {
            _ if self.has_expired(now) => SessionState::Expired,
            Stage::Idle => SessionState::Idle,
            Stage::Sending { .. } => SessionState::Sending,
            Stage::Awaiting { live, reason } => SessionState::AwaitingCode(live.shown(*reason, now)),
            Stage::Checking { .. } => SessionState::Checking,
            Stage::Verified => SessionState::Verified,
            Stage::Expired => SessionState::Expired,
            Stage::Cancelled => SessionState::Cancelled,
            Stage::Failed { problem, advice, live } => SessionState::Failed {
                problem: problem.clone(),
                advice: *advice,
                awaiting: live.as_ref().map(|live| live.shown(None, now)),
            },
        }
    }

    /// The number that is being proved, in E.164, for the screen.
    pub fn number(&self) -> Option<String> {
        self.number.map(PhoneNumber::e164)
    }

    /// In how long the state changes by itself, because the code expires or a resend is allowed; none where it does not.
    pub fn next_change(&self, now: Moment) -> Option<Duration> {
        let now = millis(now.since_boot);
        let live = self.live()?;
        [Some(live.expires_at), live.resend_at]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min()
            .map(|at| Duration::from_millis(at - now))
    }

    /// Asks for a code to a number as people write it; returns the number to send to.
    ///
    /// # Errors
    ///
    /// `invalid_input` if it is no number, which the state shows too; `conflict` while a call is under way or a code is awaited:
    /// [`cancel`](Self::cancel) first.
    pub fn start(&mut self, number: &str, now: Moment) -> Result<PhoneNumber, Error> {
        self.expire(now);
        match self.stage {
            Stage::Sending { .. } | Stage::Checking { .. } => return Err(under_way()),
            Stage::Awaiting { .. } => return Err(conflict("a code is awaited: cancel before another number is tried")),
            Stage::Idle | Stage::Verified | Stage::Expired | Stage::Cancelled | Stage::Failed { .. } => {}
        }
        let number = match PhoneNumber::parse(number) {
            Ok(number) => number,
            Err(error) => return Err(self.refuse(error, Advice::ChangeNumber, None)),
        };
        self.number = Some(number);
        self.stage = Stage::Sending { resending: None };
        Ok(number)
    }

    /// Submits the code that the person gave: typed or pasted, in any case and script, with spaces, hyphens and direction
    /// marks. Of a whole SMS the code in it is submitted.
    ///
    /// # Errors
    ///
    /// `invalid_input` if it holds no code, which the state shows too; `conflict` if no code is awaited.
    pub fn submit(&mut self, given: &str, now: Moment) -> Result<Submission, Error> {
        let live = self.awaited(now)?;
        let code = match code_of(given) {
            Ok(code) => code,
            Err(error) => return Err(self.refuse(error, Advice::EnterCode, Some(live))),
        };
        let id = live.id.clone();
        self.stage = Stage::Checking { live, cancelling: false };
        Ok(Submission { id, code })
    }

    /// Asks for a new code; returns the request's id.
    ///
    /// # Errors
    ///
    /// `rate_limited` before it is allowed, which the state shows too; `conflict` if no code is awaited or if the server sends no other.
    pub fn resend(&mut self, now: Moment) -> Result<String, Error> {
        let live = self.awaited(now)?;
        let at = live.resend_at.ok_or_else(|| conflict("no other code is sent for this request"))?;
        let wait = Duration::from_millis(at.saturating_sub(millis(now.since_boot)));
        if !wait.is_zero() {
            let error =
                Error::new(ErrorCode::RateLimited, "too soon after the code before").with_retry_after(Some(wait));
            return Err(self.refuse(error, Advice::Wait, Some(live)));
        }
        let id = live.id.clone();
        self.stage = Stage::Sending { resending: Some(live) };
        Ok(id)
    }

    /// Cancels the request and returns its id.
    ///
    /// # Errors
    ///
    /// `conflict` if no code is awaited.
    pub fn cancel(&mut self, now: Moment) -> Result<String, Error> {
        let live = self.awaited(now)?;
        let id = live.id.clone();
        self.stage = Stage::Checking { live, cancelling: true };
        Ok(id)
    }

    /// The server sent a code. What it said is checked, as it comes from a network: `invalid_response`, which is
    /// then what the session failed with.
    pub fn sent(&mut self, sent: CodeSent, now: Moment) {
        let Stage::Sending { resending } = &self.stage else { return };
        let reason = resending.is_some().then_some(AskedAgain::Resent);
        let fault = if RequestId::parse(&sent.id).is_err() {
            Some("the server's `id` is not 1 to 128 characters of `A-Z a-z 0-9 . _ -`")
        } else if sent.expires_in.is_zero() || sent.expires_in > LONGEST_VALIDITY {
            Some("the server's `expires_in` is not more than 0 and at most 3600 seconds")
        } else {
            None
        };
        if let Some(fault) = fault {
            return self.failed(Problem::new(ErrorCode::InvalidResponse, fault, true), now);
        }
        let (now, validity) = (millis(now.since_boot), millis(sent.expires_in));
        let live = Live {
            id: sent.id,
            validity,
            expires_at: now.saturating_add(validity),
            resend_at: sent.resend_in.map(|wait| now.saturating_add(millis(wait))),
            attempts_left: sent.attempts_left,
        };
        self.stage = Stage::Awaiting { live, reason };
    }

    /// What the server said to the code, and how many wrong ones it still takes.
    pub fn checked(&mut self, outcome: Outcome, attempts_left: Option<u32>, now: Moment) {
        let Stage::Checking { live, cancelling: false } = &self.stage else { return };
        let over = |code: Outcome, detail| Stage::Failed {
            problem: Problem { code: code.as_str().to_owned(), detail, retry_after: None, sms_possibly_sent: false },
            advice: Advice::StartOver,
            live: None,
        };
        self.stage = match outcome {
            Outcome::Verified => Stage::Verified,
            Outcome::WrongCode => Stage::Awaiting {
                live: Live { attempts_left: attempts_left.or(live.attempts_left), ..live.clone() },
                reason: Some(AskedAgain::WrongCode),
            },
            Outcome::Expired => Stage::Expired,
            Outcome::Cancelled => Stage::Cancelled,
            Outcome::AlreadyVerified => over(outcome, "verified before, which proves nothing now".to_owned()),
            Outcome::TooManyAttempts => over(outcome, "too many wrong codes".to_owned()),
        };
        self.expire(now);
    }

    /// The state that the request is in after a cancellation.
    pub fn ended(&mut self, state: State, now: Moment) {
        let Stage::Checking { live, cancelling: true } = &self.stage else { return };
        self.stage = match state {
            State::Cancelled => Stage::Cancelled,
            State::Verified => Stage::Verified,
            State::Expired => Stage::Expired,
            State::Pending => Stage::Awaiting { live: live.clone(), reason: None },
        };
        self.expire(now);
    }

    /// The call failed.
    pub fn failed(&mut self, problem: Problem, now: Moment) {
        let (advice, live) = match &self.stage {
            Stage::Sending { resending: None } => (problem.advice_for_request(), None),
            Stage::Sending { resending: Some(live) } => {
                let mut live = live.clone();
                if problem.sms_possibly_sent {
                    // The new code may be the one that counts, and its validity has begun then.
                    live.expires_at = live.expires_at.max(millis(now.since_boot).saturating_add(live.validity));
                }
                if let Some(wait) = problem.retry_after {
                    live.resend_at = Some(millis(now.since_boot).saturating_add(millis(wait)));
                }
                keeping(problem.advice_for_resend(), live)
            }
            Stage::Checking { live, cancelling: false } => keeping(problem.advice_for_code(), live.clone()),
            Stage::Checking { live, cancelling: true } => keeping(problem.advice_for_cancelling(), live.clone()),
            _ => return,
        };
        self.stage = Stage::Failed { problem, advice, live };
        self.expire(now);
    }

    /// The call was cancelled, so that its effect is not known.
    pub fn cancelled(&mut self, now: Moment) {
        let sms_possibly_sent = matches!(self.stage, Stage::Sending { .. });
        self.failed(
            Problem::new(ErrorCode::Interrupted, "the call was cancelled before its response came", sms_possibly_sent),
            now,
        );
    }

    /// Goes back to the beginning. The server is not told.
    ///
    /// # Errors
    ///
    /// `conflict` while a call is under way.
    pub fn reset(&mut self) -> Result<(), Error> {
        if matches!(self.stage, Stage::Sending { .. } | Stage::Checking { .. }) {
            return Err(under_way());
        }
        *self = Self::default();
        Ok(())
    }

    /// The session as a text, for when the system ends the app. It holds the number and the request's id, no code.
    pub fn save(&self, now: Moment) -> String {
        let saved = Saved {
            version: VERSION,
            since_boot: millis(now.since_boot),
            wall: since_epoch(now.wall),
            number: self.number(),
            stage: self.stage.clone(),
        };
        serde_json::to_string(&saved).unwrap_or_default()
    }

    /// A session that was saved, or a new one that says that what was saved could not be read: the app may have been replaced by an
    /// older version, which is nothing that a person could change.
    pub fn restore_or_restart(saved: &str, now: Moment) -> Self {
        Self::restore(saved, now).unwrap_or_else(|error| {
            let mut session = Self::default();
            session.refuse(error, Advice::StartOver, None);
            session
        })
    }

    /// Restores a session that was saved. A call that was under way then counts as cancelled.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a text that is no saved session: begin a new one.
    pub fn restore(saved: &str, now: Moment) -> Result<Self, Error> {
        let refused =
            || Error::invalid_input("saved", Reason::Malformed, "is not a session that this version has saved");
        let saved: Saved = serde_json::from_str(saved).map_err(|_| refused())?;
        if saved.version != VERSION {
            return Err(refused());
        }
        let number = saved.number.map(|number| PhoneNumber::parse(&number)).transpose().map_err(|_| refused())?;
        let mut session = Self { number, stage: saved.stage };
        if session.live().is_some_and(|live| RequestId::parse(&live.id).is_err()) {
            return Err(refused());
        }
        let on_this_clock = millis(now.since_boot);
        if on_this_clock < saved.since_boot
            && let Some(live) = session.live_mut()
        {
            // The device was restarted in between: for how long it was off the time of day alone can say, and it may have
            // been changed; but it has been on for as long as its clock has run.
            let gone = since_epoch(now.wall).saturating_sub(saved.wall).max(on_this_clock);
            let then = |at: u64| on_this_clock.saturating_add(at.saturating_sub(saved.since_boot).saturating_sub(gone));
            live.resend_at = live.resend_at.map(then);
            live.expires_at = then(live.expires_at);
        }
        session.cancelled(now);
        session.expire(now);
        Ok(session)
    }

    /// Shows why nothing is asked.
    fn refuse(&mut self, error: Error, advice: Advice, live: Option<Live>) -> Error {
        let problem = Problem {
            code: error.code().as_str().to_owned(),
            detail: error.detail().to_owned(),
            retry_after: error.retry_after(),
            sms_possibly_sent: false,
        };
        self.stage = Stage::Failed { problem, advice, live };
        error
    }

    fn live(&self) -> Option<&Live> {
        match &self.stage {
            Stage::Awaiting { live, .. }
            | Stage::Checking { live, .. }
            | Stage::Sending { resending: Some(live) }
            | Stage::Failed { live: Some(live), .. } => Some(live),
            _ => None,
        }
    }

    fn live_mut(&mut self) -> Option<&mut Live> {
        match &mut self.stage {
            Stage::Awaiting { live, .. }
            | Stage::Checking { live, .. }
            | Stage::Sending { resending: Some(live) }
            | Stage::Failed { live: Some(live), .. } => Some(live),
            _ => None,
        }
    }

    /// The request whose code is awaited.
    fn awaited(&mut self, now: Moment) -> Result<Live, Error> {
        self.expire(now);
        match &self.stage {
            Stage::Awaiting { live, .. } | Stage::Failed { live: Some(live), .. } => Ok(live.clone()),
            Stage::Sending { .. } | Stage::Checking { .. } => Err(under_way()),
            Stage::Expired => Err(conflict("the code has expired: start again")),
            _ => Err(conflict("no code is awaited: start first")),
        }
    }

    fn expire(&mut self, now: Moment) {
        if self.has_expired(now) {
            self.stage = Stage::Expired;
        }
    }

    /// What waits for its code no longer waits once the validity is over. A response that is under way is waited for.
    fn has_expired(&self, now: Moment) -> bool {
        match &self.stage {
            Stage::Awaiting { live, .. } | Stage::Failed { live: Some(live), .. } => {
                live.expires_at <= millis(now.since_boot)
            }
            _ => false,
        }
    }
}

impl Live {
    fn shown(&self, reason: Option<AskedAgain>, now: Moment) -> AwaitingCode {
        let left = |at: u64| Duration::from_millis(at.saturating_sub(millis(now.since_boot)));
        AwaitingCode {
            expires_in: left(self.expires_at),
            resend_in: self.resend_at.map(left),
            attempts_left: self.attempts_left,
            reason,
        }
    }
}

impl Problem {
    /// Of this code.
    pub fn new(code: ErrorCode, detail: impl Into<String>, sms_possibly_sent: bool) -> Self {
        Self { code: code.as_str().to_owned(), detail: detail.into(), retry_after: None, sms_possibly_sent }
    }

    fn is(&self, codes: &[ErrorCode]) -> bool {
        codes.iter().any(|code| code.as_str() == self.code)
    }

    /// What is the same whatever was called.
    fn general_advice(&self) -> Option<Advice> {
        use ErrorCode::{Closed, Forbidden, Forked, RateLimited, Unauthorized, Unsupported};
        if self.is(&[Unauthorized, Forbidden, Unsupported, Closed, Forked]) {
            Some(Advice::ContactSupport)
        } else if self.is(&[RateLimited]) {
            Some(Advice::Wait)
        } else {
            None
        }
    }

    fn advice_for_request(&self) -> Advice {
        self.general_advice().unwrap_or_else(|| {
            if self.is(&[ErrorCode::InvalidInput, ErrorCode::Rejected]) {
                Advice::ChangeNumber
            } else if self.sms_possibly_sent {
                Advice::StartOver
            } else {
                Advice::TryAgain
            }
        })
    }

    fn advice_for_resend(&self) -> Advice {
        self.over().or_else(|| self.general_advice()).unwrap_or(if self.sms_possibly_sent {
            Advice::EnterCode
        } else {
            Advice::TryAgain
        })
    }

    fn advice_for_code(&self) -> Advice {
        self.over().or_else(|| self.general_advice()).unwrap_or(Advice::EnterCode)
    }

    fn advice_for_cancelling(&self) -> Advice {
        self.over().or_else(|| self.general_advice()).unwrap_or(Advice::TryAgain)
    }

    /// The request is not there any more, or takes no code.
    fn over(&self) -> Option<Advice> {
        self.is(&[ErrorCode::NotFound, ErrorCode::Conflict]).then_some(Advice::StartOver)
    }
}

/// With the request, unless it is over.
fn keeping(advice: Advice, live: Live) -> (Advice, Option<Live>) {
    (advice, (advice != Advice::StartOver).then_some(live))
}

/// No code is longer; what is, is a text with the code in it.
const LONGEST_CODE: usize = 20;

/// The code that was typed or pasted, or that is in the SMS that was pasted.
fn code_of(given: &str) -> Result<Code, Error> {
    let parsed = Code::parse(given);
    let is_short = parsed.as_ref().is_ok_and(|code| code.expose().chars().count() <= LONGEST_CODE);
    // Nobody groups a code in words: three of them are a sentence, with the code behind it.
    let words = given
        .split_whitespace()
        .filter(|word| word.chars().all(char::is_alphabetic) && word.chars().any(char::is_lowercase));
    if is_short && words.count() < 3 {
        return parsed;
    }
    code_in_sms(given, None, None).map_or(parsed, Ok)
}

fn under_way() -> Error {
    conflict("a call is under way: one at a time")
}

fn conflict(detail: &str) -> Error {
    Error::new(ErrorCode::Conflict, detail)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn since_epoch(wall: SystemTime) -> u64 {
    millis(wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}
