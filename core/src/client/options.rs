//! The options of a `Client`.

use std::ffi::OsString;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::Client;
use super::budget::MAX_RETRIES;
use crate::error::{Error, Reason};
use crate::events::{CallObserver, Observers};
use crate::machine::{PrefixQuota, Quota};
use crate::store::{Limits, Store};
use crate::tls::Trust;
use crate::values::Accept;

/// The version of E-goi's interface.
///
/// ```
/// use egoi_verify::{Api, ClientOptions};
///
/// let options = ClientOptions::new("key", "b2f8d1c4").api(Api::V1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Api {
    /// E-goi's article. The paths of its calls are assumed: see [`V1Paths`].
    V1,
    /// E-goi's published SDKs.
    #[default]
    V2,
}

impl FromStr for Api {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        match word {
            "v1" => Ok(Self::V1),
            "v2" => Ok(Self::V2),
            _ => Err(Error::invalid_input("api", Reason::UnknownValue, "is unknown; it must be `v1` or `v2`")),
        }
    }
}

/// V1's paths below the base URL. E-goi does not publish the paths of Verify: these are assumed. The others come from public
/// clients of E-goi.
///
/// ```
/// use egoi_verify::{ClientOptions, V1Paths};
///
/// let paths = V1Paths { request: "verify/new".to_owned(), ..V1Paths::default() };
/// let options = ClientOptions::new("key", "b2f8d1c4").v1_paths(paths);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V1Paths {
    /// `verify/request`
    pub request: String,
    /// `verify/validate`
    pub validate: String,
    /// `verify/cancel`
    pub cancel: String,
    /// `commons/ping`
    pub ping: String,
    /// `sms/senders`, which one integrator calls
    pub senders: String,
    /// `sms/send`
    pub send_sms: String,
}

impl Default for V1Paths {
    fn default() -> Self {
        Self {
            request: "verify/request".to_owned(),
            validate: "verify/validate".to_owned(),
            cancel: "verify/cancel".to_owned(),
            ping: "commons/ping".to_owned(),
            senders: "sms/senders".to_owned(),
            send_sms: "sms/send".to_owned(),
        }
    }
}

/// V2's paths below the base URL, of E-goi's published SDKs. The id of the request replaces `{id}`.
///
/// ```
/// use egoi_verify::{ClientOptions, V2Paths};
///
/// let paths = V2Paths { send_sms: "v2/sms/messages/action/send".to_owned(), ..V2Paths::default() };
/// let options = ClientOptions::new("key", "1234").v2_paths(paths);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V2Paths {
    /// `v2/verify/request`
    pub request: String,
    /// `v2/verify/{id}`
    pub get: String,
    /// `v2/verify/{id}/validate`
    pub validate: String,
    /// `v2/verify/{id}/cancel`
    pub cancel: String,
    /// `v2/verify/{id}/resend`
    pub resend: String,
    /// `v2/ping`
    pub ping: String,
    /// `v2/sms/senders`
    pub senders: String,
    /// `v2/sms/messages/action/send/single`, which takes one SMS. A path that does not end in `single` gets a list of one SMS.
    pub send_sms: String,
}

impl Default for V2Paths {
    fn default() -> Self {
        Self {
            request: "v2/verify/request".to_owned(),
            get: "v2/verify/{id}".to_owned(),
            validate: "v2/verify/{id}/validate".to_owned(),
            cancel: "v2/verify/{id}/cancel".to_owned(),
            resend: "v2/verify/{id}/resend".to_owned(),
            ping: "v2/ping".to_owned(),
            senders: "v2/sms/senders".to_owned(),
            send_sms: "v2/sms/messages/action/send/single".to_owned(),
        }
    }
}

