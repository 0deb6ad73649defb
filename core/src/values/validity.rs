//! How long a code is good.

use std::time::Duration;

use crate::error::{Error, Reason};

/// 1 to 3,600 whole seconds, by default 600 (E-goi's SDKs for V2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Validity(u16);

impl Validity {
    /// A validity of 1 to 3,600 whole seconds; any other is `invalid_input`.
    pub fn new(ttl: Duration) -> Result<Self, Error> {
        if ttl.subsec_nanos() != 0 {
            return Err(Error::invalid_input(
                "ttl",
                Reason::NotWhole,
                format_args!("is {} seconds, must be whole seconds", ttl.as_secs_f64()),
            ));
        }
        match u16::try_from(ttl.as_secs()) {
            Ok(seconds @ 1..=3600) => Ok(Self(seconds)),
            _ => Err(Error::invalid_input(
                "ttl",
                if ttl.is_zero() { Reason::TooSmall } else { Reason::TooLarge },
                format_args!("is {} seconds, must be 1 to 3600 seconds", ttl.as_secs()),
            )),
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
