//! One call of a verb, as it is run: by the thread that asks, on the worker, or in an event loop's own thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use egoi_verify::{Error, ErrorCode};
use tokio::sync::oneshot::Receiver;
use tokio::task::yield_now;

use crate::convert::Value;
use crate::delivery::Delivery;
use crate::failure::panicked;
use crate::fork::try_guard;
use crate::runtime::{BETWEEN_SIGNALS, Runtime};

/// How often a call that a fork holds up looks whether that has ended.
const BETWEEN_TRIES: Duration = Duration::from_micros(50);

/// How often the runtime gets its turn after a call was cancelled, so that its connection is closed: one turn for each
/// of the layers that it goes through, and some to spare.
const TURNS_TO_CLOSE: usize = 8;

/// What comes next of a call.
pub(crate) enum Step {
    Done(Result<Value, Error>),
    Deliver(Delivery),
}

/// What a blocking call comes back with.
pub(crate) enum Turn {
    Step(Step),
    Signals,
}

/// A call that was not run yet, or not to its end.
pub(crate) struct Call {
    pub(crate) runtime: Runtime,
    work: Work,
    /// Where an engine's SMS comes from, until it came.
    delivery: Option<Receiver<Delivery>>,
    /// It waits for nothing but the delivery of an SMS.
    pub(crate) is_at_hand: bool,
}

/// What a call does. It lets a fork wait while it runs, and ends a panic.
struct Work(Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>);

impl Future for Work {
    type Output = Result<Value, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(_guard) = try_guard() else {
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
pub(crate) async fn see_first() {
    yield_now().await;
}

impl Call {
    pub(crate) fn new(
        runtime: Runtime,
        delivery: Option<Receiver<Delivery>>,
        is_at_hand: bool,
        work: impl Future<Output = Result<Value, Error>> + Send + 'static,
    ) -> Self {
        Self { runtime, work: Work(Box::pin(work)), delivery, is_at_hand }
    }

    pub(crate) async fn next(&mut self) -> Step {
        let Self { work, delivery, .. } = self;
        if let Some(coming) = delivery {
            let came = tokio::select! {
                biased;
                done = &mut *work => return Step::Done(done),
                came = coming => came,
            };
            *delivery = None;
            if let Ok(sms) = came {
                return Step::Deliver(sms);
            }
        }
        Step::Done(work.await)
    }

    /// The next step where nothing has to be waited for. To give such a call to a runtime, or to another thread, takes
    /// several times as long as the call itself. The report of an SMS, or the deadline, wakes `waker`.
    pub(crate) fn now(&mut self, waker: &Waker) -> Option<Step> {
        let runtime = self.runtime.clone();
        let _entered = runtime.enter();
        match pin!(self.next()).poll(&mut Context::from_waker(waker)) {
            Poll::Ready(step) => Some(step),
            Poll::Pending => None,
        }
    }

    /// Until the next step, or until it is time to look for signals. Python's part is done outside: a signal's handler
    /// may itself make a call.
    pub(crate) fn turn(&mut self) -> Turn {
        if self.is_at_hand
            && let Some(step) = self.now(Waker::noop())
        {
            return Turn::Step(step);
        }
        let Runtime::Caller(caller) = self.runtime.clone() else { return Turn::Step(Step::Done(Err(misused()))) };
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
    pub(crate) fn cancel(self) {
        let Self { runtime, work, .. } = self;
        drop(work);
        if let Runtime::Caller(caller) = runtime {
            let _ = caller.block_on(async {
                for _ in 0..TURNS_TO_CLOSE {
                    yield_now().await;
                }
            });
        }
    }
}

pub(crate) fn misused() -> Error {
    Error::new(ErrorCode::Internal, "a call was run twice, or by the wrong worker")
}
