//! An SMS on its way from an engine to the user's function that sends.

use std::cell::Cell;
use std::sync::{Mutex, PoisonError};

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
        if let Some(end) = end.and_then(Own::take) {
            // Python has the reason: the exception itself.
            let _ = end.send(match sent {
                Some(true) => Ok(()),
                Some(false) => Err(SendError::NotSent("see the exception's cause".into())),
                None => Err(SendError::PossiblySent("see the exception's cause".into())),
            });
        }
    }
}
