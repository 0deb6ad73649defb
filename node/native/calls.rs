//! The calls in flight: one table for each JavaScript environment.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use egoi_verify::{CallEvent, CallObserver, Error, SendError};
use napi::Env;
use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::guard::{guarded, panicked};
use crate::results::{Event, Failure};
use crate::runtime;

// Waking a thread costs more than a small call does. So the calls that JavaScript starts in one turn are submitted together,
// the results of one turn of the runtime are delivered together, and an inline call, which waits for nothing but JavaScript,
// runs in JavaScript's thread.

/// Calls JavaScript's `onEvents` from the event loop. Weak: by itself it does not keep the process alive.
type OnEvents = ThreadsafeFunction<(), (), FnArgs<(String,)>, napi::Status, false, true>;

type DeliveryResult = Result<(), SendError>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

tokio::task_local! {
    /// The call that an engine's gateway works for.
    static CALL_ID: u32;
}

/// The tag of an event.
#[derive(Clone, Copy)]
enum Tag {
    Value = 0,
    Failure = 1,
    Delivery = 2,
    Observed = 3,
}

pub(crate) struct CallTable {
    runtime: Handle,
    language: String,
    state: Mutex<State>,
    /// How many calls in flight are observed: with none, nobody asks for the state.
    observed: AtomicUsize,
    /// Node repeats a function that was called again while it ran before it looks for anything else, so there are two, used
    /// alternately.
    on_events: OnceLock<[OnEvents; 2]>,
    is_second: AtomicBool,
}

/// How long inline calls have JavaScript's thread before the event loop has to come round. It may take two slices in one turn,
/// and what JavaScript does with the results comes on top.
const SLICE: Duration = Duration::from_millis(1);

/// How many polls a slice has at least: it may have begun long ago, with the last call but one.
const POLLS_OF_A_SLICE: u32 = 8;

/// What the inline calls had of JavaScript's thread since the event loop came round.
struct Slice {
    began: Instant,
    polls: u32,
    /// The event loop was asked to come round.
    is_next_pending: bool,
}

impl Default for Slice {
    fn default() -> Self {
        Self { began: Instant::now(), polls: 0, is_next_pending: false }
    }
}

impl Slice {
    fn is_over(&self) -> bool {
        self.polls >= POLLS_OF_A_SLICE && self.began.elapsed() >= SLICE
    }
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Default)]
struct State {
    /// Started since the last `submit`.
    unsubmitted: Vec<(u32, Work)>,
    tasks: HashMap<u32, AbortHandle>,
    /// Polled in JavaScript's thread.
    inline: HashMap<u32, Work>,
    inline_ready: VecDeque<u32>,
    slice: Slice,
    deliveries: HashMap<u32, oneshot::Sender<DeliveryResult>>,
    /// The calls that JavaScript observes, each with the `traceparent` of its HTTP requests.
    observed: HashMap<u32, Option<String>>,
    /// A JSON array without its closing bracket. Not wiped: it goes into JavaScript's memory, which nobody wipes.
    events: Vec<u8>,
    /// JavaScript takes the events without being woken once more.
    is_wake_pending: bool,
}