impl V1Paths {
    /// Replaces the paths of the same name.
    ///
    /// # Errors
    ///
    /// `invalid_input` for another name.
    pub fn with(mut self, paths: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        for (name, path) in paths {
            *match name.as_str() {
                "request" => &mut self.request,
                "validate" => &mut self.validate,
                "cancel" => &mut self.cancel,
                "ping" => &mut self.ping,
                "senders" => &mut self.senders,
                "send_sms" => &mut self.send_sms,
                _ => {
                    return Err(Error::invalid_input(
                        "v1_paths",
                        Reason::UnknownValue,
                        format_args!(
                            "has the unknown path `{name}`; the paths are `request`, `validate`, `cancel`, `ping`, `senders` and \
                             `send_sms`"
                        ),
                    ));
                }
            } = path;
        }
        Ok(self)
    }
}

impl V2Paths {
    /// Replaces the paths of the same name.
    ///
    /// # Errors
    ///
    /// `invalid_input` for another name.
    pub fn with(mut self, paths: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        for (name, path) in paths {
            *match name.as_str() {
                "request" => &mut self.request,
                "get" => &mut self.get,
                "validate" => &mut self.validate,
                "cancel" => &mut self.cancel,
                "resend" => &mut self.resend,
                "ping" => &mut self.ping,
                "senders" => &mut self.senders,
                "send_sms" => &mut self.send_sms,
                _ => {
                    return Err(Error::invalid_input(
                        "v2_paths",
                        Reason::UnknownValue,
                        format_args!(
                            "has the unknown path `{name}`; the paths are `request`, `get`, `validate`, `cancel`, `resend`, \
                             `ping`, `senders` and `send_sms`"
                        ),
                    ));
                }
            } = path;
        }
        Ok(self)
    }
}

/// The options of a [`Client`]. [`Client::new`] refuses an option that is not accepted.
///
/// ```
/// use std::time::Duration;
/// use egoi_verify::{Client, ClientOptions, Error};
///
/// fn connect(api_key: &str, sender: &str) -> Result<Client, Error> {
///     Client::new(ClientOptions::new(api_key, sender).timeout(Duration::from_secs(5)))
/// }
/// ```
#[derive(Clone)]
pub struct ClientOptions {
    pub(super) api_key: Zeroizing<String>,
    pub(super) sender: String,
    pub(super) api: Api,
    pub(super) base_url: Option<String>,
    pub(super) timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) retries: u32,
    pub(super) proxy: Option<Zeroizing<String>>,
    pub(super) ca_certificates: Vec<u8>,
    pub(super) trust: Trust,
    pub(super) allow_http: bool,
    pub(super) check_state_first: bool,
    pub(super) accept: Accept,
    pub(super) status_words: Vec<(String, String)>,
    pub(super) v1_paths: V1Paths,
    pub(super) v2_paths: V2Paths,
    pub(super) app_name: Option<String>,
    pub(super) language: String,
    pub(super) store: Option<Store>,
    pub(super) limits: Limits,
    pub(super) observers: Observers,
}

impl ClientOptions {
    /// The options with the account's API key and the sender. V1 takes the sender's hash, V2 its id.
    pub fn new(api_key: impl Into<String>, sender: impl Into<String>) -> Self {
        Self {
            api_key: Zeroizing::new(api_key.into()),
            sender: sender.into(),
            api: Api::default(),
            base_url: None,
            timeout: Duration::from_secs(15),
            connect_timeout: Duration::from_millis(3100),
            retries: MAX_RETRIES,
            proxy: None,
            ca_certificates: Vec::new(),
            trust: Trust::default(),
            allow_http: false,
            check_state_first: true,
            accept: Accept::default(),
            status_words: Vec::new(),
            v1_paths: V1Paths::default(),
            v2_paths: V2Paths::default(),
            app_name: None,
            language: concat!("rust ", env!("CARGO_PKG_RUST_VERSION")).to_owned(),
            store: None,
            limits: Limits::NONE,
            observers: Observers::default(),
        }
    }

