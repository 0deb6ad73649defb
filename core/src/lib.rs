#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod client;
mod engine;
mod error;
mod generate;
pub mod machine;
#[cfg(feature = "sandbox")]
mod sandbox;
mod sms;
mod values;
mod verification;
mod verifier;
#[doc(hidden)]
pub mod wire;

pub use client::{Api, Client, ClientOptions, SenderInfo, Trust, V1Paths, V2Paths};
pub use engine::{
    Attempt, Claim, Clock, Created, Digest, EgoiSms, Engine, EngineOptions, HandOver, Limits, MemoryStore,
    MonotonicClock, NewRequest, OutgoingSms, Remembered, Resending, SendError, Sender, Sending, Store, StoreFuture,
    Stored, StoredTerms, TestClock, Validated,
};
pub use error::{Error, ErrorCode};
pub use generate::generate_code;
#[cfg(feature = "sandbox")]
pub use sandbox::{Cut, Fault, FaultBody, FaultCall, Message, Sandbox, SandboxClock, SandboxOptions};
pub use sms::{SmsEncoding, SmsParts, code_in_sms, sms_parts, with_app_hash, with_origin};
pub use values::{
    ApiKey, Code, CodeSize, CodeType, EngineKey, MessageTemplate, PhoneNumber, RequestId, Validity, parse_number,
};
pub use verification::{CallOptions, Outcome, RequestOptions, Sms, State, ValidateOptions, Verification};
pub use verifier::Verifier;
