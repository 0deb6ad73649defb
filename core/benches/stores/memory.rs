//! Memory.

use tokio::runtime::Runtime;

use crate::{Measured, rounds};

pub(super) fn measure(runtime: &Runtime) {
    let measured = Measured { runtime, spent: &rounds::processor_ns_of_all, by_callers: &rounds::processor_ns };
    measured.compare_requests("Memory, a request", rounds::scaled(64_000), &mut || "memory:".to_owned());
}
