//! Values as languages without Rust's types give them, checked once for every binding.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::{ClientOptions, EngineOptions, Error, Quota, Reason, V1Paths, V2Paths};

/// How long a sandbox waits for a code where its user does not say.
#[cfg(feature = "sandbox")]
pub const CODE_COMES_WITHIN: Duration = Duration::from_secs(10);

/// The options of a client that have defaults, as they were given; lengths of time in seconds. Whatever is absent has
/// its default.
#[derive(Default)]
#[expect(missing_docs, reason = "the methods of `ClientOptions`")]
pub struct ClientSettings {
    pub api: Option<String>,
    pub base_url: Option<String>,
    pub timeout: Option<f64>,
    pub connect_timeout: Option<f64>,
    pub proxy: Option<String>,
    pub ca_certificates: Option<Vec<u8>>,
    pub trust: Option<String>,
    pub allow_http: Option<bool>,
    pub check_state_first: Option<bool>,
    pub status_words: Option<HashMap<String, String>>,
    pub v1_paths: Option<HashMap<String, String>>,
    pub v2_paths: Option<HashMap<String, String>>,
    pub app_name: Option<String>,
    pub store: Option<String>,
    pub key: Option<Vec<u8>>,
    pub previous_keys: Option<Vec<Vec<u8>>>,
    pub keep: Option<f64>,
}

impl ClientSettings {
    /// The options with what was given.
    pub fn set(self, mut options: ClientOptions) -> Result<ClientOptions, Error> {
        if let Some(api) = self.api {
            options = options.api(api.parse()?);
        }
        if let Some(base_url) = self.base_url {
            options = options.base_url(base_url);
        }
        if let Some(timeout) = self.timeout {
            options = options.timeout(seconds("timeout", timeout)?);
        }
        if let Some(timeout) = self.connect_timeout {
            options = options.connect_timeout(seconds("connect_timeout", timeout)?);
        }
        if let Some(proxy) = self.proxy {
            options = options.proxy(proxy);
        }
        if let Some(pem) = self.ca_certificates {
            options = options.ca_certificates(pem);
        }
        if let Some(trust) = self.trust {
            options = options.trust(trust.parse()?);
        }
        if let Some(allow) = self.allow_http {
            options = options.allow_http(allow);
        }
        if let Some(check) = self.check_state_first {
            options = options.check_state_first(check);
        }
        if let Some(words) = self.status_words {
            options = options.status_words(words);
        }
        if let Some(paths) = self.v1_paths {
            options = options.v1_paths(V1Paths::default().with(paths)?);
        }
        if let Some(paths) = self.v2_paths {
            options = options.v2_paths(V2Paths::default().with(paths)?);
        }
        if let Some(name) = self.app_name {
            options = options.app_name(name);
        }
        if let Some(store) = self.store {
            options = options.store_url(&store)?;
        }
        if let Some(key) = self.key {
            options = options.key(key);
        }
        if let Some(keys) = self.previous_keys {
            options = options.previous_keys(keys);
        }
        if let Some(keep) = self.keep {
            options = options.keep(seconds("keep", keep)?);
        }
        Ok(options)
    }
}

/// The options of an engine that have defaults, as they were given; lengths of time in seconds. Whatever is absent has
/// its default, and a limit that is there and `None` is off. A quota is so many in so many seconds.
#[derive(Default)]
#[expect(missing_docs, reason = "the methods of `EngineOptions`")]
pub struct EngineSettings {
    pub store: Option<String>,
    pub key: Option<Vec<u8>>,
    pub previous_keys: Option<Vec<Vec<u8>>>,
    pub keep: Option<f64>,
    pub max_requests: Option<i64>,
    pub max_attempts: Option<Option<i64>>,
    pub wrong_codes_per_number: Option<Option<(i64, f64)>>,
    pub sms_per_number: Option<Option<(i64, f64)>>,
    pub max_resends: Option<Option<i64>>,
    pub resend_after: Option<Option<f64>>,
    pub countries: Option<Vec<i64>>,
}

