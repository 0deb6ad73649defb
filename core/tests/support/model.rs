//! What a store does, one call at a time: the pure state machine over a map, as short as it can be said.

use std::collections::HashMap;

use egoi_verify::machine::{Answer, Event, Record, Timestamp, Window};
use egoi_verify::store::{
    Attempt, CreateResult, DeliveryStatus, Digest, Limits, NewRequest, ResendLimit, ResendResult, StoredRequest,
    StoredTerms,
};
use egoi_verify::{Outcome, PhoneNumber, SmsStatus, State};
use std::time::Duration;

#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) max_requests: u64,
    pub(crate) requests: HashMap<u128, Request>,
    numbers: HashMap<PhoneNumber, Counters>,
    keys: HashMap<Digest, Key>,
}

#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) record: Record,
    pub(crate) code: Digest,
    pub(crate) number: PhoneNumber,
    pub(crate) keep: Duration,
    pub(crate) delivery: u32,
    terms: StoredTerms,
    created_at: Timestamp,
    sms: SmsStatus,
    under_way: bool,
    replaced: Option<(Digest, Record, SmsStatus)>,
}

#[derive(Clone, Copy, Default)]
struct Counters {
    wrong_codes: Window,
    sms: Window,
}

#[derive(Clone)]
struct Key {
    number: PhoneNumber,
    until: Timestamp,
    id: u128,
}

/// What a validation changes, between looking and writing.
pub(crate) struct Change {
    record: Record,
    wrong_codes: Window,
    number: PhoneNumber,
    pub(crate) said: Outcome,
}

impl Request {
    pub(crate) fn until(&self) -> Timestamp {
        self.record.expires_at.after(self.keep)
    }

    fn stored(&self, now: Timestamp) -> StoredRequest {
        StoredRequest { record: self.record, number: self.number, created_at: self.created_at, sms: self.sms, now }
    }
}

impl Model {
    pub(crate) fn new(max_requests: u64) -> Self {
        Self { max_requests, requests: HashMap::new(), numbers: HashMap::new(), keys: HashMap::new() }
    }

    fn live(&mut self, id: u128, now: Timestamp) -> Option<&mut Request> {
        self.requests.get_mut(&id).filter(|request| now < request.until())
    }

    fn counters(&mut self, number: PhoneNumber) -> &mut Counters {
        self.numbers.entry(number).or_default()
    }

    fn count_sms(&mut self, number: PhoneNumber, now: Timestamp, limits: &Limits) -> Result<(), Duration> {
        let Some(quota) = limits.sms_per_number else { return Ok(()) };
        let sms = &mut self.counters(number).sms;
        sms.wait(now, &quota).map_or(Ok(()), Err)?;
        *sms = sms.counted(now, &quota);
        Ok(())
    }

    pub(crate) fn create(&mut self, new: NewRequest, now: Timestamp) -> CreateResult {
        let known = new.idempotency_key.and_then(|key| self.keys.get(&key)).filter(|key| now < key.until);
        if let Some((number, id)) = known.map(|key| (key.number, key.id))
            && let Some(request) = self.live(id, now)
        {
            let known = CreateResult::Known(Box::new((id, request.stored(now))));
            return if number == new.number { known } else { CreateResult::OtherNumber };
        }
        if self.requests.values().filter(|request| now < request.until()).count() as u64 >= self.max_requests {
            return CreateResult::Full;
        }
        if let Err(wait) = self.count_sms(new.number, now, &new.limits) {
            return CreateResult::RateLimited(wait);
        }
        let request = Request {
            record: Record::new(now, new.terms.validity()),
            code: new.code,
            number: new.number,
            keep: new.keep,
            delivery: 0,
            terms: new.terms,
            created_at: now,
            sms: SmsStatus::Unknown,
            under_way: true,
            replaced: None,
        };
        if let Some(key) = new.idempotency_key {
            self.keys.insert(key, Key { number: new.number, until: request.until(), id: new.id });
        }
        let stored = request.stored(now);
        self.requests.insert(new.id, request);
        CreateResult::New(stored)
    }

