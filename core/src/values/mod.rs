//! The values of a verification. Each value is checked when it is made: the code that takes one relies on it.

mod code;
mod number;
mod number_type;
mod numbering_plans;
mod request_id;
mod secret;
mod unlogged;
mod validity;

pub use code::{Code, CodeSize, CodeType};
pub use number::{PhoneNumber, parse_number};
pub use number_type::{Accept, NUMBER_METADATA, NumberType};
pub use request_id::RequestId;
pub use secret::{ApiKey, EngineKey};
pub use validity::Validity;

pub(crate) use number::masked;
pub(crate) use number_type::AllowedCountries;
pub(crate) use secret::checked_sender;
