//! The native part of the npm package `egoi-verify`. It is private to that package: it translates, and the rules are in
//! the crate `egoi-verify`. Its public surface is written by hand in `../src`.
//!
//! A call is started by a number that JavaScript chose, runs on the one thread of [`runtime`], and is finished through the
//! [`calls`] of its environment as a tagged value of JSON, of which TypeScript makes a value or an error to throw.

#![allow(unreachable_pub, reason = "what JavaScript calls is public by the macro's rule")]

mod calls;
mod client;
mod clock;
mod engine;
mod functions;
mod gateway;
mod guard;
mod options;
mod results;
mod runtime;
mod sandbox;
mod testing;
mod verifier;
