//! The text of the SMS, with a place for the code.

use zeroize::Zeroizing;

use super::sms_parts;
use crate::error::{Error, Reason};
use crate::values::{Code, CodeSize};

/// The text of an SMS. The code replaces `{CODE}`. It has 1 to 1,000 characters, and at most 6 SMS parts with the code in place. A
/// newline is the only control character that is accepted. CRLF becomes a newline, a tab a space.
///
/// ```
/// use egoi_verify::{Code, CodeSize, MessageTemplate};
///
/// # fn main() -> Result<(), egoi_verify::Error> {
/// let template = MessageTemplate::new("Your code is {CODE}", CodeSize::default())?;
/// assert_eq!(*template.render(&Code::parse("123456")?), "Your code is 123456");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct MessageTemplate {
    text: String,
    place: &'static str,
}

/// `{CODE} is your verification code.`, one SMS part with a code of any size.
impl Default for MessageTemplate {
    fn default() -> Self {
        Self::from_checked("{CODE} is your verification code.".to_owned())
    }
}

impl MessageTemplate {
    /// The place of the code.
    pub const PLACE: &'static str = "{CODE}";
    /// Ours: E-goi documents no limit.
    const LONGEST: usize = 1000;
    /// Ours: E-goi documents no limit.
    const MAX_PARTS: u32 = 6;

    /// Makes a template for codes of this size.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a text without `{CODE}` or beyond a limit of [`MessageTemplate`].
    pub fn new(text: &str, code_size: CodeSize) -> Result<Self, Error> {
        let text = &text.replace("\r\n", "\n").replace('\t', " ");
        let characters = text.chars().count();
        if characters == 0 || characters > Self::LONGEST {
            return Err(Error::wrong_length("message", characters, Self::LONGEST, "characters"));
        }
        if !text.contains(Self::PLACE) {
            return Err(Error::invalid_input(
                "message",
                Reason::NoPlaceholder,
                "has no `{CODE}`; it must have at least one",
            ));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(Error::invalid_input(
                "message",
                Reason::BadCharacter,
                "has a control character; only the newline is allowed",
            ));
        }
        // Every alphabet of a code is in GSM 03.38's basic set, so that which characters stand there changes nothing.
        let parts = sms_parts(&text.replace(Self::PLACE, &"0".repeat(code_size.get()))).parts;
        if parts > Self::MAX_PARTS {
            return Err(Error::invalid_input(
                "message",
                Reason::TooLong,
                format_args!("takes {parts} SMS parts with the code in place; the maximum is {}", Self::MAX_PARTS),
            ));
        }
        Ok(Self::from_checked(text.to_owned()))
    }

    /// A template that was checked before.
    pub(crate) fn from_checked(text: String) -> Self {
        Self { text, place: Self::PLACE }
    }

    /// A template of a sandbox. E-goi's interface has another place for the code.
    #[cfg(feature = "sandbox")]
    pub(crate) fn with_place(text: String, place: &'static str) -> Self {
        Self { text, place }
    }

    /// The template, with `{CODE}`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text to send: every `{CODE}` replaced.
    pub fn render(&self, code: &Code) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(
            self.text.len() + self.text.matches(self.place).count() * code.expose().len(),
        ));
        for (i, piece) in self.text.split(self.place).enumerate() {
            if i > 0 {
                text.push_str(code.expose());
            }
            text.push_str(piece);
        }
        text
    }
}
