//! The number library logs the numbers that it looks at, in full, at the level `trace`.

use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Mutex, PoisonError};

use log::LevelFilter;

/// Whether somebody was ever shown `trace`, so that the level may be lowered by another thread at this moment.
static TRACED: AtomicBool = AtomicBool::new(false);
/// How many are looking, and whether the level was lowered for them.
static LOOKING: Mutex<(usize, bool)> = Mutex::new((0, false));

/// Looks at a number without a log of it. Where a program logs at `trace`, it logs at `debug` meanwhile.
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
