//! The state machine of an app's screen. Below `VerificationSession` of both languages, which owns the calls to the
//! app's server and tells the time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use egoi_verify::Error;
use egoi_verify::session::{
    Advice, AskedAgain, AwaitingCode, CodeSent, Moment, Problem, Session, SessionState, Submission,
};
use egoi_verify_runtime::guarded;
use rustix::time::{ClockId, clock_gettime};

use crate::failure::NativeError;
use crate::values::{NativeOutcome, NativeState};

/// See core's `Moment`.
#[derive(Clone, Copy, uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeMoment {
    pub since_boot: Duration,
    pub wall: SystemTime,
}

impl From<NativeMoment> for Moment {
    fn from(moment: NativeMoment) -> Self {
        Self { since_boot: moment.since_boot, wall: moment.wall }
    }
}

/// The time now on this device's clocks.
#[uniffi::export]
pub fn native_now() -> NativeMoment {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const SINCE_BOOT: ClockId = ClockId::Boottime;
    // Apple's goes on while the device sleeps.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const SINCE_BOOT: ClockId = ClockId::Monotonic;
    let read = clock_gettime(SINCE_BOOT);
    let whole = Duration::from_secs(u64::try_from(read.tv_sec).unwrap_or_default());
    let part = Duration::from_nanos(u64::try_from(read.tv_nsec).unwrap_or_default());
    NativeMoment { since_boot: whole + part, wall: SystemTime::now() }
}

/// See core's `AskedAgain`.
#[derive(Clone, Copy, uniffi::Enum)]
#[expect(missing_docs, reason = "the variants of core's")]
pub enum NativeAskedAgain {
    WrongCode,
    Resent,
}

/// See core's `Advice`.
#[derive(Clone, Copy, uniffi::Enum)]
#[expect(missing_docs, reason = "the variants of core's")]
pub enum NativeAdvice {
    TryAgain,
    Wait,
    EnterCode,
    ChangeNumber,
    StartOver,
    ContactSupport,
}

impl From<Advice> for NativeAdvice {
    fn from(advice: Advice) -> Self {
        match advice {
            Advice::TryAgain => Self::TryAgain,
            Advice::Wait => Self::Wait,
            Advice::EnterCode => Self::EnterCode,
            Advice::ChangeNumber => Self::ChangeNumber,
            Advice::StartOver => Self::StartOver,
            Advice::ContactSupport => Self::ContactSupport,
        }
    }
}

impl From<NativeAskedAgain> for AskedAgain {
    fn from(reason: NativeAskedAgain) -> Self {
        match reason {
            NativeAskedAgain::WrongCode => Self::WrongCode,
            NativeAskedAgain::Resent => Self::Resent,
        }
    }
}

impl From<NativeAdvice> for Advice {
    fn from(advice: NativeAdvice) -> Self {
        match advice {
            NativeAdvice::TryAgain => Self::TryAgain,
            NativeAdvice::Wait => Self::Wait,
            NativeAdvice::EnterCode => Self::EnterCode,
            NativeAdvice::ChangeNumber => Self::ChangeNumber,
            NativeAdvice::StartOver => Self::StartOver,
            NativeAdvice::ContactSupport => Self::ContactSupport,
        }
    }
}

/// See core's `AwaitingCode`.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeAwaitingCode {
    pub expires_in: Duration,
    pub resend_in: Option<Duration>,
    pub attempts_left: Option<u32>,
    pub reason: Option<NativeAskedAgain>,
}

impl From<AwaitingCode> for NativeAwaitingCode {
    fn from(awaiting: AwaitingCode) -> Self {
        let AwaitingCode { expires_in, resend_in, attempts_left, reason } = awaiting;
        let reason = reason.map(|reason| match reason {
            AskedAgain::WrongCode => NativeAskedAgain::WrongCode,
            AskedAgain::Resent => NativeAskedAgain::Resent,
        });
        Self { expires_in, resend_in, attempts_left, reason }
    }
}

impl From<NativeAwaitingCode> for AwaitingCode {
    fn from(awaiting: NativeAwaitingCode) -> Self {
        let NativeAwaitingCode { expires_in, resend_in, attempts_left, reason } = awaiting;
        Self { expires_in, resend_in, attempts_left, reason: reason.map(Into::into) }
    }
}

/// See core's `Problem`. Lengths of time in seconds.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeProblem {
    pub code: String,
    pub detail: String,
    pub retry_after: Option<f64>,
    pub sms_possibly_sent: bool,
}

impl From<Problem> for NativeProblem {
    fn from(problem: Problem) -> Self {
        let Problem { code, detail, retry_after, sms_possibly_sent } = problem;
        Self { code, detail, retry_after: retry_after.map(|wait| wait.as_secs_f64()), sms_possibly_sent }
    }
}

impl From<NativeProblem> for Problem {
    fn from(problem: NativeProblem) -> Self {
        let NativeProblem { code, detail, retry_after, sms_possibly_sent } = problem;
        let retry_after = retry_after.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Self { code, detail, retry_after, sms_possibly_sent }
    }
}

/// See core's `SessionState`.
#[derive(uniffi::Enum)]
#[expect(missing_docs, reason = "the variants of core's")]
pub enum NativeSessionState {
    Idle,
    Sending,
    AwaitingCode { awaiting: NativeAwaitingCode },
    Checking,
    Verified,
    Expired,
    Cancelled,
    Failed { problem: NativeProblem, advice: NativeAdvice, awaiting: Option<NativeAwaitingCode> },
}

