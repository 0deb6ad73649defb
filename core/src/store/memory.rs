//! The store in memory: many threads, bounded, its clean-up spread over the calls.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use subtle::{Choice, ConstantTimeEq as _};

use super::{
    ATTEMPT_KEPT, Attempt, ClientAttempt, ClientHash, Clock, Counted, CreateResult, DELIVERY_TIMEOUT, DeliveryStatus,
    Digest, FoundNumber, IdempotencyClaim, Limits, MonotonicClock, NewClaim, NewRequest, NewResend, ResendResult,
    SWEPT_A_CALL, SmsLimit, StoreBackend, StoreFuture, StoredRequest, StoredResponse, StoredTerms, details_of,
    is_key_known, wrong_key,
};
use crate::error::{Error, ErrorCode};
use crate::machine::{CounterLimits, Counters, Event, EventResult, Record, RequestLimits, SmsWait, Timestamp, Window};
use crate::values::PhoneNumber;
use crate::verification::{Outcome, OutcomeDetails, SmsStatus, State, Terms};

/// More than there are threads that meet, so that two seldom want the same one; and so many that a table which grows,
/// which a call waits for, is small.
const SHARDS: usize = 256;

/// How many requests a store holds by default.
pub(crate) const MAX_REQUESTS: u64 = 10_000_000;

/// Requests in memory, gone with the process. A pending request takes about 300 bytes.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    max_requests: u64,
    held: AtomicU64,
    requests: Vec<Mutex<Requests>>,
    numbers: Table<PhoneNumber>,
    clients: Table<ClientKey>,
    prefixes: Table<u64>,
    /// What a client's hash is hashed with before it is kept: random, of this store only.
    secrets: [RandomState; 2],
    claims: Mutex<Claims>,
    /// Whose memory it is.
    process: u32,
}

#[derive(Default)]
struct Requests {
    by_id: HashMap<u128, Box<Kept>>,
    due: BinaryHeap<Reverse<(Timestamp, u128)>>,
}

struct Kept {
    record: Record,
    code: Digest,
    number: PhoneNumber,
    client: Option<Box<ClientKey>>,
    terms: Arc<Terms>,
    created_at: Timestamp,
    retention: Duration,
    /// When it is looked at for removal.
    due: Timestamp,
    sms: SmsStatus,
    delivery: u32,
    /// Its latest hand-over has not ended.
    under_way: bool,
    idempotency_key: Option<Box<Digest>>,
    /// What a resend replaced, until its hand-over has ended.
    replaced: Option<Box<(Digest, Record, SmsStatus)>>,
}

/// What a client's hash becomes under this store's keys: SipHash, with the operating system's randomness.
type ClientKey = [u64; 2];

/// Whom an SMS is counted for, as it is kept.
struct Subjects {
    number: PhoneNumber,
    client: Option<ClientKey>,
    prefix: Option<u64>,
}

/// What is counted, by whom it is counted for.
struct Table<K>(Vec<Mutex<Shard<K>>>);

struct Shard<K> {
    counters: HashMap<K, Counters>,
    due: BinaryHeap<Reverse<(Timestamp, K)>>,
}

/// What is counted for one, while nobody else counts there.
struct Counting<'a, K: Spread> {
    shard: MutexGuard<'a, Shard<K>>,
    key: K,
    limits: CounterLimits,
    counters: Counters,
}

#[derive(Default)]
struct Claims {
    by_key: HashMap<Digest, Claimed>,
    /// Each of them, by when it ends.
    due: BTreeSet<(Timestamp, Digest)>,
}

struct Claimed {
    /// None of an attempt.
    number: Option<PhoneNumber>,
    /// When its SMS, or its attempt, was counted.
    counted_at: Timestamp,
    until: Timestamp,
    by: ClaimedBy,
}

enum ClaimedBy {
    Engine(u128),
    Client { owner: u128, response: Option<StoredResponse> },
    Attempt,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing here panics while it holds a lock; were it to, the state is still whole: each change is made at its end.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds at most 10 million requests.
impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(MAX_REQUESTS)
    }
}

impl MemoryStore {
    /// A store that holds at most so many requests, on a monotonic clock.
    pub fn new(max_requests: u64) -> Self {
        Self::with_clock(max_requests, Arc::new(MonotonicClock::default()))
    }

