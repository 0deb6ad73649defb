//! How the steps of calls come from the worker thread to an event loop, and the calls that the loop runs itself.

use std::collections::HashMap;
#[cfg(unix)]
use std::io::{Read as _, Write as _};
#[cfg(unix)]
use std::os::{fd::AsRawFd as _, unix::net::UnixStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::task::{Wake, Waker};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;

use crate::call::{Call, Step};
use crate::delivery::Reporting;
use crate::failure::raised;
use crate::fork::{Own, process_id};

/// The completions of one event loop. The worker thread puts steps in, and wakes the loop only for the first of them:
/// with many calls in flight most of them cost neither a system call nor a wake-up.
#[pyclass(frozen, weakref, module = "egoi_verify._native")]
pub(crate) struct Completions {
    /// The calls that are waited for; only the loop's thread touches it.
    waiting: Mutex<HashMap<u64, Waiting>>,
    latest: AtomicU64,
    queue: Arc<Queue>,
    #[cfg(unix)]
    wake_fd: UnixStream,
    /// Whose loop it is. In a child of that process nothing is read: it would be missing in the parent.
    process: u32,
}

struct Waiting {
    future: Py<PyAny>,
    on_delivery: Option<Py<PyAny>>,
    /// The call, where it runs in the loop's thread.
    call: Option<Own<Call>>,
}

/// The end of it that the worker thread has.
pub(crate) struct Queue {
    /// The steps, and none for a call that runs in the loop's thread and can go on.
    steps: Mutex<Vec<(u64, Option<Step>)>>,
    /// A byte down this socket makes the loop look: nothing of Python is touched.
    #[cfg(unix)]
    waker_fd: UnixStream,
    /// For an event loop that watches no sockets.
    wake: OnceLock<Py<PyAny>>,
    reporting: Arc<Reporting>,
}

/// Whether the worker thread may still enter Python, which it does for loops that watch no sockets alone.
static MAY_WAKE: RwLock<bool> = RwLock::new(true);

/// Keeps the worker thread out of Python from now on: before the interpreter ends, which a thread that is just entering it
/// may not survive (CPython 3.13).
#[pyfunction]
pub(crate) fn wake_no_more(py: Python<'_>) {
    py.detach(|| *MAY_WAKE.write().unwrap_or_else(PoisonError::into_inner) = false);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    /// Never fails: in a loop that is gone nobody waits.
    pub(crate) fn push(&self, call_id: u64, step: Option<Step>) {
        let is_first = {
            let mut steps = lock(&self.steps);
            steps.push((call_id, step));
            steps.len() == 1
        };
        if is_first && !self.reporting.is_under_way() {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(wake) = self.wake.get() {
            // Not waited for: a thread with Python may wake too, and the worker wait for Python under this lock. Where it
            // cannot be had, it is shutting down.
            let Some(_may) = MAY_WAKE.try_read().ok().filter(|may| **may) else { return };
            Python::try_attach(|py| {
                if let Err(error) = wake.call0(py) {
                    error.write_unraisable(py, None);
                }
            });
            return;
        }
        #[cfg(unix)]
        let _ = (&self.waker_fd).write(&[0]);
    }
}

/// Has a call that runs in the loop's thread go on.
struct CallWaker {
    call_id: u64,
    queue: Arc<Queue>,
}

impl Wake for CallWaker {
    fn wake(self: Arc<Self>) {
        self.queue.push(self.call_id, None);
    }
}

impl Completions {
    /// A call of the worker thread, and who waits for it.
    pub(crate) fn expect(&self, future: Py<PyAny>, on_delivery: Option<Py<PyAny>>) -> (u64, Arc<Queue>) {
        let call_id = self.next_id();
        self.add(call_id, Waiting { future, on_delivery, call: None });
        (call_id, Arc::clone(&self.queue))
    }

    /// Runs a call in the loop's thread as far as it goes. One that has not ended is to be kept.
    pub(crate) fn begin(&self, call: &mut Own<Call>) -> (u64, Option<Step>) {
        let call_id = self.next_id();
        (call_id, self.advance(call_id, call))
    }

    /// Keeps a call that runs in the loop's thread, and who waits for it.
    pub(crate) fn keep(&self, call_id: u64, call: Own<Call>, future: Py<PyAny>, on_delivery: Option<Py<PyAny>>) {
        self.add(call_id, Waiting { future, on_delivery, call: Some(call) });
    }

    fn next_id(&self) -> u64 {
        self.latest.fetch_add(1, Ordering::Relaxed)
    }

    fn add(&self, call_id: u64, waiting: Waiting) {
        lock(&self.waiting).insert(call_id, waiting);
    }

    fn advance(&self, call_id: u64, call: &mut Own<Call>) -> Option<Step> {
        let waker = Waker::from(Arc::new(CallWaker { call_id, queue: Arc::clone(&self.queue) }));
        // With Python: to have it back from another thread may take a thousand times as long.
        call.get_mut().and_then(|call| call.now(&waker))
    }

    /// Runs a call that is kept here as far as it goes.
    fn go_on(&self, py: Python<'_>, call_id: u64) -> PyResult<()> {
        let kept = lock(&self.waiting).get_mut(&call_id).and_then(|waiting| waiting.call.take());
        let Some(mut call) = kept else { return Ok(()) };
        let step = self.advance(call_id, &mut call);
        if let Some(waiting) = lock(&self.waiting).get_mut(&call_id) {
            waiting.call = Some(call);
        }
        step.map_or(Ok(()), |step| self.open(py, call_id, step))
    }

    pub(crate) fn forget(&self, call_id: u64) {
        let forgotten = lock(&self.waiting).remove(&call_id);
        // Outside the lock: what is dropped may be Python's, and call back.
        drop(forgotten);
    }

    pub(crate) fn open(&self, py: Python<'_>, call_id: u64, step: Step) -> PyResult<()> {
        match step {
            Step::Deliver(sms) => {
                let (on_delivery, is_kept) = match lock(&self.waiting).get(&call_id) {
                    Some(Waiting { on_delivery: Some(call), call: kept, .. }) => (call.clone_ref(py), kept.is_some()),
                    _ => return Ok(()),
                };
                let sms = if is_kept { sms.in_loop(Arc::clone(&self.queue.reporting)) } else { sms };
                on_delivery.call1(py, (sms,))?;
            }
            Step::Done(done) => {
                let Some(waiting) = lock(&self.waiting).remove(&call_id) else { return Ok(()) };
                let future = waiting.future.bind(py);
                if future.call_method0(intern!(py, "done"))?.is_truthy()? {
                    return Ok(());
                }
                match done {
                    Ok(value) => future.call_method1(intern!(py, "set_result"), (value,))?,
                    Err(error) => {
                        future.call_method1(intern!(py, "set_exception"), (raised(py, &error).into_value(py),))?
                    }
                };
            }
        }
        Ok(())
    }
}

#[pymethods]
impl Completions {
    #[new]
    fn new() -> PyResult<Self> {
        #[cfg(unix)]
        let (wake_fd, waker_fd) = UnixStream::pair()?;
        #[cfg(unix)]
        for end in [&wake_fd, &waker_fd] {
            end.set_nonblocking(true)?;
        }
        Ok(Self {
            waiting: Mutex::default(),
            latest: AtomicU64::new(0),
            queue: Arc::new(Queue {
                steps: Mutex::default(),
                #[cfg(unix)]
                waker_fd,
                wake: OnceLock::new(),
                reporting: Arc::default(),
            }),
            #[cfg(unix)]
            wake_fd,
            process: process_id(),
        })
    }

    /// A loop that dies with calls in flight is held by those who wait in it, and they by this.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(waiting) = self.waiting.try_lock() {
            for each in waiting.values() {
                visit.call(&each.future)?;
                visit.call(&each.on_delivery)?;
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        let forgotten = std::mem::take(&mut *lock(&self.waiting));
        drop(forgotten);
    }

    /// What the loop watches. `NotImplementedError` where there is no such thing.
    fn fileno(&self) -> PyResult<i32> {
        #[cfg(unix)]
        return Ok(self.wake_fd.as_raw_fd());
        #[cfg(not(unix))]
        Err(pyo3::exceptions::PyNotImplementedError::new_err("a socket that an event loop can watch"))
    }

    /// Makes the loop look by calling `wake`, from the worker thread.
    fn wake_by(&self, wake: Py<PyAny>) {
        let _ = self.queue.wake.set(wake);
    }

    /// Opens what has come, in the loop's thread.
    fn drain(&self, py: Python<'_>) {
        if self.process != process_id() {
            return;
        }
        // First the descriptor, then the steps: one that comes in between wakes the loop again.
        #[cfg(unix)]
        let _ = (&self.wake_fd).read(&mut [0; 16]);
        self.take_steps(py);
    }

    /// Goes on with a call after the report of its SMS, which wakes no loop.
    fn go_on_now(&self, py: Python<'_>) {
        if self.process == process_id() {
            self.take_steps(py);
        }
    }
}

impl Completions {
    fn take_steps(&self, py: Python<'_>) {
        let steps = std::mem::take(&mut *lock(&self.queue.steps));
        for (call_id, step) in steps {
            let opened = match step {
                Some(step) => self.open(py, call_id, step),
                None => self.go_on(py, call_id),
            };
            if let Err(error) = opened {
                error.write_unraisable(py, None);
            }
        }
    }
}
