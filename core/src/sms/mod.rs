//! What the library knows about SMS: how many parts a text takes, the autofill formats, and reading a code back.

mod autofill;
mod parts;
mod read;
mod template;

pub use autofill::{with_app_hash, with_origin};
pub use parts::{SmsEncoding, SmsParts, sms_parts};
pub use read::code_in_sms;
pub use template::MessageTemplate;

/// How an SMS of one's own is to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sending {
    pub(crate) encoding: SmsEncoding,
    /// The service sends at most so many parts of it.
    pub(crate) max_count: u32,
    pub(crate) urgent: bool,
}
