//! The state of an app's screen while a person proves a number: a state machine without clock, I/O or randomness.
//!
//! An app must not hold an E-goi key. It talks to its own server, which holds the [`Verifier`](crate::Verifier) and decides. **The
//! state of a session proves something only to the person who looks at the screen.** The server grants access, in its own session,
//! when its own `validate` returns [`Outcome::Verified`].
//!
//! The driver of a [`Session`] works in three steps:
//!
//! 1. It calls [`start`](Session::start), [`submit`](Session::submit), [`resend`](Session::resend) or [`cancel`](Session::cancel).
//! 2. It calls the server with the result.
//! 3. It reports the server's response by [`sent`](Session::sent), [`checked`](Session::checked), [`ended`](Session::ended),
//!    [`failed`](Session::failed) or [`cancelled`](Session::cancelled).
//!
//! There is one call at a time. Until it ends, any other call is refused with `conflict`.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use egoi_verify::session::{CodeSent, Moment, Session, SessionState};
//!
//! # fn main() -> Result<(), egoi_verify::Error> {
//! let now = Moment { since_boot: Duration::from_secs(60), wall: SystemTime::now() };
//! let mut session = Session::default();
//! let number = session.start("+351 910 000 000", now)?;
//! // The app sends the number to its server, which responds with an id and a validity.
//! session.sent(
//!     CodeSent { id: "1f".into(), expires_in: Duration::from_secs(300), resend_in: None, attempts_left: None },
//!     now,
//! );
//! assert!(matches!(session.state(now), SessionState::AwaitingCode(_)));
//! # assert_eq!(number.e164(), "+351910000000");
//! # Ok(())
//! # }
//! ```
//!
//! A mistake of the person is a state too, and the driver can ignore the errors of these calls. A text that is not a number, an empty
//! code and an early resend show as [`SessionState::Failed`]. A call that does not fit the state changes nothing.
//!
//! Time is an argument, as a [`Moment`]. Validities count on the clock since the start of the device, which nobody can change. The
//! server reports them as durations and not as instants, because the time of day of a phone may be wrong. [`Session::next_change`]
//! tells when the state changes by itself: the code expires, or a resend becomes possible.

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

/// A time, on both clocks of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time since the start of the device, with sleep: `CLOCK_BOOTTIME` of Linux and Android, `CLOCK_MONOTONIC` of Apple's
    /// systems.
    pub since_boot: Duration,
    /// The time of day, which the person may change. It is used only across a restart of the device.
    pub wall: SystemTime,
}

/// The state of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionState {
    /// Ask for the number.
    Idle,
    /// The server sends a code. Show that the app waits.
    Sending,
    /// Ask for the code.
    AwaitingCode(AwaitingCode),
    /// The server checks a code, or cancels. Show that the app waits.
    Checking,
    /// The server reported that the number is proved.
    Verified,
    /// The code is not valid any more.
    Expired,
    /// The request was cancelled.
    Cancelled,
    /// A call failed.
    Failed {
        /// The failure.
        problem: Problem,
        /// What the person can do now.
        advice: Advice,
        /// The request that still waits for its code, if there is one. The person can still enter the code.
        awaiting: Option<AwaitingCode>,
    },
}

/// A request that waits for its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitingCode {
    /// The remaining validity of the code. Never zero.
    pub expires_in: Duration,
    /// How long until a resend is possible. Zero if it is possible now. `None` if the server has no resend.
    pub resend_in: Option<Duration>,
    /// How many more wrong codes are accepted, if the server reports it.
    pub attempts_left: Option<u32>,
    /// Why the person has to enter a code again.
    pub reason: Option<AskedAgain>,
}

/// Why the person has to enter a code again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedAgain {
    /// The last code was wrong.
    WrongCode,
    /// A new code was sent. The old code stopped working.
    Resent,
}

/// What the person can do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Try the same again. Nothing was sent, and no attempt was used.
    TryAgain,
    /// Try the same again, after `retry_after` of the problem.
    Wait,
    /// Enter the code.
    EnterCode,
    /// Enter another number.
    ChangeNumber,
    /// Start again, with a new SMS. A code that still arrives does not work.
    StartOver,
    /// The person cannot do anything: the server has a wrong configuration.
    ContactSupport,
}

/// The failure of a call to the app's server. The code is an [`ErrorCode`], if the server passes one on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The name of an [`ErrorCode`], or of an [`Outcome`] if the server reports that for a code.
    pub code: String,
    /// The failure in words, for people. It holds no code and no full number.
    pub detail: String,
    /// How long to wait.
    pub retry_after: Option<Duration>,
    /// Whether an SMS may have been sent.
    pub sms_possibly_sent: bool,
}

/// The server's response to a request or a resend.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeSent {
    /// The id of the request for the server: at most 128 characters of `A-Z a-z 0-9 . _ -`.
    pub id: String,
    /// The validity of the code: more than zero, at most an hour.
    pub expires_in: Duration,
    /// How long until a resend is possible. `None` if the server has no resend.
    pub resend_in: Option<Duration>,
    /// How many wrong codes are accepted, if the server limits them.
    pub attempts_left: Option<u32>,
}

