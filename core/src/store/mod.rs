//! Where requests are kept, and the clock that they are kept by.

mod clock;
mod detached;
mod limits;
mod memory;
mod options;
mod per_process;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sealed")]
mod sealed;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorCode, Reason};
use crate::machine::{Counters, Quota, Record, Timestamp};
use crate::values::PhoneNumber;
use crate::verification::{Outcome, SmsStatus, State, Terms};

pub use clock::{Clock, ClockShift, MonotonicClock, TestClock};
pub(crate) use detached::{Detachable, KeyLocks, in_background};
pub(crate) use limits::rate_limited;
pub use limits::{Counted, Limits, SmsLimit};
pub(crate) use memory::MAX_REQUESTS;
pub use memory::MemoryStore;
#[cfg(feature = "sealed")]
pub(crate) use options::OpenOptions;
pub use options::Store;
pub(crate) use per_process::PerProcess;

/// What is due for removal is removed by the calls, this many a call: more than one, so that it keeps up with requests
/// being added, and few, so that no call waits for it.
const SWEPT_A_CALL: usize = 4;

/// A hand-over that has not ended after this long is taken to have died.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an attempt of a `Client` can be given back. No call takes longer; after it the attempt stays counted.
const ATTEMPT_KEPT: Duration = Duration::from_secs(600);

/// The failure of a store, with what to do about it.
#[cfg(feature = "sealed")]
pub(crate) fn storage(detail: impl Into<String>) -> Error {
    Error::new(ErrorCode::Storage, detail)
}

/// The failure of a store in the memory of the process that was forked.
pub(crate) fn forked() -> Error {
    Error::new(
        ErrorCode::Forked,
        "this store is in the memory of the process that was forked; make one in each process, or use a store that they \
         share",
    )
}

/// The future result of a store.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// HMAC-SHA-256 of a code under the engine's key, bound to the request id: all that is kept of a code. Its first
/// [`KEY_TAG`] bytes name the key.
pub type Digest = [u8; 32];

/// How many bytes of a [`Digest`] name the key that it was made under.
pub const KEY_TAG: usize = 4;

/// Whether the code that is kept was made under a key that one of the submitted ones was made under too.
pub(crate) fn is_key_known(codes: &[Digest], kept: &Digest) -> bool {
    codes.iter().any(|code| code[..KEY_TAG] == kept[..KEY_TAG])
}

/// The failure of a validation under other keys than the request's.
pub(crate) fn wrong_key() -> Error {
    Error::misconfigured(
        "key",
        Reason::WrongKey,
        "the request was made under another key: give that key as `key`, or to change it, as one of `previous_keys`",
    )
}

/// Keeps requests, and decides by the pure state machine ([`Record::step`]) at the time of its own clock.
///
/// Each method is one atomic operation: in SQL one transaction around one conditional write, in Redis one script. A
/// failure is an error of the code `storage`, made by [`Error::new`]; nothing is ever verified then.
///
/// A store that can lose a response repeats the command, and must not do twice what it did already: it knows a validation
/// by its attempt's id, a request by its own, a resend by its command, a claim by its owner.
pub trait StoreBackend: Send + Sync {
    /// Writes a request down *before* its SMS is sent. A process that dies in between leaves `sms =
    /// maybe`, and counts the SMS. Refuses where a limit is reached.
    fn create(&self, request: NewRequest) -> StoreFuture<'_, CreateResult>;

    /// Counts the attempt and uses the code up, in one step; `None` if there is no such request. Where no submitted code has
    /// the [`KEY_TAG`] of the one that is kept, it is `misconfigured`, and no attempt is counted.
    fn validate<'a>(&'a self, id: u128, attempt: Attempt<'a>) -> StoreFuture<'a, Option<Outcome>>;

    /// Cancels the request; `None` if there is no such request.
    fn cancel(&self, id: u128) -> StoreFuture<'_, Option<State>>;

    /// Returns the facts that a resend needs; `None` if there is no such request.
    fn terms(&self, id: u128) -> StoreFuture<'_, Option<StoredTerms>>;

    /// Puts the new code in the place of the old one before it is handed over, keeping the old one until
    /// [`StoreBackend::record_delivery`], and counts the SMS. While another resend of the request is being handed over, for at most
    /// 30 s, it is rate-limited.
    fn resend(&self, id: u128, resend: NewResend) -> StoreFuture<'_, Option<ResendResult>>;

    /// Says how a hand-over ended. `NotSent` takes a new request away, or puts a resend's old code and validity back,
    /// and gives the SMS back to those that it was counted for. Of a hand-over that is not the request's latest, or has ended
    /// already, it changes nothing.
    fn record_delivery(&self, id: u128, delivery: u32, end: DeliveryStatus, counted: Counted) -> StoreFuture<'_, ()>;

