//! What a store does, one call at a time: the pure state machine over a map, as short as it can be said.

use std::collections::HashMap;

use egoi_verify::machine::{Counters, Event, EventResult, Record, Timestamp, Window};
use egoi_verify::store::{
    Attempt, ClientAttempt, ClientHash, Counted, CreateResult, DeliveryStatus, Digest, IdempotencyClaim, Limits,
    NewClaim, NewRequest, ResendResult, SmsLimit, StoredRequest, StoredResponse, StoredTerms,
};
use egoi_verify::{Outcome, OutcomeDetails, PhoneNumber, SmsStatus, State};
use std::time::Duration;

#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) max_requests: u64,
    pub(crate) requests: HashMap<u128, Request>,
    counters: HashMap<Subject, Counters>,
    keys: HashMap<Digest, Key>,
    claims: HashMap<Digest, Claim>,
    attempts: HashMap<u128, Timestamp>,
}

#[derive(Clone)]
struct Claim {
    number: PhoneNumber,
    owner: u128,
    counted_at: Timestamp,
    response: Option<StoredResponse>,
}

#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) record: Record,
    pub(crate) code: Digest,
    pub(crate) number: PhoneNumber,
    pub(crate) retention: Duration,
    pub(crate) delivery: u32,
    terms: StoredTerms,
    created_at: Timestamp,
    sms: SmsStatus,
    under_way: bool,
    replaced: Option<(Digest, Record, SmsStatus)>,
}

/// What something is counted for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Number(PhoneNumber),
    Client(ClientHash),
    Prefix(u64),
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
    wrong_codes: Vec<(Subject, Window)>,
    pub(crate) said: OutcomeDetails,
}

impl Request {
    pub(crate) fn until(&self) -> Timestamp {
        self.record.expires_at.after(self.retention)
    }

    fn stored(&self, now: Timestamp) -> StoredRequest {
        StoredRequest { record: self.record, number: self.number, created_at: self.created_at, sms: self.sms, now }
    }
}

impl Model {
    pub(crate) fn new(max_requests: u64) -> Self {
        Self {
            max_requests,
            requests: HashMap::new(),
            counters: HashMap::new(),
            keys: HashMap::new(),
            claims: HashMap::new(),
            attempts: HashMap::new(),
        }
    }

    fn live(&mut self, id: u128, now: Timestamp) -> Option<&mut Request> {
        self.requests.get_mut(&id).filter(|request| now < request.until())
    }

    fn counters(&mut self, subject: Subject) -> &mut Counters {
        self.counters.entry(subject).or_default()
    }

    fn subjects(counted: &Counted) -> [Option<Subject>; 3] {
        let Counted { number, client, prefix } = *counted;
        [Some(Subject::Number(number)), client.map(Subject::Client), prefix.map(Subject::Prefix)]
    }

    /// What is counted for whom an SMS counts for.
    pub(crate) fn counted(&mut self, counted: &Counted) -> [Counters; 3] {
        Self::subjects(counted).map(|subject| subject.map(|subject| *self.counters(subject)).unwrap_or_default())
    }

    pub(crate) fn set_counted(&mut self, counted: &Counted, counters: [Counters; 3]) {
        for (subject, counters) in Self::subjects(counted).into_iter().zip(counters) {
            if let Some(subject) = subject {
                *self.counters(subject) = counters;
            }
        }
    }

