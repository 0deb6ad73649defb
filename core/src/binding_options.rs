//! Values as languages without Rust's types give them, checked once for every binding.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use crate::client::{ClientOptions, V1Paths, V2Paths};
use crate::engine::EngineOptions;
use crate::error::{Error, Reason};
use crate::machine::Quota;
use crate::store::Store;

/// How long a sandbox waits for a code where its user does not say.
#[cfg(feature = "sandbox")]
pub const CODE_COMES_WITHIN: Duration = Duration::from_secs(10);

/// A store as it was given; lengths of time in seconds. Whatever is absent has its default.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the methods of `Store`")]
pub struct StoreSettings {
    pub url: Option<String>,
    #[serde(deserialize_with = "bytes")]
    pub key: Option<Vec<u8>>,
    #[serde(deserialize_with = "lists_of_bytes")]
    pub previous_keys: Option<Vec<Vec<u8>>>,
    pub retention: Option<f64>,
    pub pool_size: Option<i64>,
    #[serde(deserialize_with = "bytes")]
    pub ca_certificates: Option<Vec<u8>>,
}

impl StoreSettings {
    /// The store with what was given.
    pub fn read(self) -> Result<Store, Error> {
        let missing =
            || Error::invalid_input("url", Reason::Missing, "is missing, a store has one: `memory:`, for example");
        let mut store = Store::new(self.url.ok_or_else(missing)?);
        if let Some(key) = self.key {
            store = store.key(key);
        }
        if let Some(keys) = self.previous_keys {
            store = store.previous_keys(keys);
        }
        if let Some(retention) = self.retention {
            store = store.retention(seconds("retention", retention)?);
        }
        if let Some(connections) = self.pool_size {
            store = store.pool_size(whole::<u32>("pool_size", connections)? as usize);
        }
        if let Some(pem) = self.ca_certificates {
            store = store.ca_certificates(pem);
        }
        Ok(store)
    }
}

/// The options of a client that have defaults, as they were given; lengths of time in seconds. Whatever is absent has
/// its default.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the methods of `ClientOptions`")]
pub struct ClientSettings {
    pub api: Option<String>,
    pub base_url: Option<String>,
    pub timeout: Option<f64>,
    pub connect_timeout: Option<f64>,
    pub proxy: Option<String>,
    #[serde(deserialize_with = "bytes")]
    pub ca_certificates: Option<Vec<u8>>,
    pub trust: Option<String>,
    pub allow_http: Option<bool>,
    pub check_state_first: Option<bool>,
    pub status_words: Option<HashMap<String, String>>,
    pub v1_paths: Option<HashMap<String, String>>,
    pub v2_paths: Option<HashMap<String, String>>,
    pub app_name: Option<String>,
    pub store: Option<StoreSettings>,
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
            options = options.store(store.read()?);
        }
        Ok(options)
    }
}

/// So many in so many seconds. Read from a list too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of `Quota`")]
pub struct QuotaSettings {
    pub limit: i64,
    pub per: f64,
}

/// The options of an engine that have defaults, as they were given; lengths of time in seconds. Whatever is absent has
/// its default, and a limit that is there and `None` is off. A quota is so many in so many seconds.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the methods of `EngineOptions`")]
pub struct EngineSettings {
    pub store: Option<StoreSettings>,
    pub timeout: Option<f64>,
    pub max_requests: Option<i64>,
    #[serde(deserialize_with = "or_off")]
    pub max_attempts: Option<Option<i64>>,
    #[serde(deserialize_with = "or_off")]
    pub wrong_codes_per_number: Option<Option<QuotaSettings>>,
    #[serde(deserialize_with = "or_off")]
    pub sms_per_number: Option<Option<QuotaSettings>>,
    #[serde(deserialize_with = "or_off")]
    pub max_resends: Option<Option<i64>>,
    #[serde(deserialize_with = "or_off")]
    pub resend_after: Option<Option<f64>>,
    pub countries: Option<Vec<i64>>,
}

impl EngineSettings {
    /// The options with what was given.
    pub fn set(self, mut options: EngineOptions) -> Result<EngineOptions, Error> {
        let so_many = |field, QuotaSettings { limit, per }| {
            Ok::<_, Error>(Quota { limit: whole(field, limit)?, per: seconds(field, per)? })
        };
        let quota = |field, given: Option<_>| given.map(|given| so_many(field, given)).transpose();
        let most = |field, most: Option<i64>| most.map(|most| whole(field, most)).transpose();
        if let Some(store) = self.store {
            options = options.store(store.read()?);
        }
        if let Some(timeout) = self.timeout {
            options = options.timeout(seconds("timeout", timeout)?);
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

/// Bytes, or a text, which stands for its own bytes.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BytesVisitor;

        impl<'de> Visitor<'de> for BytesVisitor {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes or a text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
                Ok(Bytes(text.as_bytes().to_vec()))
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Bytes, A::Error> {
                let mut read = Vec::with_capacity(bytes.size_hint().unwrap_or_default().min(4096));
                while let Some(byte) = bytes.next_element()? {
                    read.push(byte);
                }
                Ok(Bytes(read))
            }
        }

        deserializer.deserialize_any(BytesVisitor)
    }
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    Ok(Option::<Bytes>::deserialize(deserializer)?.map(|bytes| bytes.0))
}

fn lists_of_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Vec<u8>>>, D::Error> {
    let lists = Option::<Vec<Bytes>>::deserialize(deserializer)?;
    Ok(lists.map(|lists| lists.into_iter().map(|bytes| bytes.0).collect()))
}

/// A limit that is there: null switches it off, which an absent one does not.
fn or_off<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A deadline is no longer; more was meant in milliseconds.
const MAX_TIMEOUT: Duration = Duration::from_secs(600);
/// A window, a pause and a retention are no longer.
const MAX_SPAN: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// A length of time in seconds. Negative, not a number or longer than its use has need of, it is `invalid_input`.
pub fn seconds(field: &str, given: f64) -> Result<Duration, Error> {
    let max = match field {
        "timeout" | "connect_timeout" => Some(MAX_TIMEOUT),
        "retention" | "resend_after" | "wrong_codes_per_number" | "sms_per_number" => Some(MAX_SPAN),
        _ => None,
    };
    let fault = |reason, fault: fmt::Arguments<'_>| Error::invalid_input(field, reason, fault);
    let span = Duration::try_from_secs_f64(given).map_err(|_| {
        let reason = if given > 0.0 { Reason::TooLarge } else { Reason::TooSmall };
        fault(reason, format_args!("is {given} seconds, must be 0 or more, and not endless"))
    })?;
    match max {
        Some(max) if span > max => Err(fault(
            Reason::TooLarge,
            format_args!("is {given} s; the maximum is {} s. Were milliseconds meant?", max.as_secs()),
        )),
        _ => Ok(span),
    }
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