    /// Reads the request; `None` if there is no such request.
    fn get(&self, id: u128) -> StoreFuture<'_, Option<StoredRequest>>;

    /// Claims an idempotency key of a `Client` for a number, and counts the SMS under the claim's limits, before the request is
    /// sent. The same claim once more, by its owner, is [`IdempotencyClaim::New`] again until it is completed, and is not
    /// counted again. A claim that a limit refuses leaves nothing behind.
    fn claim(&self, claim: NewClaim) -> StoreFuture<'_, IdempotencyClaim>;

    /// Stores the response to the request of a claimed key. Of a claim that is not this owner's, or was completed, it
    /// changes nothing.
    fn complete(&self, key: Digest, owner: u128, response: StoredResponse) -> StoreFuture<'_, ()>;

    /// Removes a claim and gives its SMS back, when it is certain that no SMS was sent. Of a claim that is not this owner's, or
    /// was completed, it changes nothing: a release that comes late takes nobody's key away.
    fn release(&self, claim: NewClaim) -> StoreFuture<'_, ()>;

    /// Counts a wrong code of a client, before somebody else checks the code; none where it was counted, else how long the limit
    /// lasts. The same attempt once more is not counted again.
    fn count_attempt(&self, attempt: ClientAttempt) -> StoreFuture<'_, Option<Duration>> {
        let _ = attempt;
        unsupported("count_attempt")
    }

    /// Gives an attempt back that was no wrong code. Of one that was not counted, or was given back, it changes nothing.
    fn give_attempt_back(&self, attempt: ClientAttempt) -> StoreFuture<'_, ()> {
        let _ = attempt;
        unsupported("give_attempt_back")
    }

    /// Returns what is kept of a number: its requests, in any order, and its counters.
    fn find(&self, number: PhoneNumber, limits: Limits) -> StoreFuture<'_, FoundNumber> {
        let _ = (number, limits);
        unsupported("find")
    }

    /// Forgets the counters of a number.
    fn unlock(&self, number: PhoneNumber) -> StoreFuture<'_, ()> {
        let _ = number;
        unsupported("unlock")
    }

    /// Removes everything that is kept of a number: its requests, its counters, and the idempotency keys that were used
    /// for it. Gives back how many requests there were.
    fn erase(&self, number: PhoneNumber) -> StoreFuture<'_, u64> {
        let _ = number;
        unsupported("erase")
    }

    /// Whether it can be used: reached, of a version that is known, made with the same key.
    fn ping(&self) -> StoreFuture<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Whether only this process has the state. In a forked child such a store refuses every call as
    /// [`ErrorCode::Forked`], before it takes a lock: another thread may have held it at the fork.
    fn is_in_process(&self) -> bool {
        false
    }
}

fn unsupported<'a, T: Send + 'a>(call: &str) -> StoreFuture<'a, T> {
    let error = Error::new(ErrorCode::Unsupported, format!("this store has no `{call}`"));
    Box::pin(std::future::ready(Err(error)))
}

/// What [`StoreBackend::find`] found.
pub struct FoundNumber {
    /// The requests, with their ids.
    pub requests: Vec<(u128, StoredRequest)>,
    /// The counters.
    pub counters: Counters,
    /// The time on the store's clock.
    pub now: Timestamp,
}

/// What stands for a client before a store has put its key to it: the first 128 bits of a SHA-256.
pub type ClientHash = [u8; 16];

/// A request to write down.
pub struct NewRequest {
    /// Its id.
    pub id: u128,
    /// Its number. A store that outlives the process keeps it encrypted.
    pub number: PhoneNumber,
    /// The digest of its code.
    pub code: Digest,
    /// The facts that a resend needs. A store that outlives the process keeps the message encrypted.
    pub terms: StoredTerms,
    /// What stands for its idempotency key.
    pub idempotency_key: Option<Digest>,
    /// What stands for it under the engine's previous keys: looked for, never written.
    pub previous_idempotency_keys: Vec<Digest>,
    /// How long a finished request is kept after `expires_at`.
    pub retention: Duration,
    /// The limits of the request.
    pub limits: Limits,
}

/// The options of the request: message, code type and size, validity, group.
#[derive(Clone)]
pub struct StoredTerms {
    /// The number to send to.
    pub(crate) number: PhoneNumber,
    /// Who asked.
    pub(crate) client: Option<ClientHash>,
    pub(crate) terms: Arc<Terms>,
}

impl StoredTerms {
    /// The number to send to.
    pub fn number(&self) -> PhoneNumber {
        self.number
    }