    /// The same on another clock, for tests.
    pub fn with_clock(max_requests: u64, clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            max_requests,
            held: AtomicU64::new(0),
            requests: (0..SHARDS).map(|_| Mutex::default()).collect(),
            numbers: Table::new(),
            clients: Table::new(),
            prefixes: Table::new(),
            secrets: [RandomState::new(), RandomState::new()],
            claims: Mutex::default(),
            process: std::process::id(),
        }
    }

    /// How many requests it holds, finished ones that are kept included.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Forgets everything.
    #[cfg(feature = "sandbox")]
    pub(crate) fn clear(&self) {
        for shard in &self.requests {
            let mut shard = lock(shard);
            self.held.fetch_sub(shard.by_id.len() as u64, Ordering::Relaxed);
            *shard = Requests::default();
        }
        self.numbers.clear();
        self.clients.clear();
        self.prefixes.clear();
        *lock(&self.claims) = Claims::default();
    }

    /// Every request, newest first.
    #[cfg(feature = "sandbox")]
    pub(crate) fn list(&self) -> Vec<(u128, StoredRequest)> {
        let now = self.clock.now();
        let mut all: Vec<_> = self
            .requests
            .iter()
            .flat_map(|shard| lock(shard).by_id.iter().map(|(id, kept)| (*id, kept.stored(now))).collect::<Vec<_>>())
            .collect();
        all.sort_by_key(|(id, stored)| (Reverse(stored.created_at), *id));
        all
    }

    /// A request as it stands.
    #[cfg(feature = "sandbox")]
    pub(crate) fn peek(&self, id: u128) -> Option<StoredRequest> {
        let (mut shard, now) = self.requests(id);
        shard.live(id, now).map(|kept| kept.stored(now))
    }

    /// The shard of an id, swept a little; its time is read under the lock, so that no other call's change is newer.
    fn requests(&self, id: u128) -> (MutexGuard<'_, Requests>, Timestamp) {
        let mut shard = lock(&self.requests[(id as usize) % SHARDS]);
        let now = self.clock.now();
        self.sweep(&mut shard, now);
        (shard, now)
    }

    fn sweep(&self, shard: &mut Requests, now: Timestamp) {
        for _ in 0..SWEPT_A_CALL {
            let Some(&Reverse((due, id))) = shard.due.peek() else { return };
            if now < due {
                return;
            }
            shard.due.pop();
            let Some(kept) = shard.by_id.get_mut(&id).filter(|kept| kept.due == due) else { continue };
            let until = kept.until();
            if now < until {
                // A resend made it live longer.
                kept.due = until;
                shard.due.push(Reverse((until, id)));
            } else {
                shard.by_id.remove(&id);
                self.held.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// Room for one more request, if need be by sweeping what other shards have due.
    fn take_room(&self, id: u128) -> bool {
        let take = || {
            self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                (held < self.max_requests).then_some(held + 1)
            })
        };
        take().is_ok()
            || (0..SHARDS as u128).any(|step| {
                drop(self.requests(id.wrapping_add(step)));
                take().is_ok()
            })
    }

    fn client(&self, hash: ClientHash) -> ClientKey {
        self.secrets.each_ref().map(|secret| secret.hash_one(hash))
    }

    /// Counts an SMS of a request for all that it counts for, or for none of them and says which limit is in the way, and the
    /// request that the pause is after.
    fn count_sms(
        &self,
        request: u128,
        counted: &Subjects,
        now: Timestamp,
        limits: &Limits,
    ) -> Result<(), (SmsLimit, Option<u128>)> {
        // Always in this order, so that no two calls wait for each other.
        let of_number = limits.of_number();
        let mut number = of_number.count_sms().then(|| self.numbers.lock(counted.number, now, of_number));
        let mut client = counted.client.map(|client| self.clients.lock(client, now, limits.of_client()));
        let mut prefix = counted.prefix.map(|prefix| self.prefixes.lock(prefix, now, limits.of_prefix()));
        let latest = number.as_ref().and_then(|number| number.counters.latest).map(|latest| latest.request);
        let wait = number.as_ref().and_then(|number| number.sms_wait(now)).map(SmsLimit::of_number);
        let wait = wait.or_else(|| client.as_ref()?.sms_wait(now).map(SmsLimit::of_client));
        if let Some(limit) = wait.or_else(|| prefix.as_ref()?.sms_wait(now).map(SmsLimit::of_prefix)) {
            return Err((limit, latest.filter(|_| matches!(limit, SmsLimit::ResendAfter(_)))));
        }
        if let Some(number) = &mut number {
            number.count_sms(now, request);
        }
        if let Some(client) = &mut client {
            client.count_sms(now, request);
        }
        if let Some(prefix) = &mut prefix {
            prefix.count_sms(now, request);
        }
        Ok(())
    }

    fn create_now(&self, request: NewRequest) -> CreateResult {
        let mut claims = request.idempotency_key.is_some().then(|| lock(&self.claims));
        if let Some(claims) = &mut claims {
            let now = self.clock.now();
            claims.sweep(now);
            for key in request.idempotency_key.iter().chain(&request.previous_idempotency_keys) {
                if let Some(claimed) = claims.by_key.get(key).filter(|claimed| now < claimed.until)
                    && let ClaimedBy::Engine(id) = claimed.by
                    && let (mut shard, now) = self.requests(id)
                    && let Some(kept) = shard.live(id, now)
                {
                    if claimed.number != Some(request.number) {
                        return CreateResult::OtherNumber;
                    }
                    return CreateResult::Known(Box::new((id, kept.stored(now))));
                }
            }
        }
        if !self.take_room(request.id) {
            return CreateResult::Full;
        }
        let (mut shard, now) = self.requests(request.id);
        let client = request.terms.client.map(|hash| self.client(hash));
        let counted = Subjects::of(&request.limits, request.number, client);
        if let Err((limit, latest)) = self.count_sms(request.id, &counted, now, &request.limits) {
            self.held.fetch_sub(1, Ordering::Relaxed);
            drop(shard);
            let is_pending = |id: &u128| {
                let (mut shard, now) = self.requests(*id);
                shard.live(*id, now).is_some_and(|kept| kept.record.state(now) == State::Pending)
            };
            return CreateResult::RateLimited { limit, pending: latest.filter(is_pending) };
        }
        let mut kept = Kept {
            due: Timestamp::default(),
            record: Record::new(now, request.terms.terms.validity.duration()),
            code: request.code,
            number: request.number,
            client: client.map(Box::new),
            terms: request.terms.terms,
            created_at: now,
            retention: request.retention,
            sms: SmsStatus::Unknown,
            delivery: 0,
            under_way: true,
            idempotency_key: request.idempotency_key.map(Box::new),
            replaced: None,
        };
        let (stored, until) = (kept.stored(now), kept.until());
        kept.due = until;
        shard.due.push(Reverse((until, request.id)));
        shard.by_id.insert(request.id, Box::new(kept));
        if let (Some(claims), Some(key)) = (&mut claims, request.idempotency_key) {
            let by = ClaimedBy::Engine(request.id);
            claims.insert(key, Claimed { number: Some(request.number), counted_at: now, until, by });
        }
        CreateResult::New(stored)
    }

    fn claim_now(&self, claim: NewClaim) -> Result<IdempotencyClaim, Error> {
        let NewClaim { key, previous_keys, owner, number, client, retention, limits } = claim;
        let mut claims = lock(&self.claims);
        let now = self.clock.now();
        claims.sweep(now);
        for key in [&key].into_iter().chain(&previous_keys) {
            if let Some(claimed) = claims.by_key.get(key).filter(|claimed| now < claimed.until) {
                return Ok(match &claimed.by {
                    _ if claimed.number != Some(number) => IdempotencyClaim::OtherNumber,
                    ClaimedBy::Client { response: Some(response), .. } => IdempotencyClaim::Known(response.clone()),
                    ClaimedBy::Client { owner: by, .. } if *by == owner => IdempotencyClaim::New,
                    _ => IdempotencyClaim::UnderWay,
                });
            }
        }
        self.has_room(&claims)?;
        let counted = Subjects::of(&limits, number, client.map(|hash| self.client(hash)));
        if let Err((limit, _)) = self.count_sms(owner, &counted, now, &limits) {
            return Ok(IdempotencyClaim::RateLimited(limit));
        }
        let by = ClaimedBy::Client { owner, response: None };
        claims.insert(key, Claimed { number: Some(number), counted_at: now, until: now.after(retention), by });
        Ok(IdempotencyClaim::New)
    }

    fn has_room(&self, claims: &Claims) -> Result<(), Error> {
        if (claims.by_key.len() as u64) < self.max_requests {
            return Ok(());
        }
        let detail = "the store holds as many idempotency keys as it may";
        Err(Error::new(ErrorCode::RateLimited, detail).with_limit("max_requests"))
    }

    fn release_now(&self, claim: &NewClaim) {
        let mut claims = lock(&self.claims);
        if claims.of(&claim.key, claim.owner).is_none() {
            return;
        }
        let Some(claimed) = claims.remove(&claim.key) else { return };
        let counted = Subjects::of(&claim.limits, claim.number, claim.client.map(|hash| self.client(hash)));
        self.give_sms_back(&counted, claim.limits.of_number().count_sms(), claimed.counted_at, claim.owner);
    }

    fn count_attempt_now(&self, attempt: &ClientAttempt) -> Result<Option<Duration>, Error> {
        let mut claims = lock(&self.claims);
        let now = self.clock.now();
        claims.sweep(now);
        if claims.by_key.contains_key(&attempt.token()) {
            return Ok(None);
        }
        self.has_room(&claims)?;
        let limits = CounterLimits { wrong_codes: Some(attempt.quota), ..CounterLimits::default() };
        let mut counting = self.clients.lock(self.client(attempt.client), now, limits);
        if let Some(wait) = counting.counters.wrong_codes.wait(now, &attempt.quota) {
            return Ok(Some(wait));
        }
        counting.counters.wrong_codes = counting.counters.wrong_codes.counted(now, &attempt.quota);
        let claimed = Claimed { number: None, counted_at: now, until: now.after(ATTEMPT_KEPT), by: ClaimedBy::Attempt };
        claims.insert(attempt.token(), claimed);
        Ok(None)
    }

    fn give_attempt_back_now(&self, attempt: &ClientAttempt) {
        let mut claims = lock(&self.claims);
        let Some(claimed) = claims.remove(&attempt.token()) else { return };
        let client = self.client(attempt.client);
        if let Some(counters) = self.clients.shard(client).counters.get_mut(&client) {
            counters.wrong_codes.give_back(claimed.counted_at);
        }
    }

    fn give_sms_back(&self, counted: &Subjects, counts_number: bool, counted_at: Timestamp, request: u128) {
        if counts_number {
            self.numbers.give_sms_back(&counted.number, counted_at, request);
        }
        if let Some(client) = counted.client {
            self.clients.give_sms_back(&client, counted_at, request);
        }
        if let Some(prefix) = counted.prefix {
            self.prefixes.give_sms_back(&prefix, counted_at, request);
        }
    }

    fn validate_now(&self, id: u128, attempt: &Attempt<'_>) -> Result<Option<OutcomeDetails>, Error> {
        let (mut shard, now) = self.requests(id);
        let Some(kept) = shard.live(id, now) else { return Ok(None) };
        if !is_key_known(attempt.codes, &kept.code) {
            return Err(wrong_key());
        }
        if attempt.number.is_some_and(|number| number != kept.number) {
            return Ok(None);
        }
        let (number, limits) = (kept.number, &attempt.limits);
        let is_right = attempt.codes.iter().fold(Choice::from(0), |found, code| found | code.ct_eq(&kept.code));
        let (record, result) =
            kept.record.step(Event::Validate { code_is_right: is_right.into() }, now, &limits.request);
        let EventResult::Outcome(outcome) = result else { return Ok(None) };
        let mut details = details_of(outcome, &record, &limits.request);
        if matches!(outcome, Outcome::Verified | Outcome::WrongCode) {
            // Looking and counting are one step: requests of the same number, or of the same client, meet here alone.
            let of_number = limits.of_number();
            let mut number = of_number.wrong_codes.map(|quota| (self.numbers.lock(number, now, of_number), quota));
            let of_client = limits.of_client();
            let mut client = attempt.client.zip(of_client.wrong_codes).map(|(hash, quota)| {
                let counting = self.clients.lock(self.client(hash), now, of_client);
                (counting, quota)
            });
            let is_full = |counters: &Counters, quota| counters.wrong_codes.wait(now, quota).is_some();
            if number.as_ref().is_some_and(|(number, quota)| is_full(&number.counters, quota)) {
                return Ok(Some(OutcomeDetails::stopped_by("wrong_codes_per_number")));
            }
            if client.as_ref().is_some_and(|(client, quota)| is_full(&client.counters, quota)) {
                return Ok(Some(OutcomeDetails::stopped_by("wrong_codes_per_client")));
            }
            let is_right = outcome.is_verified();
            if let Some((number, quota)) = &mut number {
                let before = number.counters.wrong_codes;
                number.counters.wrong_codes = if is_right { Window::default() } else { before.counted(now, quota) };
            }
            if let Some((client, quota)) = client.as_mut().filter(|_| !is_right) {
                client.counters.wrong_codes = client.counters.wrong_codes.counted(now, quota);
            }
            if !is_right {
                let left = |counters: &Counters, quota| counters.wrong_codes.left(now, quota);
                details = OutcomeDetails::wrong_code([
                    details.attempts_left,
                    number.as_ref().map(|(number, quota)| left(&number.counters, quota)),
                    client.as_ref().map(|(client, quota)| left(&client.counters, quota)),
                ]);
            }
        }
        kept.record = record;
        Ok(Some(details))
    }

    fn resend_now(&self, id: u128, resend: &NewResend) -> Option<ResendResult> {
        let NewResend { code, limits, .. } = resend;
        let (mut shard, now) = self.requests(id);
        let kept = shard.live(id, now)?;
        let event = Event::Resend { validity: kept.terms.validity.duration() };
        let (record, result) = kept.record.step(event, now, &limits.request);
        match result {
            EventResult::Resend => {}
            EventResult::RateLimited { retry_after } => {
                return Some(ResendResult::RateLimited(SmsLimit::of(retry_after)));
            }
            _ => return Some(ResendResult::Conflict),
        }
        // Two hand-overs at once: were the second certainly not sent, it would not be known which code counts.
        if kept.replaced.is_some() && now < kept.record.sent_at.after(DELIVERY_TIMEOUT) {
            return Some(ResendResult::RateLimited(SmsLimit::ResendAfter(Duration::from_secs(1))));
        }
        let counted = Subjects::of(limits, kept.number, kept.client.as_deref().copied());
        if let Err((limit, _)) = self.count_sms(id, &counted, now, limits) {
            return Some(ResendResult::RateLimited(limit));
        }
        kept.replaced = Some(Box::new((kept.code, kept.record, kept.sms)));
        kept.record = record;
        kept.code = *code;
        kept.sms = SmsStatus::Unknown;
        kept.delivery = kept.delivery.saturating_add(1);
        kept.under_way = true;
        Some(ResendResult::Ready { delivery: kept.delivery, stored: kept.stored(now) })
    }

    fn record_delivery_now(&self, id: u128, delivery: u32, end: DeliveryStatus, counted: &Counted) {
        let (mut shard, now) = self.requests(id);
        let is_it = |kept: &&mut Kept| kept.delivery == delivery && kept.under_way;
        let Some(kept) = shard.live(id, now).filter(is_it) else { return };
        kept.under_way = false;
        let sent_at = kept.record.sent_at;
        // What `terms` gave is keyed already: the request has it.
        let client = kept.client.as_deref().copied().filter(|_| counted.client.is_some());
        let mut free_key = None;
        match (end, kept.replaced.take()) {
            (DeliveryStatus::Sent, _) => {
                kept.sms = SmsStatus::Sent;
                return;
            }
            (DeliveryStatus::PossiblySent, _) => return,
            (DeliveryStatus::NotSent, Some(replaced)) => {
                let (code, record, sms) = *replaced;
                kept.code = code;
                kept.sms = sms;
                // Attempts made and a cancellation in the meantime stay.
                kept.record = Record { wrong_codes: kept.record.wrong_codes, progress: kept.record.progress, ..record };
                // It may have been put down for removal after the validity that it has no longer.
                let until = kept.until();
                if until < kept.due {
                    kept.due = until;
                    shard.due.push(Reverse((until, id)));
                }
            }
            (DeliveryStatus::NotSent, None) => {
                free_key = shard.by_id.remove(&id).and_then(|kept| kept.idempotency_key);
                self.held.fetch_sub(1, Ordering::Relaxed);
                shard.forget_removed();
            }
        }
        drop(shard);
        let counted = Subjects { number: counted.number, client, prefix: counted.prefix };
        self.give_sms_back(&counted, true, sent_at, id);
        if let Some(key) = free_key {
            // The key of a request that was not sent is free again.
            let mut claims = lock(&self.claims);
            if claims.is_of_request(&key, id) {
                claims.remove(&key);
            }
        }
    }
}

