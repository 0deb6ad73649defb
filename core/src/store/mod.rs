//! The stores of requests, and their clocks.

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
use crate::verification::{OutcomeDetails, SmsStatus, State, Terms};

pub use clock::{Clock, ClockShift, MonotonicClock, TestClock};
pub(crate) use detached::{Detachable, KeyLocks, in_background};
#[cfg(any(feature = "postgres", feature = "redis"))]
pub(crate) use limits::details_said;
pub use limits::{Counted, Limits, SmsLimit};
pub(crate) use limits::{details_of, rate_limited};
pub(crate) use memory::MAX_REQUESTS;
pub use memory::MemoryStore;
#[cfg(feature = "sealed")]
pub(crate) use options::OpenOptions;
pub use options::Store;
pub(crate) use per_process::PerProcess;

/// How many expired entries each call removes. More than one, as a call may add one. Few, as the call waits for it.
const SWEPT_A_CALL: usize = 4;

/// A delivery that has not ended after this time counts as dead.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an attempt of a `Client` can be returned. No call takes longer. Later the attempt stays counted.
const ATTEMPT_KEPT: Duration = Duration::from_secs(600);

/// The failure of a store, with the remedy.
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

/// HMAC-SHA-256 of a code and its request id under the engine's key. A store keeps only this of a code. The first [`KEY_TAG`] bytes
/// name the key.
pub type Digest = [u8; 32];

/// How many bytes of a [`Digest`] name its key.
pub const KEY_TAG: usize = 4;

/// Whether the stored digest and one of the submitted digests have the same key.
pub(crate) fn is_key_known(codes: &[Digest], kept: &Digest) -> bool {
    codes.iter().any(|code| code[..KEY_TAG] == kept[..KEY_TAG])
}

/// The failure of a validation if no key is the request's key.
pub(crate) fn wrong_key() -> Error {
    Error::misconfigured(
        "key",
        Reason::WrongKey,
        "the request was made under another key: give that key as `key`, or to change it, as one of `previous_keys`",
    )
}

