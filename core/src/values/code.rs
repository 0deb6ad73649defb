//! The code that proves possession of a number, and its characters.

use std::fmt;
use std::str::FromStr;

use dec_from_char::DecimalExtended as _;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::error::{Error, Reason};

/// The characters of a code (E-goi's SDKs for V2; the article has the same four for V1).
///
/// ```
/// use egoi_verify::{CodeType, RequestOptions};
///
/// let options = RequestOptions::default().code_type(CodeType::Alphanumeric);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CodeType {
    /// `0-9`
    #[default]
    Numeric,
    /// `A-Z`
    Alpha,
    /// `0-9A-Z`
    Alphanumeric,
    /// `0-9A-F`
    Hex,
}

impl CodeType {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Numeric, Self::Alpha, Self::Alphanumeric, Self::Hex];

    /// The characters that a code of this type is made of.
    pub const fn alphabet(self) -> &'static str {
        match self {
            Self::Numeric => "0123456789",
            Self::Alpha => "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            Self::Alphanumeric => "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            Self::Hex => "0123456789ABCDEF",
        }
    }

    /// The word for it: `numeric`, `alpha`, `alphanumeric` or `hex`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Numeric => "numeric",
            Self::Alpha => "alpha",
            Self::Alphanumeric => "alphanumeric",
            Self::Hex => "hex",
        }
    }
}

impl fmt::Display for CodeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CodeType {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|each| each.as_str() == word).ok_or_else(|| {
            Error::invalid_input(
                "code_type",
                Reason::UnknownValue,
                "is unknown; it must be `numeric`, `alpha`, `alphanumeric` or `hex`",
            )
        })
    }
}

/// How many characters a code has: 4 to 20, by default 6.
///
/// ```
/// use egoi_verify::CodeSize;
///
/// assert!(CodeSize::new(8).is_ok());
/// assert!(CodeSize::new(3).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeSize(u8);

impl CodeSize {
    /// The smallest size, 4: ours, because E-goi documents no minimum.
    pub const MIN: Self = Self(4);
    /// The largest size, 20 (E-goi's SDKs for V2).
    pub const MAX: Self = Self(20);

    /// Makes a size of 4 to 20 characters.
    ///
    /// # Errors
    ///
    /// `invalid_input` for any other.
    pub fn new(characters: u32) -> Result<Self, Error> {
        Self::at_least(Self::MIN, characters)
    }

    /// A size of 1 to 20: all that E-goi documents.
    #[cfg(feature = "sandbox")]
    pub(crate) fn documented(characters: u32) -> Result<Self, Error> {
        Self::at_least(Self(1), characters)
    }

    fn at_least(Self(min): Self, characters: u32) -> Result<Self, Error> {
        match u8::try_from(characters) {
            Ok(size) if (min..=Self::MAX.0).contains(&size) => Ok(Self(size)),
            _ => {
                let range = min.into()..=Self::MAX.0.into();
                Err(Error::out_of_range("code_size", characters, range, " characters"))
            }
        }
    }

    /// The number of characters.
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

impl Default for CodeSize {
    fn default() -> Self {
        Self(6)
    }
}

/// A code. It cannot be printed, serialised or compared except in constant time, and is wiped when dropped:
///
/// ```compile_fail
/// println!("{:?}", egoi_verify::Code::parse("123456"));
/// ```
/// ```compile_fail
/// println!("{}", egoi_verify::Code::parse("123456").unwrap());
/// ```
/// ```compile_fail
/// fn serialised<T: serde::Serialize>() {}
/// serialised::<egoi_verify::Code>();
/// ```
#[derive(Clone)]
pub struct Code(Zeroizing<String>);

impl Code {
    /// The most characters that a given code may have.
    const LONGEST: usize = 64;

    /// Reads the code that a person typed. Spaces, hyphens and direction marks are removed, digits of other scripts become 0–9, and
    /// letters upper case. A code of the wrong length or alphabet is a code: it is submitted and counts.
    ///
    /// # Errors
    ///
    /// `invalid_input` if it is empty, or longer than 64 characters.
    pub fn parse(given: &str) -> Result<Self, Error> {
        // Room for the longest code from the start: a string that grew would leave unwiped copies behind.
        let mut code = Zeroizing::new(String::with_capacity(Self::LONGEST * 4));
        let mut characters = 0;
        for c in given.chars().filter(|c| !is_separator(*c)) {
            let digit = c.normalize_decimal();
            let upper = digit.is_none().then(|| c.to_uppercase()).into_iter().flatten();
            for c in digit.into_iter().chain(upper) {
                characters += 1;
                if characters > Self::LONGEST {
                    return Err(Error::invalid_input(
                        "code",
                        Reason::TooLong,
                        "is too long; the maximum is 64 characters",
                    ));
                }
                code.push(c);
            }
        }
        if code.is_empty() {
            return Err(Error::wrong_length("code", 0, Self::LONGEST, "characters"));
        }
        Ok(Self(code))
    }

    pub(crate) fn from_generated(code: Zeroizing<String>) -> Self {
        Self(code)
    }

    /// The code itself, for the SMS or for the page that shows it. Keep it out of logs.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both are the same code, in a time that depends only on the lengths.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

/// The characters that people and keyboards put between those of a code: spaces, hyphens, and direction marks.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
            | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