    fn count_sms(
        &mut self,
        request: u128,
        counted: &Counted,
        now: Timestamp,
        limits: &Limits,
    ) -> Result<(), (SmsLimit, Option<u128>)> {
        let mut counters = self.counted(counted);
        let limits = [limits.of_number(), limits.of_client(), limits.of_prefix()];
        let named = [SmsLimit::of_number, SmsLimit::of_client, SmsLimit::of_prefix];
        for ((counters, limits), named) in counters.iter().zip(&limits).zip(named) {
            if let Some(limit) = counters.sms_wait(now, limits).map(named) {
                let is_pause = matches!(limit, SmsLimit::ResendAfter(_));
                return Err((limit, counters.latest.filter(|_| is_pause).map(|latest| latest.request)));
            }
        }
        for (counters, limits) in counters.iter_mut().zip(&limits) {
            counters.count_sms(now, request, limits);
        }
        self.set_counted(counted, counters);
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
        let counted = new.limits.counted(new.number, new.terms.client());
        if let Err((limit, latest)) = self.count_sms(new.id, &counted, now, &new.limits) {
            let is_pending =
                |id: &u128| self.live(*id, now).is_some_and(|request| request.record.state(now) == State::Pending);
            return CreateResult::RateLimited { limit, pending: latest.filter(is_pending) };
        }
        let request = Request {
            record: Record::new(now, new.terms.validity()),
            code: new.code,
            number: new.number,
            retention: new.retention,
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
        let (record, EventResult::Outcome(outcome)) = request.record.step(event, now, &limits.request) else {
            return None;
        };
        let said = if outcome == Outcome::TooManyAttempts {
            OutcomeDetails::stopped_by("max_attempts")
        } else {
            outcome.into()
        };
        let unchanged = Change { record, wrong_codes: Vec::new(), said };
        if !matches!(outcome, Outcome::Verified | Outcome::WrongCode) {
            return Some(unchanged);
        }
        let mut left = vec![limits.request.max_attempts.map(|max| max - record.wrong_codes)];
        let number = limits.wrong_codes_per_number.map(|quota| (Subject::Number(number), quota));
        let client = attempt.client.zip(limits.wrong_codes_per_client);
        let client = client.map(|(client, quota)| (Subject::Client(client), quota));
        let mut wrong_codes = Vec::new();
        for (subject, quota) in number.into_iter().chain(client) {
            let before = self.counters(subject).wrong_codes;
            if before.wait(now, &quota).is_some() {
                let said = OutcomeDetails::stopped_by(match subject {
                    Subject::Client(_) => "wrong_codes_per_client",
                    _ => "wrong_codes_per_number",
                });
                return Some(Change { record: request.record, wrong_codes: Vec::new(), said });
            }
            match (outcome, subject) {
                (Outcome::WrongCode, _) => {
                    let after = before.counted(now, &quota);
                    left.push(Some(quota.limit - after.count));
                    wrong_codes.push((subject, after));
                }
                (_, Subject::Number(_)) => wrong_codes.push((subject, Window::default())),
                _ => {}
            }
        }
        let said = if outcome == Outcome::WrongCode { OutcomeDetails::wrong_code(left) } else { said };
        Some(Change { wrong_codes, said, ..unchanged })
    }

    pub(crate) fn write(&mut self, id: u128, change: &Change) {
        if let Some(request) = self.requests.get_mut(&id) {
            request.record = change.record;
        }
        for (subject, window) in &change.wrong_codes {
            self.counters(*subject).wrong_codes = *window;
        }
    }

    pub(crate) fn validate(&mut self, id: u128, attempt: &Attempt<'_>, now: Timestamp) -> Option<OutcomeDetails> {
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
        let (record, result) =
            request.record.step(Event::Resend { validity: request.terms.validity() }, now, &limits.request);
        match result {
            EventResult::Resend => {}
            EventResult::RateLimited { retry_after } => {
                return Some(ResendResult::RateLimited(
                    retry_after.map_or(SmsLimit::MaxResends, SmsLimit::ResendAfter),
                ));
            }
            _ => return Some(ResendResult::Conflict),
        }
        if request.replaced.is_some() && now < request.record.sent_at.after(Duration::from_secs(30)) {
            return Some(ResendResult::RateLimited(SmsLimit::ResendAfter(Duration::from_secs(1))));
        }
        let counted = limits.counted(request.number, request.terms.client());
        if let Err((limit, _)) = self.count_sms(id, &counted, now, limits) {
            return Some(ResendResult::RateLimited(limit));
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

    pub(crate) fn record_delivery(
        &mut self,
        id: u128,
        delivery: u32,
        end: DeliveryStatus,
        counted: &Counted,
        now: Timestamp,
    ) {
        let is_it = |request: &&mut Request| request.delivery == delivery && request.under_way;
        let Some(request) = self.live(id, now).filter(is_it) else { return };
        request.under_way = false;
        let sent_at = request.record.sent_at;
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
        for subject in Self::subjects(counted).into_iter().flatten().filter(|_| end == DeliveryStatus::NotSent) {
            self.counters(subject).give_sms_back(sent_at, id);
        }
    }

    pub(crate) fn get(&mut self, id: u128, now: Timestamp) -> Option<StoredRequest> {
        self.live(id, now).map(|request| request.stored(now))
    }

    pub(crate) fn claim(&mut self, new: &NewClaim, now: Timestamp) -> IdempotencyClaim {
        if let Some(claim) = self.claims.get(&new.key) {
            return match &claim.response {
                _ if claim.number != new.number => IdempotencyClaim::OtherNumber,
                Some(response) => IdempotencyClaim::Known(response.clone()),
                None if claim.owner == new.owner => IdempotencyClaim::New,
                None => IdempotencyClaim::UnderWay,
            };
        }
        let counted = new.limits.counted(new.number, new.client);
        if let Err((limit, _)) = self.count_sms(new.owner, &counted, now, &new.limits) {
            return IdempotencyClaim::RateLimited(limit);
        }
        let claim = Claim { number: new.number, owner: new.owner, counted_at: now, response: None };
        self.claims.insert(new.key, claim);
        IdempotencyClaim::New
    }

    pub(crate) fn complete(&mut self, key: &Digest, owner: u128, response: StoredResponse) {
        if let Some(claim) = self.claims.get_mut(key).filter(|claim| claim.owner == owner) {
            claim.response.get_or_insert(response);
        }
    }

    pub(crate) fn release(&mut self, new: &NewClaim) {
        let is_it = |claim: &&Claim| claim.owner == new.owner && claim.response.is_none();
        let Some(counted_at) = self.claims.get(&new.key).filter(is_it).map(|claim| claim.counted_at) else { return };
        self.claims.remove(&new.key);
        let counted = new.limits.counted(new.number, new.client);
        let [number, others @ ..] = Self::subjects(&counted);
        let number = number.filter(|_| new.limits.sms_per_number.is_some());
        for subject in number.into_iter().chain(others.into_iter().flatten()) {
            self.counters(subject).give_sms_back(counted_at, new.owner);
        }
    }

    pub(crate) fn attempts_of(&mut self, attempt: &ClientAttempt) -> Window {
        self.counters(Subject::Client(attempt.client)).wrong_codes
    }

    pub(crate) fn count_attempt(&mut self, attempt: &ClientAttempt, seen: Window, now: Timestamp) -> Option<Duration> {
        if self.attempts.contains_key(&attempt.id) {
            return None;
        }
        let wait = seen.wait(now, &attempt.quota);
        if wait.is_none() {
            self.counters(Subject::Client(attempt.client)).wrong_codes = seen.counted(now, &attempt.quota);
            self.attempts.insert(attempt.id, now);
        }
        wait
    }

    pub(crate) fn give_attempt_back(&mut self, attempt: &ClientAttempt) {
        if let Some(counted_at) = self.attempts.remove(&attempt.id) {
            self.counters(Subject::Client(attempt.client)).wrong_codes.give_back(counted_at);
        }
    }
}
