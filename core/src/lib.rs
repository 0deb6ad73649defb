#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(clippy::missing_errors_doc)]

#[doc(hidden)]
pub mod binding_options;
mod client;
mod engine;
mod error;
mod events;
mod generate;
pub mod machine;
#[cfg(feature = "sandbox")]
mod sandbox;
pub mod session;
mod sms;
pub mod store;
mod tls;
mod values;
mod verification;
mod verifier;
#[doc(hidden)]
pub mod wire;

pub use client::{Api, Client, ClientOptions, SenderInfo, V1Paths, V2Paths};
pub use engine::{EgoiSms, Engine, EngineOptions, OutgoingSms, PingFuture, SendError, SendFuture, SmsGateway};
pub use error::{Error, ErrorCode, Reason};
pub use events::{CallEvent, CallObserver};
pub use generate::generate_code;
pub use machine::{PrefixQuota, Quota};
#[cfg(feature = "sandbox")]
pub use sandbox::{Cut, Fault, FaultBody, FaultCall, Message, Sandbox, SandboxClock, SandboxOptions};
pub use sms::{MessageTemplate, SmsEncoding, SmsParts, code_in_sms, sms_parts, with_app_hash, with_origin};
pub use store::{Clock, Store, TestClock};
pub use tls::Trust;
pub use values::{
    Accept, ApiKey, Code, CodeSize, CodeType, EngineKey, NUMBER_METADATA, NumberType, PhoneNumber, RequestId, Validity,
    parse_number,
};
pub use verification::{
    CallOptions, NumberLimit, NumberRecord, Outcome, OutcomeDetails, RequestOptions, SmsStatus, State, ValidateOptions,
    Verification,
};
pub use verifier::Verifier;

/// The example of the repository's own README, run as it stands.
#[cfg(all(doctest, feature = "sandbox"))]
#[doc = include_str!("../../README.md")]
struct ReadmeExample;