    /// Who asked.
    pub fn client(&self) -> Option<ClientHash> {
        self.client
    }

    /// How long a code is good, from the request and from each resend.
    pub fn validity(&self) -> Duration {
        self.terms.validity.duration()
    }
}

/// What [`StoreBackend::create`] did.
pub enum CreateResult {
    /// The request is there; its SMS may be handed over. This is hand-over 0.
    New(StoredRequest),
    /// The idempotency key was used before, for the same number: the request of then. No SMS may be handed over.
    Known(Box<(u128, StoredRequest)>),
    /// The idempotency key was used before, for another number.
    OtherNumber,
    /// A limit, which is known to end.
    RateLimited {
        /// Which.
        limit: SmsLimit,
        /// The request that the pause is after, while it is pending.
        pending: Option<u128>,
    },
    /// The store holds as many requests as it may.
    Full,
}

/// A code that was submitted.
pub struct Attempt<'a> {
    /// 128 random bits: a store that repeats a command after a lost response must not count it twice, and returns what it
    /// returned first. It remembers the latest eight that counted, with the request. 0 for a store in this process, which
    /// loses no response.
    pub id: u128,
    /// What stands for the code under each key that is still honoured.
    pub codes: &'a [Digest],
    /// The number that the request must be for; for another there is no such request.
    pub number: Option<PhoneNumber>,
    /// Who submits it.
    pub client: Option<ClientHash>,
    /// The limits of the request.
    pub limits: Limits,
}

/// A new code for a request.
pub struct NewResend {
    /// 128 random bits: a store that repeats a command after a lost response knows it again by them. Two resends are never the
    /// same command, even if they drew the same code.
    pub command: u128,
    /// What stands for the code.
    pub code: Digest,
    /// What [`StoreBackend::terms`] returned. A store whose key has changed encrypts it anew: the request lives longer now.
    pub terms: StoredTerms,
    /// The limits of the request.
    pub limits: Limits,
}

/// What [`StoreBackend::resend`] did.
pub enum ResendResult {
    /// The new code is in place; the SMS may be handed over.
    Ready {
        /// Which hand-over of the request this is, for [`StoreBackend::record_delivery`].
        delivery: u32,
        /// The request with its new validity.
        stored: StoredRequest,
    },
    /// The request is over, or its attempts are used up.
    Conflict,
    /// A limit.
    RateLimited(SmsLimit),
}

/// How a hand-over ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// The SMS went out.
    Sent,
    /// Nothing went out, for certain.
    NotSent,
    /// It may have gone out: the code counts, and `sms = maybe` stays.
    PossiblySent,
}

/// A request as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct StoredRequest {
    /// What the state machine knows.
    pub record: Record,
    /// Its number.
    pub number: PhoneNumber,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether its SMS went out.
    pub sms: SmsStatus,
    /// The time on the store's clock.
    pub now: Timestamp,
}

/// An idempotency key of a `Client` to claim.
#[derive(Clone)]
pub struct NewClaim {
    /// What stands for the key.
    pub key: Digest,
    /// What stands for it under the client's previous keys: looked for in the same step, never written.
    pub previous_keys: Vec<Digest>,
    /// 128 random bits that name this claim: only who has them can complete or release it.
    pub owner: u128,
    /// The number of the request.
    pub number: PhoneNumber,
    /// Who asks.
    pub client: Option<ClientHash>,
    /// How long the key is remembered.
    pub retention: Duration,
    /// The limits that hold: those of SMS.
    pub limits: Limits,
}

/// An attempt of a `Client`'s client, whose code E-goi checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAttempt {
    /// 128 random bits that name it.
    pub id: u128,
    /// Who submits the code.
    pub client: ClientHash,
    /// How many wrong codes in how long.
    pub quota: Quota,
}

impl ClientAttempt {
    /// By what the stores know it again, among the idempotency keys.
    pub(crate) fn token(&self) -> Digest {
        let mut token = [0; 32];
        token[..16].copy_from_slice(&self.id.to_be_bytes());
        token
    }
}

/// What a `Client`'s request gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponse {
    /// The service's id.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its code stops being good.
    pub expires_at: Timestamp,
}

/// What [`StoreBackend::claim`] says of an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdempotencyClaim {
    /// It is this caller's.
    New,
    /// It was used for the same number, and this is what came of it.
    Known(StoredResponse),
    /// It is being used for the same number, or its user died: whether an SMS was sent is not known.
    UnderWay,
    /// It was used for another number.
    OtherNumber,
    /// A limit of SMS. The key was not used.
    RateLimited(SmsLimit),
}
