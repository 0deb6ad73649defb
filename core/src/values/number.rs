//! Phone numbers, as people write them and as the wire has them.

use std::borrow::Cow;
use std::fmt;

use dec_from_char::DecimalExtended as _;
use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, ParseError, Region, ValidationError};

use super::number_type::NumberType;
use super::numbering_plans::{Meaning, Spelling, is_for_drama};
use super::unlogged::unlogged;
use crate::error::{Error, Reason};

/// A possible phone number of full length. Printed, it is masked (`+35191*****00`).
///
/// ```
/// use egoi_verify::PhoneNumber;
///
/// # fn main() -> Result<(), egoi_verify::Error> {
/// let number = PhoneNumber::parse("00351 910 000 000")?;
/// assert_eq!(number.e164(), "+351910000000");
/// assert_eq!(number.to_string(), "+35191*****00"); // Printed, it is masked.
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber {
    calling_code: u16,
    leading_zeros: u8,
    national: u64,
}

/// The maximum length of a text that is read as a number. Every way of writing a number is shorter.
const LONGEST: usize = 64;

/// The maximum of digits. Every number with its prefixes has fewer, and the parser logs no number of this length.
const MAX_DIGITS: usize = 18;

/// Reads a number as people write it: `+351 910 000 000`, `00351910000000` or `351-910000000` (calling code, hyphen, national
/// number). With `default_region`, the ISO 3166 code of a country such as `PT`, it also reads a national number of that country:
/// `910 000 000`. Takes 1 µs (8 µs with the feature `small-numbers`).
///
/// Two spellings of one phone are one number: `+54 11 2345-6789` is `+54 9 11 2345-6789`. The repository's `docs/numbers.md`
/// lists the countries. [`PhoneNumber::number_type`] tells whether the number can get an SMS.
///
/// ```
/// use egoi_verify::parse_number;
///
/// # fn main() -> Result<(), egoi_verify::Error> {
/// assert_eq!(parse_number("910 000 000", Some("PT"))?.e164(), "+351910000000");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// `invalid_input` of the field `number`. Its [`reason`](Error::reason) names the fault: no calling code and no
/// `default_region`, a length that the country does not use, a calling code written twice, letters, an extension. Of the field
/// `default_region` if the country is unknown. Ask the person again.
pub fn parse_number(text: &str, default_region: Option<&str>) -> Result<PhoneNumber, Error> {
    PhoneNumber::parse_in(text, default_region)
}

