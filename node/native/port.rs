//! Where the calls in flight and JavaScript meet: one port for each JavaScript environment.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use egoi_verify::{Error, OutgoingSms, SendError, Sender, Sending};
use napi::Env;
use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use zeroize::Zeroizing;

use crate::answers::Failure;
use crate::panics::{guarded, panicked};
use crate::runtime;

/// Wakes JavaScript. Weak: by itself it does not keep the process alive.
type Wake = ThreadsafeFunction<(), (), FnArgs<(String,)>, napi::Status, false, true>;

tokio::task_local! {
    /// The call that an engine's sender works for.
    static CALL: u32;
}

/// The tag of what JavaScript is told of a call.
#[derive(Clone, Copy)]
enum Tag {
    Value = 0,
    Failure = 1,
    HandOver = 2,
}

pub(crate) struct Shared {
    runtime: Handle,
    language: String,
    state: Mutex<State>,
    wake: OnceLock<Wake>,
}

#[derive(Default)]
struct State {
    calls: HashMap<u32, AbortHandle>,
    handing_over: HashMap<u32, oneshot::Sender<Result<(), SendError>>>,
    /// What JavaScript has not been told yet: a JSON array without its closing bracket. Waking a thread costs more than
    /// a small call does, so that one wake tells all that came together.
    news: Zeroizing<Vec<u8>>,
}

