//! SMS: counting the parts of a text, the formats for autofill, and finding a code in a text.

mod autofill;
mod parts;
mod read;
mod template;

pub use autofill::{with_app_hash, with_origin};
pub use parts::{SmsEncoding, SmsParts, sms_parts};
pub use read::code_in_sms;
pub use template::MessageTemplate;

/// How E-goi sends an SMS of an engine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sending {
    pub(crate) encoding: SmsEncoding,
    /// The maximum of parts.
    pub(crate) max_count: u32,
    pub(crate) urgent: bool,
}