    /// Reads the environment: `EGOI_API_KEY`, `EGOI_SENDER`, and if they are set `EGOI_API` (`v1` or `v2`), `EGOI_BASE_URL` and
    /// `EGOI_ALLOW_HTTP` (`1` or `0`).
    ///
    /// # Errors
    ///
    /// `invalid_input` for a variable that is missing or unreadable: `field` names it.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// The same with other variables, for a language with an environment of its own.
    #[doc(hidden)]
    pub fn from_variables(read: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let optional = |name: &str| match read(name) {
            Some(value) if !value.is_empty() => value
                .into_string()
                .map(Some)
                .map_err(|_| Error::invalid_input(name, Reason::Unreadable, "is not UTF-8")),
            _ => Ok(None),
        };
        let required = |name: &str| {
            optional(name)?.ok_or_else(|| {
                Error::invalid_input(name, Reason::Missing, "is not set; this environment variable is required")
            })
        };
        let mut options = Self::new(required("EGOI_API_KEY")?, required("EGOI_SENDER")?);
        match optional("EGOI_API")?.as_deref() {
            None | Some("v2" | "V2") => {}
            Some("v1" | "V1") => options.api = Api::V1,
            Some(_) => {
                return Err(Error::invalid_input(
                    "EGOI_API",
                    Reason::UnknownValue,
                    "is unknown; it must be `v1` or `v2`",
                ));
            }
        }
        options.base_url = optional("EGOI_BASE_URL")?;
        options.allow_http =
            optional("EGOI_ALLOW_HTTP")?.map_or(Ok(false), |value| Self::allow_http_variable(&value))?;
        Ok(options)
    }

    /// Reads `EGOI_ALLOW_HTTP`.
    #[doc(hidden)]
    pub fn allow_http_variable(value: &str) -> Result<bool, Error> {
        match value {
            "1" => Ok(true),
            "0" => Ok(false),
            _ => {
                Err(Error::invalid_input("EGOI_ALLOW_HTTP", Reason::UnknownValue, "is unknown; it must be `1` or `0`"))
            }
        }
    }

    /// The version of E-goi's interface. Default: V2.
    #[must_use]
    pub fn api(mut self, api: Api) -> Self {
        self.api = api;
        self
    }