impl PhoneNumber {
    /// Reads a number that has its country: [`parse_number`] without a default region.
    ///
    /// # Errors
    ///
    /// See [`parse_number`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_in(text, None)
    }

    pub(crate) fn parse_in(text: &str, default_region: Option<&str>) -> Result<Self, Error> {
        let region = default_region.map(|code| region_of("default_region", code)).transpose()?;
        let text = &readable(text.trim())?;
        if let Some(international) = with_plus(text) {
            return Self::settled(&international, None, None);
        }
        let set_apart = || {
            let (code, national) = text.split_once('-')?;
            let is_code = matches!(code.len(), 1..=3) && code.bytes().all(|b| b.is_ascii_digit());
            is_code.then(|| Self::settled(&["+", code, " ", national].concat(), None, code.parse().ok()))
        };
        let Some(region) = region else {
            return set_apart().unwrap_or_else(|| Err(fault(Reason::NoCountryCode, "has no calling code")));
        };
        let mut there = Self::settled(text, Some(region), None);
        if there.as_ref().is_err_and(|error| error.reason() == Some(Reason::DoubledCallingCode)) {
            // Written once, it is a number with its calling code and without its plus.
            there = Self::settled(&format!("+{text}"), None, None);
        }
        match there {
            Ok(number) if number.number_type() != NumberType::Unknown => Ok(number),
            otherwise => set_apart().and_then(Result::ok).map_or(otherwise, Ok),
        }
    }

    /// The number as a service writes it: as people do, or only its digits with the calling code first.
    pub(crate) fn parse_written(text: &str) -> Result<Self, Error> {
        let digits = text.trim();
        if !digits.is_empty() && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
            Self::parse(&format!("+{digits}"))
        } else {
            Self::parse(text)
        }
    }

    /// The number, which must be the same when it is written in full.
    fn settled(text: &str, region: Option<Region>, given_code: Option<u16>) -> Result<Self, Error> {
        let number = Self::parse_once(text, region, given_code)?;
        let written = text.chars().filter(|c| c.is_numeric()).count();
        let digits = if region.is_some() { number.national_digits() } else { number.digits() };
        // A trunk or carrier prefix was passed over. What follows it may, written by itself, be read otherwise: a zero
        // too many, or another prefix.
        if written != digits && !Self::parse_once(&number.e164(), None, None).is_ok_and(|again| again == number) {
            return Err(fault(Reason::NotANumber, "has a prefix that its country's numbers do not have"));
        }
        Ok(number)
    }

    /// How many digits the whole number has.
    fn digits(self) -> usize {
        digits_of(self.calling_code.into()) + self.national_digits()
    }

    fn national_digits(self) -> usize {
        usize::from(self.leading_zeros) + digits_of(self.national)
    }

    fn parse_once(text: &str, region: Option<Region>, given_code: Option<u16>) -> Result<Self, Error> {
        let read = unlogged(|| PHONE_NUMBER_UTIL.parse(text, region)).map_err(|error| match error {
            ParseError::InvalidCountryCode => unknown_country(),
            ParseError::TooShortNsn | ParseError::TooShortAfterIdd => too_short(),
            ParseError::TooLongNsn => too_long(),
            _ => no_number(),
        })?;
        if !read.extension().is_empty() {
            return Err(fault(Reason::HasExtension, "has an extension, which takes no SMS"));
        }
        let leading_zeros = if read.italian_leading_zero() { read.number_of_leading_zeros() } else { 0 };
        let (Ok(calling_code), Ok(leading_zeros)) = (u16::try_from(read.country_code), u8::try_from(leading_zeros))
        else {
            return Err(no_number());
        };
        if given_code.is_some_and(|given| given != calling_code) {
            return Err(unknown_country());
        }
        let written = Self { calling_code, leading_zeros, national: read.national_number };
        if written.is_doubled() {
            return Err(doubled(calling_code));
        }
        match Spelling::of(calling_code, written.national_digits(), || written.national()) {
            None => written.possible(&read),
            Some((spelling, today)) => {
                let today = Self::of_national(calling_code, &today);
                match spelling.meaning {
                    _ if today.is_none_or(|today| today.number_type() == NumberType::Unknown) => {
                        written.possible(&read)
                    }
                    Meaning::Today => today.ok_or_else(no_number),
                    Meaning::DeadSince(year) => Err(fault(
                        Reason::Outdated,
                        &format!(
                            "is written as before {year}, when its country's numbers changed: {}",
                            spelling.advice()
                        ),
                    )),
                }
            }
        }
    }

    /// This number, if its country has numbers of its length.
    fn possible(self, read: &rlibphonenumber::PhoneNumber) -> Result<Self, Error> {
        match unlogged(|| PHONE_NUMBER_UTIL.is_possible_number_with_reason(read)) {
            Ok(NumberLengthType::IsPossible) => Ok(self),
            Ok(NumberLengthType::IsPossibleLocalOnly) => {
                Err(fault(Reason::TooShort, "is a local number without its area code"))
            }
            Err(ValidationError::TooShort) => Err(too_short()),
            Err(ValidationError::TooLong) => Err(too_long()),
            Err(_) => Err(fault(Reason::ImpossibleLength, "has a length that no number of its country has")),
        }
    }

    /// Whether the calling code stands twice, the second time perhaps after `00`. Then the rest is a number and the full text is
    /// not, or the rest is a mobile's and the full text a landline's.
    fn is_doubled(self) -> bool {
        let Some(behind) = digits_of(self.national).checked_sub(digits_of(self.calling_code.into())) else {
            return false;
        };
        let Some(place) = u32::try_from(behind).ok().and_then(|behind| 10_u64.checked_pow(behind)) else {
            return false;
        };
        if !matches!(self.leading_zeros, 0 | 2) || self.national / place != u64::from(self.calling_code) {
            return false;
        }
        let once = format!("+{}{:0behind$}", self.calling_code, self.national % place);
        let once = || Self::parse_once(&once, None, None).map_or(NumberType::Unknown, Self::number_type);
        match self.number_type() {
            NumberType::Unknown => once() != NumberType::Unknown,
            NumberType::FixedLine => once() == NumberType::Mobile,
            _ => false,
        }
    }

    fn of_national(calling_code: u16, national: &str) -> Option<Self> {
        let digits = national.trim_start_matches('0');
        let leading_zeros = u8::try_from(national.len() - digits.len()).ok()?;
        Some(Self { calling_code, leading_zeros, national: digits.parse().ok()? })
    }

    fn as_library(self) -> rlibphonenumber::PhoneNumber {
        rlibphonenumber::PhoneNumber {
            country_code: self.calling_code.into(),
            national_number: self.national,
            italian_leading_zero: (self.leading_zeros > 0).then_some(true),
            number_of_leading_zeros: (self.leading_zeros > 0).then_some(self.leading_zeros.into()),
            ..Default::default()
        }
    }

    pub(super) fn region(self) -> Option<Region> {
        if is_for_drama(self.calling_code, self.national) {
            return Some(Region::GB);
        }
        unlogged(|| PHONE_NUMBER_UTIL.get_region_for_number(&self.as_library()))
            .filter(|region| *region != Region::World)
    }

    /// The ISO 3166 code of the country, for example `PT`. `None` if the number does not show its country, as in
    /// `+1 000 000 0000`, or if its calling code belongs to a satellite network or another global network.
    pub fn country(self) -> Option<String> {
        self.region().map(|region| region.to_string())
    }

    /// The type of the number, by libphonenumber's metadata of the version [`NUMBER_METADATA`](crate::NUMBER_METADATA).
    pub fn number_type(self) -> NumberType {
        if is_for_drama(self.calling_code, self.national) {
            return NumberType::Mobile;
        }
        match unlogged(|| PHONE_NUMBER_UTIL.get_number_type(&self.as_library())).into() {
            // Whether the 9 of a mobile was written or added, the number does not tell.
            NumberType::Mobile if self.calling_code == 54 => NumberType::FixedLineOrMobile,
            known => known,
        }
    }

    pub(super) fn is_of_a_global_network(self) -> bool {
        PHONE_NUMBER_UTIL.get_region_for_country_code(self.calling_code.into()) == Some(Region::World)
    }

    /// Whether a country, or a service without one, has this calling code.
    pub(crate) fn is_calling_code(code: u16) -> bool {
        PHONE_NUMBER_UTIL.get_regions_for_country_calling_code(code.into()).is_some_and(|regions| regions.len() > 0)
    }

    /// The country calling code, for example 351.
    pub const fn calling_code(self) -> u16 {
        self.calling_code
    }

    /// The parts of the number: calling code, leading zeros, national number without them.
    #[cfg(feature = "sealed")]
    pub(crate) const fn parts(self) -> (u16, u8, u64) {
        (self.calling_code, self.leading_zeros, self.national)
    }

    /// The number of these parts. It is not checked: the possible numbers may have changed since.
    #[cfg(feature = "sealed")]
    pub(crate) const fn from_parts((calling_code, leading_zeros, national): (u16, u8, u64)) -> Self {
        Self { calling_code, leading_zeros, national }
    }

    /// The digits of the full number without its last ones. The calling code always stays.
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
        format!("{:0digits$}", self.national, digits = self.national_digits())
    }

    /// The full number in E.164, `+351910000000`.
    pub fn e164(self) -> String {
        format!("+{}{:0digits$}", self.calling_code, self.national, digits = self.national_digits())
    }

    /// The number with its middle digits hidden, `+35191*****00`. `Display` prints the same.
    pub fn masked(self) -> String {
        self.to_string()
    }

    /// The full number as E-goi has it on the wire, `351-910000000`.
    pub(crate) fn on_the_wire(self) -> String {
        format!("{}-{}", self.calling_code, self.national())
    }
}

