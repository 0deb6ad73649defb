//! Keys, and the sender, which the wire has beside a key.

use zeroize::Zeroizing;

use crate::error::{Error, Reason};

/// An account's API key. It cannot be printed, and is wiped when dropped:
///
/// ```compile_fail
/// println!("{:?}", egoi_verify::ApiKey::parse("secret"));
/// ```
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// Reads a key of visible characters.
    ///
    /// # Errors
    ///
    /// `invalid_input` if it is empty or has other characters.
    pub fn parse(key: &str) -> Result<Self, Error> {
        checked("api_key", key).map(|key| Self(Zeroizing::new(key.to_owned())))
    }

    /// The key itself, for the wire. Keep it out of logs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The secret that protects the codes of an `Engine`: at least 32 bytes. It cannot be printed, and is wiped when dropped.
///
/// ```
/// use egoi_verify::EngineKey;
///
/// assert!(EngineKey::new(&[7; 32]).is_ok());
/// assert!(EngineKey::new(b"too short").is_err());
/// ```
#[derive(Clone)]
pub struct EngineKey(Zeroizing<Vec<u8>>);

impl EngineKey {
    const SHORTEST: usize = 32;

    /// Makes a key of at least 32 bytes.
    ///
    /// # Errors
    ///
    /// `invalid_input` for a shorter key.
    pub fn new(key: &[u8]) -> Result<Self, Error> {
        Self::named("key", key)
    }

    /// The same of the option of this name.
    pub(crate) fn named(field: &str, key: &[u8]) -> Result<Self, Error> {
        if key.len() < Self::SHORTEST {
            return Err(Error::invalid_input(
                field,
                Reason::TooShort,
                format_args!("has {} bytes; the minimum is {} bytes", key.len(), Self::SHORTEST),
            ));
        }
        Ok(Self(Zeroizing::new(key.to_vec())))
    }

    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// A sender as the service knows it: V1's hash or V2's id.
pub(crate) fn checked_sender(sender: &str) -> Result<String, Error> {
    checked("sender", sender).map(str::to_owned)
}

fn checked<'a>(field: &str, value: &'a str) -> Result<&'a str, Error> {
    const LONGEST: usize = 1024;
    let value = value.trim();
    if value.is_empty() || value.len() > LONGEST {
        return Err(Error::wrong_length(field, value.len(), LONGEST, "bytes"));
    }
    if value.chars().any(char::is_control) {
        return Err(Error::invalid_input(
            field,
            Reason::BadCharacter,
            "has a control character, which is not accepted",
        ));
    }
    if !value.is_ascii() {
        return Err(Error::invalid_input(
            field,
            Reason::BadCharacter,
            "has a character outside ASCII, which is not accepted",
        ));
    }
    Ok(value)
}
