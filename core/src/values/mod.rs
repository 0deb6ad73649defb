//! The values of a verification. Each is checked when it is made, so that whatever holds one may rely on it.

mod code;
mod number;
mod request_id;
mod secret;
mod validity;

pub use code::{Code, CodeSize, CodeType};
pub use number::{PhoneNumber, parse_number};
pub use request_id::RequestId;
pub use secret::{ApiKey, EngineKey};
pub use validity::Validity;

pub(crate) use number::masked;
pub(crate) use secret::checked_sender;
