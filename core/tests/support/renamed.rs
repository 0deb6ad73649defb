//! A store whose ids lead to their request's server, called with any ids: each has another name there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egoi_verify::store::{
    Attempt, ClientAttempt, Counted, CreateResult, DeliveryStatus, Digest, FoundNumber, IdempotencyClaim, Limits,
    NewClaim, NewRequest, NewResend, ResendResult, StoreBackend, StoreFuture, StoredRequest, StoredResponse,
    StoredTerms,
};
use egoi_verify::{Error, OutcomeDetails, PhoneNumber, State};

use super::conformance::number;

/// The ids of processes are small numbers, rotated so that they begin with different bytes.
const ROTATED: u32 = 8;

pub(crate) struct Renamed {
    store: Arc<dyn StoreBackend>,
    names: Mutex<HashMap<u128, u128>>,
}

impl Renamed {
    pub(crate) fn new(store: Arc<dyn StoreBackend>) -> Self {
        Self { store, names: Mutex::default() }
    }

    async fn name(&self, number: PhoneNumber, id: u128) -> Result<u128, Error> {
        // The first bits are not kept, and those of small numbers are the ones that differ.
        self.store.request_id(number, id.rotate_left(ROTATED)).await
    }

    /// What stands for it there; of a request that another process made, it is one for the first number.
    async fn there(&self, id: u128) -> Result<u128, Error> {
        let known = self.names.lock().unwrap().get(&id).copied();
        match known {
            Some(there) => Ok(there),
            None => self.name(number(0), id).await,
        }
    }

    fn here(&self, id: u128) -> u128 {
        let names = self.names.lock().unwrap();
        let known = names.iter().find(|(_, there)| **there == id);
        known.map_or((id & u128::MAX >> 11).rotate_right(ROTATED), |(here, _)| *here)
    }
}

impl StoreBackend for Renamed {
    fn create(&self, request: NewRequest) -> StoreFuture<'_, CreateResult> {
        Box::pin(async move {
            let id = self.name(request.number, request.id).await?;
            self.names.lock().unwrap().insert(request.id, id);
            Ok(match self.store.create(NewRequest { id, ..request }).await? {
                CreateResult::Known(known) => CreateResult::Known(Box::new((self.here(known.0), known.1))),
                CreateResult::RateLimited { limit, pending } => {
                    CreateResult::RateLimited { limit, pending: pending.map(|id| self.here(id)) }
                }
                result => result,
            })
        })
    }

    fn validate<'a>(&'a self, id: u128, attempt: Attempt<'a>) -> StoreFuture<'a, Option<OutcomeDetails>> {
        Box::pin(async move { self.store.validate(self.there(id).await?, attempt).await })
    }

    fn cancel(&self, id: u128) -> StoreFuture<'_, Option<State>> {
        Box::pin(async move { self.store.cancel(self.there(id).await?).await })
    }

    fn terms(&self, id: u128) -> StoreFuture<'_, Option<StoredTerms>> {
        Box::pin(async move { self.store.terms(self.there(id).await?).await })
    }

    fn resend(&self, id: u128, resend: NewResend) -> StoreFuture<'_, Option<ResendResult>> {
        Box::pin(async move { self.store.resend(self.there(id).await?, resend).await })
    }

    fn record_delivery(&self, id: u128, delivery: u32, end: DeliveryStatus, counted: Counted) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.store.record_delivery(self.there(id).await?, delivery, end, counted).await })
    }

    fn get(&self, id: u128) -> StoreFuture<'_, Option<StoredRequest>> {
        Box::pin(async move { self.store.get(self.there(id).await?).await })
    }

    fn claim(&self, claim: NewClaim) -> StoreFuture<'_, IdempotencyClaim> {
        self.store.claim(claim)
    }

    fn complete(&self, key: Digest, owner: u128, response: StoredResponse) -> StoreFuture<'_, ()> {
        self.store.complete(key, owner, response)
    }

    fn release(&self, claim: NewClaim) -> StoreFuture<'_, ()> {
        self.store.release(claim)
    }

    fn count_attempt(&self, attempt: ClientAttempt) -> StoreFuture<'_, Option<Duration>> {
        self.store.count_attempt(attempt)
    }

    fn give_attempt_back(&self, attempt: ClientAttempt) -> StoreFuture<'_, ()> {
        self.store.give_attempt_back(attempt)
    }

    fn find(&self, number: PhoneNumber, limits: Limits) -> StoreFuture<'_, FoundNumber> {
        Box::pin(async move {
            let mut found = self.store.find(number, limits).await?;
            for (id, _) in &mut found.requests {
                *id = self.here(*id);
            }
            if let Some(latest) = &mut found.counters.latest {
                latest.request = self.here(latest.request);
            }
            Ok(found)
        })
    }

    fn unlock(&self, number: PhoneNumber) -> StoreFuture<'_, ()> {
        self.store.unlock(number)
    }

    fn erase(&self, number: PhoneNumber) -> StoreFuture<'_, u64> {
        self.store.erase(number)
    }
}
