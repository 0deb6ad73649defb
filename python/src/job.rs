//! A call that was made by a client or an engine, for Python to run, or to start for an event loop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use egoi_verify::{Error, ErrorCode, PhoneNumber};
use pyo3::intern;
use pyo3::prelude::*;
use tokio::sync::oneshot::Receiver;
use tokio::task::AbortHandle;

use crate::call::{Call, Step, Turn, misused, see_first};
use crate::completions::Completions;
use crate::convert::Value;
use crate::delivery::Delivery;
use crate::failure::raised;
use crate::fork::Own;
use crate::observed::{Fields, Observed};
use crate::runtime::{InFlight, Runtime};

#[pyclass(frozen, module = "egoi_verify._native")]
pub(crate) struct Job {
    state: Mutex<State>,
    observed: Option<Observed>,
    number: Option<PhoneNumber>,
    is_cancelled: AtomicBool,
}

enum State {
    /// Its arguments were refused. It says so when it is run: until then, frames of Python hold them.
    Refused(PyErr),
    Waiting(Own<Call>),
    /// The completions have it.
    InLoop(u64),
    Started {
        task: Own<AbortHandle>,
        call_id: u64,
    },
    Ended,
}

impl Job {
    /// A call that works in `runtime`. One that `is_at_hand` waits for nothing but the delivery of its SMS. With
    /// `observed`, the `traceparent` of its HTTP requests or an empty text, what it did can be read afterwards.
    pub(crate) fn new<T: Into<Value>>(
        runtime: Runtime,
        delivery: Option<Receiver<Delivery>>,
        is_at_hand: bool,
        observed: Option<&str>,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Self {
        let work = async move { work.await.map(Into::into) };
        let observed = observed.map(Observed::new);
        let call = match &observed {
            Some(observed) => Call::new(runtime, delivery, is_at_hand, observed.clone().of(work)),
            None => Call::new(runtime, delivery, is_at_hand, work),
        };
        Self::of(State::Waiting(Own::new(call)), observed)
    }

    /// The call, which is for a number.
    pub(crate) fn for_number(mut self, number: PhoneNumber) -> Self {
        self.number = Some(number);
        self
    }

    /// The call, or one that raises why there is none.
    pub(crate) fn or_refused(made: PyResult<Self>) -> Self {
        made.unwrap_or_else(|why| Self::of(State::Refused(why), None))
    }

    fn of(state: State, observed: Option<Observed>) -> Self {
        Self { state: Mutex::new(state), observed, number: None, is_cancelled: AtomicBool::new(false) }
    }

    fn replace(&self, with: State) -> State {
        std::mem::replace(&mut *self.state.lock().unwrap_or_else(PoisonError::into_inner), with)
    }

    fn waiting(&self, py: Python<'_>) -> PyResult<Own<Call>> {
        match self.replace(State::Ended) {
            State::Refused(why) => Err(why),
            State::Waiting(call) => Ok(call),
            State::InLoop(_) | State::Started { .. } | State::Ended => Err(raised(py, &misused())),
        }
    }
}

#[pymethods]
impl Job {
    /// Runs it to its next step: returns what it returns, or an SMS to deliver, after which it is run again.
    fn run<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let mut call = self.waiting(py)?;
        loop {
            let turn = py.detach(|| call.get_mut().map(Call::turn));
            match turn {
                Some(Turn::Step(Step::Done(Ok(value)))) => return value.into_pyobject(py),
                Some(Turn::Step(Step::Done(Err(error)))) => return Err(raised(py, &error)),
                Some(Turn::Step(Step::Deliver(sms))) => {
                    self.replace(State::Waiting(call));
                    return Ok(Bound::new(py, sms)?.into_any());
                }
                Some(Turn::Signals) => {
                    let signals = py.check_signals();
                    if signals.is_err() || self.is_cancelled.load(Ordering::Relaxed) {
                        py.detach(|| call.take().map(Call::cancel));
                        signals?;
                        return Err(raised(py, &misused()));
                    }
                }
                // Before it was run, or in a signal's handler.
                None => return Err(raised(py, &forked())),
            }
        }
    }

    /// Starts it, on the worker thread unless it is at hand: returns whether it has ended, and what it returns, or a future
    /// of `event_loop` that will have that. An SMS to deliver goes to `on_delivery`, in the event loop: at once, or by way
    /// of `completions`.
    #[pyo3(signature = (completions, event_loop, on_delivery=None))]
    fn start<'py>(
        &self,
        py: Python<'py>,
        completions: &Completions,
        event_loop: &Bound<'py, PyAny>,
        on_delivery: Option<Py<PyAny>>,
    ) -> PyResult<(bool, Bound<'py, PyAny>)> {
        let mut call = self.waiting(py)?;
        let new_future = || event_loop.call_method0(intern!(py, "create_future"));
        if call.get().is_some_and(|call| call.is_at_hand) {
            let (call_id, step) = completions.begin(&mut call);
            // Most calls on a store in memory end here: those who wait for nothing need no future.
            let step = match step {
                Some(Step::Done(Ok(value))) => return Ok((true, value.into_pyobject(py)?)),
                Some(Step::Done(Err(error))) => return Err(raised(py, &error)),
                step => step,
            };
            let future = new_future()?;
            completions.keep(call_id, call, future.clone().unbind(), on_delivery);
            self.replace(State::InLoop(call_id));
            if let Some(step) = step {
                completions.open(py, call_id, step)?;
            }
            return Ok((false, future));
        }
        let Some(mut call) = call.take() else { return Err(raised(py, &forked())) };
        let Runtime::Worker(worker) = call.runtime.clone() else { return Err(raised(py, &misused())) };
        let future = new_future()?;
        let (call_id, queue) = completions.expect(future.clone().unbind(), on_delivery);
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
                    // The loop may start the next before this task is gone.
                    drop(started.take());
                }
                queue.push(call_id, Some(step));
                if is_last {
                    break;
                }
            }
        });
        self.replace(State::Started { task: Own::new(task.abort_handle()), call_id });
        Ok((false, future))
    }

    /// Cancels what was started; its HTTP request is dropped. Nothing where it has ended.
    fn abort(&self, completions: &Completions) {
        match self.replace(State::Ended) {
            State::InLoop(call_id) => completions.forget(call_id),
            State::Started { task, call_id } => {
                if let Some(task) = task.get() {
                    completions.forget(call_id);
                    task.abort();
                }
            }
            State::Refused(_) | State::Waiting(_) | State::Ended => {}
        }
    }

    /// Has the thread that runs it stop soon.
    fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// The number that it is for, as it may be printed.
    #[getter]
    fn masked_number(&self) -> Option<String> {
        self.number.map(|number| number.to_string())
    }

    /// What it did; nothing where that was not asked for.
    fn fields(&self) -> Fields {
        self.observed.as_ref().map(Observed::fields).unwrap_or_default()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let State::Started { task, .. } = self.replace(State::Ended)
            && let Some(task) = task.get()
        {
            task.abort();
        }
    }
}

fn forked() -> Error {
    Error::new(ErrorCode::Forked, "the call was made before the process was forked; make it again")
}
