//! Core dumps of processes that had a key and a code, with an allocator that wipes what is freed, as the command line has
//! one. A program of its own, because it is its own child.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "each program of tests needs some of it")]
mod support {
    pub(crate) mod memory;
}

#[global_allocator]
static WIPED_WHEN_FREED: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    use support::memory::{Role, after, find_what_is_kept, play_a_child};

    if play_a_child() {
        return;
    }
    find_what_is_kept();

    for (fact, role) in [
        ("a_client_that_was_dropped_before_any_call_leaves_no_key", Role::MakesClients),
        ("an_engine_that_was_dropped_leaves_neither_key_nor_code", Role::RunsAnEngine),
        ("a_client_that_was_dropped_after_every_call_leaves_neither_key_nor_code", Role::Calls),
    ] {
        let left = after(role);
        let pieces = (left.of_the_key, left.of_its_states, left.of_the_code);
        assert_eq!(pieces, (0, 0, 0), "{fact}: pieces of key, its states and code");
        println!("test {fact} ... ok, {} bytes", left.bytes);
    }
}