/// The country of an ISO 3166 code, in either case, that has phone numbers.
pub(super) fn region_of(field: &str, code: &str) -> Result<Region, Error> {
    let region = code
        .parse()
        .ok()
        .filter(|region| *region != Region::World && PHONE_NUMBER_UTIL.get_country_code_for_region(*region).is_some());
    // What was given is repeated only if it cannot be a number that is in the wrong place.
    let shown = if code.len() == 2 && code.is_ascii() { code } else { "…" };
    region.ok_or_else(|| {
        Error::invalid_input(
            field,
            Reason::UnknownCountry,
            format_args!(
                "has `{shown}`, which is no country with phone numbers; it must be an ISO 3166 code such as `PT`"
            ),
        )
    })
}

/// The number with a plus in front, if it is written as an international one.
fn with_plus(text: &str) -> Option<Cow<'_, str>> {
    if let Some(rest) = text.strip_prefix("00") {
        return Some(format!("+{rest}").into());
    }
    text.trim_start_matches(|c: char| !c.is_numeric() && !is_plus(c)).starts_with(is_plus).then_some(text.into())
}

/// The text without direction marks. It is refused if the parser would refuse a character of it, and log the full text.
fn readable(text: &str) -> Result<Cow<'_, str>, Error> {
    if text.is_empty() {
        return Err(fault(Reason::Empty, "is empty"));
    }
    if text.len() > LONGEST {
        return Err(fault(Reason::TooLong, "is too long"));
    }
    if text.chars().any(char::is_alphabetic) {
        return Err(fault(Reason::BadCharacter, "has letters"));
    }
    let text: Cow<'_, str> = if text.contains(steers_direction) {
        text.chars().filter(|c| !steers_direction(*c)).collect()
    } else {
        text.into()
    };
    if text.chars().any(|c| matches!(c, ';' | ',' | '#' | '*' | '=' | '@' | '&' | '?' | '%')) {
        return Err(fault(Reason::BadCharacter, "has characters that no phone number has"));
    }
    let later = text.trim_start_matches(is_punctuation).trim_start_matches(is_plus);
    if !later.chars().all(|c| is_digit(c) || is_punctuation(c)) {
        return Err(pasted_behind_its_code(later).unwrap_or_else(no_number));
    }
    if later.chars().filter(|c| is_digit(*c)).count() > MAX_DIGITS {
        return Err(fault(Reason::TooLong, "is too long for its country"));
    }
    Ok(text)
}

