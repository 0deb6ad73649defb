//! The native module below `egoi-verify-phone` and `EgoiVerifyPhone`: what an app needs that talks to its own server. It translates,
//! and holds no rule of its own.
//!
//! It calls nothing of core that speaks HTTP, so that the linker leaves out HTTP, TLS and the runtime.

pub mod endpoints;
pub mod failure;
pub mod functions;
pub mod session;
pub mod texts;
pub mod values;

uniffi::setup_scaffolding!();
