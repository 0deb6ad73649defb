//! Counting SMS parts, with our own tables. Two crates have such tables: `gsm7` 0.4 names no repository, and `sms_splitter` 0.1 has
//! 900 lines for 137 characters.

use std::str::FromStr;

use crate::error::{Error, Reason};

/// The GSM 7-bit default alphabet, in code order and without the escape (3GPP TS 23.038, 6.2.1). It has `Ç` and no `ç`.
const GSM7: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// The GSM 7-bit default alphabet extension table: an escape and one more septet each (3GPP TS 23.038, 6.2.1.1).
const GSM7_EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// The encoding of an SMS.
///
/// ```
/// use egoi_verify::{SmsEncoding, sms_parts};
///
/// assert_eq!(sms_parts("Your code is 123456").encoding, SmsEncoding::Gsm7);
/// assert_eq!(sms_parts("Код 123456").encoding, SmsEncoding::Ucs2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsEncoding {
    /// The GSM 7-bit default alphabet with its extension table: 160 septets in one SMS, 153 in each of several.
    Gsm7,
    /// UCS-2, in practice UTF-16: 70 code units in one SMS, 67 in each of several.
    Ucs2,
}

impl SmsEncoding {
    /// The stable name: `gsm7` or `ucs2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gsm7 => "gsm7",
            Self::Ucs2 => "ucs2",
        }
    }
}

impl FromStr for SmsEncoding {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        let known = [Self::Gsm7, Self::Ucs2].into_iter().find(|encoding| encoding.as_str() == word);
        known.ok_or_else(|| {
            Error::invalid_input("encoding", Reason::UnknownValue, "is unknown; it must be `gsm7` or `ucs2`")
        })
    }
}

/// The size of a text as SMS.
///
/// ```
/// use egoi_verify::sms_parts;
///
/// assert_eq!(sms_parts(&"a".repeat(160)).parts, 1);
/// assert_eq!(sms_parts(&"a".repeat(161)).parts, 2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmsParts {
    /// The encoding: one character outside the GSM alphabet makes the whole text [`SmsEncoding::Ucs2`].
    pub encoding: SmsEncoding,
    /// The length: septets for GSM 7-bit (an extension character such as `€` takes 2), UTF-16 code units for UCS-2.
    pub characters: u32,
    /// The number of SMS that are sent and billed, 1 or more. An empty text is one SMS.
    pub parts: u32,
}

/// Counts the SMS parts of `text`, with the code already in place.
///
/// The limits are those of 3GPP TS 23.040, 9.2.3.24.1. One SMS has 140 octets. In a text of several SMS, a header takes 6 octets of
/// each. An escape pair or a surrogate pair is never split: a part may have one free place at its end. National language tables are
/// not used, as a service would have to request them.
pub fn sms_parts(text: &str) -> SmsParts {
    let gsm7: Option<u32> = text.chars().map(septets).sum();
    let (encoding, characters, whole, part) = match gsm7 {
        Some(septets) => (SmsEncoding::Gsm7, septets, 160, 153),
        None => (SmsEncoding::Ucs2, text.chars().map(utf16_units).sum(), 70, 67),
    };
    if characters <= whole {
        return SmsParts { encoding, characters, parts: 1 };
    }
    let (mut parts, mut used) = (1, 0);
    for c in text.chars() {
        let size = septets(c).filter(|_| encoding == SmsEncoding::Gsm7).unwrap_or(utf16_units(c));
        if used + size > part {
            parts += 1;
            used = 0;
        }
        used += size;
    }
    SmsParts { encoding, characters, parts }
}

fn septets(c: char) -> Option<u32> {
    // The letters and digits that most texts are made of need no search.
    if c.is_ascii_alphanumeric() || GSM7.contains(c) {
        Some(1)
    } else if GSM7_EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

fn utf16_units(c: char) -> u32 {
    if c > '\u{ffff}' { 2 } else { 1 }
}