/// Keeps requests, and applies the state machine ([`Record::step`]) at the time of its own clock. Implement it for a store of your
/// own, and give it to [`Store::custom`].
///
/// Each method is one atomic operation: in SQL one transaction around one conditional write, in Redis one script. A failure is an
/// error of the code `storage`, made by [`Error::new`]. After a failure nothing is verified.
///
/// A store that can lose a response repeats the command, which must take effect only once. Ids identify a repeated command: the
/// id of the attempt, of the request, of the resend's command, and the owner of a claim.
pub trait StoreBackend: Send + Sync {
    /// Makes the id of a new request for a number from 128 random bits. A store that is spread over servers by number returns an id
    /// that leads to the request's server. At least 112 of the bits stay random. Any other store returns `random`.
    fn request_id(&self, number: PhoneNumber, random: u128) -> StoreFuture<'_, u128> {
        let _ = number;
        Box::pin(std::future::ready(Ok(random)))
    }

    /// Stores a request *before* its SMS is sent, and counts the SMS. If the process dies in between, `sms` is unknown and the SMS
    /// stays counted. Refuses the request if a limit is reached.
    fn create(&self, request: NewRequest) -> StoreFuture<'_, CreateResult>;

    /// Counts the attempt and uses the code up, in one step. `None` if the request is unknown. If no submitted code has the
    /// [`KEY_TAG`] of the stored code, it is `misconfigured`, and no attempt is counted. The details are those of
    /// [`OutcomeDetails::wrong_code`] and [`OutcomeDetails::stopped_by`]; other outcomes have none.
    fn validate<'a>(&'a self, id: u128, attempt: Attempt<'a>) -> StoreFuture<'a, Option<OutcomeDetails>>;

    /// Cancels the request. `None` if the request is unknown.
    fn cancel(&self, id: u128) -> StoreFuture<'_, Option<State>>;

    /// Returns the facts that a resend needs. `None` if the request is unknown.
    fn terms(&self, id: u128) -> StoreFuture<'_, Option<StoredTerms>>;

    /// Replaces the code before the SMS is sent, and counts the SMS. It keeps the old code until
    /// [`StoreBackend::record_delivery`]. While another resend of the request is being sent, for at most 30 s, it is rate-limited.
    fn resend(&self, id: u128, resend: NewResend) -> StoreFuture<'_, Option<ResendResult>>;

    /// Records how a delivery ended. `NotSent` removes a new request, or restores the old code and validity of a resend, and takes
    /// the SMS out of the counts. It changes nothing if the delivery has ended already or is not the request's latest.
    fn record_delivery(&self, id: u128, delivery: u32, end: DeliveryStatus, counted: Counted) -> StoreFuture<'_, ()>;

    /// Reads the request. `None` if the request is unknown.
    fn get(&self, id: u128) -> StoreFuture<'_, Option<StoredRequest>>;

    /// Claims an idempotency key of a `Client` for a number, and counts the SMS under the claim's limits, before the request is
    /// sent. If its owner repeats the claim, it is [`IdempotencyClaim::New`] until it is completed, and is not counted again. A
    /// claim that a limit refuses leaves nothing behind.
    fn claim(&self, claim: NewClaim) -> StoreFuture<'_, IdempotencyClaim>;

    /// Stores the response to the request of a claimed key. It changes nothing if the claim is another owner's or is completed.
    fn complete(&self, key: Digest, owner: u128, response: StoredResponse) -> StoreFuture<'_, ()>;

    /// Removes a claim and takes its SMS out of the counts, if it is certain that no SMS was sent. It changes nothing if the claim is
    /// another owner's or is completed: a late release must not remove another key.
    fn release(&self, claim: NewClaim) -> StoreFuture<'_, ()>;

    /// Counts a wrong code of a client, before the service checks the code. `None` if it was counted. Otherwise a limit stops it,
    /// and the result is the limit's remaining time. A repeated attempt is not counted again.
    fn count_attempt(&self, attempt: ClientAttempt) -> StoreFuture<'_, Option<Duration>> {
        let _ = attempt;
        unsupported("count_attempt")
    }

    /// Takes an attempt out of the count: its code was not wrong. It changes nothing if the attempt is not counted.
    fn give_attempt_back(&self, attempt: ClientAttempt) -> StoreFuture<'_, ()> {
        let _ = attempt;
        unsupported("give_attempt_back")
    }

    /// Returns the requests of a number, in any order, and its counters.
    fn find(&self, number: PhoneNumber, limits: Limits) -> StoreFuture<'_, FoundNumber> {
        let _ = (number, limits);
        unsupported("find")
    }

    /// Forgets the counters of a number.
    fn unlock(&self, number: PhoneNumber) -> StoreFuture<'_, ()> {
        let _ = number;
        unsupported("unlock")
    }

    /// Removes everything about a number: its requests, its counters, and its idempotency keys. Returns the number of removed
    /// requests.
    fn erase(&self, number: PhoneNumber) -> StoreFuture<'_, u64> {
        let _ = number;
        unsupported("erase")
    }

    /// Checks that the store can be used: it is reachable, its version is known, and its key is the same.
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

/// The result of [`StoreBackend::find`].
pub struct FoundNumber {
    /// The requests, with their ids.
    pub requests: Vec<(u128, StoredRequest)>,
    /// The counters.
    pub counters: Counters,
    /// The time on the store's clock.
    pub now: Timestamp,
}

/// The hash of a client: the first 128 bits of a SHA-256. A store keeps only a keyed hash of it.
pub type ClientHash = [u8; 16];

/// A request to store.
pub struct NewRequest {
    /// The id of the request.
    pub id: u128,
    /// The number. A store that outlives the process keeps it encrypted.
    pub number: PhoneNumber,
    /// The digest of the code.
    pub code: Digest,
    /// The facts that a resend needs. A store that outlives the process keeps the message encrypted.
    pub terms: StoredTerms,
    /// The digest of the idempotency key.
    pub idempotency_key: Option<Digest>,
    /// The digests of the idempotency key under the engine's previous keys. They are read, and never stored.
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

    /// The validity of a code, from the request and from each resend.
    pub fn validity(&self) -> Duration {
        self.terms.validity.duration()
    }
}

