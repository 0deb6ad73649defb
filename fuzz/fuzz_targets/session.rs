#![no_main]

#[allow(dead_code, reason = "each target has one of the bodies")]
#[path = "../../core/tests/support/fuzz_bodies.rs"]
mod fuzz_bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_bodies::read_session(data));
