//! The options of a store: its URL, its keys, and its retention.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::StoreBackend;
use super::clock::Clock;
use super::memory::MemoryStore;
use crate::error::{Error, Reason};
use crate::values::EngineKey;

/// The store of an `Engine`'s requests, or of a `Client`'s idempotency keys and limits.
///
/// ```
/// # use std::time::Duration;
/// # use egoi_verify::{EngineOptions, Store};
/// # let key = [7; 32];
/// let store = Store::new("memory:").key(key).retention(Duration::from_secs(3600));
/// let options = EngineOptions::default().store(store);
/// ```
///
/// [`Engine::new`](crate::Engine::new) and [`Client::new`](crate::Client::new) open it, and report its faults as `invalid_input`.
#[derive(Clone)]
pub struct Store {
    location: Location,
    key: Option<Zeroizing<Vec<u8>>>,
    previous_keys: Vec<Zeroizing<Vec<u8>>>,
    retention: Duration,
    pool_size: Option<usize>,
    ca_certificates: Vec<u8>,
}

#[derive(Clone)]
enum Location {
    /// A URL, which may hold a password.
    Url(Zeroizing<String>),
    Custom(Arc<dyn StoreBackend>),
}

/// The values that a store is opened with.
pub(crate) struct OpenOptions<'a> {
    /// The current key, which encrypts numbers and messages, then the previous keys.
    #[allow(dead_code, reason = "memory encrypts nothing")]
    pub(crate) keys: &'a [EngineKey],
    /// The maximum of requests that `memory:` holds.
    pub(crate) max_requests: u64,
    pub(crate) clock: Arc<dyn Clock>,
    /// Connections of each process to PostgreSQL.
    #[allow(dead_code, reason = "of PostgreSQL only")]
    pub(crate) pool_size: Option<usize>,
    /// More trusted certificates, in PEM.
    #[allow(dead_code, reason = "of Redis only")]
    pub(crate) ca_certificates: &'a [u8],
}

/// A kind of store with a URL.
struct Kind {
    schemes: &'static [&'static str],
    /// The form of its URL.
    form: &'static str,
    /// Its feature of this crate.
    feature: &'static str,
    is_here: bool,
}

const MEMORY: &str = "memory";
const KINDS: [Kind; 4] = [
    Kind { schemes: &[MEMORY], form: "`memory:`", feature: "", is_here: true },
    Kind { schemes: &["sqlite"], form: "`sqlite:PATH`", feature: "sqlite", is_here: cfg!(feature = "sqlite") },
    Kind {
        schemes: &["postgres", "postgresql"],
        form: "`postgres://USER@HOST/DATABASE`",
        feature: "postgres",
        is_here: cfg!(feature = "postgres"),
    },
    Kind {
        schemes: &[
            "redis",
            "rediss",
            "valkey",
            "valkeys",
            "redis+sentinel",
            "rediss+sentinel",
            "valkey+sentinel",
            "valkeys+sentinel",
            "redis+cluster",
            "rediss+cluster",
            "valkey+cluster",
            "valkeys+cluster",
        ],
        form: "`redis://HOST/DATABASE`, `redis+cluster://HOST,HOST` or `redis+sentinel://HOST,HOST/MASTER`",
        feature: "redis",
        is_here: cfg!(feature = "redis"),
    },
];

impl Default for Store {
    /// `memory:`.
    fn default() -> Self {
        Self::new("memory:")
    }
}

impl Store {
    const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
    pub(super) const MAX_POOL_SIZE: usize = 1000;

    /// Describes a store by its URL: `memory:`, `sqlite:PATH`, `postgres://…`, `redis://…`, `redis+cluster://…` or
    /// `redis+sentinel://…`. All but the first need the feature of the same name, and a [`key`](Self::key).
    pub fn new(url: impl Into<String>) -> Self {
        Self::at(Location::Url(Zeroizing::new(url.into())))
    }

    /// A store of your own. It needs a [`key`](Self::key).
    pub fn custom(backend: Arc<dyn StoreBackend>) -> Self {
        Self::at(Location::Custom(backend))
    }

    fn at(location: Location) -> Self {
        Self {
            location,
            key: None,
            previous_keys: Vec::new(),
            retention: Self::RETENTION,
            pool_size: None,
            ca_certificates: Vec::new(),
        }
    }

    pub(crate) fn url(self, url: String) -> Self {
        Self { location: Location::Url(Zeroizing::new(url)), ..self }
    }