impl EngineSettings {
    /// The options with what was given.
    pub fn set(self, mut options: EngineOptions) -> Result<EngineOptions, Error> {
        let so_many =
            |field, (most, per)| Ok::<_, Error>(Quota { limit: whole(field, most)?, per: seconds(field, per)? });
        let quota = |field, given: Option<_>| given.map(|given| so_many(field, given)).transpose();
        let most = |field, most: Option<i64>| most.map(|most| whole(field, most)).transpose();
        if let Some(url) = self.store {
            options = options.store_url(url);
        }
        if let Some(key) = self.key {
            options = options.key(key);
        }
        if let Some(keys) = self.previous_keys {
            options = options.previous_keys(keys);
        }
        if let Some(keep) = self.keep {
            options = options.keep(seconds("keep", keep)?);
        }
        if let Some(most) = self.max_requests {
            options = options.max_requests(whole("max_requests", most)?);
        }
        if let Some(given) = self.max_attempts {
            options = options.max_attempts(most("max_attempts", given)?);
        }
        if let Some(given) = self.wrong_codes_per_number {
            options = options.wrong_codes_per_number(quota("wrong_codes_per_number", given)?);
        }
        if let Some(given) = self.sms_per_number {
            options = options.sms_per_number(quota("sms_per_number", given)?);
        }
        if let Some(given) = self.max_resends {
            options = options.max_resends(most("max_resends", given)?);
        }
        if let Some(pause) = self.resend_after {
            options = options.resend_after(pause.map(|pause| seconds("resend_after", pause)).transpose()?);
        }
        if let Some(codes) = self.countries {
            let codes = codes.into_iter().map(|code| whole("countries", code));
            options = options.countries(Some(codes.collect::<Result<_, _>>()?));
        }
        Ok(options)
    }
}

/// A length of time in seconds; negative, not a number or beyond all use it is `invalid_input`.
pub fn seconds(field: &str, given: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(given).map_err(|_| {
        Error::invalid_input(
            field,
            Reason::TooSmall,
            format_args!("is {given} seconds, must be 0 or more, and not endless"),
        )
    })
}

/// A validity, for [`RequestOptions::ttl`](crate::RequestOptions::ttl), which checks what is left to check.
pub fn ttl(given: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(given).map_err(|_| {
        Error::invalid_input("ttl", Reason::TooLarge, format_args!("is {given} seconds, must be 1 to 3600 seconds"))
    })
}

/// A size of code, for [`RequestOptions::code_size`](crate::RequestOptions::code_size), which checks what is left to
/// check.
pub fn code_size(given: i64) -> Result<u32, Error> {
    u32::try_from(given).map_err(|_| {
        Error::invalid_input("code_size", Reason::TooLarge, format_args!("is {given}, must be 4 to 20 characters"))
    })
}

/// An IP address.
pub fn address(field: &str, given: &str) -> Result<IpAddr, Error> {
    given
        .parse()
        .map_err(|_| Error::invalid_input(field, Reason::Malformed, format_args!("`{given}` is not an IP address")))
}

/// A whole number that is at least 0 and fits where it goes.
pub fn whole<T: TryFrom<i64> + Limit>(field: &str, given: i64) -> Result<T, Error> {
    T::try_from(given)
        .map_err(|_| Error::invalid_input(field, Reason::TooLarge, format_args!("is {given}, must be 0 to {}", T::MAX)))
}

/// The largest of a type of whole numbers.
pub trait Limit {
    /// The largest.
    const MAX: u64;
}

impl Limit for u16 {
    const MAX: u64 = u16::MAX as u64;
}

impl Limit for u32 {
    const MAX: u64 = u32::MAX as u64;
}

impl Limit for u64 {
    const MAX: u64 = i64::MAX as u64;
}
