//! What a client has in its store: idempotency keys, of which the same one gives the same request and no second SMS, and what
//! is counted under its limits.

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
    ClientAttempt, ClientHash, Detachable, Digest, IdempotencyClaim, KeyLocks, Limits, MAX_REQUESTS, MonotonicClock,
    NewClaim, PerProcess, StoreBackend, StoredResponse, in_background, rate_limited,
};
use crate::values::{ApiKey, PhoneNumber, RequestId};
use crate::verification::{SmsStatus, State, Verification};

/// How long a call that has its result waits for the store, which goes on in the background then.
const COMPLETING: Duration = Duration::from_secs(1);

/// A key that is forgotten while its request is on its way sends a second SMS.
const MIN_RETENTION: Duration = Duration::from_secs(60);

/// How long the client of a request is kept at least. No request is pending for longer: a validity is an hour at most, and the
/// service limits the resends.
const RESENDABLE: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) struct Guard {
    store: Arc<dyn StoreBackend>,
    /// The key in use first, then those that are still honoured; each has the account in it already.
    keys: Vec<Hmac<Sha256>>,
    /// The same keys for another use: the requests whose client is kept.
    request_keys: Vec<Hmac<Sha256>>,
    retention: Duration,
    limits: Limits,
    /// A child does not wait for what the process that it was forked from has under way.
    locks: PerProcess<Arc<KeyLocks>>,
}

impl Guard {
    pub(super) fn new(
        options: &ClientOptions,
        base: &Url,
        api_key: &ApiKey,
        sender: &str,
    ) -> Result<Option<Self>, Error> {
        let limits = options.limits.checked()?;
        let Some(store) = &options.store else {
            return match limits.first_set() {
                None => Ok(None),
                Some(limit) => Err(Error::invalid_input(
                    "store",
                    Reason::Missing,
                    format_args!("is missing; a client with `{limit}` needs a store for its counts"),
                )),
            };
        };
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
        let keys_for = |purpose: &str| {
            let keys = given.iter().map(|key| {
                let mut mac = Hmac::<Sha256>::new_from_slice(key.expose())
                    .map_err(|_| Error::invalid_input("key", Reason::Malformed, "cannot be used"))?;
                mac.update(b"egoi-verify client ");
                mac.update(purpose.as_bytes());
                // Two accounts, or a sandbox and E-goi, that share a store must not meet. An API key is of one account.
                for part in [api, base.as_str().trim_end_matches('/'), api_key.expose(), sender] {
                    // The length keeps the parts apart.
                    mac.update(&(part.len() as u64).to_le_bytes());
                    mac.update(part.as_bytes());
                }
                Ok(mac)
            });
            keys.collect::<Result<Vec<_>, Error>>()
        };
        let (keys, request_keys) = (keys_for("idempotency")?, keys_for("request")?);
        let clock = Arc::new(MonotonicClock::default());
        let store = store.open(&given, MAX_REQUESTS, clock)?;
        Ok(Some(Self { store, keys, request_keys, retention, limits, locks: PerProcess::new() }))
    }

    /// Whether a resend may count for anybody.
    pub(super) fn counts_resends(&self) -> bool {
        self.counts_every_sms() || self.limits.sms_per_client.is_some()
    }

    /// Whether it counts SMS for numbers or prefixes, which every SMS has.
    fn counts_every_sms(&self) -> bool {
        self.limits.sms_per_number.is_some() || self.limits.sms_per_prefix.is_some()
    }

    fn counts_sms(&self, client: Option<ClientHash>) -> bool {
        self.counts_every_sms() || (client.is_some() && self.limits.sms_per_client.is_some())
    }

