//! The native module below the Kotlin and the Swift package: it translates, and holds no rule of its own. What a
//! developer imports is written by hand above it, in `kotlin/` and `swift/`.
//!
//! Crossing the border is what costs, from Kotlin above all: every verb takes one record and gives one back. Kotlin's verbs
//! go through [`border`], Swift's are uniffi's futures.
//!
//! No error has a field `message` and no object a method `close`: both collide with what Kotlin's own classes have.

#![allow(clippy::result_large_err, reason = "uniffi takes an error as it is, and not in a box")]

pub mod border;
pub mod client;
pub mod clock;
pub mod engine;
pub mod events;
pub mod failure;
pub mod functions;
pub mod settings;
pub mod values;
mod verbs;

uniffi::setup_scaffolding!();