/// What spreads over the shards.
trait Spread: Copy + Eq + Ord + Hash {
    fn spread(self) -> usize;
}

impl Spread for PhoneNumber {
    fn spread(self) -> usize {
        Self::spread(self)
    }
}

impl Spread for ClientKey {
    fn spread(self) -> usize {
        self[0] as usize
    }
}

impl Spread for u64 {
    fn spread(self) -> usize {
        self as usize
    }
}

impl<K: Spread> Table<K> {
    fn new() -> Self {
        let shard = || Mutex::new(Shard { counters: HashMap::new(), due: BinaryHeap::new() });
        Self((0..SHARDS).map(|_| shard()).collect())
    }

    #[cfg(feature = "sandbox")]
    fn clear(&self) {
        for shard in &self.0 {
            let mut shard = lock(shard);
            shard.counters = HashMap::new();
            shard.due = BinaryHeap::new();
        }
    }

    fn shard(&self, key: K) -> MutexGuard<'_, Shard<K>> {
        lock(&self.0[key.spread() % SHARDS])
    }

    fn lock(&self, key: K, now: Timestamp, limits: CounterLimits) -> Counting<'_, K> {
        let mut shard = self.shard(key);
        for _ in 0..SWEPT_A_CALL {
            let Some(&Reverse((due, swept))) = shard.due.peek() else { break };
            if now < due {
                break;
            }
            shard.due.pop();
            if let Some(until) = shard.counters.get(&swept).map(|counters| counters.end(&limits)) {
                if now < until {
                    shard.due.push(Reverse((until, swept)));
                } else {
                    shard.counters.remove(&swept);
                }
            }
        }
        let counters = shard.counters.get(&key).copied().unwrap_or_default();
        Counting { shard, key, limits, counters }
    }

    fn give_sms_back(&self, key: &K, counted_at: Timestamp, request: u128) {
        if let Some(counters) = self.shard(*key).counters.get_mut(key) {
            counters.give_sms_back(counted_at, request);
        }
    }
}