    /// Claims the key, and counts the SMS, for a call that ends at the deadline. Without a key and without a limit there is
    /// nothing to claim. A failure of the store is before anything was sent.
    pub(super) async fn claim(
        &self,
        key: Option<&str>,
        number: PhoneNumber,
        client: Option<ClientHash>,
        deadline: Instant,
    ) -> Result<Claimed, Error> {
        if key.is_none() && !self.counts_sms(client) {
            return Ok(Claimed::Nothing);
        }
        let owner = draw_bits()?;
        // It must not end before the call.
        let call_ends_in = deadline.saturating_duration_since(Instant::now());
        let (key, previous_keys, retention) = match key {
            Some(key) => {
                let digest = |mac: &Hmac<Sha256>| mac.clone().chain_update(key).finalize().into_bytes().into();
                let mut digests = self.keys.iter().map(digest);
                let key = digests.next().ok_or_else(|| Error::new(ErrorCode::Internal, "the client has no key"))?;
                (key, digests.collect(), self.retention.max(call_ends_in))
            }
            // Nobody claims it again: it is there to give the SMS back once.
            None => (random_key()?, Vec::new(), call_ends_in + MIN_RETENTION),
        };
        let claim = NewClaim { key, previous_keys, owner, number, client, retention, limits: self.limits };
        let locks = self.locks.get_or_make(|| Ok::<_, Error>(Arc::default()))?;
        let held = HeldKey { store: Arc::clone(&self.store), locks: Arc::clone(locks), claim: claim.clone() };
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
                "the `idempotency_key` is in use, or its caller died: it is not known whether an SMS was sent",
            )
            .with_sms_possibly_sent(true)),
            Ok(IdempotencyClaim::OtherNumber) => {
                Err(Error::new(ErrorCode::Conflict, "the `idempotency_key` was used for another number"))
            }
            Ok(IdempotencyClaim::RateLimited(limit)) => Err(rate_limited(limit)),
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

    /// Keeps the client of a request that the service accepted, as its resends count for the same client. It goes on in the
    /// background where the store takes long. A failure is not the call's: it must not hide an SMS that was sent.
    pub(super) async fn keep_client(
        &self,
        made: &Verification,
        number: PhoneNumber,
        client: Option<ClientHash>,
        deadline: Instant,
    ) {
        let Some(client) = client.filter(|_| self.limits.sms_per_client.is_some()) else { return };
        let Some(request) = self.request_keys.first().map(|mac| KeyedRequest::new(mac, &made.id)) else { return };
        let Some(response) = stored_response(made, request.hidden(client)) else { return };
        let Ok(claim) = request.claim(number, self.retention.max(RESENDABLE)) else { return };
        let (store, key, owner) = (Arc::clone(&self.store), claim.key, claim.owner);
        let keeping = Detachable::kept(async move {
            if matches!(store.claim(claim).await, Ok(IdempotencyClaim::New)) {
                let _ = store.complete(key, owner, response).await;
            }
        });
        let _ = timeout_at(deadline.min(Instant::now() + COMPLETING), keeping).await;
    }

    /// The client of a request, if it is kept. A failure of the store is before anything was sent.
    pub(super) async fn client_of(&self, id: &RequestId, number: PhoneNumber) -> Result<Option<ClientHash>, Error> {
        if self.limits.sms_per_client.is_none() {
            return Ok(None);
        }
        for mac in &self.request_keys {
            let request = KeyedRequest::new(mac, id.as_str());
            // Only a claim says what a key has. One that finds nothing is released.
            let claim = request.claim(number, MIN_RETENTION)?;
            match self.store.claim(claim.clone()).await {
                Ok(IdempotencyClaim::Known(kept)) => return Ok(request.shown(&kept.id)),
                Ok(IdempotencyClaim::New) => drop(self.store.release(claim).await),
                Ok(_) => {}
                Err(error) => {
                    let is_safe = error.code() == ErrorCode::Storage || error.retry_is_safe();
                    return Err(error.with_retry_is_safe(is_safe));
                }
            }
        }
        Ok(None)
    }

    /// Counts an attempt of a client before its code is submitted. A failure of the store is before that.
    pub(super) async fn count_attempt(&self, client: Option<ClientHash>) -> Result<Attempted, Error> {
        let Some((client, quota)) = client.zip(self.limits.wrong_codes_per_client) else {
            return Ok(Attempted::Uncounted);
        };
        let attempt = ClientAttempt { id: draw_bits()?, client, quota };
        let counted = CountedAttempt { store: Arc::clone(&self.store), attempt };
        let store = Arc::clone(&self.store);
        let call = Detachable::new(async move { store.count_attempt(attempt).await }, {
            let counted = counted.clone();
            move |_| async move { counted.give_back_now().await }
        });
        match call.await {
            Ok(None) => Ok(Attempted::Counted(counted)),
            Ok(Some(_)) => Ok(Attempted::TooMany),
            Err(error) if error.code() == ErrorCode::Storage => {
                // The failure may be of the response alone.
                in_background(async move { counted.give_back_now().await });
                Err(error.with_retry_is_safe(true))
            }
            Err(error) => Err(error),
        }
    }
}

/// A key that nobody else has.
fn random_key() -> Result<Digest, Error> {
    let mut key = Digest::default();
    key[..16].copy_from_slice(&draw_bits()?.to_be_bytes());
    key[16..].copy_from_slice(&draw_bits()?.to_be_bytes());
    Ok(key)
}

