//! The same idempotency key gives the same request and no second SMS.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::ClientOptions;
use super::options::Api;
use crate::error::{Error, ErrorCode, Reason};
use crate::generate::draw_bits;
use crate::machine::Timestamp;
use crate::store::{
    Detachable, Digest, IdempotencyClaim, KeyLocks, MAX_REQUESTS, MonotonicClock, NewClaim, PerProcess, StoreBackend,
    StoredResponse, in_background,
};
use crate::values::{ApiKey, PhoneNumber, RequestId};
use crate::verification::{SmsStatus, State, Verification};

/// How long a call whose SMS was sent waits for the store, which is told in the background then.
const COMPLETING: Duration = Duration::from_secs(1);

/// A key that is forgotten while its request is on its way sends a second SMS.
const MIN_RETENTION: Duration = Duration::from_secs(60);

pub(super) struct Idempotency {
    store: Arc<dyn StoreBackend>,
    /// The key in use first, then those that are still honoured; each has the account in it already.
    keys: Vec<Hmac<Sha256>>,
    retention: Duration,
    /// A child does not wait for what the process that it was forked from has under way.
    locks: PerProcess<Arc<KeyLocks>>,
}

impl Idempotency {
    pub(super) fn new(
        options: &ClientOptions,
        base: &Url,
        api_key: &ApiKey,
        sender: &str,
    ) -> Result<Option<Self>, Error> {
        let Some(store) = &options.store else { return Ok(None) };
        let Some(given) = store.keys()? else {
            return Err(Error::invalid_input(
                "key",
                Reason::Missing,
                "is missing; a store needs a key of at least 32 bytes",
            ));
        };
        let retention = store.retained_for();
        if retention < MIN_RETENTION {
            return Err(Error::invalid_input(
                "retention",
                Reason::TooShort,
                format_args!("is {} s; the minimum is {} s", retention.as_secs_f64(), MIN_RETENTION.as_secs()),
            ));
        }
        let api = match options.api {
            Api::V1 => "v1",
            Api::V2 => "v2",
        };
        let keys = given.iter().map(|key| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key.expose())
                .map_err(|_| Error::invalid_input("key", Reason::Malformed, "cannot be used"))?;
            mac.update(b"egoi-verify client idempotency");
            // Two accounts, or a sandbox and E-goi, that share a store must not meet. An API key is of one account.
            for part in [api, base.as_str().trim_end_matches('/'), api_key.expose(), sender] {
                // The length keeps the parts apart.
                mac.update(&(part.len() as u64).to_le_bytes());
                mac.update(part.as_bytes());
            }
            Ok(mac)
        });
        let keys = keys.collect::<Result<_, Error>>()?;
        let clock = Arc::new(MonotonicClock::default());
        let store = store.open(&given, MAX_REQUESTS, clock)?;
        Ok(Some(Self { store, keys, retention, locks: PerProcess::new() }))
    }

    /// Claims the key for a call that ends at the deadline. A failure of the store is before anything was sent.
    pub(super) async fn claim(&self, key: &str, number: PhoneNumber, deadline: Instant) -> Result<Claimed, Error> {
        let digest = |mac: &Hmac<Sha256>| mac.clone().chain_update(key).finalize().into_bytes().into();
        let mut digests = self.keys.iter().map(digest);
        let key: Digest = digests.next().ok_or_else(|| Error::new(ErrorCode::Internal, "the client has no key"))?;
        let owner = draw_bits()?;
        let claim = NewClaim {
            key,
            previous_keys: digests.collect(),
            owner,
            number,
            // It must not end before the call.
            retention: self.retention.max(deadline.saturating_duration_since(Instant::now())),
        };
        let locks = self.locks.get_or_make(|| Ok::<_, Error>(Arc::default()))?;
        let held = HeldKey { store: Arc::clone(&self.store), locks: Arc::clone(locks), key, owner };
        let lock = Arc::clone(locks).lock(key).await;
        let store = Arc::clone(&self.store);
        let call = Detachable::new(async move { (store.claim(claim).await, lock) }, {
            let held = held.clone();
            move |(claimed, lock)| async move {
                if matches!(claimed, Ok(IdempotencyClaim::New)) {
                    held.release_locked().await;
                }
                drop(lock);
            }
        });
        let (claimed, lock) = call.await;
        match claimed {
            Ok(IdempotencyClaim::New) => Ok(Claimed::Held(held)),
            Ok(IdempotencyClaim::Known(known)) => remembered(&known, number).map(Claimed::Known),
            Ok(IdempotencyClaim::UnderWay) => Err(Error::new(
                ErrorCode::Conflict,
                "the `idempotency_key` is being used, or its user died: whether an SMS was sent is not known",
            )
            .with_sms_possibly_sent(true)),
            Ok(IdempotencyClaim::OtherNumber) => {
                Err(Error::new(ErrorCode::Conflict, "the `idempotency_key` was used for another number"))
            }
            Err(error) if error.code() == ErrorCode::Storage => {
                // The failure may be of the response alone.
                in_background(async move {
                    held.release_locked().await;
                    drop(lock);
                });
                Err(error.with_retry_is_safe(true))
            }
            Err(error) => Err(error),
        }
    }
}

/// What a request finds under its idempotency key.
pub(super) enum Claimed {
    /// Nothing: the key is this request's now.
    Held(HeldKey),
    /// What the same key gave before.
    Known(Verification),
}

/// An idempotency key that is claimed for a request.
#[derive(Clone)]
pub(super) struct HeldKey {
    store: Arc<dyn StoreBackend>,
    locks: Arc<KeyLocks>,
    key: Digest,
    owner: u128,
}

impl HeldKey {
    /// Stores what the request gave, in the background where the store takes long. A failure is not the call's: it must not
    /// hide an SMS that was sent.
    pub(super) async fn complete(self, made: &Verification, deadline: Instant) {
        let (Some(created_at), Some(expires_at)) = (made.created_at, made.expires_at) else { return };
        let response = StoredResponse {
            id: made.id.clone(),
            created_at: timestamp(created_at),
            expires_at: timestamp(expires_at),
        };
        let completing = Detachable::kept(async move {
            let _lock = Arc::clone(&self.locks).lock(self.key).await;
            let _ = self.store.complete(self.key, self.owner, response).await;
        });
        let _ = timeout_at(deadline.min(Instant::now() + COMPLETING), completing).await;
    }

    /// Gives the key back, in the background where the store takes long.
    pub(super) async fn release(self, deadline: Instant) {
        let releasing = Detachable::kept(async move {
            let _lock = Arc::clone(&self.locks).lock(self.key).await;
            self.release_locked().await;
        });
        let _ = timeout_at(deadline, releasing).await;
    }

    async fn release_locked(&self) {
        // A key that could not be given back only refuses, until it is forgotten.
        let _ = self.store.release(self.key, self.owner).await;
    }
}

fn remembered(known: &StoredResponse, number: PhoneNumber) -> Result<Verification, Error> {
    let id = RequestId::parse(&known.id)
        .map_err(|_| Error::new(ErrorCode::Storage, "the store remembers an id that is none"))?;
    Ok(Verification {
        number: Some(number.e164()),
        created_at: Some(known.created_at.into()),
        expires_at: Some(known.expires_at.into()),
        sms: Some(SmsStatus::Sent),
        ..Verification::new(&id, State::Pending)
    })
}

fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::default().after(at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}