impl<K: Spread> Counting<'_, K> {
    fn sms_wait(&self, now: Timestamp) -> Option<SmsWait> {
        self.counters.sms_wait(now, &self.limits)
    }

    fn count_sms(&mut self, now: Timestamp, request: u128) {
        self.counters.count_sms(now, request, &self.limits);
    }
}

/// What was counted is kept as long as it counts.
impl<K: Spread> Drop for Counting<'_, K> {
    fn drop(&mut self) {
        let Self { shard, key, limits, counters } = self;
        let until = counters.end(limits);
        if let Some(known) = shard.counters.get_mut(key) {
            *known = *counters;
        } else if until > Timestamp::default() {
            shard.counters.insert(*key, *counters);
            shard.due.push(Reverse((until, *key)));
        }
    }
}

impl Subjects {
    fn of(limits: &Limits, number: PhoneNumber, client: Option<ClientKey>) -> Self {
        let client = client.filter(|_| limits.sms_per_client.is_some());
        Self { number, client, prefix: limits.counted(number, None).prefix }
    }
}

fn as_hash([one, other]: &ClientKey) -> ClientHash {
    (u128::from(*one) << 64 | u128::from(*other)).to_be_bytes()
}

impl Requests {
    fn live(&mut self, id: u128, now: Timestamp) -> Option<&mut Kept> {
        self.by_id.get_mut(&id).map(|kept| &mut **kept).filter(|kept| now < kept.until())
    }

