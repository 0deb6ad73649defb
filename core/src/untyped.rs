//! Values as languages without Rust's types give them, checked once for every binding.

use std::net::IpAddr;
use std::time::Duration;

use crate::Error;

/// How long a sandbox waits for a code where its user does not say.
#[cfg(feature = "sandbox")]
pub const CODE_COMES_WITHIN: Duration = Duration::from_secs(10);

/// A length of time in seconds; negative, not a number or beyond all use it is `invalid_input`.
pub fn seconds(field: &str, given: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(given).map_err(|_| {
        Error::invalid_input(field, format_args!("is {given} seconds, must be 0 or more, and not endless"))
    })
}

/// A validity, for [`RequestOptions::ttl`](crate::RequestOptions::ttl), which checks what is left to check.
pub fn ttl(given: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(given)
        .map_err(|_| Error::invalid_input("ttl", format_args!("is {given} seconds, must be 1 to 3600 seconds")))
}

/// A size of code, for [`RequestOptions::code_size`](crate::RequestOptions::code_size), which checks what is left to
/// check.
pub fn code_size(given: i64) -> Result<u32, Error> {
    u32::try_from(given)
        .map_err(|_| Error::invalid_input("code_size", format_args!("is {given}, must be 4 to 20 characters")))
}

/// An IP address.
pub fn address(field: &str, given: &str) -> Result<IpAddr, Error> {
    given.parse().map_err(|_| Error::invalid_input(field, format_args!("`{given}` is not an IP address")))
}

/// A whole number that is at least 0 and fits where it goes.
pub fn whole<T: TryFrom<i64> + Limit>(field: &str, given: i64) -> Result<T, Error> {
    T::try_from(given).map_err(|_| Error::invalid_input(field, format_args!("is {given}, must be 0 to {}", T::MOST)))
}

/// The largest of a type of whole numbers.
pub trait Limit {
    /// The largest.
    const MOST: u64;
}

impl Limit for u16 {
    const MOST: u64 = u16::MAX as u64;
}

impl Limit for u32 {
    const MOST: u64 = u32::MAX as u64;
}

impl Limit for u64 {
    const MOST: u64 = i64::MAX as u64;
}
