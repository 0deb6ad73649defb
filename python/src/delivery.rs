//! An SMS on its way from an engine to the user's function that sends.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use egoi_verify::{OutgoingSms, PhoneNumber, SendError, SendFuture, SmsGateway};
use pyo3::prelude::*;
use tokio::sync::oneshot::{self, Receiver};
use tokio::task_local;
use zeroize::Zeroizing;

use crate::fork::Own;

task_local! {
    /// Where the call that is being run wants its SMS, of which it has one at most.
    static TO_THE_CALLER: Cell<Option<oneshot::Sender<Delivery>>>;
}

/// The work, and the SMS that it has delivered, when it comes to that.
pub(crate) fn delivered_by_caller<F: Future>(work: F) -> (impl Future<Output = F::Output>, Receiver<Delivery>) {
    let (to_the_caller, delivery) = oneshot::channel();
    (TO_THE_CALLER.scope(Cell::new(Some(to_the_caller)), work), delivery)
}

/// Gives every SMS to the thread or event loop that runs the call.
pub(crate) struct CallerSends;

impl SmsGateway for CallerSends {
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_> {
        let (end, ended) = oneshot::channel();
        let delivery = Delivery {
            number: sms.number,
            text: sms.text,
            attempt_id: sms.attempt_id,
            end: Mutex::new(Some(Own::new(end))),
            loops: None,
        };
        let to_the_caller = TO_THE_CALLER.try_with(Cell::take).ok().flatten();
        let is_taken = to_the_caller.is_some_and(|to_the_caller| to_the_caller.send(delivery).is_ok());
        Box::pin(async move {
            if !is_taken {
                return Err(SendError::NotSent("the call that sends has ended".into()));
            }
            // A delivery that is dropped without a report may have sent the SMS.
            ended.await.unwrap_or_else(|_| Err(SendError::PossiblySent("the function that sends was cancelled".into())))
        })
    }
}

/// Reports how a delivery ended.
type End = oneshot::Sender<Result<(), SendError>>;

/// An SMS to send, and the way to report how that ended.
#[pyclass(frozen, module = "egoi_verify._native")]
pub(crate) struct Delivery {
    number: PhoneNumber,
    text: Zeroizing<String>,
    #[pyo3(get)]
    attempt_id: String,
    end: Mutex<Option<Own<End>>>,
    /// Where the thread that reports is that of the loop which runs the call.
    loops: Option<Arc<Reporting>>,
}

impl Delivery {
    /// One whose report wakes no loop: the thread that reports then has the call go on.
    pub(crate) fn in_loop(self, reporting: Arc<Reporting>) -> Self {
        Self { loops: Some(reporting), ..self }
    }
}

/// Whether a report is under way in the thread of an event loop, which goes on with the call by itself: to be woken, it
/// would take three system calls and a turn.
#[derive(Default)]
pub(crate) struct Reporting(AtomicBool);

impl Reporting {
    pub(crate) fn is_under_way(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn during(&self, report: impl FnOnce()) {
        self.0.store(true, Ordering::SeqCst);
        report();
        self.0.store(false, Ordering::SeqCst);
    }
}

#[pymethods]
impl Delivery {
    #[getter]
    fn number(&self) -> String {
        self.number.e164()
    }

    #[getter]
    fn text(&self) -> &str {
        &self.text
    }

    /// It was sent (`True`), was certainly not (`False`), or may have been (`None`).
    fn report(&self, sent: Option<bool>) {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(end) = end.and_then(Own::take) else { return };
        // Python has the reason: the exception itself.
        let result = match sent {
            Some(true) => Ok(()),
            Some(false) => Err(SendError::NotSent("see the exception's cause".into())),
            None => Err(SendError::PossiblySent("see the exception's cause".into())),
        };
        let report = || drop(end.send(result));
        match &self.loops {
            Some(reporting) => reporting.during(report),
            None => report(),
        }
    }
}