    /// While no SMS can be sent, requests come and go, and what is due for removal must not grow with each of them.
    fn forget_removed(&mut self) {
        let Self { by_id, due } = self;
        if due.len() > 2 * by_id.len() + 1024 {
            due.retain(|Reverse((_, id))| by_id.contains_key(id));
        }
    }
}

impl Kept {
    fn until(&self) -> Timestamp {
        self.record.expires_at.after(self.retention)
    }

    fn stored(&self, now: Timestamp) -> StoredRequest {
        StoredRequest { record: self.record, number: self.number, created_at: self.created_at, sms: self.sms, now }
    }
}

impl Claims {
    fn sweep(&mut self, now: Timestamp) {
        for _ in 0..SWEPT_A_CALL {
            let Some(&(due, key)) = self.due.first() else { return };
            if now < due {
                return;
            }
            self.remove(&key);
        }
    }

    /// The claim of this owner, unless it was completed.
    fn of(&mut self, key: &Digest, owner: u128) -> Option<&mut Option<StoredResponse>> {
        match &mut self.by_key.get_mut(key)?.by {
            ClaimedBy::Client { owner: by, response: response @ None } if *by == owner => Some(response),
            _ => None,
        }
    }

    fn is_of_request(&self, key: &Digest, id: u128) -> bool {
        self.by_key.get(key).is_some_and(|claimed| matches!(claimed.by, ClaimedBy::Engine(by) if by == id))
    }