    /// The secret that protects codes, numbers and idempotency keys: at least 32 bytes. Required, except for `memory:`, which has a
    /// random key by default.
    #[must_use]
    pub fn key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.key = Some(Zeroizing::new(key.into()));
        self
    }

    /// Earlier keys that are still accepted.
    #[must_use]
    pub fn previous_keys<K: Into<Vec<u8>>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.previous_keys = keys.into_iter().map(|key| Zeroizing::new(key.into())).collect();
        self
    }

    /// How long the store keeps a finished request after its `expires_at`, and a `Client`'s idempotency key after its use. Default:
    /// 24 hours. The minimum of a `Client` is a minute: with a shorter retention, a repeated request would send a second SMS.
    #[must_use]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    /// The maximum of each process's connections to PostgreSQL, 1 to 1,000. Default: 8. With another store it is `invalid_input`.
    #[must_use]
    pub fn pool_size(mut self, connections: usize) -> Self {
        self.pool_size = Some(connections);
        self
    }

    /// More root certificates to trust for TLS to Redis, in PEM. With another store they are `invalid_input`. For PostgreSQL, use
    /// `sslrootcert` in the URL.
    #[must_use]
    pub fn ca_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificates = pem.into();
        self
    }

    pub(crate) fn retained_for(&self) -> Duration {
        self.retention
    }

    /// Whether its state ends with the process. Then its key may be random.
    pub(crate) fn is_memory(&self) -> bool {
        matches!(&self.location, Location::Url(url) if scheme(url) == MEMORY)
    }

    /// The same store with its memory: the clients that are made from it share the memory.
    pub(crate) fn with_memory_shared(mut self) -> Self {
        if matches!(&self.location, Location::Url(url) if **url == "memory:") {
            self.location = Location::Custom(Arc::new(MemoryStore::default()));
        }
        self
    }

    /// The current key, then the previous keys. `None` if no key was given.
    pub(crate) fn keys(&self) -> Result<Option<Vec<EngineKey>>, Error> {
        let Some(key) = &self.key else {
            if !self.previous_keys.is_empty() {
                return Err(Error::invalid_input(
                    "previous_keys",
                    Reason::Conflicting,
                    "are given without a `key`; a store needs the key in use",
                ));
            }
            return Ok(None);
        };
        let all = [("key", key)].into_iter().chain(self.previous_keys.iter().map(|key| ("previous_keys", key)));
        all.map(|(field, key)| EngineKey::named(field, key)).collect::<Result<_, _>>().map(Some)
    }

    /// Checks the options. A fault is `invalid_input`. The error never contains the URL.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.check_url()?;
        let is_of = |schemes: &[&str]| matches!(&self.location, Location::Url(url) if schemes.contains(&scheme(url)));
        match self.pool_size {
            Some(_) if !is_of(KINDS[2].schemes) => {
                return Err(Error::invalid_input(
                    "pool_size",
                    Reason::Conflicting,
                    "is given for another store; it is an option of PostgreSQL only",
                ));
            }
            Some(size) if !(1..=Self::MAX_POOL_SIZE).contains(&size) => {
                return Err(Error::out_of_range("pool_size", size, 1..=Self::MAX_POOL_SIZE, ""));
            }
            _ => {}
        }
        if !self.ca_certificates.is_empty() && !is_of(KINDS[3].schemes) {
            let fault = "are given for another store; they are an option of Redis only. PostgreSQL takes `sslrootcert` in its URL";
            return Err(Error::invalid_input("ca_certificates", Reason::Conflicting, fault));
        }
        Ok(())
    }

    fn check_url(&self) -> Result<(), Error> {
        let Location::Url(url) = &self.location else { return Ok(()) };
        let kind = KINDS.iter().find(|kind| kind.schemes.contains(&scheme(url)));
        let (reason, fault) = match kind {
            Some(kind) if kind.schemes == [MEMORY] && url[MEMORY.len()..] != *":" => {
                (Reason::Malformed, "has text behind `memory:`".to_owned())
            }
            Some(kind) if kind.is_here => return Ok(()),
            Some(kind) => (
                Reason::NotInThisBuild,
                format!("is of a store that this build leaves out (the crate's feature `{}`)", kind.feature),
            ),
            None => (Reason::UnknownValue, "is not a known URL".to_owned()),
        };
        let here: Vec<_> = KINDS.iter().filter(|kind| kind.is_here).map(|kind| kind.form).collect();
        Err(Error::invalid_input("store", reason, format_args!("{fault}; it must be {}", here.join(" or "))))
    }

    /// Opens the store. A fault of the URL is `invalid_input`. A file is opened at once, and its faults are `storage`. A server is
    /// called at the first use.
    pub(crate) fn open(
        &self,
        keys: &[EngineKey],
        max_requests: u64,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<dyn StoreBackend>, Error> {
        self.check()?;
        let opening = OpenOptions {
            keys,
            max_requests,
            clock,
            pool_size: self.pool_size,
            ca_certificates: &self.ca_certificates,
        };
        match &self.location {
            Location::Custom(store) => Ok(Arc::clone(store)),
            Location::Url(url) => match scheme(url) {
                #[cfg(feature = "sqlite")]
                "sqlite" => Ok(Arc::new(super::sqlite::SqliteStore::open(url, &opening)?)),
                #[cfg(feature = "postgres")]
                "postgres" | "postgresql" => Ok(Arc::new(super::postgres::PostgresStore::open(url, &opening)?)),
                #[cfg(feature = "redis")]
                scheme if KINDS[3].schemes.contains(&scheme) => {
                    Ok(Arc::new(super::redis::RedisStore::open(url, opening)?))
                }
                _ => Ok(Arc::new(MemoryStore::with_clock(opening.max_requests, opening.clock))),
            },
        }
    }
}

/// Prints nothing of the store: it holds secrets.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

fn scheme(url: &str) -> &str {
    url.split_once(':').map_or("", |(scheme, _)| scheme)
}