impl From<SessionState> for NativeSessionState {
    fn from(state: SessionState) -> Self {
        match state {
            SessionState::Idle => Self::Idle,
            SessionState::Sending => Self::Sending,
            SessionState::AwaitingCode(awaiting) => Self::AwaitingCode { awaiting: awaiting.into() },
            SessionState::Checking => Self::Checking,
            SessionState::Verified => Self::Verified,
            SessionState::Expired => Self::Expired,
            SessionState::Cancelled => Self::Cancelled,
            SessionState::Failed { problem, advice, awaiting } => {
                Self::Failed { problem: problem.into(), advice: advice.into(), awaiting: awaiting.map(Into::into) }
            }
        }
    }
}

impl From<NativeSessionState> for SessionState {
    fn from(state: NativeSessionState) -> Self {
        match state {
            NativeSessionState::Idle => Self::Idle,
            NativeSessionState::Sending => Self::Sending,
            NativeSessionState::AwaitingCode { awaiting } => Self::AwaitingCode(awaiting.into()),
            NativeSessionState::Checking => Self::Checking,
            NativeSessionState::Verified => Self::Verified,
            NativeSessionState::Expired => Self::Expired,
            NativeSessionState::Cancelled => Self::Cancelled,
            NativeSessionState::Failed { problem, advice, awaiting } => {
                Self::Failed { problem: problem.into(), advice: advice.into(), awaiting: awaiting.map(Into::into) }
            }
        }
    }
}

/// See core's `CodeSent`. Lengths of time in seconds.
#[derive(uniffi::Record)]
#[expect(missing_docs, reason = "the fields of core's")]
pub struct NativeCodeSent {
    pub id: String,
    pub expires_in: f64,
    pub resend_in: Option<f64>,
    pub attempts_left: Option<u32>,
}

impl From<CodeSent> for NativeCodeSent {
    fn from(sent: CodeSent) -> Self {
        let CodeSent { id, expires_in, resend_in, attempts_left } = sent;
        let resend_in = resend_in.map(|wait| wait.as_secs_f64());
        Self { id, expires_in: expires_in.as_secs_f64(), resend_in, attempts_left }
    }
}

/// What the server is to be asked about a code.
#[derive(uniffi::Record)]
pub struct NativeSubmission {
    /// The request.
    pub id: String,
    /// The code, normalised.
    pub code: String,
}

/// See core's `Session`: what begins a call gives what the server is to be asked.
#[derive(uniffi::Object)]
pub struct NativeSession(Mutex<Session>);

#[uniffi::export]
impl NativeSession {
    /// A new one.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::default()))
    }

    /// See core's `restore_or_restart`.
    #[uniffi::constructor]
    pub fn restore(saved: &str, now: NativeMoment) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Session::restore_or_restart(saved, now.into()))))
    }

    /// See core's.
    pub fn save(&self, now: NativeMoment) -> String {
        self.session().save(now.into())
    }

    /// See core's.
    pub fn state(&self, now: NativeMoment) -> NativeSessionState {
        self.session().state(now.into()).into()
    }

    /// See core's.
    pub fn number(&self) -> Option<String> {
        self.session().number()
    }

    /// See core's.
    pub fn next_change(&self, now: NativeMoment) -> Option<Duration> {
        self.session().next_change(now.into())
    }

    /// See core's `start`: the number to send to; none where nothing is to be asked, and the state says why.
    pub fn start(&self, number: &str, now: NativeMoment) -> Result<Option<String>, NativeError> {
        self.begin(|session| Ok(session.start(number, now.into())?.e164()))
    }

    /// See core's `submit`, and `start`.
    pub fn submit(&self, code: &str, now: NativeMoment) -> Result<Option<NativeSubmission>, NativeError> {
        self.begin(|session| {
            let Submission { id, code } = session.submit(code, now.into())?;
            Ok(NativeSubmission { id, code: code.expose().to_owned() })
        })
    }

    /// See core's `resend`, and `start`: the id of the request.
    pub fn resend(&self, now: NativeMoment) -> Result<Option<String>, NativeError> {
        self.begin(|session| session.resend(now.into()))
    }

    /// See core's `cancel`, and `start`: the id of the request.
    pub fn cancel(&self, now: NativeMoment) -> Result<Option<String>, NativeError> {
        self.begin(|session| session.cancel(now.into()))
    }

    /// See core's. A length of time that is none is refused there as nothing is.
    pub fn sent(&self, sent: NativeCodeSent, now: NativeMoment) {
        let NativeCodeSent { id, expires_in, resend_in, attempts_left } = sent;
        let span = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let sent = CodeSent { id, expires_in: span(expires_in), resend_in: resend_in.map(span), attempts_left };
        self.session().sent(sent, now.into());
    }

    /// See core's.
    pub fn checked(&self, outcome: NativeOutcome, attempts_left: Option<u32>, now: NativeMoment) {
        self.session().checked(outcome.into(), attempts_left, now.into());
    }

    /// See core's.
    pub fn ended(&self, state: NativeState, now: NativeMoment) {
        self.session().ended(state.into(), now.into());
    }

    /// See core's.
    pub fn failed(&self, problem: NativeProblem, now: NativeMoment) {
        self.session().failed(problem.into(), now.into());
    }

    /// See core's.
    pub fn cancelled(&self, now: NativeMoment) {
        self.session().cancelled(now.into());
    }

    /// See core's; while a call is under way it does nothing.
    pub fn reset(&self) {
        let _ = self.session().reset();
    }
}

impl NativeSession {
    fn session(&self) -> MutexGuard<'_, Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin<T>(&self, call: impl FnOnce(&mut Session) -> Result<T, Error>) -> Result<Option<T>, NativeError> {
        Ok(guarded(|| Ok(call(&mut self.session()).ok()))?)
    }
}
