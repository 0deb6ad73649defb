//! The id of a request.

use std::fmt;

use crate::error::{Error, Reason};

/// The id of a request: one non-empty path segment of at most 128 characters of `A-Z a-z 0-9 . _ -`, and not `.` or `..`. The
/// ids of E-goi (the article) and of an `Engine` are 32 lower-case hex digits.
///
/// ```
/// use egoi_verify::RequestId;
///
/// assert!(RequestId::parse("0123456789abcdef0123456789abcdef").is_ok());
/// assert!(RequestId::parse("../senders").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(String);

impl RequestId {
    const LONGEST: usize = 128;

    /// Reads an id.
    ///
    /// # Errors
    ///
    /// `invalid_input` if the text is not an id: start a new request.
    pub fn parse(id: &str) -> Result<Self, Error> {
        let (reason, fault) = if id.is_empty() {
            (Reason::Empty, "is empty")
        } else if id.len() > Self::LONGEST {
            (Reason::TooLong, "is too long")
        } else if id == "." || id == ".." {
            (Reason::Malformed, "is a relative path")
        } else if !id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
            (Reason::BadCharacter, "has a character that is not allowed")
        } else {
            return Ok(Self(id.to_owned()));
        };
        Err(Error::invalid_input(
            "id",
            reason,
            format_args!("{fault}; it must have 1 to 128 characters of `A-Z a-z 0-9 . _ -`"),
        ))
    }

    /// The id that 128 bits stand for, as 32 lower-case hex digits.
    pub(crate) fn from_bits(bits: u128) -> Self {
        Self(format!("{bits:032x}"))
    }

    /// The bits that an id of 32 lower-case hex digits stands for.
    pub(crate) fn bits(&self) -> Option<u128> {
        let ours = self.0.len() == 32 && self.0.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        ours.then(|| u128::from_str_radix(&self.0, 16).ok()).flatten()
    }

    /// The id as the wire has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
