//! A sender that remembers what was handed over, and whose next hand-overs can be made to fail.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use egoi_verify::{OutgoingSms, SendError, SendFuture, SmsGateway};

#[derive(Clone, Default)]
pub(crate) struct Post(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    sent: Vec<Sent>,
    next: VecDeque<Fate>,
}

/// An SMS that was handed over.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) number: String,
    pub(crate) text: String,
    pub(crate) attempt_id: String,
}

/// What becomes of a hand-over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Sent,
    NotSent,
    PossiblySent,
    Hangs,
}

impl Post {
    /// What becomes of the next hand-over that nothing was said about yet.
    pub(crate) fn next(&self, fate: Fate) {
        self.0.lock().unwrap().next.push_back(fate);
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.0.lock().unwrap().sent.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().sent.len()
    }

    /// The text of the latest, which is the code where the message is `{CODE}` alone.
    pub(crate) fn latest(&self) -> String {
        self.0.lock().unwrap().sent.last().unwrap().text.clone()
    }
}

impl SmsGateway for Post {
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_> {
        let mut post = self.0.lock().unwrap();
        let OutgoingSms { number, text, attempt_id, .. } = sms;
        post.sent.push(Sent { number: number.e164(), text: text.to_string(), attempt_id });
        let fate = post.next.pop_front().unwrap_or(Fate::Sent);
        Box::pin(async move {
            match fate {
                Fate::Sent => Ok(()),
                Fate::NotSent => Err(SendError::NotSent("the gateway refused the connection".into())),
                Fate::PossiblySent => Err(SendError::PossiblySent("the gateway did not respond".into())),
                Fate::Hangs => std::future::pending().await,
            }
        })
    }
}
