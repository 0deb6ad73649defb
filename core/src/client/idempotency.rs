//! The same idempotency key gives the same request and no second SMS.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::ClientOptions;
use crate::machine::Timestamp;
use crate::store::{Digest, IdempotencyClaim, MAX_REQUESTS, MonotonicClock, OpenOptions, StoreBackend, StoredResponse};
use crate::values::{EngineKey, PhoneNumber, RequestId};
use crate::verification::{SmsStatus, State, Verification};
use crate::{Error, ErrorCode, Reason};

/// How long giving a key back may take, once the call itself has ended.
const TIDYING: Duration = Duration::from_secs(1);

pub(super) struct Idempotency {
    store: Arc<dyn StoreBackend>,
    /// The key in use first, then those that are still honoured; each has the sender in it already.
    keys: Vec<Hmac<Sha256>>,
    keep: Duration,
}

impl Idempotency {
    pub(super) fn new(options: &ClientOptions, sender: &str) -> Result<Option<Self>, Error> {
        let Some(store) = &options.store else { return Ok(None) };
        let Some(key) = &options.key else {
            return Err(Error::invalid_input(
                "key",
                Reason::Missing,
                "is missing, a `store` needs one of at least 32 bytes",
            ));
        };
        let given = [key].into_iter().chain(&options.previous_keys);
        let given = given.map(|key| EngineKey::new(key)).collect::<Result<Vec<_>, _>>()?;
        let keys = given.iter().map(|key| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key.expose())
                .map_err(|_| Error::invalid_input("key", Reason::Malformed, "cannot be used"))?;
            // Two accounts that share a store must not meet; the length keeps sender and key apart.
            mac.update(b"egoi-verify client idempotency");
            mac.update(&(sender.len() as u64).to_le_bytes());
            mac.update(sender.as_bytes());
            Ok(mac)
        });
        let keys = keys.collect::<Result<_, Error>>()?;
        let clock = Arc::new(MonotonicClock::default());
        let store = store.open(OpenOptions { keys: &given, max_requests: MAX_REQUESTS, clock })?;
        Ok(Some(Self { store, keys, keep: options.keep }))
    }

    pub(super) fn claim_for(&self, key: &str) -> KeyUse<'_> {
        let digest = |mac: &Hmac<Sha256>| mac.clone().chain_update(key).finalize().into_bytes().into();
        KeyUse { idempotency: self, digests: self.keys.iter().map(digest).collect() }
    }
}

/// What a request does with its idempotency key.
pub(super) struct KeyUse<'a> {
    idempotency: &'a Idempotency,
    /// Never empty: the key in use is the first.
    digests: Vec<Digest>,
}

impl KeyUse<'_> {
    /// Takes the key; where it was used before, what it gave.
    pub(super) async fn take(&self, number: PhoneNumber) -> Result<Option<Verification>, Error> {
        let Idempotency { store, keep, .. } = self.idempotency;
        for (i, digest) in self.digests.iter().enumerate() {
            let used = match store.claim(*digest, number, *keep).await? {
                IdempotencyClaim::New if i == 0 => continue,
                IdempotencyClaim::New => {
                    // Only asked for: the claim that counts is the one under the key in use.
                    store.release(*digest).await?;
                    continue;
                }
                used => used,
            };
            if i > 0 {
                self.release().await;
            }
            return match used {
                IdempotencyClaim::New => Ok(None),
                IdempotencyClaim::Known(known) => remembered(&known, number).map(Some),
                IdempotencyClaim::UnderWay => Err(Error::new(
                    ErrorCode::Conflict,
                    "the `idempotency_key` is being used, or its user died: whether an SMS was sent is not known",
                )
                .with_sms_possibly_sent(true)),
                IdempotencyClaim::OtherNumber => {
                    Err(Error::new(ErrorCode::Conflict, "the `idempotency_key` was used for another number"))
                }
            };
        }
        Ok(None)
    }

    /// Remembers what the request gave. A failure is not the call's: it must not hide an SMS that was sent.
    pub(super) async fn complete(&self, made: &Verification) {
        if let (Some(digest), Some(created_at), Some(expires_at)) =
            (self.digests.first(), made.created_at, made.expires_at)
        {
            let given = StoredResponse {
                id: made.id.clone(),
                created_at: timestamp(created_at),
                expires_at: timestamp(expires_at),
            };
            let _ = self.idempotency.store.complete(*digest, given).await;
        }
    }

    /// Gives the key back where it is certain that no SMS was sent.
    pub(super) async fn release_after(&self, error: &Error) {
        let is_ours = !matches!(error.code(), ErrorCode::Conflict | ErrorCode::Storage);
        if is_ours && !error.sms_possibly_sent() {
            let _ = tokio::time::timeout(TIDYING, self.release()).await;
        }
    }

    async fn release(&self) {
        if let Some(digest) = self.digests.first() {
            // A key that could not be given back only refuses, until it is forgotten.
            let _ = self.idempotency.store.release(*digest).await;
        }
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
