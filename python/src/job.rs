//! One call: made by a client or an engine, then run by the thread that asks, or started for an event loop.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use egoi_verify::{Error, ErrorCode};
use pyo3::prelude::*;
use tokio::sync::oneshot::Receiver;
use tokio::task::{AbortHandle, yield_now};

use crate::convert::Value;
use crate::engine::HandOver;
use crate::failure::{panicked, raised};
use crate::fork::{Own, try_pass};
use crate::home::Home;
use crate::log::CallLog;
use crate::mailbox::Mailbox;

/// How often a blocking call looks whether Ctrl-C was pressed.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(50);

/// How often a call that a fork holds up looks whether that is over.
const BETWEEN_TRIES: Duration = Duration::from_micros(50);

/// How often the runtime gets its turn after a call was given up, so that its connection is closed: one turn for each
/// of the layers that it goes through, and some to spare.
const TURNS_TO_CLOSE: usize = 8;

/// What comes next of a call.
pub(crate) enum Step {
    Done(Result<Value, Error>),
    HandOver(HandOver),
}

#[pyclass(frozen, module = "egoi_verify._native")]
pub(crate) struct Job {
    state: Mutex<State>,
    log: Option<CallLog>,
}

enum State {
    Waiting(Own<Call>),
    /// It is in the mailbox.
    InLoop(u64),
    Started {
        task: Own<AbortHandle>,
        letter: u64,
    },
    Over,
}

/// A call that was not run yet, or not to its end.
pub(crate) struct Call {
    home: Home,
    work: Work,
    /// Where an engine's SMS to hand over comes from, until it came.
    delivery: Option<Receiver<HandOver>>,
    /// It waits for nothing but an SMS being handed over.
    is_at_hand: bool,
}

/// What a call does. It lets a fork wait while it runs, and ends a panic.
struct Work(Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>);

impl Future for Work {
    type Output = Result<Value, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(_pass) = try_pass() else {
            // Waiting for it here would keep the runtime from the thread that forks, should a signal's handler call there.
            thread::sleep(BETWEEN_TRIES);
            context.waker().wake_by_ref();
            return Poll::Pending;
        };
        catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context)))
            .unwrap_or_else(|_| Poll::Ready(Err(panicked())))
    }
}

/// Lets the runtime see what has happened while nothing drove it, above all that an idle connection was closed: a request
/// that goes out on one is lost, and nobody knows whether it was read.
async fn see_first() {
    yield_now().await;
}

/// The calls on the worker of this process.
pub(crate) static IN_FLIGHT: AtomicUsize = AtomicUsize::new(0);

struct InFlight {
    is_first: bool,
}

impl InFlight {
    fn started() -> Self {
        Self { is_first: IN_FLIGHT.fetch_add(1, Ordering::Relaxed) == 0 }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        IN_FLIGHT.fetch_sub(1, Ordering::Relaxed);
    }
}

enum Turn {
    Step(Step),
    Signals,
}

impl Call {
    async fn next(&mut self) -> Step {
        let Self { work, delivery, .. } = self;
        if let Some(coming) = delivery {
            let came = tokio::select! {
                biased;
                done = &mut *work => return Step::Done(done),
                came = coming => came,
            };
            *delivery = None;
            if let Ok(sms) = came {
                return Step::HandOver(sms);
            }
        }
        Step::Done(work.await)
    }

    /// The next step where nothing has to be waited for. To give such a call to a runtime, or to another thread, takes
    /// several times as long as the call itself. Whoever reports an SMS, or its deadline, wakes `waker`.
    pub(crate) fn now(&mut self, waker: &Waker) -> Option<Step> {
        let home = self.home.clone();
        let _entered = home.enter();
        match pin!(self.next()).poll(&mut Context::from_waker(waker)) {
            Poll::Ready(step) => Some(step),
            Poll::Pending => None,
        }
    }

    /// Until the next step, or until it is time to look for signals. Python's part is done outside: a signal's handler
    /// may itself make a call.
    fn turn(&mut self) -> Turn {
        if self.is_at_hand
            && let Some(step) = self.now(Waker::noop())
        {
            return Turn::Step(step);
        }
        let Home::Caller(caller) = self.home.clone() else { return Turn::Step(Step::Done(Err(misused()))) };
        let turn = caller.block_on(async {
            see_first().await;
            tokio::select! {
                biased;
                step = self.next() => Turn::Step(step),
                () = tokio::time::sleep(BETWEEN_SIGNALS) => Turn::Signals,
            }
        });
        turn.unwrap_or_else(|| Turn::Step(Step::Done(Err(misused()))))
    }

    /// Drops the HTTP request, which happens only while the runtime runs.
    fn give_up(self) {
        let Self { home, work, .. } = self;
        drop(work);
        if let Home::Caller(caller) = home {
            let _ = caller.block_on(async {
                for _ in 0..TURNS_TO_CLOSE {
                    yield_now().await;
                }
            });
        }
    }
}

