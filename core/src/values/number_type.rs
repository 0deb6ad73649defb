//! The types of phone numbers, and which numbers get an SMS.

use std::fmt;
use std::str::FromStr;

use rlibphonenumber::{PhoneNumberType, Region};

use super::number::{PhoneNumber, region_of};
use crate::error::{Error, ErrorCode, Reason, named};

/// The version of libphonenumber's metadata, the source of types and countries. New ranges appear every month.
pub const NUMBER_METADATA: &str = "9.0.42";

named! {
    /// The type of a phone number. The strings of [`NumberType::as_str`] are stable and the same in every language.
    ///
    /// ```
    /// use egoi_verify::{NumberType, PhoneNumber};
    ///
    /// # fn main() -> Result<(), egoi_verify::Error> {
    /// assert_eq!(PhoneNumber::parse("+351 910 000 000")?.number_type(), NumberType::Mobile);
    /// # Ok(())
    /// # }
    /// ```
    NumberType {
        /// A mobile phone.
        Mobile = "mobile",
        /// A landline.
        FixedLine = "fixed_line",
        /// A mobile phone or a landline: the numbering plan does not distinguish them, as in North America.
        FixedLineOrMobile = "fixed_line_or_mobile",
        /// The caller pays a fee. Never gets an SMS.
        PremiumRate = "premium_rate",
        /// The called side pays. Never gets an SMS.
        TollFree = "toll_free",
        /// Both sides pay. Never gets an SMS.
        SharedCost = "shared_cost",
        /// A number of the Internet.
        Voip = "voip",
        /// A number of a person, which is forwarded to one of their phones.
        PersonalNumber = "personal_number",
        /// A pager. Never gets an SMS.
        Pager = "pager",
        /// A universal access number: a company's number for its whole country. Never gets an SMS.
        Uan = "uan",
        /// A mailbox. Never gets an SMS.
        Voicemail = "voicemail",
        /// A number outside the ranges of the metadata.
        Unknown = "unknown",
    }
}

impl From<PhoneNumberType> for NumberType {
    fn from(known: PhoneNumberType) -> Self {
        match known {
            PhoneNumberType::FixedLine => Self::FixedLine,
            PhoneNumberType::Mobile => Self::Mobile,
            PhoneNumberType::FixedLineOrMobile => Self::FixedLineOrMobile,
            PhoneNumberType::TollFree => Self::TollFree,
            PhoneNumberType::PremiumRate => Self::PremiumRate,
            PhoneNumberType::SharedCost => Self::SharedCost,
            PhoneNumberType::VoIP => Self::Voip,
            PhoneNumberType::PersonalNumber => Self::PersonalNumber,
            PhoneNumberType::Pager => Self::Pager,
            PhoneNumberType::UAN => Self::Uan,
            PhoneNumberType::VoiceMail => Self::Voicemail,
            PhoneNumberType::Unknown => Self::Unknown,
        }
    }
}

named! {
    /// Which numbers get an SMS. Premium-rate, shared-cost and toll-free numbers, universal access numbers, mailboxes, pagers,
    /// satellite phones and other global networks never get one.
    ///
    /// ```
    /// use egoi_verify::{Accept, EngineOptions};
    ///
    /// let options = EngineOptions::default().accept(Accept::Mobile);
    /// ```
    Accept {
        /// Numbers that are, or may be, a mobile phone's.
        Mobile = "mobile",
        /// Numbers in a range that their country uses.
        Valid = "valid",
        /// Numbers of a length that their country uses, for a range that is newer than [`NUMBER_METADATA`].
        Possible = "possible",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro writes the enum")]
impl Default for Accept {
    fn default() -> Self {
        Self::Valid
    }
}

impl FromStr for Accept {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|accept| accept.as_str() == word).ok_or_else(|| {
            Error::invalid_input(
                "accept",
                Reason::UnknownValue,
                format_args!("is `{word}`; it must be `mobile`, `valid` or `possible`"),
            )
        })
    }
}