/// A request of the service under one key of the store, which keeps its client as the response of an idempotency key.
struct KeyedRequest {
    key: Digest,
    /// What hides the client. It is used for this request alone, and a request has one client.
    pad: u128,
}

impl KeyedRequest {
    fn new(mac: &Hmac<Sha256>, id: &str) -> Self {
        let derived = |purpose: &str| -> Digest {
            mac.clone().chain_update(purpose).chain_update(id).finalize().into_bytes().into()
        };
        let pad = derived("pad").into_iter().take(16).fold(0, |pad, byte| pad << 8 | u128::from(byte));
        Self { key: derived("key"), pad }
    }

    fn claim(&self, number: PhoneNumber, retention: Duration) -> Result<NewClaim, Error> {
        let (key, owner) = (self.key, draw_bits()?);
        Ok(NewClaim { key, previous_keys: Vec::new(), owner, number, client: None, retention, limits: Limits::NONE })
    }

    fn hidden(&self, client: ClientHash) -> String {
        format!("{:032x}", u128::from_be_bytes(client) ^ self.pad)
    }

    fn shown(&self, hidden: &str) -> Option<ClientHash> {
        u128::from_str_radix(hidden, 16).ok().map(|hidden| (hidden ^ self.pad).to_be_bytes())
    }
}

/// What became of counting an attempt.
pub(super) enum Attempted {
    /// There is no such limit, or no client.
    Uncounted,
    /// It counts, unless it is given back.
    Counted(CountedAttempt),
    /// The limit is reached: no code is to be submitted.
    TooMany,
}

/// An attempt that was counted as a wrong code.
#[derive(Clone)]
pub(super) struct CountedAttempt {
    store: Arc<dyn StoreBackend>,
    attempt: ClientAttempt,
}

impl CountedAttempt {
    /// Gives it back, as it was no wrong code; in the background where the store takes long.
    pub(super) async fn give_back(self, deadline: Instant) {
        let giving_back = Detachable::kept(async move { self.give_back_now().await });
        let _ = timeout_at(deadline.min(Instant::now() + COMPLETING), giving_back).await;
    }

    async fn give_back_now(&self) {
        // One that could not be given back counts until its window ends.
        let _ = self.store.give_attempt_back(self.attempt).await;
    }
}

/// What a request finds under its idempotency key.
pub(super) enum Claimed {
    /// It has no key, and is not counted.
    Nothing,
    /// No request: the key is this one's now.
    Held(HeldKey),
    /// What the same key gave before.
    Known(Verification),
}

/// An idempotency key that is claimed for a request, whose SMS is counted.
#[derive(Clone)]
pub(super) struct HeldKey {
    store: Arc<dyn StoreBackend>,
    locks: Arc<KeyLocks>,
    claim: NewClaim,
}

impl HeldKey {
    /// Stores what the request gave, in the background where the store takes long. A failure is not the call's: it must not
    /// hide an SMS that was sent.
    pub(super) async fn complete(self, made: &Verification, deadline: Instant) {
        let Some(response) = stored_response(made, made.id.clone()) else { return };
        let completing = Detachable::kept(async move {
            let _lock = Arc::clone(&self.locks).lock(self.claim.key).await;
            let _ = self.store.complete(self.claim.key, self.claim.owner, response).await;
        });
        let _ = timeout_at(deadline.min(Instant::now() + COMPLETING), completing).await;
    }

    /// Gives the key back, in the background where the store takes long.
    pub(super) async fn release(self, deadline: Instant) {
        let releasing = Detachable::kept(async move {
            let _lock = Arc::clone(&self.locks).lock(self.claim.key).await;
            self.release_locked().await;
        });
        let _ = timeout_at(deadline, releasing).await;
    }

    async fn release_locked(&self) {
        // A key that could not be given back only refuses, until it is forgotten.
        let _ = self.store.release(self.claim.clone()).await;
    }
}

fn remembered(known: &StoredResponse, number: PhoneNumber) -> Result<Verification, Error> {
    let id = RequestId::parse(&known.id)
        .map_err(|_| Error::new(ErrorCode::Storage, "the store has an id that is not valid"))?;
    Ok(Verification {
        number: Some(number.e164()),
        created_at: Some(known.created_at.into()),
        expires_at: Some(known.expires_at.into()),
        sms: Some(SmsStatus::Sent),
        ..Verification::new(&id, State::Pending)
    })
}

/// A response of the service as the store keeps it, under this id.
fn stored_response(made: &Verification, id: String) -> Option<StoredResponse> {
    Some(StoredResponse { id, created_at: timestamp(made.created_at?), expires_at: timestamp(made.expires_at?) })
}

fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::default().after(at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}
