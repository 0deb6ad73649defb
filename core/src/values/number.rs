//! Phone numbers, as people write them and as they travel.

use std::fmt;

use dec_from_char::DecimalExtended as _;
use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, ParseError, ValidationError};

use crate::error::{Error, Reason};

/// A possible phone number of full length. Printed, it is masked (`+35191*****00`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber {
    calling_code: u16,
    leading_zeros: u8,
    national: u64,
}

/// More than any way of writing a number takes; what is longer is no number.
const LONGEST: usize = 64;

/// More than any number has with the prefixes that people write in front, and fewer than the parser logs as too many.
const MAX_DIGITS: usize = 18;

/// Reads a number as people write it: `+351 910 000 000`, `00351910000000`, or calling code, hyphen, national number
/// as in `351-910000000`. Takes 1 µs (8 µs with the feature `small-numbers`).
///
/// Digits alone, a number that is not possible or not of full length for its country, letters and extensions are
/// `invalid_input`.
pub fn parse_number(text: &str) -> Result<PhoneNumber, Error> {
    PhoneNumber::parse(text)
}

impl PhoneNumber {
    /// See [`parse_number`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (number, digits) = Self::parse_once(text)?;
        // A trunk or carrier prefix was passed over. What follows it may, written by itself, be read otherwise: a zero
        // too many, or another prefix.
        if digits != number.digits() && !Self::parse_once(&number.e164()).is_ok_and(|(again, _)| again == number) {
            return Err(fault(Reason::NotANumber, "has a prefix that its country's numbers do not have"));
        }
        Ok(number)
    }

    /// The number as a service writes it: in any way that is read, or its digits alone, calling code first.
    pub(crate) fn parse_written(text: &str) -> Result<Self, Error> {
        let digits = text.trim();
        if !digits.is_empty() && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
            Self::parse(&format!("+{digits}"))
        } else {
            Self::parse(text)
        }
    }

    /// How many digits the whole number has.
    fn digits(self) -> usize {
        digits_of(self.calling_code.into()) + usize::from(self.leading_zeros) + digits_of(self.national)
    }

    /// The number, and how many digits it was written with, its calling code included.
    fn parse_once(text: &str) -> Result<(Self, usize), Error> {
        let (international, given_code) = international_form(text.trim())?;
        let number = PHONE_NUMBER_UTIL.parse(&international, None).map_err(|error| match error {
            ParseError::InvalidCountryCode => unknown_country(),
            ParseError::TooShortNsn | ParseError::TooShortAfterIdd => too_short(),
            ParseError::TooLongNsn => too_long(),
            _ => no_number(),
        })?;
        if !number.extension().is_empty() {
            return Err(fault(Reason::HasExtension, "has an extension, which takes no SMS"));
        }
        match PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number) {
            Ok(NumberLengthType::IsPossible) => {}
            Ok(NumberLengthType::IsPossibleLocalOnly) => {
                return Err(fault(Reason::TooShort, "is a local number without its area code"));
            }
            Err(ValidationError::TooShort) => return Err(too_short()),
            Err(ValidationError::TooLong) => return Err(too_long()),
            Err(_) => return Err(fault(Reason::ImpossibleLength, "has a length that no number of its country has")),
        }
        let leading_zeros = if number.italian_leading_zero() { number.number_of_leading_zeros() } else { 0 };
        match (u16::try_from(number.country_code), u8::try_from(leading_zeros)) {
            (Ok(calling_code), _) if given_code.is_some_and(|given| given != calling_code) => Err(unknown_country()),
            (Ok(calling_code), Ok(leading_zeros)) => {
                let digits = international.chars().filter(|c| c.is_numeric()).count();
                Ok((Self { calling_code, leading_zeros, national: number.national_number }, digits))
            }
            _ => Err(no_number()),
        }
    }

    /// Whether a country, or a service without one, has this calling code.
    pub(crate) fn is_calling_code(code: u16) -> bool {
        PHONE_NUMBER_UTIL.get_regions_for_country_calling_code(code.into()).is_some_and(|regions| regions.len() > 0)
    }

    /// The country calling code, for example 351.
    pub const fn calling_code(self) -> u16 {
        self.calling_code
    }

    /// What it consists of: calling code, leading zeros, national number without them.
    #[cfg(feature = "sealed")]
    pub(crate) const fn parts(self) -> (u16, u8, u64) {
        (self.calling_code, self.leading_zeros, self.national)
    }

    /// The number that consisted of this, whatever numbers are possible today.
    #[cfg(feature = "sealed")]
    pub(crate) const fn from_parts((calling_code, leading_zeros, national): (u16, u8, u64)) -> Self {
        Self { calling_code, leading_zeros, national }
    }

    /// The digits of the whole number without so many at its end, of which its calling code is never one.
    pub(crate) fn prefix(self, last_digits: u32) -> u64 {
        let national_digits = self.digits() as u32 - digits_of(self.calling_code.into()) as u32;
        let shared = |digits: u32| 10_u64.saturating_pow(digits);
        let cut = last_digits.min(national_digits);
        // Leading zeros are digits too: what is cut off the national number is no more than it has.
        u64::from(self.calling_code)
            .saturating_mul(shared(national_digits - cut))
            .saturating_add(self.national / shared(cut))
    }

    /// A number that differs between most phone numbers, for spreading them.
    pub(crate) const fn spread(self) -> usize {
        // The last digits differ most; 61 is prime to the powers of two that it is reduced by.
        (self.national.wrapping_mul(61) >> 3) as usize
    }

    /// The number within its country, leading zeros included.
    pub(crate) fn national(self) -> String {
        format!("{}{}", "0".repeat(self.leading_zeros.into()), self.national)
    }

    /// The full number in E.164, `+351910000000`.
    pub fn e164(self) -> String {
        format!("+{}{}", self.calling_code, self.national())
    }

    /// The number as it may be shown to others, `+35191*****00`; also what `Display` prints.
    pub fn masked(self) -> String {
        self.to_string()
    }

    /// The full number as E-goi has it on the wire, `351-910000000`.
    pub(crate) fn on_the_wire(self) -> String {
        format!("{}-{}", self.calling_code, self.national())
    }
}