/// The fault of a full number that was pasted after the calling code of a form's field.
fn pasted_behind_its_code(text: &str) -> Option<Error> {
    let (code, number) = text.split_once(is_plus)?;
    let number = PhoneNumber::parse(&format!("+{number}")).ok()?;
    (code.trim().parse() == Ok(number.calling_code)).then(|| doubled(number.calling_code))
}

const fn steers_direction(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The characters that the parser accepts between digits.
const fn is_punctuation(c: char) -> bool {
    matches!(c,
        ' ' | '\u{a0}' | '\u{3000}' | '-' | '.' | '/' | '(' | ')' | '[' | ']' | '~' | '\u{ad}' | '\u{200b}' | '\u{2010}'..='\u{2015}' | '\u{2053}'
        | '\u{2060}' | '\u{2212}' | '\u{223c}' | '\u{30fc}' | '\u{ff08}' | '\u{ff09}' | '\u{ff0d}'..='\u{ff0f}' | '\u{ff3b}'
        | '\u{ff3d}')
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || c.is_decimal_utf8()
}

fn is_plus(c: char) -> bool {
    matches!(c, '+' | '\u{ff0b}')
}

fn digits_of(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
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

fn doubled(calling_code: u16) -> Error {
    fault(Reason::DoubledCallingCode, &format!("has its calling code {calling_code} twice"))
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
