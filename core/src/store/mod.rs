//! Where requests are kept, and the clock that they are kept by.

mod clock;
mod memory;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::machine::{Quota, Record, RequestLimits, Timestamp};
use crate::values::PhoneNumber;
use crate::verification::{Outcome, Sms, State, Terms};
use crate::{Error, ErrorCode};

pub use clock::{Clock, MonotonicClock, TestClock};
pub(crate) use memory::MOST_REQUESTS;
pub use memory::MemoryStore;

/// The store that a URL names; the URL may hold a password and is not repeated.
pub(crate) fn open(url: &str, most_requests: u64, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>, Error> {
    match url {
        "memory:" => Ok(Arc::new(MemoryStore::with_clock(most_requests, clock))),
        _ => Err(Error::invalid_input("store", "is not a URL that is known, must be `memory:`")),
    }
}

/// The failure of a store in the memory of the process that was forked.
pub(crate) fn forked() -> Error {
    Error::new(
        ErrorCode::Forked,
        "this store is in the memory of the process that was forked; make one in each process, or use a store that they \
         share",
    )
}

/// What a store gives back, later.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// HMAC-SHA-256 of a code under the engine's key, bound to the request id: all that is kept of a code.
pub type Digest = [u8; 32];

/// Keeps requests, and decides by the pure state machine ([`Record::step`]) at a time of its own clock.
///
/// Each method is one atomic operation: in SQL one transaction around one conditional write, in Redis one script. A
/// failure is an error of the code `storage`, made by [`Error::new`]; nothing is ever verified then.
pub trait Store: Send + Sync {
    /// Writes a request down *before* its SMS is handed over, so that a process that dies in between leaves `sms =
    /// maybe`, and counts the SMS. Refuses where a limit is reached.
    fn create(&self, request: NewRequest) -> StoreFuture<'_, Created>;

    /// Counts the attempt and uses the code up, in one step.
    fn validate<'a>(&'a self, id: u128, attempt: Attempt<'a>) -> StoreFuture<'a, Option<Validated>>;

    /// Cancels; none where there is no such request.
    fn cancel(&self, id: u128) -> StoreFuture<'_, Option<State>>;

    /// What a resend needs to know; none where there is no such request.
    fn terms(&self, id: u128) -> StoreFuture<'_, Option<StoredTerms>>;

    /// Puts the new code in the place of the old one before it is handed over, keeping the old one until
    /// [`Store::settle`], and counts the SMS. While another resend of the request is being handed over, for at most
    /// 30 s, it is rate-limited.
    fn resend(&self, id: u128, code: Digest, limits: Limits) -> StoreFuture<'_, Option<Resending>>;

    /// Says how a hand-over ended. `NotSent` takes a new request away, or puts a resend's old code and validity back,
    /// and gives the counted SMS back. Of a hand-over that is not the request's latest it changes nothing.
    fn settle(&self, id: u128, hand_over: u32, end: HandOver) -> StoreFuture<'_, ()>;

    /// Reads; none where there is no such request.
    fn get(&self, id: u128) -> StoreFuture<'_, Option<Stored>>;

    /// Takes an idempotency key of a `Client` for a number, before its request is sent.
    fn claim(&self, key: Digest, number: PhoneNumber, keep: Duration) -> StoreFuture<'_, Claim>;

    /// Says what the request of a claimed key gave.
    fn fulfil(&self, key: Digest, given: Remembered) -> StoreFuture<'_, ()>;

    /// Gives a claimed key back, when it is certain that no SMS was sent.
    fn release(&self, key: Digest) -> StoreFuture<'_, ()>;

    /// Whether the state is this process's alone, so that a forked child must not use it.
    fn is_in_process(&self) -> bool {
        false
    }
}

/// The limits of an engine; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Those of one request.
    pub request: RequestLimits,
    /// Wrong codes for one number, cleared by a success.
    pub wrong_codes_per_number: Option<Quota>,
    /// SMS to one number, given back only when one was certainly not sent.
    pub sms_per_number: Option<Quota>,
}

/// A request to write down.
pub struct NewRequest {
    /// Its id.
    pub id: u128,
    /// Its number. A store that outlives the process keeps it encrypted.
    pub number: PhoneNumber,
    /// What stands for its code.
    pub code: Digest,
    /// What a resend needs to know. A store that outlives the process keeps the message encrypted.
    pub terms: StoredTerms,
    /// What stands for its idempotency key.
    pub idempotency_key: Option<Digest>,
    /// What stands for it under the engine's previous keys: looked for, never written.
    pub previous_idempotency_keys: Vec<Digest>,
    /// How long a finished request is kept after `expires_at`.
    pub keep: Duration,
    /// The limits that hold.
    pub limits: Limits,
}

/// What was asked for: message, code type and size, validity, group.
#[derive(Clone)]
pub struct StoredTerms {
    /// The number to send to.
    pub(crate) number: PhoneNumber,
    pub(crate) terms: Arc<Terms>,
}

impl StoredTerms {
    /// How long a code is good, from the request and from each resend.
    pub fn validity(&self) -> Duration {
        self.terms.validity.duration()
    }
}

/// What [`Store::create`] did.
pub enum Created {
    /// The request is there; its SMS may be handed over. This is hand-over 0.
    New(Stored),
    /// The idempotency key was used before, for the same number: the request of then. No SMS may be handed over.
    Known(Box<(u128, Stored)>),
    /// The idempotency key was used before, for another number.
    OtherNumber,
    /// A limit of the number, which is known to end.
    RateLimited(Duration),
    /// The store holds as many requests as it may.
    Full,
}

/// A code that was submitted.
pub struct Attempt<'a> {
    /// 128 random bits: a store that repeats a command after a lost answer must not count it twice, and answers what it
    /// answered first. 0 for a store in this process, which loses no answer.
    pub id: u128,
    /// What stands for the code under each key that is still honoured.
    pub codes: &'a [Digest],
    /// The number that the request must be for; for another there is no such request.
    pub number: Option<PhoneNumber>,
    /// The limits that hold.
    pub limits: Limits,
}

/// What [`Store::validate`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validated {
    /// What became of it.
    pub outcome: Outcome,
    /// The request's number.
    pub number: PhoneNumber,
}

/// What [`Store::resend`] did.
pub enum Resending {
    /// The new code is in place; the SMS may be handed over.
    Ready {
        /// Which hand-over of the request this is, for [`Store::settle`].
        hand_over: u32,
        /// The request with its new validity.
        stored: Stored,
    },
    /// The request is over, or its attempts are used up.
    Conflict,
    /// A limit; the wait where waiting helps.
    RateLimited(Option<Duration>),
}

/// How a hand-over ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOver {
    /// The SMS went out.
    Sent,
    /// Nothing went out, for certain.
    NotSent,
    /// It may have gone out: the code counts, and `sms = maybe` stays.
    MaybeSent,
}

/// A request as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    /// What the state machine knows.
    pub record: Record,
    /// Its number.
    pub number: PhoneNumber,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether its SMS went out.
    pub sms: Sms,
    /// The time on the store's clock.
    pub now: Timestamp,
}

/// What a `Client`'s request gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The service's id.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its code stops being good.
    pub expires_at: Timestamp,
}

/// What [`Store::claim`] says of an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is this caller's.
    New,
    /// It was used for the same number, and this is what came of it.
    Known(Remembered),
    /// It is being used for the same number, or its user died: whether an SMS was sent is not known.
    UnderWay,
    /// It was used for another number.
    OtherNumber,
}