impl State {
    /// Adds an event, and says whether JavaScript has to be woken for it.
    fn tell(&mut self, event: &[u8]) -> bool {
        let was_empty = self.news.is_empty();
        let wanted = self.news.len() + event.len() + 2;
        if wanted > self.news.capacity() {
            // A buffer that grew by itself would leave an unwiped copy behind.
            let mut larger = Zeroizing::new(Vec::with_capacity(wanted.next_power_of_two().max(4096)));
            larger.extend_from_slice(&self.news);
            self.news = larger;
        }
        self.news.push(if was_empty { b'[' } else { b',' });
        self.news.extend_from_slice(event);
        was_empty
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `LANGUAGE VERSION` for `User-Agent`.
    pub(crate) fn language(&self) -> &str {
        &self.language
    }

    /// Starts a call.
    pub(crate) fn start<T: Serialize>(
        self: &Arc<Self>,
        id: u32,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) {
        let mut call = Call { port: Arc::clone(self), id, answered: false };
        // Taken before the call can end, so that it is not written down after it was crossed out.
        let mut state = self.state();
        let task = self.runtime.spawn(CALL.scope(id, async move {
            match work.await {
                Ok(value) => call.answer(Tag::Value, &value),
                Err(error) => call.answer(Tag::Failure, &Failure::from(&error)),
            }
        }));
        state.calls.insert(id, task.abort_handle());
    }

    fn end(&self, id: u32, event: &[u8]) {
        let mut state = self.state();
        state.calls.remove(&id);
        state.handing_over.remove(&id);
        let wake = state.tell(event);
        drop(state);
        self.wake_if(wake);
    }

    fn hand_over(&self, id: u32, end: oneshot::Sender<Result<(), SendError>>, event: &[u8]) {
        let mut state = self.state();
        state.handing_over.insert(id, end);
        let wake = state.tell(event);
        drop(state);
        self.wake_if(wake);
    }

    fn wake_if(&self, needed: bool) {
        if let (true, Some(wake)) = (needed, self.wake.get()) {
            // An environment that has ended is told nothing.
            let _ = wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn take_news(&self) -> String {
        let mut state = self.state();
        if state.news.is_empty() {
            return "[]".to_owned();
        }
        state.news.push(b']');
        let news = String::from_utf8_lossy(&state.news).into_owned();
        zeroize::Zeroize::zeroize(&mut *state.news);
        news
    }

    fn give_up(&self, id: u32) {
        let mut state = self.state();
        state.handing_over.remove(&id);
        let task = state.calls.remove(&id);
        drop(state);
        if let Some(task) = task {
            task.abort();
        }
    }
}

/// A call in flight. One that ends without an answer was given up, or panicked.
struct Call {
    port: Arc<Shared>,
    id: u32,
    answered: bool,
}

impl Call {
    fn answer(&mut self, tag: Tag, what: &impl Serialize) {
        self.answered = true;
        self.port.end(self.id, &event(self.id, tag, what));
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.answered && std::thread::panicking() {
            self.answer(Tag::Failure, &Failure::from(&panicked()));
        }
    }
}

fn event(id: u32, tag: Tag, what: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let mut event = Zeroizing::new(Vec::with_capacity(512));
    // Strings, numbers and options in structs: there is nothing in them that JSON cannot hold.
    let _ = serde_json::to_writer(&mut *event, &(id, tag as u8, what));
    event
}

/// Has an SMS handed over by the function that JavaScript gave.
pub(crate) struct JavaScriptSender(pub(crate) Arc<Shared>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sms<'a> {
    number: String,
    text: &'a str,
    attempt_id: &'a str,
}

impl Sender for JavaScriptSender {
    fn send(&self, sms: OutgoingSms) -> Sending<'_> {
        Box::pin(async move {
            let id = CALL.try_with(|id| *id).map_err(|error| SendError::NotSent(error.into()))?;
            let (end, ended) = oneshot::channel();
            let what = Sms { number: sms.number.whole(), text: &sms.text, attempt_id: &sms.attempt_id };
            self.0.hand_over(id, end, &event(id, Tag::HandOver, &what));
            ended.await.unwrap_or_else(|gone| Err(SendError::MaybeSent(gone.into())))
        })
    }
}

/// How JavaScript and its calls find each other.
#[napi]
pub struct Port(Arc<Shared>);

#[napi]
impl Port {
    /// A port. `on_news` is called with a JSON array of `[call, tag, what]`.
    #[napi(constructor)]
    pub fn new(language: String, on_news: Function<'_, FnArgs<(String,)>, ()>) -> napi::Result<Self> {
        let runtime = guarded(runtime::handle)?;
        let shared = Arc::new(Shared { runtime, language, state: Mutex::default(), wake: OnceLock::new() });
        let port = Arc::downgrade(&shared);
        let wake: Wake = on_news.build_threadsafe_function::<()>().weak::<true>().build_callback(move |_| {
            Ok((port.upgrade().map_or_else(|| "[]".to_owned(), |port| port.take_news()),).into())
        })?;
        let _ = shared.wake.set(wake);
        Ok(Self(shared))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    /// Drops a call's work, its HTTP request included. It is not answered any more.
    #[napi]
    pub fn give_up(&self, call: u32) {
        self.0.give_up(call);
    }

    /// Says how handing over the SMS of a call ended: `sent`, `not_sent`, or anything else for what is not known.
    #[napi]
    pub fn handed_over(&self, call: u32, end: String) {
        let waiting = self.0.state().handing_over.remove(&call);
        if let Some(waiting) = waiting {
            // What the function threw stays in JavaScript, where it becomes the error's cause.
            let _ = waiting.send(match end.as_str() {
                "sent" => Ok(()),
                "not_sent" => Err(SendError::NotSent("the function says that nothing was sent".into())),
                _ => Err(SendError::MaybeSent("the function failed".into())),
            });
        }
    }

    /// Keeps the process alive, for as long as a call is in flight, or lets it go.
    #[napi]
    pub fn keep_alive(&self, env: Env, alive: bool) {
        let Some(wake) = self.0.wake.get() else { return };
        wake.handle.with_read_aborted(|ended| {
            if !ended {
                // SAFETY: the function has not ended, and this is the thread of its environment.
                unsafe {
                    if alive {
                        napi::sys::napi_ref_threadsafe_function(env.raw(), wake.raw());
                    } else {
                        napi::sys::napi_unref_threadsafe_function(env.raw(), wake.raw());
                    }
                }
            }
        });
    }
}

/// The environment has ended, and nobody waits for its calls.
impl Drop for Port {
    fn drop(&mut self) {
        for (_, task) in std::mem::take(&mut self.0.state().calls) {
            task.abort();
        }
    }
}