fn digits_of(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// The number with a plus in front, from one of the three ways of writing it, and the calling code where it was set
/// apart by a hyphen.
fn international_form(text: &str) -> Result<(String, Option<u16>), Error> {
    if text.is_empty() {
        return Err(fault(Reason::Empty, "is empty"));
    }
    if text.len() > LONGEST {
        return Err(fault(Reason::TooLong, "is too long"));
    }
    if text.chars().any(char::is_alphabetic) {
        return Err(fault(Reason::BadCharacter, "has letters"));
    }
    let text = &readable(text)?;
    if let Some(rest) = text.strip_prefix("00") {
        return Ok((format!("+{rest}"), None));
    }
    if text.trim_start_matches(|c: char| !c.is_numeric() && !is_plus(c)).starts_with(is_plus) {
        return Ok((text.to_owned(), None));
    }
    match text.split_once('-') {
        Some((code, national)) if matches!(code.len(), 1..=3) && code.bytes().all(|b| b.is_ascii_digit()) => {
            Ok((format!("+{code} {national}"), code.parse().ok()))
        }
        _ => Err(fault(Reason::NoCountryCode, "has no calling code")),
    }
}

/// The text without the marks that steer the direction of writing, if the parser takes its characters: what it refuses
/// for them it also logs, in full.
fn readable(text: &str) -> Result<String, Error> {
    let text: String = text.chars().filter(|c| !steers_direction(*c)).collect();
    if text.chars().any(|c| matches!(c, ';' | ',' | '#' | '*' | '=' | '@' | '&' | '?' | '%')) {
        return Err(fault(Reason::BadCharacter, "has characters that no phone number has"));
    }
    let later = text.trim_start_matches(is_punctuation).trim_start_matches(is_plus);
    if !later.chars().all(|c| c.is_decimal_utf8() || is_punctuation(c)) {
        return Err(fault(Reason::NotANumber, "is not a phone number"));
    }
    if later.chars().filter(|c| c.is_decimal_utf8()).count() > MAX_DIGITS {
        return Err(fault(Reason::TooLong, "is too long for its country"));
    }
    Ok(text)
}

const fn steers_direction(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// What the parser reads between the digits of a number.
const fn is_punctuation(c: char) -> bool {
    matches!(c,
        ' ' | '\u{a0}' | '\u{3000}' | '-' | '.' | '/' | '(' | ')' | '[' | ']' | '~' | '\u{ad}' | '\u{200b}' | '\u{2010}'..='\u{2015}' | '\u{2053}'
        | '\u{2060}' | '\u{2212}' | '\u{223c}' | '\u{30fc}' | '\u{ff08}' | '\u{ff09}' | '\u{ff0d}'..='\u{ff0f}' | '\u{ff3b}'
        | '\u{ff3d}')
}

fn is_plus(c: char) -> bool {
    matches!(c, '+' | '\u{ff0b}')
}

fn too_short() -> Error {
    fault(Reason::TooShort, "is too short for its country")
}

fn too_long() -> Error {
    fault(Reason::TooLong, "is too long for its country")
}

fn unknown_country() -> Error {
    fault(Reason::UnknownCountry, "has no known calling code")
}

fn no_number() -> Error {
    fault(Reason::NotANumber, "is not a phone number")
}

fn fault(reason: Reason, fault: &str) -> Error {
    Error::invalid_input(
        "number",
        reason,
        format_args!("{fault}; it must be a full international number such as `+351 910 000 000`"),
    )
}

/// A number that is kept as text, as it may be printed.
pub(crate) fn masked(number: &str) -> String {
    PhoneNumber::parse(number).map_or_else(|_| "*".to_owned(), |number| number.to_string())
}

/// Masked: the calling code and the national number's first and last two digits, fewer of a short one.
impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let national = self.national();
        let shown = match national.len() {
            8.. => 2,
            6..8 => 1,
            _ => 0,
        };
        let end = national.len() - shown;
        write!(f, "+{}{}{}{}", self.calling_code, &national[..shown], "*".repeat(end - shown), &national[end..])
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({self})")
    }
}