impl Job {
    /// A call that works in `home`. One that `is_at_hand` waits for nothing but its SMS being handed over. With `logged`,
    /// what it did can be read afterwards.
    pub(crate) fn new<T: Into<Value>>(
        home: Home,
        delivery: Option<Receiver<HandOver>>,
        is_at_hand: bool,
        logged: bool,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Self {
        let work = async move { work.await.map(Into::into) };
        let log = logged.then(CallLog::new);
        let work = Work(match &log {
            Some(log) => Box::pin(log.clone().of(work)),
            None => Box::pin(work),
        });
        Self { state: Mutex::new(State::Waiting(Own::new(Call { home, work, delivery, is_at_hand }))), log }
    }

    fn replace(&self, with: State) -> State {
        std::mem::replace(&mut *self.state.lock().unwrap_or_else(PoisonError::into_inner), with)
    }

    fn waiting(&self, py: Python<'_>) -> PyResult<Own<Call>> {
        match self.replace(State::Over) {
            State::Waiting(call) => Ok(call),
            State::InLoop(_) | State::Started { .. } | State::Over => Err(raised(py, &misused())),
        }
    }
}

#[pymethods]
impl Job {
    /// Runs it to its next step: gives what it gives back, or an SMS to hand over, after which it is run again.
    fn run<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let mut call = self.waiting(py)?;
        loop {
            let turn = py.detach(|| call.get_mut().map(Call::turn));
            match turn {
                Some(Turn::Step(Step::Done(Ok(value)))) => return value.into_pyobject(py),
                Some(Turn::Step(Step::Done(Err(error)))) => return Err(raised(py, &error)),
                Some(Turn::Step(Step::HandOver(sms))) => {
                    self.replace(State::Waiting(call));
                    return Ok(Bound::new(py, sms)?.into_any());
                }
                Some(Turn::Signals) => {
                    if let Err(interrupt) = py.check_signals() {
                        py.detach(|| call.take().map(Call::give_up));
                        return Err(interrupt);
                    }
                }
                // Before it was run, or in a signal's handler.
                None => return Err(raised(py, &forked())),
            }
        }
    }

    /// Starts it, on the worker thread unless it is at hand. What it gives goes into `future`, an SMS to hand over to
    /// `on_hand_over`, in the event loop: at once, or by way of `mailbox`.
    #[pyo3(signature = (mailbox, future, on_hand_over=None))]
    fn start(
        &self,
        py: Python<'_>,
        mailbox: &Mailbox,
        future: Py<PyAny>,
        on_hand_over: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let call = self.waiting(py)?;
        if call.get().is_some_and(|call| call.is_at_hand) {
            let letter = mailbox.keep(call, future, on_hand_over);
            self.replace(State::InLoop(letter));
            return mailbox.go_on(py, letter);
        }
        let Some(mut call) = call.take() else { return Err(raised(py, &forked())) };
        let Home::Worker(worker) = call.home.clone() else { return Err(raised(py, &misused())) };
        let (letter, post) = mailbox.expect(future, on_hand_over);
        let started = InFlight::started();
        let task = worker.spawn(async move {
            let mut started = Some(started);
            // With others in flight the worker is driven all the time.
            if started.as_ref().is_some_and(|call| call.is_first) {
                see_first().await;
            }
            loop {
                let step = call.next().await;
                let is_last = matches!(step, Step::Done(_));
                if is_last {
                    // Whoever hears of it may start the next before this task is gone.
                    drop(started.take());
                }
                post.deliver(letter, Some(step));
                if is_last {
                    break;
                }
            }
        });
        self.replace(State::Started { task: Own::new(task.abort_handle()), letter });
        Ok(())
    }

    /// Gives it up; its HTTP request is dropped. Nothing where it is over.
    fn abort(&self, mailbox: &Mailbox) {
        match self.replace(State::Over) {
            State::InLoop(letter) => mailbox.forget(letter),
            State::Started { task, letter } => {
                if let Some(task) = task.get() {
                    mailbox.forget(letter);
                    task.abort();
                }
            }
            State::Waiting(_) | State::Over => {}
        }
    }

    /// What it did, where that was asked for.
    fn fields(&self) -> Option<BTreeMap<&'static str, String>> {
        self.log.as_ref().map(CallLog::fields)
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let State::Started { task, .. } = self.replace(State::Over)
            && let Some(task) = task.get()
        {
            task.abort();
        }
    }
}

fn misused() -> Error {
    Error::new(ErrorCode::Internal, "a call was run twice, or elsewhere than where it belongs")
}

fn forked() -> Error {
    Error::new(ErrorCode::Forked, "the call was made before the process was forked; make it again")
}
