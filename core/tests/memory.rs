//! Core dumps of processes that had a key and a code, without an allocator that wipes what is freed. A program of its own,
//! because it is its own child.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[cfg(target_os = "linux")]
mod support {
    pub(crate) mod memory;
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    use support::memory::{Role, after, find_what_is_kept, play_a_child};

    if play_a_child() {
        return;
    }
    find_what_is_kept();

    let waits = after(Role::Waits);
    assert_eq!((waits.of_the_key, waits.of_its_states, waits.of_the_code), (0, 0, 0), "found where no secret can be");
    println!("test nothing_is_found_in_a_process_that_was_given_nothing ... ok");

    let made = after(Role::MakesClients);
    assert_eq!((made.of_the_key, made.of_the_code), (0, 0), "pieces of key and code");
    println!("test a_client_that_was_dropped_before_any_call_leaves_no_key ... ok, {} bytes", made.bytes);

    let ran = after(Role::RunsAnEngine);
    assert_eq!((ran.of_the_key, ran.of_its_states, ran.of_the_code), (0, 0, 0), "pieces of key, its states and code");
    println!("test an_engine_that_was_dropped_leaves_neither_key_nor_states_nor_code ... ok, {} bytes", ran.bytes);

    // No promise: SECURITY.md says that the HTTP stack's copies stay.
    let called = after(Role::Calls);
    println!(
        "after calls, without an allocator that wipes: {} pieces of the key, {} of the code in {} bytes",
        called.of_the_key, called.of_the_code, called.bytes
    );
}