impl Accept {
    /// Fails if the number does not get an SMS.
    pub(crate) fn check(self, number: PhoneNumber) -> Result<(), Error> {
        let refused = |reason, fault: &str| Err(Error::invalid_input("number", reason, fault));
        if number.is_of_a_global_network() {
            return refused(Reason::RefusedType, "is of a satellite or another global network; no SMS is sent there");
        }
        let kind = match number.number_type() {
            NumberType::Mobile | NumberType::FixedLineOrMobile => return Ok(()),
            NumberType::Unknown if self == Self::Possible => return Ok(()),
            NumberType::Unknown => {
                return refused(
                    Reason::NotAssigned,
                    "is in no range that its country is known to use; `accept` = `possible` allows it",
                );
            }
            NumberType::PremiumRate => "is a premium-rate number; no SMS is sent there",
            NumberType::TollFree => "is a toll-free number; no SMS is sent there",
            NumberType::SharedCost => "is a shared-cost number; no SMS is sent there",
            NumberType::Pager => "is a pager; no SMS is sent there",
            NumberType::Uan => "is a company's universal access number; no SMS is sent there",
            NumberType::Voicemail => "is a mailbox; no SMS is sent there",
            NumberType::FixedLine | NumberType::Voip | NumberType::PersonalNumber if self != Self::Mobile => {
                return Ok(());
            }
            NumberType::FixedLine => return refused(Reason::NotMobile, "is a landline; it must be a mobile number"),
            NumberType::Voip => return refused(Reason::NotMobile, "is an Internet number; it must be a mobile number"),
            NumberType::PersonalNumber => {
                return refused(Reason::NotMobile, "is a personal number; it must be a mobile number");
            }
        };
        refused(Reason::RefusedType, kind)
    }
}

/// The countries and calling codes that are allowed, checked.
#[derive(Default)]
pub(crate) struct AllowedCountries {
    countries: Option<Vec<Region>>,
    calling_codes: Option<Vec<u16>>,
}

impl AllowedCountries {
    pub(crate) fn new(countries: Option<&[String]>, calling_codes: Option<Vec<u16>>) -> Result<Self, Error> {
        let empty = |field| Err(Error::invalid_input(field, Reason::Empty, "is empty; it must have at least one"));
        if countries.is_some_and(<[_]>::is_empty) {
            return empty("countries");
        }
        if calling_codes.as_ref().is_some_and(Vec::is_empty) {
            return empty("calling_codes");
        }
        if let Some(code) = calling_codes.iter().flatten().find(|code| !PhoneNumber::is_calling_code(**code)) {
            return Err(Error::invalid_input(
                "calling_codes",
                Reason::UnknownCountry,
                format_args!("has {code}, which is not a country's calling code"),
            ));
        }
        let regions = |codes: &[String]| codes.iter().map(|code| region_of("countries", code)).collect();
        Ok(Self { countries: countries.map(regions).transpose()?, calling_codes })
    }

    /// Fails unless the number's country or calling code is in a list, or there are no lists.
    pub(crate) fn check(&self, number: PhoneNumber) -> Result<(), Error> {
        let code = number.calling_code();
        let (limit, country) = match (&self.countries, &self.calling_codes) {
            (None, None) => return Ok(()),
            (_, Some(codes)) if codes.contains(&code) => return Ok(()),
            (None, Some(_)) => ("calling_codes", None),
            (Some(allowed), _) => match number.region() {
                Some(region) if allowed.contains(&region) => return Ok(()),
                region => ("countries", Some(region)),
            },
        };
        let detail = match country {
            None => format!("numbers of the calling code {code} are not allowed"),
            Some(Some(region)) => format!("numbers of the country {region} (calling code {code}) are not allowed"),
            Some(None) => {
                format!("this number of the calling code {code} does not tell its country, and is not allowed")
            }
        };
        Err(Error::new(ErrorCode::Rejected, detail).with_limit(limit))
    }
}
