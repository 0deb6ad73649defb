//! A store with the mistake that the others must not make: what is counted is read, and then written.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use egoi_verify::store::{
    Attempt, ClientAttempt, Counted, CreateResult, DeliveryStatus, Digest, IdempotencyClaim, KEY_TAG, Limits, NewClaim,
    NewRequest, NewResend, ResendResult, StoreBackend, StoreFuture, StoredRequest, StoredResponse, StoredTerms,
};
use egoi_verify::{Clock as _, Error, ErrorCode, OutcomeDetails, State, TestClock};

use super::model::{Model, Request};

pub(crate) struct BrokenStore {
    model: Mutex<Model>,
    clock: Arc<TestClock>,
}

impl BrokenStore {
    pub(crate) fn new(max_requests: u64, clock: Arc<TestClock>) -> Self {
        Self { model: Mutex::new(Model::new(max_requests)), clock }
    }

    fn done<'a, T: Send + 'a>(
        &self,
        call: impl FnOnce(&mut Model, egoi_verify::machine::Timestamp) -> T,
    ) -> StoreFuture<'a, T> {
        let mut model = self.model.lock().unwrap();
        let answer = call(&mut model, self.clock.now());
        Box::pin(std::future::ready(Ok(answer)))
    }
}

impl StoreBackend for BrokenStore {
    fn create(&self, request: NewRequest) -> StoreFuture<'_, CreateResult> {
        let now = self.clock.now();
        let counted = request.limits.counted(request.number, request.terms.client());
        let seen = self.model.lock().unwrap().counted(&counted);
        // The way to a database and back, in which others come by.
        std::thread::yield_now();
        self.done(|model, _| {
            model.set_counted(&counted, seen);
            model.create(request, now)
        })
    }

    fn validate<'a>(&'a self, id: u128, attempt: Attempt<'a>) -> StoreFuture<'a, Option<OutcomeDetails>> {
        let now = self.clock.now();
        let is_other_key =
            |request: &Request| attempt.codes.iter().all(|code| code[..KEY_TAG] != request.code[..KEY_TAG]);
        if self.model.lock().unwrap().requests.get(&id).is_some_and(is_other_key) {
            let error = Error::new(ErrorCode::Misconfigured, "the request was made under another key");
            return Box::pin(std::future::ready(Err(error)));
        }
        let selected = self.model.lock().unwrap().look(id, &attempt, now);
        // The way to a database and back, in which others come by.
        std::thread::yield_now();
        self.done(|model, _| {
            selected.map(|change| {
                model.write(id, &change);
                change.said
            })
        })
    }

    fn cancel(&self, id: u128) -> StoreFuture<'_, Option<State>> {
        self.done(|model, now| model.cancel(id, &Limits::NONE, now))
    }

    fn terms(&self, id: u128) -> StoreFuture<'_, Option<StoredTerms>> {
        self.done(|model, now| model.terms(id, now))
    }

    fn resend(&self, id: u128, resend: NewResend) -> StoreFuture<'_, Option<ResendResult>> {
        self.done(|model, now| model.resend(id, resend.code, &resend.limits, now))
    }

    fn record_delivery(&self, id: u128, delivery: u32, end: DeliveryStatus, counted: Counted) -> StoreFuture<'_, ()> {
        self.done(|model, now| model.record_delivery(id, delivery, end, &counted, now))
    }

    fn get(&self, id: u128) -> StoreFuture<'_, Option<StoredRequest>> {
        self.done(|model, now| model.get(id, now))
    }

    fn claim(&self, claim: NewClaim) -> StoreFuture<'_, IdempotencyClaim> {
        let counted = claim.limits.counted(claim.number, claim.client);
        let seen = self.model.lock().unwrap().counted(&counted);
        std::thread::yield_now();
        self.done(|model, now| {
            model.set_counted(&counted, seen);
            model.claim(&claim, now)
        })
    }

    fn complete(&self, key: Digest, owner: u128, response: StoredResponse) -> StoreFuture<'_, ()> {
        self.done(|model, _| model.complete(&key, owner, response))
    }

    fn release(&self, claim: NewClaim) -> StoreFuture<'_, ()> {
        self.done(|model, _| model.release(&claim))
    }

    fn count_attempt(&self, attempt: ClientAttempt) -> StoreFuture<'_, Option<Duration>> {
        let seen = self.model.lock().unwrap().attempts_of(&attempt);
        std::thread::yield_now();
        self.done(|model, now| model.count_attempt(&attempt, seen, now))
    }

    fn give_attempt_back(&self, attempt: ClientAttempt) -> StoreFuture<'_, ()> {
        self.done(|model, _| model.give_attempt_back(&attempt))
    }
}
