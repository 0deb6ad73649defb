//! The worker: a runtime that a thread of Kotlin's drives while it is down here. It is there while a client is open or a call
//! is under way.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use egoi_verify::{Error, ErrorCode};
use tokio::runtime::{Builder, Handle, Runtime};

use super::{Bytes, PENDING};

/// The worker of the process, and how many use it.
static CURRENT: Mutex<Option<(Arc<Worker>, usize)>> = Mutex::new(None);

/// Those that a thread drives, by number.
static DRIVEN: Mutex<Option<HashMap<i64, Arc<Worker>>>> = Mutex::new(None);
static NUMBERS: AtomicI64 = AtomicI64::new(1);

/// Before the number and the length of a reply.
const HEAD: usize = 12;

pub(super) struct Worker {
    pub(super) handle: Handle,
    /// There, except while it is driven.
    runtime: Mutex<Option<Runtime>>,
    /// Whether a thread was asked for.
    has_thread: AtomicBool,
    finished: Mutex<Finished>,
    pub(super) in_flight: AtomicUsize,
}

#[derive(Default)]
struct Finished {
    replies: Vec<(i64, Bytes)>,
    is_over: bool,
    /// Of the thread that drives.
    waker: Option<Waker>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn build() -> Result<Runtime, Error> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorCode::Internal, "a runtime could not be started").with_cause(error))
}

impl Worker {
    fn new() -> Result<Arc<Self>, Error> {
        let runtime = build()?;
        Ok(Arc::new(Self {
            handle: runtime.handle().clone(),
            runtime: Mutex::new(Some(runtime)),
            has_thread: AtomicBool::new(false),
            finished: Mutex::default(),
            in_flight: AtomicUsize::new(0),
        }))
    }

    /// Whether this caller must start the thread.
    pub(super) fn needs_thread(&self) -> bool {
        !self.has_thread.load(Ordering::Acquire) && !self.has_thread.swap(true, Ordering::AcqRel)
    }

    pub(super) fn finish(&self, call: i64, reply: Bytes) {
        let mut finished = locked(&self.finished);
        finished.replies.push((call, reply));
        let waker = finished.waker.take();
        drop(finished);
        waker.into_iter().for_each(Waker::wake);
    }

    fn end(&self) {
        let mut finished = locked(&self.finished);
        finished.is_over = true;
        let waker = finished.waker.take();
        drop(finished);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Until calls have finished or it is over.
    fn drive(&self) {
        let Some(runtime) = locked(&self.runtime).take() else { return };
        runtime.block_on(poll_fn(|context| {
            let mut finished = locked(&self.finished);
            if finished.is_over || !finished.replies.is_empty() {
                return Poll::Ready(());
            }
            finished.waker = Some(context.waker().clone());
            Poll::Pending
        }));
        *locked(&self.runtime) = Some(runtime);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(runtime) = locked(&self.runtime).take() {
            // To drop it as it is would wait for a name that is still being looked up.
            runtime.shutdown_background();
        }
    }
}

/// One that uses the worker: an open verifier, or a call under way. The worker ends with the last.
pub(super) struct Use(Arc<Worker>);

impl Use {
    pub(super) fn new() -> Result<Self, Error> {
        let mut current = locked(&CURRENT);
        let (worker, uses) = match current.take() {
            Some((worker, uses)) => (worker, uses),
            None => (Worker::new()?, 0),
        };
        *current = Some((Arc::clone(&worker), uses + 1));
        Ok(Self(worker))
    }

    pub(super) fn worker(&self) -> &Worker {
        &self.0
    }
}

impl Clone for Use {
    fn clone(&self) -> Self {
        // While this one is there, its worker is the current one.
        if let Some((_, uses)) = &mut *locked(&CURRENT) {
            *uses += 1;
        }
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let mut current = locked(&CURRENT);
        if let Some((_, uses)) = &mut *current {
            *uses -= 1;
            if *uses == 0 {
                let last = current.take();
                drop(current);
                self.0.end();
                drop(last);
            }
        }
    }
}

pub(super) fn claim() -> i64 {
    let Some(worker) = locked(&CURRENT).as_ref().map(|(worker, _)| Arc::clone(worker)) else { return 0 };
    let mut driven = locked(&DRIVEN);
    let driven = driven.get_or_insert_default();
    if driven.values().any(|other| Arc::ptr_eq(other, &worker)) {
        return 0;
    }
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    driven.insert(number, worker);
    number
}

pub(super) fn unclaim() {
    if let Some((worker, _)) = &*locked(&CURRENT) {
        worker.has_thread.store(false, Ordering::Release);
    }
}

pub(super) fn work(number: i64, buffer: &mut [u8]) -> i64 {
    let Some(worker) = locked(&DRIVEN).as_ref().and_then(|driven| driven.get(&number)).cloned() else { return PENDING };
    worker.drive();
    let mut finished = locked(&worker.finished);
    let mut length = 0;
    let mut written = 0;
    for (call, reply) in &finished.replies {
        let end = length + HEAD + reply.len();
        let Some(place) = buffer.get_mut(length..end) else { break };
        place[..8].copy_from_slice(&call.to_be_bytes());
        place[8..HEAD].copy_from_slice(&u32::try_from(reply.len()).unwrap_or(u32::MAX).to_be_bytes());
        place[HEAD..].copy_from_slice(reply);
        length = end;
        written += 1;
    }
    if written == 0
        && let Some((_, reply)) = finished.replies.first()
    {
        return -i64::try_from(HEAD + reply.len()).unwrap_or(i64::MAX);
    }
    finished.replies.drain(..written);
    drop(finished);
    if length == 0 {
        // Nothing had finished: it is over.
        if let Some(driven) = &mut *locked(&DRIVEN) {
            driven.remove(&number);
        }
        return PENDING;
    }
    i64::try_from(length).unwrap_or(i64::MAX)
}
