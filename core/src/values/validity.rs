//! The validity of a code.

use std::time::Duration;

use crate::error::{Error, Reason};

/// The validity of a code: 1 to 3,600 whole seconds. Default: 600, as in E-goi's SDKs for V2.
///
/// ```
/// use std::time::Duration;
/// use egoi_verify::Validity;
///
/// assert!(Validity::new(Duration::from_secs(300)).is_ok());
/// assert!(Validity::new(Duration::from_secs(7200)).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Validity(u16);

impl Validity {
    pub(crate) const MIN_SECONDS: u16 = 1;
    pub(crate) const MAX_SECONDS: u16 = 3600;

    /// Makes a validity of 1 to 3,600 whole seconds.
    ///
    /// # Errors
    ///
    /// `invalid_input` for any other duration.
    pub fn new(ttl: Duration) -> Result<Self, Error> {
        if ttl.subsec_nanos() != 0 {
            return Err(Error::invalid_input(
                "ttl",
                Reason::NotWhole,
                format_args!("is {} s; it must be a whole number of seconds", ttl.as_secs_f64()),
            ));
        }
        match u16::try_from(ttl.as_secs()) {
            Ok(seconds @ Self::MIN_SECONDS..=Self::MAX_SECONDS) => Ok(Self(seconds)),
            _ => {
                let range = Self::MIN_SECONDS.into()..=Self::MAX_SECONDS.into();
                Err(Error::out_of_range("ttl", ttl.as_secs(), range, " s"))
            }
        }
    }

    /// The number of seconds.
    pub const fn seconds(self) -> u16 {
        self.0
    }

    /// The same as a duration.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }
}

impl Default for Validity {
    fn default() -> Self {
        Self(600)
    }
}
