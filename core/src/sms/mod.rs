//! What the library knows about SMS: how many parts a text takes, the autofill formats, and reading a code back.

mod autofill;
mod parts;
mod read;
mod template;

pub use autofill::{with_app_hash, with_origin};
pub use parts::{SmsEncoding, SmsParts, sms_parts};
pub use read::code_in_sms;
pub use template::MessageTemplate;
