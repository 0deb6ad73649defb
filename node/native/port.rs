//! Where the calls in flight and JavaScript meet: one port for each JavaScript environment.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Waker};

use egoi_verify::{Error, OutgoingSms, SendError, SendFuture, SmsGateway};
use napi::Env;
use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::answers::Failure;
use crate::panics::{guarded, panicked};
use crate::runtime;

// Waking a thread costs more than a small call does. So what JavaScript begins in one turn is handed over together, and what
// ends in one turn of the runtime is told together; and a call that waits for nothing but JavaScript runs in its thread.

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
    Send = 2,
}

pub(crate) struct Shared {
    runtime: Handle,
    language: String,
    state: Mutex<State>,
    wake: OnceLock<Wake>,
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Default)]
struct State {
    /// Those that JavaScript began, until it says that it has begun all of its turn.
    beginning: Vec<(u32, Work)>,
    calls: HashMap<u32, AbortHandle>,
    /// Those that run in JavaScript's thread.
    at_hand: HashMap<u32, Work>,
    /// Which of them can go on.
    ready: VecDeque<u32>,
    handing_over: HashMap<u32, oneshot::Sender<Result<(), SendError>>>,
    /// What JavaScript has not been told yet: a JSON array without its closing bracket. Not wiped: it goes into
    /// JavaScript's memory, which nobody wipes.
    news: Vec<u8>,
    /// JavaScript will look for itself, and need not be woken.
    will_look: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `LANGUAGE VERSION` for `User-Agent`.
    pub(crate) fn language(&self) -> &str {
        &self.language
    }

    /// Begins a call; one that `is_at_hand` waits for nothing but JavaScript.
    pub(crate) fn start<T: Serialize>(
        self: &Arc<Self>,
        id: u32,
        is_at_hand: bool,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) {
        let mut call = Call { port: Arc::clone(self), id, answered: false };
        let work: Work = Box::pin(CALL.scope(id, async move {
            match work.await {
                Ok(value) => call.answer(Tag::Value, &value),
                Err(error) => call.answer(Tag::Failure, &Failure::from(&error)),
            }
        }));
        let mut state = self.state();
        if is_at_hand {
            state.at_hand.insert(id, work);
            state.ready.push_back(id);
        } else {
            state.beginning.push((id, work));
        }
    }

    /// Hands the calls that began over to the runtime.
    fn hand_on(self: &Arc<Self>) {
        if self.state().beginning.is_empty() {
            return;
        }
        let port = Arc::clone(self);
        self.runtime.spawn(async move {
            // Held until all are written down, so that none is crossed out before.
            let mut state = port.state();
            for (id, work) in std::mem::take(&mut state.beginning) {
                state.calls.insert(id, tokio::spawn(work).abort_handle());
            }
        });
    }

    fn end(self: &Arc<Self>, id: u32, tag: Tag, what: &impl Serialize) {
        let mut state = self.state();
        state.calls.remove(&id);
        let _handing_over = state.handing_over.remove(&id);
        self.tell(state, id, tag, what);
    }

    fn deliver(self: &Arc<Self>, id: u32, end: oneshot::Sender<Result<(), SendError>>, sms: &Sms<'_>) {
        let mut state = self.state();
        state.handing_over.insert(id, end);
        self.tell(state, id, Tag::Send, sms);
    }

    /// Adds an event to the news.
    fn tell(self: &Arc<Self>, mut state: MutexGuard<'_, State>, id: u32, tag: Tag, what: &impl Serialize) {
        let opening = if state.news.is_empty() { b'[' } else { b',' };
        state.news.push(opening);
        // Strings, numbers and options in structs: there is nothing in them that JSON cannot hold.
        let _ = serde_json::to_writer(&mut state.news, &(id, tag as u8, what));
        self.wake(state);
    }

    /// Has JavaScript look, when whatever else the runtime can do now is done.
    fn wake(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let will_look = std::mem::replace(&mut state.will_look, true);
        drop(state);
        if !will_look {
            let port = Arc::clone(self);
            self.runtime.spawn(async move {
                if let Some(wake) = port.wake.get() {
                    // An environment that has ended is told nothing.
                    let _ = wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
                }
            });
        }
    }