    /// The address of the service: HTTPS, or HTTP to a loopback address. With `allow_http`, HTTP to any address. Default:
    /// `https://slingshot.egoiapp.com/api` for V2, `https://www51.e-goi.com/api/public` for V1.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// The time that a whole call may take, with its retries and V2's reads around a validation. Default: 15 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The observer of each call. It also gives the HTTP requests of a call their `traceparent`. Default: none.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn CallObserver>) -> Self {
        self.observers = Observers::new(observer);
        self
    }

    /// The time that a connection may take, with TLS. Default: 3.1 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The maximum of retries of each HTTP request of a call, 0 to 2, within the call's deadline. A request that may have sent an
    /// SMS or used up an attempt is never repeated. If no connection was made, any request may be repeated. Reads, `cancel` and
    /// `ping` may also be repeated after 429, 502, 503, 504 and a broken connection. Default: 2.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// An HTTP or SOCKS5 proxy: `http://user:password@proxy.example:3128`, or `socks5h://…`, which resolves host names itself.
    /// Default: the environment's (`HTTPS_PROXY`, `NO_PROXY` and so on). A `base_url` of a loopback address uses no proxy.
    #[must_use]
    pub fn proxy(mut self, proxy: impl Into<String>) -> Self {
        self.proxy = Some(Zeroizing::new(proxy.into()));
        self
    }

    /// More trusted certificates, in PEM.
    #[must_use]
    pub fn ca_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificates = pem.into();
        self
    }

    /// Which certificates are trusted. Default: the bundled ones.
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Allows plain HTTP to any address. Everyone on the network path can then read the key and the codes. Default: no. From the
    /// environment: `EGOI_ALLOW_HTTP=1`.
    #[must_use]
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// Whether a V2 validation reads the request first. Without that, a wrong code could pass for a request that was verified long
    /// ago. Switch it off only if E-goi's responses to your validations carry status words. Default: yes.
    #[must_use]
    pub fn check_state_first(mut self, check: bool) -> Self {
        self.check_state_first = check;
        self
    }

    /// Which numbers get an SMS. Any other number is `invalid_input`, before anything is sent. Default: [`Accept::Valid`].
    #[must_use]
    pub fn accept(mut self, accept: Accept) -> Self {
        self.accept = accept;
        self
    }

    /// More status words of the service, each with its meaning: `("validated", "verified")`.
    #[must_use]
    pub fn status_words<W: Into<String>, M: Into<String>>(mut self, words: impl IntoIterator<Item = (W, M)>) -> Self {
        self.status_words = words.into_iter().map(|(word, means)| (word.into(), means.into())).collect();
        self
    }

    /// V1's paths below the base URL.
    #[must_use]
    pub fn v1_paths(mut self, paths: V1Paths) -> Self {
        self.v1_paths = paths;
        self
    }

    /// V2's paths below the base URL.
    #[must_use]
    pub fn v2_paths(mut self, paths: V2Paths) -> Self {
        self.v2_paths = paths;
        self
    }

    /// The name of your application, 1 to 100 visible ASCII characters and spaces. `User-Agent` has it after the library's name.
    #[must_use]
    pub fn app_name(mut self, name: impl Into<String>) -> Self {
        self.app_name = Some(name.into());
        self
    }

    /// `LANGUAGE VERSION` for `User-Agent`: the bindings'.
    #[doc(hidden)]
    #[must_use]
    pub fn language(mut self, language: &str) -> Self {
        language.clone_into(&mut self.language);
        self
    }

    /// The store of the idempotency keys and of the limits. It needs a key. Default: no store. A request with an idempotency key is
    /// then `unsupported`. Clients that are made from the same options share a `memory:` store.
    #[must_use]
    pub fn store(mut self, store: Store) -> Self {
        self.store = Some(store.with_memory_shared());
        self
    }

    /// The maximum of SMS to one number, requests and resends together. Beyond it: `rate_limited`. It needs a
    /// [`store`](Self::store). Clients that share a store share its counts. A resend first reads the request, to know its number.
    /// Default: no limit.
    #[must_use]
    pub fn sms_per_number(mut self, quota: Option<Quota>) -> Self {
        self.limits.sms_per_number = quota;
        self
    }

    /// The maximum of SMS for one [client](crate::RequestOptions::client), requests and resends together. Beyond it: `rate_limited`.
    /// A resend counts for the client of its request. It needs a [`store`](Self::store). A resend first reads the request, to know its
    /// number. Default: no limit.
    #[must_use]
    pub fn sms_per_client(mut self, quota: Option<Quota>) -> Self {
        self.limits.sms_per_client = quota;
        self
    }

    /// The maximum of SMS to numbers that differ only in their last 1 to 14 digits, requests and resends together. Beyond it:
    /// `rate_limited`. It needs a [`store`](Self::store). Default: no limit.
    #[must_use]
    pub fn sms_per_prefix(mut self, quota: Option<PrefixQuota>) -> Self {
        self.limits.sms_per_prefix = quota;
        self
    }

    /// The maximum of wrong codes of one [client](crate::ValidateOptions::client), over all numbers. Beyond it:
    /// `too_many_attempts`, and no code is submitted. A success does not reset the count. A code whose result did not arrive counts
    /// as wrong. It needs a [`store`](Self::store). Default: no limit.
    #[must_use]
    pub fn wrong_codes_per_client(mut self, quota: Option<Quota>) -> Self {
        self.limits.wrong_codes_per_client = quota;
        self
    }

    /// The name of a limit that is set, if one is.
    pub(crate) fn limit(&self) -> Option<&'static str> {
        self.limits.first_set()
    }

    /// Makes the client that these options describe: [`Client::new`].
    ///
    /// # Errors
    ///
    /// See [`Client::new`].
    pub fn build(self) -> Result<Client, Error> {
        Client::new(self)
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions").field("api", &self.api).finish_non_exhaustive()
    }
}
