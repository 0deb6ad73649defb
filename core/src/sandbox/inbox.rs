//! The inbox: the messages of all numbers.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

/// The maximum of messages. A load test must not fill the memory: older messages are removed.
const MAX: usize = 100_000;

/// An SMS in the sandbox's inbox.
///
/// ```
/// use egoi_verify::{Error, Sandbox};
///
/// fn latest_text(sandbox: &Sandbox, number: &str) -> Result<Option<String>, Error> {
///     Ok(sandbox.messages(Some(number))?.into_iter().next().map(|message| message.text))
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Message {
    /// The id of the message, which counts up from 1.
    pub id: u64,
    /// The number, `+351910000000`.
    pub number: String,
    /// The sender: V1's hash or V2's id.
    pub sender: String,
    /// The text, with the code.
    pub text: String,
    /// The code.
    pub code: String,
    /// The id of its request.
    pub request_id: String,
    /// The time of sending by the sandbox's clock: RFC 3339, UTC, milliseconds.
    pub sent_at: String,
    /// The number of SMS parts of the text.
    pub parts: u32,
}

pub(crate) struct Inbox {
    messages: Mutex<Messages>,
    newest: watch::Sender<u64>,
}

#[derive(Default)]
struct Messages {
    /// Oldest first.
    all: VecDeque<Message>,
    latest_id: u64,
    /// The latest message to each number that `wait_for_unseen` has returned.
    seen: HashMap<String, u64>,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { messages: Mutex::default(), newest: watch::Sender::new(0) }
    }
}

impl Inbox {
    fn messages(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message, with the next id.
    pub(crate) fn put(&self, mut message: Message) -> Message {
        let mut messages = self.messages();
        messages.latest_id += 1;
        message.id = messages.latest_id;
        messages.all.push_back(message.clone());
        if messages.all.len() > MAX {
            messages.all.pop_front();
        }
        drop(messages);
        self.newest.send_replace(message.id);
        message
    }

    /// Newest first.
    pub(crate) fn list(&self, number: Option<&str>) -> Vec<Message> {
        let messages = self.messages();
        messages
            .all
            .iter()
            .rev()
            .filter(|message| number.is_none_or(|number| message.number == number))
            .cloned()
            .collect()
    }

    /// Removes every message. Ids continue to count up.
    pub(crate) fn clear(&self) {
        self.messages().all.clear();
    }

    /// Waits for the first message to a number, or to any number, after the message `after`.
    pub(crate) async fn wait_for(&self, number: Option<&str>, after: u64, timeout: Duration) -> Option<Message> {
        self.wait(timeout, |messages| {
            let wanted = |m: &&Message| m.id > after && number.is_none_or(|number| m.number == number);
            messages.all.iter().find(wanted).cloned()
        })
        .await
    }

    /// Waits for a message to a number that it has not returned before, and returns the newest.
    pub(crate) async fn wait_for_unseen(&self, number: &str, timeout: Duration) -> Option<Message> {
        self.wait(timeout, |messages| {
            let seen = messages.seen.get(number).copied().unwrap_or(0);
            let found = messages.all.iter().rev().find(|m| m.id > seen && m.number == number).cloned()?;
            messages.seen.insert(number.to_owned(), found.id);
            Some(found)
        })
        .await
    }

    async fn wait<T>(&self, timeout: Duration, mut find: impl FnMut(&mut Messages) -> Option<T>) -> Option<T> {
        let mut newest = self.newest.subscribe();
        tokio::time::timeout(timeout, async {
            loop {
                newest.mark_unchanged();
                if let Some(found) = find(&mut self.messages()) {
                    return Some(found);
                }
                newest.changed().await.ok()?;
            }
        })
        .await
        .ok()
        .flatten()
    }
}