    /// In JavaScript's thread: runs what can go on there, and takes the news.
    fn look(self: &Arc<Self>) -> String {
        let _entered = self.runtime.enter();
        let mut news = loop {
            let mut state = self.state();
            let Some(id) = state.ready.pop_front() else {
                state.will_look = false;
                break std::mem::take(&mut state.news);
            };
            state.will_look = true;
            let Some(mut work) = state.at_hand.remove(&id) else { continue };
            drop(state);
            let waker = Waker::from(Arc::new(Reminder { port: Arc::downgrade(self), id }));
            let poll = AssertUnwindSafe(|| work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            // One that panicked has answered.
            if catch_unwind(poll).unwrap_or(false) {
                self.state().at_hand.insert(id, work);
            }
        };
        if news.is_empty() {
            news.push(b'[');
        }
        news.push(b']');
        String::from_utf8(news).unwrap_or_default()
    }

    fn give_up(&self, id: u32) {
        let mut state = self.state();
        let at_hand = state.at_hand.remove(&id);
        let handing_over = state.handing_over.remove(&id);
        state.beginning.retain(|(beginning, _)| *beginning != id);
        let task = state.calls.remove(&id);
        drop(state);
        // Not before: it may wake a call, which asks for the state.
        drop((at_hand, handing_over));
        if let Some(task) = task {
            task.abort();
        }
    }
}

/// Has a call that runs in JavaScript's thread go on.
struct Reminder {
    port: Weak<Shared>,
    id: u32,
}

impl std::task::Wake for Reminder {
    fn wake(self: Arc<Self>) {
        if let Some(port) = self.port.upgrade() {
            let mut state = port.state();
            state.ready.push_back(self.id);
            port.wake(state);
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
        self.port.end(self.id, tag, what);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.answered && std::thread::panicking() {
            self.answer(Tag::Failure, &Failure::from(&panicked()));
        }
    }
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

impl SmsGateway for JavaScriptSender {
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_> {
        Box::pin(async move {
            let id = CALL.try_with(|id| *id).map_err(|error| SendError::NotSent(error.into()))?;
            let (end, ended) = oneshot::channel();
            let what = Sms { number: sms.number.e164(), text: &sms.text, attempt_id: &sms.attempt_id };
            self.0.deliver(id, end, &what);
            ended.await.unwrap_or_else(|gone| Err(SendError::PossiblySent(gone.into())))
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
            Ok((port.upgrade().map_or_else(|| "[]".to_owned(), |port| port.look()),).into())
        })?;
        let _ = shared.wake.set(wake);
        Ok(Self(shared))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    /// Says that JavaScript has begun all the calls of its turn. Gives the news that there are already.
    #[napi]
    pub fn hand_on(&self) -> String {
        self.0.hand_on();
        self.0.look()
    }

    /// Drops a call's work, its HTTP request included. It is not answered any more.
    #[napi]
    pub fn give_up(&self, call: u32) {
        self.0.give_up(call);
    }

    /// Says how handing over the SMS of a call ended: `sent`, `not_sent`, or anything else for what is not known.
    /// Gives the news that there are then.
    #[napi]
    pub fn handed_over(&self, call: u32, end: String) -> String {
        let mut state = self.0.state();
        let waiting = state.handing_over.remove(&call);
        state.will_look = true;
        drop(state);
        if let Some(waiting) = waiting {
            // What the function threw stays in JavaScript, where it becomes the error's cause.
            let _ = waiting.send(match end.as_str() {
                "sent" => Ok(()),
                "not_sent" => Err(SendError::NotSent("the function says that nothing was sent".into())),
                _ => Err(SendError::PossiblySent("the function failed".into())),
            });
        }
        self.0.look()
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
        let mut state = self.0.state();
        let beginning = std::mem::take(&mut state.beginning);
        let at_hand = std::mem::take(&mut state.at_hand);
        let calls = std::mem::take(&mut state.calls);
        drop(state);
        drop((beginning, at_hand));
        calls.into_values().for_each(|task| task.abort());
    }
}