    pub(crate) fn look(&mut self, id: u128, attempt: &Attempt<'_>, now: Timestamp) -> Option<Change> {
        let limits = attempt.limits;
        let request = self.live(id, now)?.clone();
        let number = request.number;
        if attempt.number.is_some_and(|other| other != number) {
            return None;
        }
        let event = Event::Validate { code_is_right: attempt.codes.contains(&request.code) };
        let (record, Answer::Outcome(outcome)) = request.record.step(event, now, &limits.request) else { return None };
        let before = self.counters(number).wrong_codes;
        let change = Change { record, wrong_codes: before, number, said: outcome };
        Some(match (limits.wrong_codes_per_number, outcome) {
            (Some(quota), Outcome::Verified | Outcome::WrongCode) if before.wait(now, &quota).is_some() => {
                Change { record: request.record, said: Outcome::TooManyAttempts, ..change }
            }
            (Some(quota), Outcome::WrongCode) => Change { wrong_codes: before.counted(now, &quota), ..change },
            (Some(_), Outcome::Verified) => Change { wrong_codes: Window::default(), ..change },
            _ => change,
        })
    }

    pub(crate) fn write(&mut self, id: u128, change: &Change) {
        if let Some(request) = self.requests.get_mut(&id) {
            request.record = change.record;
        }
        self.counters(change.number).wrong_codes = change.wrong_codes;
    }

    pub(crate) fn validate(&mut self, id: u128, attempt: &Attempt<'_>, now: Timestamp) -> Option<Outcome> {
        let change = self.look(id, attempt, now)?;
        self.write(id, &change);
        Some(change.said)
    }

    pub(crate) fn cancel(&mut self, id: u128, limits: &Limits, now: Timestamp) -> Option<State> {
        let request = self.live(id, now)?;
        request.record = request.record.step(Event::Cancel, now, &limits.request).0;
        Some(request.record.state(now))
    }

    pub(crate) fn terms(&mut self, id: u128, now: Timestamp) -> Option<StoredTerms> {
        self.live(id, now).map(|request| request.terms.clone())
    }

    pub(crate) fn resend(&mut self, id: u128, code: Digest, limits: &Limits, now: Timestamp) -> Option<ResendResult> {
        let request = self.live(id, now)?.clone();
        let (record, answer) =
            request.record.step(Event::Resend { validity: request.terms.validity() }, now, &limits.request);
        match answer {
            Answer::Resend => {}
            Answer::RateLimited { retry_after } => {
                return Some(ResendResult::RateLimited(
                    retry_after.map_or(ResendLimit::MaxResends, ResendLimit::ResendAfter),
                ));
            }
            _ => return Some(ResendResult::Conflict),
        }
        if request.replaced.is_some() && now < request.record.sent_at.after(Duration::from_secs(30)) {
            return Some(ResendResult::RateLimited(ResendLimit::ResendAfter(Duration::from_secs(1))));
        }
        if let Err(wait) = self.count_sms(request.number, now, limits) {
            return Some(ResendResult::RateLimited(ResendLimit::SmsPerNumber(wait)));
        }
        let request = Request {
            replaced: Some((request.code, request.record, request.sms)),
            delivery: request.delivery + 1,
            record,
            code,
            sms: SmsStatus::Unknown,
            under_way: true,
            ..request
        };
        let ready = ResendResult::Ready { delivery: request.delivery, stored: request.stored(now) };
        self.requests.insert(id, request);
        Some(ready)
    }

    pub(crate) fn record_delivery(&mut self, id: u128, delivery: u32, end: DeliveryStatus, now: Timestamp) {
        let is_it = |request: &&mut Request| request.delivery == delivery && request.under_way;
        let Some(request) = self.live(id, now).filter(is_it) else { return };
        request.under_way = false;
        let (number, sent_at) = (request.number, request.record.sent_at);
        match (end, request.replaced.take()) {
            (DeliveryStatus::Sent, _) => request.sms = SmsStatus::Sent,
            (DeliveryStatus::PossiblySent, _) => {}
            (DeliveryStatus::NotSent, Some((code, record, sms))) => {
                let Record { wrong_codes, progress, .. } = request.record;
                request.record = Record { wrong_codes, progress, ..record };
                (request.code, request.sms) = (code, sms);
            }
            (DeliveryStatus::NotSent, None) => {
                self.requests.remove(&id);
            }
        }
        let sms = &mut self.counters(number).sms;
        if end == DeliveryStatus::NotSent && sms.started <= sent_at {
            sms.count = sms.count.saturating_sub(1);
        }
    }

    pub(crate) fn get(&mut self, id: u128, now: Timestamp) -> Option<StoredRequest> {
        self.live(id, now).map(|request| request.stored(now))
    }
}