    fn insert(&mut self, key: Digest, claimed: Claimed) {
        self.remove(&key);
        self.due.insert((claimed.until, key));
        self.by_key.insert(key, claimed);
    }

    fn remove(&mut self, key: &Digest) -> Option<Claimed> {
        let claimed = self.by_key.remove(key)?;
        self.due.remove(&(claimed.until, *key));
        Some(claimed)
    }
}

impl MemoryStore {
    /// The result of a call. What the parent did since a fork this copy does not know, and a lock that another thread of it
    /// held is never released: both would be a second SMS, or a hang.
    fn ready<'a, T: Send + 'a>(&self, call: impl FnOnce() -> T) -> StoreFuture<'a, T> {
        self.checked(|| Ok(call()))
    }

    /// The same of a call that can fail.
    fn checked<'a, T: Send + 'a>(&self, call: impl FnOnce() -> Result<T, Error>) -> StoreFuture<'a, T> {
        let is_ours = std::process::id() == self.process;
        Box::pin(std::future::ready(if is_ours { call() } else { Err(super::forked()) }))
    }
}

impl StoreBackend for MemoryStore {
    fn create(&self, request: NewRequest) -> StoreFuture<'_, CreateResult> {
        self.ready(|| self.create_now(request))
    }

    fn validate<'a>(&'a self, id: u128, attempt: Attempt<'a>) -> StoreFuture<'a, Option<OutcomeDetails>> {
        self.checked(|| self.validate_now(id, &attempt))
    }

    fn cancel(&self, id: u128) -> StoreFuture<'_, Option<State>> {
        self.ready(|| {
            let (mut shard, now) = self.requests(id);
            shard.live(id, now).map(|kept| {
                kept.record = kept.record.step(Event::Cancel, now, &NO_LIMITS).0;
                kept.record.state(now)
            })
        })
    }

    fn terms(&self, id: u128) -> StoreFuture<'_, Option<StoredTerms>> {
        self.ready(|| {
            let (mut shard, now) = self.requests(id);
            shard.live(id, now).map(|kept| StoredTerms {
                number: kept.number,
                client: kept.client.as_deref().map(as_hash),
                terms: kept.terms.clone(),
            })
        })
    }

    fn resend(&self, id: u128, resend: NewResend) -> StoreFuture<'_, Option<ResendResult>> {
        self.ready(|| self.resend_now(id, &resend))
    }

    fn record_delivery(&self, id: u128, delivery: u32, end: DeliveryStatus, counted: Counted) -> StoreFuture<'_, ()> {
        self.ready(|| self.record_delivery_now(id, delivery, end, &counted))
    }

    fn get(&self, id: u128) -> StoreFuture<'_, Option<StoredRequest>> {
        self.ready(|| {
            let (mut shard, now) = self.requests(id);
            shard.live(id, now).map(|kept| kept.stored(now))
        })
    }

    fn claim(&self, claim: NewClaim) -> StoreFuture<'_, IdempotencyClaim> {
        let claimed = self.ready(|| self.claim_now(claim));
        Box::pin(async { claimed.await? })
    }

    fn complete(&self, key: Digest, owner: u128, response: StoredResponse) -> StoreFuture<'_, ()> {
        self.ready(|| {
            if let Some(stored) = lock(&self.claims).of(&key, owner) {
                *stored = Some(response);
            }
        })
    }

    fn release(&self, claim: NewClaim) -> StoreFuture<'_, ()> {
        self.ready(|| self.release_now(&claim))
    }

    fn count_attempt(&self, attempt: ClientAttempt) -> StoreFuture<'_, Option<Duration>> {
        self.checked(|| self.count_attempt_now(&attempt))
    }

    fn give_attempt_back(&self, attempt: ClientAttempt) -> StoreFuture<'_, ()> {
        self.ready(|| self.give_attempt_back_now(&attempt))
    }

    fn find(&self, number: PhoneNumber, _: Limits) -> StoreFuture<'_, FoundNumber> {
        self.ready(|| {
            let now = self.clock.now();
            let of_number = |shard: &Mutex<Requests>| {
                let of_shard = lock(shard);
                let live = of_shard.by_id.iter().filter(|(_, kept)| kept.number == number && now < kept.until());
                live.map(|(id, kept)| (*id, kept.stored(now))).collect::<Vec<_>>()
            };
            let requests = self.requests.iter().flat_map(of_number).collect();
            let counters = self.numbers.shard(number).counters.get(&number).copied().unwrap_or_default();
            FoundNumber { requests, counters, now }
        })
    }

    fn unlock(&self, number: PhoneNumber) -> StoreFuture<'_, ()> {
        self.ready(|| {
            self.numbers.shard(number).counters.remove(&number);
        })
    }

    fn erase(&self, number: PhoneNumber) -> StoreFuture<'_, u64> {
        self.ready(|| {
            let mut claims = lock(&self.claims);
            let used: Vec<_> = claims
                .by_key
                .iter()
                .filter(|(_, claimed)| claimed.number == Some(number))
                .map(|(key, _)| *key)
                .collect();
            for key in &used {
                claims.remove(key);
            }
            let mut erased = 0;
            for shard in &self.requests {
                let mut shard = lock(shard);
                let before = shard.by_id.len();
                shard.by_id.retain(|_, kept| kept.number != number);
                erased += (before - shard.by_id.len()) as u64;
                shard.forget_removed();
            }
            self.held.fetch_sub(erased, Ordering::Relaxed);
            self.numbers.shard(number).counters.remove(&number);
            erased
        })
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        self.ready(|| ())
    }

    fn is_in_process(&self) -> bool {
        true
    }
}

