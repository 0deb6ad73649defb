//! How what the worker thread has done comes to an event loop, and the calls that the loop runs itself.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
#[cfg(unix)]
use std::os::{fd::AsRawFd as _, unix::net::UnixStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::task::{Wake, Waker};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;

use crate::failure::raised;
use crate::fork::Own;
use crate::job::{Call, Step};

/// The mailbox of one event loop. The worker thread puts steps in, and only for the first of them makes the loop look:
/// with many calls in flight most of them cost neither a system call nor a wake-up.
#[pyclass(frozen, weakref, module = "egoi_verify._native")]
pub(crate) struct Mailbox {
    /// Whoever waits for a letter; touched by the loop's thread alone.
    waiting: Mutex<HashMap<u64, Waiting>>,
    latest: AtomicU64,
    post: Arc<Post>,
    #[cfg(unix)]
    bell: UnixStream,
    /// Whose loop it is. In a child of that process nothing is read: the bell would fall silent in the parent.
    process: u32,
}

struct Waiting {
    future: Py<PyAny>,
    on_hand_over: Option<Py<PyAny>>,
    /// The call, where it runs in the loop's thread.
    call: Option<Own<Call>>,
}

/// The end of it that the worker thread has.
pub(crate) struct Post {
    /// The steps, and none for a call that runs in the loop's thread and can go on.
    letters: Mutex<Vec<(u64, Option<Step>)>>,
    /// A byte down this socket makes the loop look: nothing of Python is touched.
    #[cfg(unix)]
    bell_pull: UnixStream,
    /// For an event loop that watches no sockets.
    ring: OnceLock<Py<PyAny>>,
}

/// Whether the worker thread may still enter Python, which it does for loops that watch no sockets alone.
static MAY_RING: RwLock<bool> = RwLock::new(true);

/// Keeps the worker thread out of Python from now on: before the interpreter ends, which a thread that is just entering it
/// may not survive (CPython 3.13).
#[pyfunction]
pub(crate) fn ring_no_more(py: Python<'_>) {
    py.detach(|| *MAY_RING.write().unwrap_or_else(PoisonError::into_inner) = false);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Post {
    /// Never fails: in a loop that is gone nobody waits.
    pub(crate) fn deliver(&self, letter: u64, step: Option<Step>) {
        let is_first = {
            let mut letters = lock(&self.letters);
            letters.push((letter, step));
            letters.len() == 1
        };
        if is_first {
            self.ring();
        }
    }

    fn ring(&self) {
        if let Some(ring) = self.ring.get() {
            // Not waited for: whoever has Python may ring too, and the worker wait for Python under this lock. Where it
            // cannot be had, it is to be no more.
            let Some(_may) = MAY_RING.try_read().ok().filter(|may| **may) else { return };
            Python::try_attach(|py| {
                if let Err(error) = ring.call0(py) {
                    error.write_unraisable(py, None);
                }
            });
            return;
        }
        #[cfg(unix)]
        let _ = (&self.bell_pull).write(&[0]);
    }
}

/// Has a call that runs in the loop's thread go on.
struct Reminder {
    letter: u64,
    post: Arc<Post>,
}

impl Wake for Reminder {
    fn wake(self: Arc<Self>) {
        self.post.deliver(self.letter, None);
    }
}

impl Mailbox {
    /// A letter to come, and whom to give it to.
    pub(crate) fn expect(&self, future: Py<PyAny>, on_hand_over: Option<Py<PyAny>>) -> (u64, Arc<Post>) {
        (self.add(Waiting { future, on_hand_over, call: None }), Arc::clone(&self.post))
    }

    /// The same for a call that runs in the loop's thread.
    pub(crate) fn keep(&self, call: Own<Call>, future: Py<PyAny>, on_hand_over: Option<Py<PyAny>>) -> u64 {
        self.add(Waiting { future, on_hand_over, call: Some(call) })
    }

    fn add(&self, waiting: Waiting) -> u64 {
        let letter = self.latest.fetch_add(1, Ordering::Relaxed);
        lock(&self.waiting).insert(letter, waiting);
        letter
    }

    /// Runs a call that is kept here as far as it goes.
    pub(crate) fn go_on(&self, py: Python<'_>, letter: u64) -> PyResult<()> {
        let kept = lock(&self.waiting).get_mut(&letter).and_then(|waiting| waiting.call.take());
        let Some(mut call) = kept else { return Ok(()) };
        let waker = Waker::from(Arc::new(Reminder { letter, post: Arc::clone(&self.post) }));
        // With Python: to have it back from another thread may take a thousand times as long.
        let step = call.get_mut().and_then(|call| call.now(&waker));
        if let Some(waiting) = lock(&self.waiting).get_mut(&letter) {
            waiting.call = Some(call);
        }
        step.map_or(Ok(()), |step| self.open(py, letter, step))
    }

    pub(crate) fn forget(&self, letter: u64) {
        let forgotten = lock(&self.waiting).remove(&letter);
        // Outside the lock: what is dropped may be Python's, and call back.
        drop(forgotten);
    }

    fn open(&self, py: Python<'_>, letter: u64, step: Step) -> PyResult<()> {
        match step {
            Step::HandOver(sms) => {
                let on_hand_over = lock(&self.waiting)
                    .get(&letter)
                    .and_then(|waiting| waiting.on_hand_over.as_ref().map(|call| call.clone_ref(py)));
                if let Some(on_hand_over) = on_hand_over {
                    on_hand_over.call1(py, (sms,))?;
                }
            }
            Step::Done(done) => {
                let Some(waiting) = lock(&self.waiting).remove(&letter) else { return Ok(()) };
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
impl Mailbox {
    #[new]
    fn new() -> PyResult<Self> {
        #[cfg(unix)]
        let (bell, bell_pull) = UnixStream::pair()?;
        #[cfg(unix)]
        for end in [&bell, &bell_pull] {
            end.set_nonblocking(true)?;
        }
        Ok(Self {
            waiting: Mutex::default(),
            latest: AtomicU64::new(0),
            post: Arc::new(Post {
                letters: Mutex::default(),
                #[cfg(unix)]
                bell_pull,
                ring: OnceLock::new(),
            }),
            #[cfg(unix)]
            bell,
            process: std::process::id(),
        })
    }

    /// A loop that dies with calls in flight is held by those who wait in it, and they by this.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(waiting) = self.waiting.try_lock() {
            for each in waiting.values() {
                visit.call(&each.future)?;
                visit.call(&each.on_hand_over)?;
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
        return Ok(self.bell.as_raw_fd());
        #[cfg(not(unix))]
        Err(pyo3::exceptions::PyNotImplementedError::new_err("a socket that an event loop can watch"))
    }

    /// Makes the loop look by calling `ring`, from the worker thread.
    fn ring_by(&self, ring: Py<PyAny>) {
        let _ = self.post.ring.set(ring);
    }

    /// Opens what has come, in the loop's thread.
    fn drain(&self, py: Python<'_>) {
        if self.process != std::process::id() {
            return;
        }
        // First the bell, then the letters: one that comes in between rings again.
        #[cfg(unix)]
        let _ = (&self.bell).read(&mut [0; 16]);
        let letters = std::mem::take(&mut *lock(&self.post.letters));
        for (letter, step) in letters {
            let opened = match step {
                Some(step) => self.open(py, letter, step),
                None => self.go_on(py, letter),
            };
            if let Err(error) = opened {
                error.write_unraisable(py, None);
            }
        }
    }
}
