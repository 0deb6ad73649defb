//! The number library logs the full numbers that it reads, at the level `trace`. This keeps them out of the logs.

use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Mutex, PoisonError};

use log::LevelFilter;

/// Whether the level was ever `trace`. If so, another thread may have lowered it at this moment.
static TRACED: AtomicBool = AtomicBool::new(false);
/// How many threads read numbers now, and whether the level is lowered for them.
static LOOKING: Mutex<(usize, bool)> = Mutex::new((0, false));

/// Reads a number without a log of it. A program that logs at `trace` logs at `debug` meanwhile.
pub(super) fn unlogged<T>(look: impl FnOnce() -> T) -> T {
    let level = log::max_level();
    fence(Ordering::SeqCst);
    if level < LevelFilter::Trace && !TRACED.load(Ordering::Relaxed) {
        return look();
    }
    TRACED.store(true, Ordering::Relaxed);
    fence(Ordering::SeqCst);
    let _lowered = Lowered::new();
    look()
}

struct Lowered;

impl Lowered {
    fn new() -> Self {
        let mut looking = LOOKING.lock().unwrap_or_else(PoisonError::into_inner);
        if log::max_level() == LevelFilter::Trace {
            log::set_max_level(LevelFilter::Debug);
            looking.1 = true;
        }
        looking.0 += 1;
        Self
    }
}

impl Drop for Lowered {
    fn drop(&mut self) {
        let mut looking = LOOKING.lock().unwrap_or_else(PoisonError::into_inner);
        looking.0 -= 1;
        // Another level than the one set here is the program's own.
        if looking.0 == 0 && std::mem::take(&mut looking.1) && log::max_level() == LevelFilter::Debug {
            log::set_max_level(LevelFilter::Trace);
        }
    }
}