/// A cancellation is bound by no limit.
const NO_LIMITS: RequestLimits = Limits::NONE.request;

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::machine::Quota;
    use crate::verification::RequestOptions;

    fn claim(key: u128) -> Result<NewClaim, Error> {
        let mut digest = [0; 32];
        digest[..16].copy_from_slice(&key.to_le_bytes());
        let (number, retention) = (PhoneNumber::parse("351-910000000")?, Duration::from_secs(3600));
        let (previous_keys, limits) = (Vec::new(), Limits::NONE);
        Ok(NewClaim { key: digest, previous_keys, owner: key, number, client: None, retention, limits })
    }

    fn refusal<T>(mut result: StoreFuture<'_, T>) -> Option<ErrorCode> {
        match result.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(error)) => Some(error.code()),
            _ => None,
        }
    }

    /// A call that waited for a lock would wait for ever: all of them are held, as if by the parent's threads.
    #[test]
    fn in_a_forked_child_every_call_is_refused_before_it_takes_a_lock() -> Result<(), Error> {
        let store = MemoryStore { process: 0, ..MemoryStore::new(10) };
        let _claims = lock(&store.claims);
        let _requests: Vec<_> = store.requests.iter().map(lock).collect();
        let _numbers: Vec<_> = store.numbers.0.iter().map(lock).collect();
        let claim = claim(1)?;
        let response = StoredResponse { id: String::new(), created_at: Timestamp(0), expires_at: Timestamp(0) };
        let attempt = Attempt { id: 1, codes: &[], number: None, client: None, limits: Limits::NONE };
        let terms = StoredTerms {
            number: claim.number,
            client: None,
            terms: Arc::new(Terms::check(&RequestOptions::default())?),
        };
        let resend = NewResend { command: 1, code: [0; 32], terms, limits: Limits::NONE };
        let quota = Quota { limit: 1, per: Duration::from_secs(1) };
        let client_attempt = ClientAttempt { id: 1, client: [0; 16], quota };
        let refused = [
            refusal(store.validate(1, attempt)),
            refusal(store.cancel(1)),
            refusal(store.terms(1)),
            refusal(store.resend(1, resend)),
            refusal(store.record_delivery(1, 0, DeliveryStatus::Sent, Limits::NONE.counted(claim.number, None))),
            refusal(store.get(1)),
            refusal(store.claim(claim.clone())),
            refusal(store.complete(claim.key, claim.owner, response)),
            refusal(store.release(claim.clone())),
            refusal(store.count_attempt(client_attempt)),
            refusal(store.give_attempt_back(client_attempt)),
            refusal(store.ping()),
        ];
        assert_eq!(refused, [Some(ErrorCode::Forked); 12]);
        Ok(())
    }

    #[tokio::test]
    async fn of_a_client_a_hash_under_a_key_of_the_store_is_kept() -> Result<(), Error> {
        let terms = Arc::new(Terms::check(&RequestOptions::default())?);
        let hash: ClientHash = [5; 16];
        let mut kept = Vec::new();
        for _ in 0..2 {
            let store = MemoryStore::new(10);
            let number = PhoneNumber::parse("351-910000000")?;
            let request = NewRequest {
                id: 1,
                number,
                code: [0; 32],
                terms: StoredTerms { number, client: Some(hash), terms: Arc::clone(&terms) },
                idempotency_key: None,
                previous_idempotency_keys: Vec::new(),
                retention: Duration::ZERO,
                limits: Limits::NONE,
            };
            store.create(request).await?;
            kept.push(store.terms(1).await?.and_then(|terms| terms.client()));
        }
        assert!(kept.iter().all(|kept| kept.is_some_and(|kept| kept != hash)) && kept[0] != kept[1], "{kept:?}");
        Ok(())
    }

    #[tokio::test]
    async fn a_claim_that_is_released_takes_no_room() -> Result<(), Error> {
        let store = MemoryStore::new(10);
        for key in 0..10_000 {
            let claim = claim(key)?;
            assert_eq!(store.claim(claim.clone()).await?, IdempotencyClaim::New);
            store.release(claim).await?;
        }
        let claims = lock(&store.claims);
        assert_eq!((claims.by_key.len(), claims.due.len()), (0, 0));
        Ok(())
    }
}
