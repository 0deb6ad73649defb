//! A store in memory that remembers what it was given, and fails or hangs where it is told to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use egoi_verify::store::{
    Attempt, ClientAttempt, Counted, CreateResult, DeliveryStatus, Digest, IdempotencyClaim, MemoryStore, NewClaim,
    NewRequest, NewResend, ResendResult, StoreBackend, StoreFuture, StoredRequest, StoredResponse, StoredTerms,
};
use egoi_verify::{Clock, Error, ErrorCode, OutcomeDetails, PhoneNumber, State};
use tokio::sync::Semaphore;

pub(crate) struct Watched {
    inner: MemoryStore,
    /// What every request asked for.
    pub(crate) terms: Mutex<Vec<StoredTerms>>,
    /// Whatever stood for a code or a key, in the order given.
    pub(crate) digests: Mutex<Vec<Digest>>,
    /// The method that is in trouble, and which.
    pub(crate) trouble: Mutex<Option<(&'static str, Trouble)>>,
    /// What [`Trouble::IsLate`] waits for.
    pub(crate) goes_on: Semaphore,
}

#[derive(Clone, Copy)]
pub(crate) enum Trouble {
    Fails,
    Hangs,
    /// It is done when the store goes on.
    IsLate,
}

impl Watched {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            inner: MemoryStore::with_clock(1000, clock),
            terms: Mutex::default(),
            digests: Mutex::default(),
            trouble: Mutex::default(),
            goes_on: Semaphore::new(0),
        }
    }

    fn saw(&self, digests: impl IntoIterator<Item = Digest>) {
        self.digests.lock().unwrap().extend(digests);
    }

    fn pass<'a, T: Send + 'a>(
        &'a self,
        method: &str,
        call: impl FnOnce() -> StoreFuture<'a, T> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        match *self.trouble.lock().unwrap() {
            Some((troubled, Trouble::Fails)) if troubled == method => {
                Box::pin(std::future::ready(Err(Error::new(ErrorCode::Storage, "the store failed"))))
            }
            Some((troubled, Trouble::Hangs)) if troubled == method => Box::pin(std::future::pending()),
            Some((troubled, Trouble::IsLate)) if troubled == method => Box::pin(async {
                self.goes_on.acquire().await.unwrap().forget();
                call().await
            }),
            _ => call(),
        }
    }
}

impl StoreBackend for Watched {
    fn create(&self, request: NewRequest) -> StoreFuture<'_, CreateResult> {
        self.saw([request.code].into_iter().chain(request.idempotency_key));
        self.terms.lock().unwrap().push(request.terms.clone());
        self.pass("create", move || self.inner.create(request))
    }

    fn validate<'a>(&'a self, id: u128, attempt: Attempt<'a>) -> StoreFuture<'a, Option<OutcomeDetails>> {
        self.saw(attempt.codes.iter().copied());
        self.pass("validate", move || self.inner.validate(id, attempt))
    }

    fn cancel(&self, id: u128) -> StoreFuture<'_, Option<State>> {
        self.pass("cancel", move || self.inner.cancel(id))
    }

    fn terms(&self, id: u128) -> StoreFuture<'_, Option<StoredTerms>> {
        self.pass("terms", move || self.inner.terms(id))
    }

    fn resend(&self, id: u128, resend: NewResend) -> StoreFuture<'_, Option<ResendResult>> {
        self.saw([resend.code]);
        self.pass("resend", move || self.inner.resend(id, resend))
    }

    fn record_delivery(&self, id: u128, delivery: u32, end: DeliveryStatus, counted: Counted) -> StoreFuture<'_, ()> {
        self.pass("record_delivery", move || self.inner.record_delivery(id, delivery, end, counted))
    }

    fn get(&self, id: u128) -> StoreFuture<'_, Option<StoredRequest>> {
        self.pass("get", move || self.inner.get(id))
    }

    fn claim(&self, claim: NewClaim) -> StoreFuture<'_, IdempotencyClaim> {
        self.pass("claim", move || self.inner.claim(claim))
    }

    fn complete(&self, key: Digest, owner: u128, response: StoredResponse) -> StoreFuture<'_, ()> {
        self.pass("complete", move || self.inner.complete(key, owner, response))
    }

    fn release(&self, claim: NewClaim) -> StoreFuture<'_, ()> {
        self.pass("release", move || self.inner.release(claim))
    }

    fn count_attempt(&self, attempt: ClientAttempt) -> StoreFuture<'_, Option<Duration>> {
        self.pass("count_attempt", move || self.inner.count_attempt(attempt))
    }

    fn give_attempt_back(&self, attempt: ClientAttempt) -> StoreFuture<'_, ()> {
        self.pass("give_attempt_back", move || self.inner.give_attempt_back(attempt))
    }

    fn erase(&self, number: PhoneNumber) -> StoreFuture<'_, u64> {
        self.inner.erase(number)
    }
}