impl CallTable {
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
        is_inline: bool,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) {
        let mut call = Call { table: Arc::clone(self), id, is_finished: false };
        let work: Work = Box::pin(CALL_ID.scope(id, async move {
            match work.await {
                Ok(value) => call.finish(Tag::Value, &value),
                Err(error) => call.finish(Tag::Failure, &Failure::from(&error)),
            }
        }));
        let mut state = self.state();
        if is_inline {
            state.inline.insert(id, work);
            state.inline_ready.push_back(id);
        } else {
            state.unsubmitted.push((id, work));
        }
    }

    /// Spawns the calls that were started.
    fn submit(self: &Arc<Self>) {
        if self.state().unsubmitted.is_empty() {
            return;
        }
        let table = Arc::clone(self);
        self.runtime.spawn(async move {
            // Held until all are in the table, so that none is removed before.
            let mut state = table.state();
            for (id, work) in std::mem::take(&mut state.unsubmitted) {
                state.tasks.insert(id, tokio::spawn(work).abort_handle());
            }
        });
    }

    fn finish(self: &Arc<Self>, id: u32, tag: Tag, what: &impl Serialize) {
        let mut state = self.state();
        state.tasks.remove(&id);
        self.observe_no_more(&mut state, id);
        let _delivery = state.deliveries.remove(&id);
        self.push_event(state, id, tag, what);
    }

    fn observe_no_more(&self, state: &mut State, id: u32) {
        if state.observed.remove(&id).is_some() {
            self.observed.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The call that this runs in, if it is observed.
    fn observed<T>(&self, read: impl FnOnce(u32, &Option<String>) -> T) -> Option<T> {
        if self.observed.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let id = CALL_ID.try_with(|id| *id).ok()?;
        self.state().observed.get(&id).map(|traceparent| read(id, traceparent))
    }

    /// Has JavaScript send the SMS of the call that this runs in.
    pub(crate) fn request_delivery(
        self: &Arc<Self>,
        sms: &impl Serialize,
    ) -> Result<oneshot::Receiver<DeliveryResult>, BoxError> {
        let id = CALL_ID.try_with(|id| *id)?;
        let (sender, result) = oneshot::channel();
        let mut state = self.state();
        state.deliveries.insert(id, sender);
        self.push_event(state, id, Tag::Delivery, sms);
        Ok(result)
    }

    fn push_event(self: &Arc<Self>, mut state: MutexGuard<'_, State>, id: u32, tag: Tag, what: &impl Serialize) {
        let opening = if state.events.is_empty() { b'[' } else { b',' };
        state.events.push(opening);
        // Strings, numbers and options in structs: there is nothing in them that JSON cannot hold.
        let _ = serde_json::to_writer(&mut state.events, &(id, tag as u8, what));
        self.wake(state);
    }

    /// Has JavaScript take the events once the runtime has done what else it can do now.
    fn wake(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let is_wake_pending = std::mem::replace(&mut state.is_wake_pending, true);
        drop(state);
        if !is_wake_pending {
            let table = Arc::clone(self);
            self.runtime.spawn(async move { table.call_on_events() });
        }
    }

    fn call_on_events(&self) {
        let is_second = self.is_second.fetch_xor(true, Ordering::Relaxed);
        if let Some(on_events) = self.on_events.get() {
            // An environment that has ended takes no events.
            let _ = on_events[usize::from(is_second)].call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// In JavaScript's thread, from the event loop.
    fn take_events_of_a_turn(self: &Arc<Self>) -> String {
        self.state().slice = Slice::default();
        self.take_events()
    }

    /// In JavaScript's thread: polls the inline calls that are ready until their slice is over, and takes the events.
    fn take_events(self: &Arc<Self>) -> String {
        let _entered = self.runtime.enter();
        let mut events = loop {
            let mut state = self.state();
            if !state.inline_ready.is_empty() && state.slice.is_over() {
                state.is_wake_pending = true;
                let is_next_pending = std::mem::replace(&mut state.slice.is_next_pending, true);
                let events = std::mem::take(&mut state.events);
                drop(state);
                if !is_next_pending {
                    self.call_on_events();
                }
                break events;
            }
            let Some(id) = state.inline_ready.pop_front() else {
                // Where the event loop was asked to come round, it takes what comes until then.
                state.is_wake_pending = state.slice.is_next_pending;
                break std::mem::take(&mut state.events);
            };
            state.is_wake_pending = true;
            state.slice.polls += 1;
            let Some(mut work) = state.inline.remove(&id) else { continue };
            drop(state);
            let waker = Waker::from(Arc::new(InlineWaker { table: Arc::downgrade(self), id }));
            let poll = AssertUnwindSafe(|| work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            // One that panicked is finished.
            if catch_unwind(poll).unwrap_or(false) {
                self.state().inline.insert(id, work);
            }
        };
        if events.is_empty() {
            events.push(b'[');
        }
        events.push(b']');
        String::from_utf8(events).unwrap_or_default()
    }

    fn cancel(&self, id: u32) {
        let mut state = self.state();
        let inline = state.inline.remove(&id);
        let delivery = state.deliveries.remove(&id);
        state.unsubmitted.retain(|(unsubmitted, _)| *unsubmitted != id);
        let task = state.tasks.remove(&id);
        self.observe_no_more(&mut state, id);
        drop(state);
        // Not before: it may wake a call, which asks for the state.
        drop((inline, delivery));
        if let Some(task) = task {
            task.abort();
        }
    }
}

/// The observer of the clients and engines of one JavaScript environment.
pub(crate) struct Observer(pub(crate) Arc<CallTable>);

impl CallObserver for Observer {
    fn ended(&self, event: &CallEvent) {
        let Self(table) = self;
        if let Some(id) = table.observed(|id, _| id) {
            table.push_event(table.state(), id, Tag::Observed, &Event::from(event));
        }
    }

    fn is_enabled(&self) -> bool {
        self.0.observed(|_, _| ()).is_some()
    }

    fn traceparent(&self) -> Option<String> {
        self.0.observed(|_, traceparent| traceparent.clone()).flatten()
    }
}

/// Marks an inline call as ready.
struct InlineWaker {
    table: Weak<CallTable>,
    id: u32,
}

impl std::task::Wake for InlineWaker {
    fn wake(self: Arc<Self>) {
        if let Some(table) = self.table.upgrade() {
            let mut state = table.state();
            state.inline_ready.push_back(self.id);
            table.wake(state);
        }
    }
}

/// A call in flight. One that is dropped unfinished was cancelled, or panicked.
struct Call {
    table: Arc<CallTable>,
    id: u32,
    is_finished: bool,
}

impl Call {
    fn finish(&mut self, tag: Tag, what: &impl Serialize) {
        self.is_finished = true;
        self.table.finish(self.id, tag, what);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_finished && std::thread::panicking() {
            self.finish(Tag::Failure, &Failure::from(&panicked()));
        }
    }
}

/// The calls in flight of one JavaScript environment.
#[napi]
pub struct Calls(Arc<CallTable>);

#[napi]
impl Calls {
    /// `on_events` is called with a JSON array of `[call, tag, what]`.
    #[napi(constructor)]
    pub fn new(language: String, on_events: Function<'_, FnArgs<(String,)>, ()>) -> napi::Result<Self> {
        let runtime = guarded(runtime::handle)?;
        let table = Arc::new(CallTable {
            runtime,
            language,
            state: Mutex::default(),
            on_events: OnceLock::new(),
            is_second: AtomicBool::new(false),
            observed: AtomicUsize::new(0),
        });
        let build = || -> napi::Result<OnEvents> {
            let table = Arc::downgrade(&table);
            on_events.build_threadsafe_function::<()>().weak::<true>().build_callback(move |_| {
                let events = table.upgrade().map(|table| table.take_events_of_a_turn());
                Ok((events.unwrap_or_else(|| "[]".to_owned()),).into())
            })
        };
        let _ = table.on_events.set([build()?, build()?]);
        Ok(Self(table))
    }

    pub(crate) fn table(&self) -> &Arc<CallTable> {
        &self.0
    }

    /// Submits the calls that JavaScript started. Returns the events that there are already.
    #[napi]
    pub fn submit(&self) -> String {
        self.0.submit();
        self.0.take_events()
    }

    /// Makes an event of a call that starts next. Its HTTP requests carry this `traceparent`.
    #[napi]
    pub fn observe(&self, call: u32, traceparent: Option<String>) {
        if self.0.state().observed.insert(call, traceparent).is_none() {
            self.0.observed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Drops a call with its HTTP request. No event of it follows.
    #[napi]
    pub fn cancel(&self, call: u32) {
        self.0.cancel(call);
    }

    /// Reports the result of a call's delivery: `sent`, `not_sent` or `unknown`. Returns the events that there are then.
    #[napi]
    pub fn finish_delivery(&self, call: u32, result: String) -> String {
        let mut state = self.0.state();
        let delivery = state.deliveries.remove(&call);
        state.is_wake_pending = true;
        drop(state);
        if let Some(delivery) = delivery {
            // What the function threw stays in JavaScript, where it becomes the error's cause.
            let _ = delivery.send(match result.as_str() {
                "sent" => Ok(()),
                "not_sent" => Err(SendError::NotSent("the function says that nothing was sent".into())),
                _ => Err(SendError::PossiblySent("the function failed".into())),
            });
        }
        self.0.take_events()
    }

    /// Keeps the process alive, for as long as a call is in flight, or no longer.
    #[napi]
    pub fn keep_alive(&self, env: Env, alive: bool) {
        let Some([on_events, _]) = self.0.on_events.get() else { return };
        on_events.handle.with_read_aborted(|ended| {
            if !ended {
                // SAFETY: the function has not ended, and this is the thread of its environment.
                unsafe {
                    if alive {
                        napi::sys::napi_ref_threadsafe_function(env.raw(), on_events.raw());
                    } else {
                        napi::sys::napi_unref_threadsafe_function(env.raw(), on_events.raw());
                    }
                }
            }
        });
    }
}

/// The environment has ended, and nobody waits for its calls.
impl Drop for Calls {
    fn drop(&mut self) {
        let mut state = self.0.state();
        let unsubmitted = std::mem::take(&mut state.unsubmitted);
        let inline = std::mem::take(&mut state.inline);
        let tasks = std::mem::take(&mut state.tasks);
        drop(state);
        drop((unsubmitted, inline));
        tasks.into_values().for_each(|task| task.abort());
    }
}
