//! The options of an engine.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::{Error, Reason};
use crate::events::{CallObserver, Observers};
use crate::machine::{PrefixQuota, Quota, RequestLimits};
use crate::store::{Clock, Limits, MAX_REQUESTS, MonotonicClock, Store, StoreBackend};
use crate::values::{Accept, AllowedCountries, EngineKey};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The options of an engine. An option that is not set has its default. The defaults of the limits follow NIST SP 800-63B and
/// OWASP ASVS 5.
///
/// ```
/// use std::time::Duration;
/// use egoi_verify::{EngineOptions, Quota, Store};
///
/// let day = Duration::from_secs(24 * 60 * 60);
/// let options = EngineOptions::default()
///     .store(Store::new("sqlite:verify.db").key("at least 32 bytes, the same in every process"))
///     .countries(["PT", "ES"])
///     .sms_per_client(Some(Quota { limit: 5, per: day }));
/// ```
#[derive(Clone)]
pub struct EngineOptions {
    store: Store,
    timeout: Duration,
    max_requests: u64,
    limits: Limits,
    accept: Accept,
    countries: Option<Vec<String>>,
    calling_codes: Option<Vec<u16>>,
    clock: Option<Arc<dyn Clock>>,
    observers: Observers,
}

/// Options that were checked.
pub(crate) struct Checked {
    pub(crate) store: Arc<dyn StoreBackend>,
    pub(crate) keys: Vec<EngineKey>,
    pub(crate) retention: Duration,
    pub(crate) timeout: Duration,
    pub(crate) limits: Limits,
    pub(crate) accept: Accept,
    pub(crate) allowed: AllowedCountries,
    pub(crate) observers: Observers,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            store: Store::default(),
            timeout: Duration::from_secs(15),
            max_requests: MAX_REQUESTS,
            limits: Limits {
                request: RequestLimits {
                    max_attempts: Some(5),
                    max_resends: Some(3),
                    resend_after: Some(Duration::from_secs(30)),
                },
                wrong_codes_per_number: Some(Quota { limit: 20, per: DAY }),
                sms_per_number: Some(Quota { limit: 5, per: HOUR }),
                ..Limits::NONE
            },
            accept: Accept::default(),
            countries: None,
            calling_codes: None,
            clock: None,
            observers: Observers::default(),
        }
    }
}

impl EngineOptions {
    /// The store of the requests. Default: `memory:`, which ends with the process.
    #[must_use]
    pub fn store(mut self, store: Store) -> Self {
        self.store = store;
        self
    }

    /// How long the gateway may take for one SMS, if the call has no timeout. (The timeout of a call covers the whole call.)
    /// Default: 15 s. It needs a Tokio runtime with timers (`enable_time`). Without a runtime there is no limit.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The maximum of requests that `memory:` holds. Beyond it: `rate_limited`. Default: 10 million.
    #[must_use]
    pub fn max_requests(mut self, max: u64) -> Self {
        self.max_requests = max;
        self
    }

    /// The maximum of wrong codes for one request. Beyond it: `too_many_attempts`, until the request expires. A resend does not
    /// reset the count. Default: 5. `None` is no limit.
    #[must_use]
    pub fn max_attempts(mut self, max: Option<u32>) -> Self {
        self.limits.request.max_attempts = max;
        self
    }

    /// The maximum of wrong codes for one number, over all its requests. Beyond it: `too_many_attempts`. A success resets the
    /// count. Default: 20 a day. `None` is no limit.
    #[must_use]
    pub fn wrong_codes_per_number(mut self, quota: Option<Quota>) -> Self {
        self.limits.wrong_codes_per_number = quota;
        self
    }

    /// The maximum of SMS to one number, requests and resends together. Beyond it: `rate_limited`. Default: 5 an hour. `None` is no
    /// limit.
    #[must_use]
    pub fn sms_per_number(mut self, quota: Option<Quota>) -> Self {
        self.limits.sms_per_number = quota;
        self
    }

    /// The maximum of SMS for one [client](crate::RequestOptions::client), requests and resends together. Beyond it:
    /// `rate_limited`. Default: no limit.
    #[must_use]
    pub fn sms_per_client(mut self, quota: Option<Quota>) -> Self {
        self.limits.sms_per_client = quota;
        self
    }

    /// The maximum of wrong codes of one [client](crate::ValidateOptions::client), over all numbers. Beyond it:
    /// `too_many_attempts`. A success does not reset the count. Default: no limit.
    #[must_use]
    pub fn wrong_codes_per_client(mut self, quota: Option<Quota>) -> Self {
        self.limits.wrong_codes_per_client = quota;
        self
    }

