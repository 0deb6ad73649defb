//! Options and arguments as languages without Rust's types give them, checked once for every binding.

use std::collections::HashMap;
use std::fmt;
#[cfg(feature = "sandbox")]
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use crate::client::{ClientOptions, MAX_RETRIES, V1Paths, V2Paths};
use crate::engine::{EgoiSms, EngineOptions};
use crate::error::{Error, ErrorCode, Reason};
use crate::machine::{PrefixQuota, Quota};
use crate::store::Store;
use crate::values::{CodeSize, Validity};
use crate::verification::{CallOptions, RequestOptions, ValidateOptions};

/// How long a sandbox waits for a code where its user does not say.
#[cfg(feature = "sandbox")]
pub const CODE_COMES_WITHIN: Duration = Duration::from_secs(10);

/// The options that a language gives, and core's builder of them. An option is one line: its name, the type that a language
/// gives, and the function that makes the builder's type of it. An absent option has the builder's default.
macro_rules! settings {
    ($(#[$about:meta])* $name:ident for $builder:ty {
        $($(#[$how:meta])* $option:ident: $given:ty => $read:expr,)*
    }) => {
        $(#[$about])*
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[expect(missing_docs, reason = "the methods of the builder")]
        pub struct $name {
            $($(#[$how])* pub $option: Option<$given>,)*
        }

        impl $name {
            const NAMES: &[&str] = &[$(stringify!($option)),*];

            /// Sets the given options.
            pub fn set(self, mut builder: $builder) -> Result<$builder, Error> {
                $(if let Some(given) = self.$option {
                    builder = builder.$option($read(stringify!($option), given)?);
                })*
                Ok(builder)
            }
        }
    };
}

settings! {
    /// The options of a store. Lengths of time are in seconds.
    StoreSettings for Store {
        url: String => unchanged,
        #[serde(deserialize_with = "bytes")]
        key: Vec<u8> => unchanged,
        #[serde(deserialize_with = "lists_of_bytes")]
        previous_keys: Vec<Vec<u8>> => unchanged,
        retention: f64 => span,
        pool_size: i64 => whole,
        #[serde(deserialize_with = "bytes")]
        ca_certificates: Vec<u8> => unchanged,
    }
}

impl StoreSettings {
    /// Returns the store of these options.
    pub fn read(self) -> Result<Store, Error> {
        if self.url.is_none() {
            let fault = "is missing; it must be a URL such as `memory:`";
            return Err(Error::invalid_input("url", Reason::Missing, fault));
        }
        self.set(Store::default())
    }
}

settings! {
    /// The options of a client that have defaults. Lengths of time are in seconds.
    ClientSettings for ClientOptions {
        api: String => word,
        base_url: String => unchanged,
        timeout: f64 => deadline,
        connect_timeout: f64 => deadline,
        retries: i64 => max_retries,
        proxy: String => unchanged,
        #[serde(deserialize_with = "bytes")]
        ca_certificates: Vec<u8> => unchanged,
        trust: String => word,
        allow_http: bool => unchanged,
        check_state_first: bool => unchanged,
        accept: String => word,
        status_words: HashMap<String, String> => unchanged,
        v1_paths: HashMap<String, String> => |_, paths| V1Paths::default().with(paths),
        v2_paths: HashMap<String, String> => |_, paths| V2Paths::default().with(paths),
        app_name: String => unchanged,
        store: StoreSettings => store,
        #[serde(deserialize_with = "or_off")]
        sms_per_number: Option<QuotaSettings> => limit(quota),
        #[serde(deserialize_with = "or_off")]
        sms_per_client: Option<QuotaSettings> => limit(quota),
        #[serde(deserialize_with = "or_off")]
        sms_per_prefix: Option<PrefixQuotaSettings> => limit(prefix_quota),
        #[serde(deserialize_with = "or_off")]
        wrong_codes_per_client: Option<QuotaSettings> => limit(quota),
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

/// So many in so many seconds to numbers that share all but so many digits. Read from a list too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of `PrefixQuota`")]
pub struct PrefixQuotaSettings {
    pub limit: i64,
    pub per: f64,
    pub last_digits: i64,
}

settings! {
    /// The options of an engine that have defaults. Lengths of time are in seconds. A limit that is there and `None` is off.
    EngineSettings for EngineOptions {
        store: StoreSettings => store,
        timeout: f64 => deadline,
        max_requests: i64 => whole,
        #[serde(deserialize_with = "or_off")]
        max_attempts: Option<i64> => limit(whole),
        #[serde(deserialize_with = "or_off")]
        wrong_codes_per_number: Option<QuotaSettings> => limit(quota),
        #[serde(deserialize_with = "or_off")]
        sms_per_number: Option<QuotaSettings> => limit(quota),
        #[serde(deserialize_with = "or_off")]
        wrong_codes_per_client: Option<QuotaSettings> => limit(quota),
        #[serde(deserialize_with = "or_off")]
        sms_per_client: Option<QuotaSettings> => limit(quota),
        #[serde(deserialize_with = "or_off")]
        sms_per_prefix: Option<PrefixQuotaSettings> => limit(prefix_quota),
        #[serde(deserialize_with = "or_off")]
        max_resends: Option<i64> => limit(whole),
        #[serde(deserialize_with = "or_off")]
        resend_after: Option<f64> => limit(span),
        accept: String => word,
        countries: Vec<String> => unchanged,
        calling_codes: Vec<i64> => each(whole),
    }
}

settings! {
    /// The options of E-goi's own SMS call, beside those of its client.
    #[derive(Clone)]
    EgoiSmsSettings for EgoiSms {
        urgent: bool => unchanged,
        encoding: String => word,
        max_parts: i64 => at_least_one,
    }
}

#[cfg(feature = "sandbox")]
settings! {
    /// The options of a sandbox.
    SandboxSettings for crate::sandbox::SandboxOptions {
        host: String => address,
        port: i64 => whole,
        seed: i64 => whole,
        code: String => unchanged,
        api_key: String => unchanged,
        v2_words: bool => unchanged,
        v2_wrong: i64 => whole,
        senders: Vec<String> => unchanged,
        own_limits: bool => unchanged,
        allow_hosts: Vec<String> => unchanged,
    }
}

settings! {
    /// The options of a request.
    RequestSettings for RequestOptions {
        message: String => unchanged,
        code_type: String => word,
        code_size: i64 => |_, given| code_size(given),
        ttl: f64 => |_, given| ttl(given),
        group: String => unchanged,
        idempotency_key: String => unchanged,
        client: String => unchanged,
        default_region: String => unchanged,
        timeout: f64 => deadline,
        retries: i64 => max_retries,
    }
}

settings! {
    /// The options of a validation.
    ValidateSettings for ValidateOptions {
        number: String => unchanged,
        client: String => unchanged,
        default_region: String => unchanged,
        timeout: f64 => deadline,
        retries: i64 => max_retries,
    }
}

settings! {
    /// The options of every other call.
    CallSettings for CallOptions {
        timeout: f64 => deadline,
        retries: i64 => max_retries,
    }
}

/// The options of every other call. A `timeout` is in seconds.
pub fn call_options(timeout: Option<f64>, retries: Option<i64>) -> Result<CallOptions, Error> {
    CallSettings { timeout, retries }.set(CallOptions::default())
}

fn at_least_one(field: &str, given: i64) -> Result<NonZeroU32, Error> {
    let range = 1..=<u32 as Limit>::MAX;
    u32::try_from(given).ok().and_then(NonZeroU32::new).ok_or_else(|| Error::out_of_range(field, given, range, ""))
}

fn unchanged<T>(_: &str, given: T) -> Result<T, Error> {
    Ok(given)
}

fn word<T: FromStr<Err = Error>>(_: &str, given: String) -> Result<T, Error> {
    given.parse()
}

fn store(_: &str, given: StoreSettings) -> Result<Store, Error> {
    given.read()
}

fn quota(field: &str, QuotaSettings { limit, per }: QuotaSettings) -> Result<Quota, Error> {
    Ok(Quota { limit: whole(field, limit)?, per: span(field, per)? })
}

fn prefix_quota(field: &str, given: PrefixQuotaSettings) -> Result<PrefixQuota, Error> {
    let PrefixQuotaSettings { limit, per, last_digits } = given;
    Ok(PrefixQuota { limit: whole(field, limit)?, per: span(field, per)?, last_digits: whole(field, last_digits)? })
}

fn limit<G, T>(read: impl Fn(&str, G) -> Result<T, Error>) -> impl Fn(&str, Option<G>) -> Result<Option<T>, Error> {
    move |field, given| given.map(|given| read(field, given)).transpose()
}

fn each<G, T>(read: impl Fn(&str, G) -> Result<T, Error>) -> impl Fn(&str, Vec<G>) -> Result<Vec<T>, Error> {
    move |field, given| given.into_iter().map(|given| read(field, given)).collect()
}

/// The required option of a client, which has two words.
const OTHER_NAMES: &[&str] = &["api_key"];

/// The name of an option as languages with camel case write it. Any other name stays as it is.
pub fn camel_case(name: &str) -> String {
    let objects = [
        StoreSettings::NAMES,
        ClientSettings::NAMES,
        EngineSettings::NAMES,
        EgoiSmsSettings::NAMES,
        RequestSettings::NAMES,
        ValidateSettings::NAMES,
        CallSettings::NAMES,
        #[cfg(feature = "sandbox")]
        SandboxSettings::NAMES,
        OTHER_NAMES,
    ];
    if !objects.iter().any(|names| names.contains(&name)) {
        return name.to_owned();
    }
    let mut upper = false;
    let letters = name.chars().filter_map(|letter| match std::mem::replace(&mut upper, letter == '_') {
        _ if letter == '_' => None,
        true => Some(letter.to_ascii_uppercase()),
        false => Some(letter),
    });
    letters.collect()
}

/// [`ErrorCode::docs_url`] by the string of a code.
pub fn docs_url(code: &str) -> String {
    ErrorCode::ALL.into_iter().find(|known| known.as_str() == code).unwrap_or(ErrorCode::Internal).docs_url()
}

/// The detail of an error with the names of options, which it quotes, in camel case.
pub fn detail_in_camel_case(error: &Error) -> String {
    let parts = error.detail().split('`').enumerate();
    let parts = parts.map(|(at, part)| if at % 2 == 1 { camel_case(part) } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("`")
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

            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                Ok(Bytes(bytes))
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

        deserializer.deserialize_byte_buf(BytesVisitor)
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

/// A length of time in seconds. A negative or endless one, and not a number, is `invalid_input`.
pub fn seconds(field: &str, given: f64) -> Result<Duration, Error> {
    seconds_up_to(Duration::MAX, field, given)
}

/// The `timeout` of a call in seconds, at most 600.
pub fn timeout(given: f64) -> Result<Duration, Error> {
    deadline("timeout", given)
}

fn deadline(field: &str, given: f64) -> Result<Duration, Error> {
    seconds_up_to(MAX_TIMEOUT, field, given)
}

/// The `retries` of a call, 0 to 2.
pub fn retries(given: i64) -> Result<u32, Error> {
    max_retries("retries", given)
}

fn max_retries(field: &str, given: i64) -> Result<u32, Error> {
    let range = 0..=i64::from(MAX_RETRIES);
    let retries = u32::try_from(given).ok().filter(|retries| *retries <= MAX_RETRIES);
    retries.ok_or_else(|| Error::out_of_range(field, given, range, ""))
}

fn span(field: &str, given: f64) -> Result<Duration, Error> {
    seconds_up_to(MAX_SPAN, field, given)
}

fn seconds_up_to(max: Duration, field: &str, given: f64) -> Result<Duration, Error> {
    let time = Duration::try_from_secs_f64(given).ok().filter(|time| *time <= max);
    time.ok_or_else(|| Error::out_of_range(field, given, 0.0..=max.as_secs_f64(), " s"))
}

/// A validity in seconds, for [`RequestOptions::ttl`](crate::RequestOptions::ttl), which checks what is left to check.
pub fn ttl(given: f64) -> Result<Duration, Error> {
    let range = f64::from(Validity::MIN_SECONDS)..=f64::from(Validity::MAX_SECONDS);
    Duration::try_from_secs_f64(given).map_err(|_| Error::out_of_range("ttl", given, range, " s"))
}

/// A size of code, for [`RequestOptions::code_size`](crate::RequestOptions::code_size), which checks what is left to
/// check.
pub fn code_size(given: i64) -> Result<u32, Error> {
    let range = CodeSize::MIN.get() as i64..=CodeSize::MAX.get() as i64;
    u32::try_from(given).map_err(|_| Error::out_of_range("code_size", given, range, " characters"))
}

#[cfg(feature = "sandbox")]
fn address(field: &str, given: String) -> Result<IpAddr, Error> {
    given.parse().map_err(|_| {
        Error::invalid_input(field, Reason::Malformed, format_args!("is {given:?}; it must be an IP address"))
    })
}

/// A whole number that is at least 0 and fits where it goes.
pub fn whole<T: TryFrom<i64> + Limit>(field: &str, given: i64) -> Result<T, Error> {
    T::try_from(given).map_err(|_| Error::out_of_range(field, given, 0..=T::MAX, ""))
}

/// The largest of a type of whole numbers.
pub trait Limit {
    /// The largest.
    const MAX: i64;
}

impl Limit for u16 {
    const MAX: i64 = u16::MAX as i64;
}

impl Limit for u32 {
    const MAX: i64 = u32::MAX as i64;
}

impl Limit for u64 {
    const MAX: i64 = i64::MAX;
}

impl Limit for usize {
    const MAX: i64 = u32::MAX as i64;
}