/// A code for the server to check.
pub struct Submission {
    /// The request.
    pub id: String,
    /// The code, normalised.
    pub code: Code,
}

/// The state machine of the screen. Its `Debug` shows neither number nor id.
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

/// A request that waits for its code.
#[derive(Clone, Serialize, Deserialize)]
struct Live {
    id: String,
    validity: u64,
    expires_at: u64,
    resend_at: Option<u64>,
    attempts_left: Option<u32>,
}

/// The saved form of a session, while the app does not run.
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
    /// The state of the screen now.
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

    /// The number of the request in E.164, for the screen.
    pub fn number(&self) -> Option<String> {
        self.number.map(PhoneNumber::e164)
    }

    /// How long until the state changes by itself: the code expires, or a resend becomes possible. `None` if it does not change.
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

    /// Starts a request for a number as people write it. Returns the parsed number for the server.
    ///
    /// # Errors
    ///
    /// `invalid_input` if the text is not a number: the state shows it too. `conflict` if there is a call or a request already:
    /// [`cancel`](Self::cancel) it first.
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

    /// Submits the code that the person typed or pasted, in any case and script, with spaces, hyphens and direction marks. If the
    /// text is a full SMS, the code in it is submitted.
    ///
    /// # Errors
    ///
    /// `invalid_input` if the text has no code: the state shows it too. `conflict` if no request waits for a code.
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

    /// Starts a resend. Returns the request's id for the server.
    ///
    /// # Errors
    ///
    /// `rate_limited` if it is too early: the state shows it too. `conflict` if no request waits for a code, or if the server has no
    /// resend.
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

    /// Starts a cancellation. Returns the request's id for the server.
    ///
    /// # Errors
    ///
    /// `conflict` if no request waits for a code.
    pub fn cancel(&mut self, now: Moment) -> Result<String, Error> {
        let live = self.awaited(now)?;
        let id = live.id.clone();
        self.stage = Stage::Checking { live, cancelling: true };
        Ok(id)
    }

    /// Reports that the server sent a code. The response is checked: if it is not valid, the session fails with `invalid_response`.
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

    /// Reports the outcome of a code, and how many more wrong codes the server accepts, if it is known.
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

    /// Reports the state of the request after a cancellation.
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

    /// Reports that the call failed.
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

    /// Reports that the call was cancelled. Its effect is not known.
    pub fn cancelled(&mut self, now: Moment) {
        let sms_possibly_sent = matches!(self.stage, Stage::Sending { .. });
        self.failed(
            Problem::new(ErrorCode::Interrupted, "the call was cancelled before its response came", sms_possibly_sent),
            now,
        );
    }

    /// Goes back to the beginning, without a call to the server.
    ///
    /// # Errors
    ///
    /// `conflict` during a call.
    pub fn reset(&mut self) -> Result<(), Error> {
        if matches!(self.stage, Stage::Sending { .. } | Stage::Checking { .. }) {
            return Err(under_way());
        }
        *self = Self::default();
        Ok(())
    }

    /// Returns the session as a text, to restore it after the system ended the app. It holds the number and the request's id, and no
    /// code.
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

    /// Restores a saved session, or makes a new one if the text cannot be read. The state of the new one reports that. An older
    /// version of the app, for example, cannot read a newer text.
    pub fn restore_or_restart(saved: &str, now: Moment) -> Self {
        Self::restore(saved, now).unwrap_or_else(|error| {
            let mut session = Self::default();
            session.refuse(error, Advice::StartOver, None);
            session
        })
    }

    /// Restores a saved session. A call that was not finished counts as cancelled.
    ///
    /// # Errors
    ///
    /// `invalid_input` if the text is not a saved session: start a new one.
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

    /// Refuses a call, and shows the reason.
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

    /// Whether a request that waits for its code has expired. During a call it has not: its response is awaited.
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
    /// Makes a problem of this code.
    pub fn new(code: ErrorCode, detail: impl Into<String>, sms_possibly_sent: bool) -> Self {
        Self { code: code.as_str().to_owned(), detail: detail.into(), retry_after: None, sms_possibly_sent }
    }

    fn is(&self, codes: &[ErrorCode]) -> bool {
        codes.iter().any(|code| code.as_str() == self.code)
    }

    /// The advice that does not depend on the call.
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

    /// The advice if the request has ended or accepts no code.
    fn over(&self) -> Option<Advice> {
        self.is(&[ErrorCode::NotFound, ErrorCode::Conflict]).then_some(Advice::StartOver)
    }
}

/// Keeps the request, unless it has ended.
fn keeping(advice: Advice, live: Live) -> (Advice, Option<Live>) {
    (advice, (advice != Advice::StartOver).then_some(live))
}

/// The maximum length of a code. A longer text is an SMS with the code in it.
const LONGEST_CODE: usize = 20;

/// The code that was typed or pasted, or the code of a pasted SMS.
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