    /// The maximum of SMS to numbers that differ only in their last 1 to 14 digits, requests and resends together. Beyond it:
    /// `rate_limited`. It stops SMS pumping, which walks through a range of numbers. Default: no limit.
    #[must_use]
    pub fn sms_per_prefix(mut self, quota: Option<PrefixQuota>) -> Self {
        self.limits.sms_per_prefix = quota;
        self
    }

    /// The maximum of resends of one request. Beyond it: `rate_limited`. Default: 3. `None` is no limit.
    #[must_use]
    pub fn max_resends(mut self, max: Option<u32>) -> Self {
        self.limits.request.max_resends = max;
        self
    }

    /// The pause between two SMS to one number. An earlier request or resend is `rate_limited`. The error of a request has the id
    /// of the pending request, and a form can continue with it: a double click is one SMS. Default: 30 s. `None` is no pause.
    #[must_use]
    pub fn resend_after(mut self, pause: Option<Duration>) -> Self {
        self.limits.request.resend_after = pause;
        self
    }

    /// Which numbers get an SMS. Any other number is `invalid_input`. Default: [`Accept::Valid`].
    #[must_use]
    pub fn accept(mut self, accept: Accept) -> Self {
        self.accept = accept;
        self
    }

    /// The allowed countries, by ISO 3166 code, for example `["PT", "ES"]`. A number of another country, or of an unknown country,
    /// is `rejected`. `US` does not include the other countries of the calling code 1. An empty list and an unknown country code
    /// are `invalid_input`. Default: all.
    #[must_use]
    pub fn countries(mut self, countries: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.countries = Some(countries.into_iter().map(Into::into).collect());
        self
    }

    /// The allowed calling codes, for example `[1]`. A calling code allows all its countries. With [`EngineOptions::countries`], a
    /// number is allowed if either list allows it. An empty list and an unknown calling code are `invalid_input`. Default: all.
    #[must_use]
    pub fn calling_codes(mut self, calling_codes: impl IntoIterator<Item = u16>) -> Self {
        self.calling_codes = Some(calling_codes.into_iter().collect());
        self
    }

    /// The observer of each call. Default: none.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn CallObserver>) -> Self {
        self.observers = Observers::new(observer);
        self
    }

    /// Switches all limits off. A request then waits for the right code until it expires, as in E-goi's article.
    #[must_use]
    pub fn without_limits(mut self) -> Self {
        self.limits = Limits::NONE;
        self
    }

    /// The clock of `memory:`, for tests. With another store, a [`TestClock`](crate::TestClock) moves the store's time.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Opens the store that the options name, for several engines and clients of one process to share.
    ///
    /// # Errors
    ///
    /// `invalid_input` or `misconfigured`: correct the option that `field` names.
    pub fn open_store(self) -> Result<Arc<dyn StoreBackend>, Error> {
        Ok(self.check()?.store)
    }

    pub(crate) fn check(self) -> Result<Checked, Error> {
        let limits = self.limits.checked()?;
        for (field, max) in [
            ("max_attempts", self.limits.request.max_attempts),
            ("max_requests", u32::try_from(self.max_requests).ok()),
        ] {
            if max == Some(0) {
                return Err(Error::out_of_range(field, 0, 1..=u32::MAX, ""));
            }
        }
        self.store.check()?;
        let allowed = AllowedCountries::new(self.countries.as_deref(), self.calling_codes)?;
        let keys = match self.store.keys()? {
            Some(keys) => keys,
            None if self.store.is_memory() => vec![random_key()?],
            None => {
                return Err(Error::invalid_input(
                    "key",
                    Reason::Missing,
                    "is missing; a store that outlives the process needs a key of at least 32 bytes",
                ));
            }
        };
        let clock = self.clock.unwrap_or_else(|| Arc::new(MonotonicClock::default()));
        let store = self.store.open(&keys, self.max_requests, clock)?;
        Ok(Checked {
            store,
            keys,
            retention: self.store.retained_for(),
            timeout: self.timeout,
            limits,
            accept: self.accept,
            allowed,
            observers: self.observers,
        })
    }
}

fn random_key() -> Result<EngineKey, Error> {
    let mut key = Zeroizing::new([0; 32]);
    crate::generate::fill(&mut rand::rngs::SysRng, &mut *key)?;
    EngineKey::new(&*key)
}
