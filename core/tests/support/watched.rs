//! A store in memory that remembers what it was given, and fails or hangs where it is told to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use egoi_verify::{
    Attempt, Clock, CreateResult, DeliveryStatus, Digest, Error, ErrorCode, IdempotencyClaim, Limits, MemoryStore,
    NewRequest, Outcome, PhoneNumber, ResendResult, State, StoreBackend, StoreFuture, StoredRequest, StoredResponse,
    StoredTerms,
};

pub(crate) struct Watched {
    inner: MemoryStore,
    /// What every request asked for.
    pub(crate) terms: Mutex<Vec<StoredTerms>>,
    /// Whatever stood for a code or a key, in the order given.
    pub(crate) digests: Mutex<Vec<Digest>>,
    /// The method that is in trouble, and which.
    pub(crate) trouble: Mutex<Option<(&'static str, Trouble)>>,
}

#[derive(Clone, Copy)]
pub(crate) enum Trouble {
    Fails,
    Hangs,
}

impl Watched {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            inner: MemoryStore::with_clock(1000, clock),
            terms: Mutex::default(),
            digests: Mutex::default(),
            trouble: Mutex::default(),
        }
    }

    fn saw(&self, digests: impl IntoIterator<Item = Digest>) {
        self.digests.lock().unwrap().extend(digests);
    }

    fn pass<'a, T: Send + 'a>(&'a self, method: &str, call: impl FnOnce() -> StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        match *self.trouble.lock().unwrap() {
            Some((troubled, Trouble::Fails)) if troubled == method => {
                Box::pin(std::future::ready(Err(Error::new(ErrorCode::Storage, "the store failed"))))
            }
            Some((troubled, Trouble::Hangs)) if troubled == method => Box::pin(std::future::pending()),
            _ => call(),
        }
    }
}

impl StoreBackend for Watched {
    fn create(&self, request: NewRequest) -> StoreFuture<'_, CreateResult> {
        self.saw([request.code].into_iter().chain(request.idempotency_key));
        self.terms.lock().unwrap().push(request.terms.clone());
        self.pass("create", || self.inner.create(request))
    }

    fn validate<'a>(&'a self, id: u128, attempt: Attempt<'a>) -> StoreFuture<'a, Option<Outcome>> {
        self.saw(attempt.codes.iter().copied());
        self.pass("validate", || self.inner.validate(id, attempt))
    }

    fn cancel(&self, id: u128) -> StoreFuture<'_, Option<State>> {
        self.pass("cancel", || self.inner.cancel(id))
    }

    fn terms(&self, id: u128) -> StoreFuture<'_, Option<StoredTerms>> {
        self.pass("terms", || self.inner.terms(id))
    }

    fn resend(&self, id: u128, code: Digest, limits: Limits) -> StoreFuture<'_, Option<ResendResult>> {
        self.saw([code]);
        self.pass("resend", || self.inner.resend(id, code, limits))
    }

    fn record_delivery(&self, id: u128, delivery: u32, end: DeliveryStatus) -> StoreFuture<'_, ()> {
        self.pass("record_delivery", || self.inner.record_delivery(id, delivery, end))
    }

    fn get(&self, id: u128) -> StoreFuture<'_, Option<StoredRequest>> {
        self.pass("get", || self.inner.get(id))
    }

    fn claim(&self, key: Digest, number: PhoneNumber, keep: Duration) -> StoreFuture<'_, IdempotencyClaim> {
        self.pass("claim", || self.inner.claim(key, number, keep))
    }

    fn complete(&self, key: Digest, given: StoredResponse) -> StoreFuture<'_, ()> {
        self.pass("complete", || self.inner.complete(key, given))
    }

    fn release(&self, key: Digest) -> StoreFuture<'_, ()> {
        self.pass("release", || self.inner.release(key))
    }
}