/// The result of [`StoreBackend::create`].
pub enum CreateResult {
    /// The request is stored. Its SMS may be sent. This is delivery 0.
    New(StoredRequest),
    /// The idempotency key was used before, for the same number: the earlier request. No SMS may be sent.
    Known(Box<(u128, StoredRequest)>),
    /// The idempotency key was used before, for another number.
    OtherNumber,
    /// A limit stopped the request.
    RateLimited {
        /// The limit.
        limit: SmsLimit,
        /// The pending request whose SMS started the pause.
        pending: Option<u128>,
    },
    /// The store holds its maximum of requests.
    Full,
}

/// A code that was submitted.
pub struct Attempt<'a> {
    /// 128 random bits. A store that repeats a command after a lost response must not count it twice, and returns the first result
    /// again. It keeps the latest eight counted ids with the request. 0 for a store in this process, which loses no response.
    pub id: u128,
    /// The digests of the code under each accepted key.
    pub codes: &'a [Digest],
    /// The number that the request must be for. With another number the request is unknown.
    pub number: Option<PhoneNumber>,
    /// Who submits it.
    pub client: Option<ClientHash>,
    /// The limits of the request.
    pub limits: Limits,
}

/// A new code for a request.
pub struct NewResend {
    /// 128 random bits. They identify the command if it is repeated after a lost response. Two resends never have the same, even if
    /// their codes are equal.
    pub command: u128,
    /// The digest of the code.
    pub code: Digest,
    /// The result of [`StoreBackend::terms`]. A store whose key has changed encrypts it again, as the request now lives longer.
    pub terms: StoredTerms,
    /// The limits of the request.
    pub limits: Limits,
}

/// The result of [`StoreBackend::resend`].
pub enum ResendResult {
    /// The new code is stored. The SMS may be sent.
    Ready {
        /// The number of the delivery, for [`StoreBackend::record_delivery`].
        delivery: u32,
        /// The request with its new validity.
        stored: StoredRequest,
    },
    /// The request is finished, or its attempts are used up.
    Conflict,
    /// A limit stopped the resend.
    RateLimited(SmsLimit),
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// The SMS was sent.
    Sent,
    /// It is certain that nothing was sent.
    NotSent,
    /// The SMS may have been sent: the code counts, and `sms` stays unknown.
    PossiblySent,
}

/// A stored request.
#[derive(Debug, Clone, Copy)]
pub struct StoredRequest {
    /// The record of the state machine.
    pub record: Record,
    /// The number.
    pub number: PhoneNumber,
    /// The time of the request.
    pub created_at: Timestamp,
    /// Whether the SMS was sent.
    pub sms: SmsStatus,
    /// The time on the store's clock.
    pub now: Timestamp,
}

/// An idempotency key of a `Client` to claim.
#[derive(Clone)]
pub struct NewClaim {
    /// The digest of the key.
    pub key: Digest,
    /// The digests of the key under the client's previous keys. They are read in the same step, and never stored.
    pub previous_keys: Vec<Digest>,
    /// 128 random bits that name this claim. They are needed to complete it or to release it.
    pub owner: u128,
    /// The number of the request.
    pub number: PhoneNumber,
    /// Who asks.
    pub client: Option<ClientHash>,
    /// How long the store keeps the key.
    pub retention: Duration,
    /// The limits of SMS.
    pub limits: Limits,
}

/// An attempt of one client over a `Client`: E-goi checks its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAttempt {
    /// 128 random bits that name it.
    pub id: u128,
    /// Who submits the code.
    pub client: ClientHash,
    /// The limit of wrong codes.
    pub quota: Quota,
}

impl ClientAttempt {
    /// The name of the attempt among the idempotency keys of the store.
    pub(crate) fn token(&self) -> Digest {
        let mut token = [0; 32];
        token[..16].copy_from_slice(&self.id.to_be_bytes());
        token
    }
}

/// The service's response to a `Client`'s request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponse {
    /// The service's id.
    pub id: String,
    /// The time of the request.
    pub created_at: Timestamp,
    /// The code is valid before this time.
    pub expires_at: Timestamp,
}

/// The result of [`StoreBackend::claim`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdempotencyClaim {
    /// The key is new: it belongs to this caller.
    New,
    /// The key was used for the same number, with this response.
    Known(StoredResponse),
    /// The key is in use for the same number, or its caller died. It is not known whether an SMS was sent.
    UnderWay,
    /// The key was used for another number.
    OtherNumber,
    /// A limit of SMS stopped the request. The key is not used.
    RateLimited(SmsLimit),
}
