//! What holds for every store, each fact a function of a kind of store. The macros make the tests of one:
//! `conforms_one_at_a_time!` and `conforms_at_once!` of every kind, the others of those that have what they are about.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, LazyLock, Mutex};
use std::time::Duration;

use egoi_verify::machine::{Counters, LatestSms, PrefixQuota, Quota, RequestLimits, Timestamp, Window};
use egoi_verify::store::{
    Attempt, ClientAttempt, ClientHash, CreateResult, DeliveryStatus, Digest, IdempotencyClaim, KEY_TAG, Limits,
    NewClaim, NewRequest, NewResend, ResendResult, SmsLimit, StoreBackend, StoredResponse, StoredTerms,
};
use egoi_verify::{
    Clock as _, Engine, EngineOptions, ErrorCode, Outcome, OutgoingSms, PhoneNumber, RequestOptions, State, Store,
    TestClock, parse_number,
};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use super::model::Model;
use super::soak;
use super::watched::Watched;

/// A kind of store.
pub(crate) struct Kind {
    /// Opens an empty store that goes by this clock and, where it is bounded, holds at most so many requests.
    pub(crate) open: fn(u64, Arc<TestClock>) -> Arc<dyn StoreBackend>,
    /// Whether there is a most that it holds.
    pub(crate) is_bounded: bool,
    /// How many random histories the short form replays; the full one 10,000.
    pub(crate) histories: u64,
    /// How often the short form calls at once; the full one 1,000 times.
    pub(crate) rounds: u64,
}

macro_rules! facts {
    ($kind:path: $($fact:ident)*) => {
        $(#[test]
        fn $fact() {
            crate::support::conformance::$fact(&$kind);
        })*
    };
}

macro_rules! conforms_one_at_a_time {
    ($kind:path) => {
        facts! { $kind:
            random_histories_go_as_in_the_pure_machine
            a_request_is_there_until_keep_is_over_to_the_millisecond
            a_request_for_another_number_is_not_there_and_counts_no_attempt
            any_of_the_given_digests_may_be_the_right_one
            a_code_under_another_key_is_misconfigured_and_counts_no_attempt
            an_old_code_after_a_resend_never_verifies
            the_sms_window_starts_at_the_first_sms
            requests_and_resends_count_together
            an_sms_is_given_back_after_not_sent_alone
            an_sms_given_back_late_is_not_given_to_the_next_window
            wrong_codes_of_a_number_count_across_its_requests
            a_success_clears_the_wrong_codes_of_its_number
            the_wrong_codes_of_one_number_do_not_count_for_another
            a_key_of_a_request_that_was_not_sent_is_free_again
            a_resend_while_another_is_handed_over_has_to_wait
            a_hand_over_that_ended_ends_no_more
            a_request_within_the_pause_is_refused_with_the_pending_one
            a_request_within_the_pause_names_no_request_that_is_over
            a_resend_waits_for_the_sms_of_another_request_too
            a_pause_after_an_sms_that_was_not_sent_is_none
            the_sms_of_a_client_count_across_numbers
            the_wrong_codes_of_a_client_count_across_numbers
            a_success_clears_no_wrong_codes_of_its_client
            the_sms_of_a_prefix_count_across_numbers
            an_sms_that_one_limit_stops_counts_for_none
            an_sms_is_given_back_to_its_client_and_its_prefix
        }
    };
}

/// Of a store that a support desk can look into.
macro_rules! conforms_for_support {
    ($kind:path) => {
        facts! { $kind:
            a_number_is_found_with_its_requests_and_what_is_counted
            a_number_that_is_unlocked_has_its_limits_anew
            of_a_number_that_is_erased_nothing_is_left
        }
    };
}

macro_rules! conforms_at_once {
    ($kind:path) => {
        facts! { $kind:
            of_64_right_codes_at_once_exactly_one_is_verified
            of_64_wrong_codes_at_once_no_more_than_the_limit_are_looked_at
            of_64_wrong_codes_for_one_number_at_once_no_more_than_its_limit_are_looked_at
            of_64_requests_for_one_number_at_once_no_more_than_its_limit_are_sent
            of_64_requests_for_one_number_at_once_one_is_sent_before_the_pause_ends
            of_64_requests_of_one_client_at_once_no_more_than_its_limit_are_sent
            of_64_requests_to_one_prefix_at_once_no_more_than_its_limit_are_sent
            of_64_wrong_codes_of_one_client_at_once_no_more_than_its_limit_are_looked_at
            of_64_resends_at_once_one_is_ready
            of_64_requests_with_one_key_at_once_one_is_new
            of_a_success_and_a_cancellation_at_once_one_counts
        }
    };
}

/// Of a store that holds at most so many requests.
macro_rules! conforms_when_bounded {
    ($kind:path) => {
        facts! { $kind:
            past_max_requests_there_is_no_room_until_one_is_over_and_no_longer_kept
            a_request_that_was_not_sent_makes_room
            a_request_put_back_to_a_validity_that_is_over_makes_room
            of_64_requests_at_once_no_more_than_max_requests_are_held
        }
    };
}

/// Of a store that repeats a command whose answer was lost.
macro_rules! conforms_when_answers_are_lost {
    ($kind:path) => {
        facts! { $kind:
            a_repeated_attempt_is_answered_as_at_first_and_counts_once
            a_repeated_request_is_the_same_and_counts_once
            a_repeated_request_with_a_key_is_the_same
            a_repeated_resend_is_the_same_hand_over_and_counts_once
        }
    };
}

/// Of a store that a `Client` can keep its idempotency keys in too.
macro_rules! conforms_for_clients {
    ($kind:path) => {
        facts! { $kind:
            a_claimed_key_is_under_way_until_it_is_completed_and_then_known
            a_claimed_key_is_not_for_another_number
            a_released_key_is_free_again
            a_claim_is_completed_and_released_by_its_owner_only
            a_completed_key_is_neither_released_nor_completed_again
            a_claim_that_is_repeated_by_its_owner_is_new
            a_key_that_was_claimed_under_a_previous_key_is_not_claimed_again
            of_64_claims_of_a_key_under_two_keys_at_once_one_is_new
            a_claimed_key_is_free_again_when_its_retention_ends
            a_key_of_an_engines_request_is_claimed_until_it_is_known_not_to_be_sent
        }
        conforms_for_limits_of_clients!($kind);
        facts! { $kind:
            of_64_claims_of_one_client_at_once_no_more_than_its_limit_are_new
            of_64_claims_for_one_prefix_at_once_no_more_than_its_limit_are_new
            of_64_attempts_of_one_client_at_once_no_more_than_its_limit_are_counted
            of_64_releases_of_a_claim_at_once_one_gives_its_sms_back
        }
    };
}

/// Of a store that counts for a `Client`, one call at a time.
macro_rules! conforms_for_limits_of_clients {
    ($kind:path) => {
        facts! { $kind:
            a_claim_counts_for_its_number_its_client_and_its_prefix
            a_claim_that_a_limit_refuses_leaves_nothing_behind
            a_claim_that_is_repeated_counts_once
            a_key_that_is_known_or_under_way_counts_nothing
            a_release_gives_the_sms_back_once
            a_release_gives_nothing_back_that_the_claim_did_not_count
            a_release_that_comes_late_gives_nothing_to_the_next_window
            the_attempts_of_a_client_count_until_they_are_given_back
            an_attempt_that_is_repeated_counts_once
            an_attempt_given_back_late_is_not_given_to_the_next_window
            the_sms_and_the_wrong_codes_of_engines_and_clients_count_together
        }
    };
}

#[allow(unused_imports, reason = "not every program of tests has every kind")]
pub(crate) use {
    conforms_at_once, conforms_for_clients, conforms_for_limits_of_clients, conforms_for_support,
    conforms_one_at_a_time, conforms_when_answers_are_lost, conforms_when_bounded, facts,
};

// What the facts are made of

const THREADS: usize = 64;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const MS: Duration = Duration::from_millis(1);
const NO_LIMITS: Limits = Limits::NONE;
pub(crate) const RIGHT: Digest = code(1);
const WRONG: Digest = code(2);
/// What [`RIGHT`] would be under another key.
const UNDER_ANOTHER_KEY: Digest = [1; 32];

/// What stands for a code, all of them under the same key.
pub(crate) const fn code(i: u8) -> Digest {
    let mut digest = [i; 32];
    let mut at = 0;
    while at < KEY_TAG {
        digest[at] = 0;
        at += 1;
    }
    digest
}

pub(crate) static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

/// Waits for a store's answer, in any thread.
pub(crate) fn wait<T>(later: impl Future<Output = Result<T, egoi_verify::Error>>) -> T {
    RUNTIME.handle().block_on(later).unwrap()
}

pub(crate) fn number(i: usize) -> PhoneNumber {
    parse_number(&format!("351-{}", 910_000_000 + i), None).unwrap()
}

/// What a request for a number with a validity asks for. Only an engine can say it.
pub(crate) fn terms(number: PhoneNumber, seconds: u64) -> StoredTerms {
    terms_for(number, seconds, None)
}

/// The same for a client.
pub(crate) fn terms_for(number: PhoneNumber, seconds: u64, client: Option<usize>) -> StoredTerms {
    type Asked = (PhoneNumber, u64, Option<usize>);
    static KNOWN: LazyLock<Mutex<HashMap<Asked, StoredTerms>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap();
    let asked = known.entry((number, seconds, client)).or_insert_with(|| {
        let store = Arc::new(Watched::new(Arc::new(TestClock::default())));
        let options =
            EngineOptions::default().store(Store::custom(Arc::clone(&store) as Arc<dyn StoreBackend>).key([0; 32]));
        let engine = Engine::new(|_: OutgoingSms| async { Ok(()) }, options).unwrap();
        let mut request = RequestOptions::default().ttl(Duration::from_secs(seconds));
        if let Some(client) = client {
            request = request.client(format!("client {client}"));
        }
        wait(engine.request_to(number, request));
        store.terms.lock().unwrap().pop().unwrap()
    });
    asked.clone()
}

/// What stands for a client.
pub(crate) fn client_hash(client: usize) -> ClientHash {
    terms_for(number(0), 600, Some(client)).client().unwrap()
}

/// A store, and its clock, which stands still.
struct Opened {
    store: Arc<dyn StoreBackend>,
    clock: Arc<TestClock>,
}

fn open(with: &Kind) -> Opened {
    open_for(with, 1_000_000)
}

fn open_for(with: &Kind, max_requests: u64) -> Opened {
    let clock = Arc::new(TestClock::default());
    clock.freeze(true);
    Opened { store: (with.open)(max_requests, Arc::clone(&clock)), clock }
}

fn new_request(id: u128, number: PhoneNumber, limits: Limits) -> NewRequest {
    let terms = terms(number, 600);
    NewRequest {
        id,
        number,
        code: RIGHT,
        terms,
        idempotency_key: None,
        previous_idempotency_keys: Vec::new(),
        retention: DAY,
        limits,
    }
}

fn attempt(code: &Digest, limits: Limits) -> Attempt<'_> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let id = NEXT.fetch_add(1, Ordering::Relaxed).into();
    Attempt { id, codes: std::slice::from_ref(code), number: None, client: None, limits }
}

/// A command of its own.
pub(crate) fn new_resend(code: Digest, number: PhoneNumber, limits: Limits) -> NewResend {
    NewResend { command: rand::random(), code, terms: terms(number, 600), limits }
}

impl Opened {
    fn create(&self, id: u128, number: PhoneNumber, limits: Limits) -> CreateResult {
        wait(self.store.create(new_request(id, number, limits)))
    }

    fn validate(&self, id: u128, code: &Digest, limits: Limits) -> Option<Outcome> {
        wait(self.store.validate(id, attempt(code, limits))).map(|details| details.outcome)
    }

    /// Of a request for the first number.
    fn resend(&self, id: u128, code: Digest, limits: Limits) -> ResendResult {
        wait(self.store.resend(id, new_resend(code, number(0), limits))).unwrap()
    }

    fn record_delivery(&self, id: u128, delivery: u32, end: DeliveryStatus) {
        // For the first number, and nobody else.
        wait(self.store.record_delivery(id, delivery, end, NO_LIMITS.counted(number(0), None)));
    }

    fn is_there(&self, id: u128) -> bool {
        wait(self.store.get(id)).is_some()
    }

    /// What 64 threads are answered that call at the same moment.
    fn at_once<T: Send>(&self, call: impl Fn(&dyn StoreBackend, usize) -> T + Sync) -> Vec<T> {
        let start = Barrier::new(THREADS);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let (start, call, store) = (&start, &call, &*self.store);
                    scope.spawn(move || {
                        start.wait();
                        call(store, thread)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }
}

fn count<T: PartialEq>(answers: &[T], answer: &T) -> usize {
    answers.iter().filter(|each| *each == answer).count()
}

fn said(created: &CreateResult) -> String {
    match created {
        CreateResult::New(stored) => format!("new {stored:?}"),
        CreateResult::Known(known) => format!("known {:?}", **known),
        CreateResult::OtherNumber => "other number".to_owned(),
        CreateResult::RateLimited { limit, pending } => format!("rate limited by {limit:?}, pending {pending:?}"),
        CreateResult::Full => "full".to_owned(),
    }
}

fn resent(resending: &ResendResult) -> String {
    match resending {
        ResendResult::Ready { delivery, stored } => format!("ready {delivery} {stored:?}"),
        ResendResult::Conflict => "conflict".to_owned(),
        ResendResult::RateLimited(limit) => format!("rate limited by {limit:?}"),
    }
}

// Random histories

/// Each history is made from its number, which a failure names, with what was called so far.
pub(crate) fn random_histories_go_as_in_the_pure_machine(with: &Kind) {
    for number in 0..soak::count(with.histories, 10_000) {
        replay(with, number);
    }
}

fn replay(with: &Kind, history: u64) {
    let random = &mut SmallRng::seed_from_u64(history);
    let max_requests = if random.random_bool(0.3) { random.random_range(1..4) } else { 1000 };
    let limits = random_limits(random);
    let retention = Duration::from_secs(random.random_range(0..1000));
    let opened = open_for(with, max_requests);
    let store = &*opened.store;
    let mut model = Model::new(if with.is_bounded { max_requests } else { u64::MAX });
    let mut ids: Vec<u128> = Vec::new();
    let mut hand_overs: Vec<(u128, u32)> = Vec::new();
    let mut asked_by: HashMap<u128, StoredTerms> = HashMap::new();
    let mut log = Vec::new();
    for _ in 0..random.random_range(5..80) {
        advance(random, &model, &opened.clock);
        let now = opened.clock.now();
        let known = if ids.is_empty() { 7 } else { ids[random.random_range(0..ids.len())] };
        // Four codes, so that old ones come back.
        let code = code(random.random_range(0..4u8));
        let (call, expected, answer) = match random.random_range(0..12) {
            0 | 1 => {
                let id: u128 = random.random();
                // The last of them shares no prefix with the others.
                let to = number([0, 1, 2, 10][random.random_range(0..4)]);
                let key = random.random_bool(0.3).then(|| [random.random_range(0..3u8); 32]);
                let client = random.random_bool(0.5).then(|| random.random_range(0..2));
                let asked = terms_for(to, [1, 60, 600][random.random_range(0..3)], client);
                let new = || NewRequest {
                    id,
                    number: to,
                    code,
                    terms: asked.clone(),
                    idempotency_key: key,
                    previous_idempotency_keys: Vec::new(),
                    retention,
                    limits,
                };
                let expected = model.create(new(), now);
                if matches!(expected, CreateResult::New(_)) {
                    ids.push(id);
                    hand_overs.push((id, 0));
                    asked_by.insert(id, asked.clone());
                }
                (format!("create {id} {to} {key:?} {client:?}"), said(&expected), said(&wait(store.create(new()))))
            }
            2..=6 => {
                let to = random.random_bool(0.2).then(|| number(random.random_range(0..3)));
                let codes = [code];
                let attempt_id = random.random();
                let client = random.random_bool(0.5).then(|| client_hash(random.random_range(0..2)));
                let attempt = || Attempt { id: attempt_id, codes: &codes, number: to, client, limits };
                let expected = model.validate(known, &attempt(), now);
                let answer = wait(store.validate(known, attempt()));
                (
                    format!("validate {known} {} {to:?} {client:?}", code[0]),
                    format!("{expected:?}"),
                    format!("{answer:?}"),
                )
            }
            7 => {
                let expected = model.cancel(known, &limits, now);
                (format!("cancel {known}"), format!("{expected:?}"), format!("{:?}", wait(store.cancel(known))))
            }
            8 => {
                let expected = model.resend(known, code, &limits, now);
                if let Some(ResendResult::Ready { delivery, .. }) = expected {
                    hand_overs.push((known, delivery));
                }
                let asked = asked_by.get(&known).cloned().unwrap_or_else(|| terms(number(0), 600));
                let new = NewResend { terms: asked, ..new_resend(code, number(0), limits) };
                let answer = wait(store.resend(known, new));
                let say = |resending: Option<ResendResult>| format!("{:?}", resending.as_ref().map(resent));
                (format!("resend {known} {}", code[0]), say(expected), say(answer))
            }
            // A hand-over ends at any time, and may be said to have ended more than once.
            9 | 10 if !hand_overs.is_empty() => {
                let which = random.random_range(0..hand_overs.len());
                let (id, delivery) = hand_overs[which];
                if random.random_bool(0.7) {
                    hand_overs.swap_remove(which);
                }
                let end = [DeliveryStatus::Sent, DeliveryStatus::NotSent, DeliveryStatus::PossiblySent]
                    [random.random_range(0..3)];
                let asked = &asked_by[&id];
                let counted = limits.counted(asked.number(), asked.client());
                model.record_delivery(id, delivery, end, &counted, now);
                wait(store.record_delivery(id, delivery, end, counted));
                (format!("record_delivery {id} {delivery} {end:?}"), String::new(), String::new())
            }
            _ => {
                let expected = model.terms(known, now).map(|terms| terms.validity());
                let answer = wait(store.terms(known)).map(|terms| terms.validity());
                (format!("terms {known}"), format!("{expected:?}"), format!("{answer:?}"))
            }
        };
        log.push(format!("at {}: {call}: {expected}", now.0));
        assert_eq!(answer, expected, "history {history}: {log:#?}");
        // What the call was about at once; what it should have left alone at the end, which spares a server many calls.
        is_as_in(&mut model, store, ids.last().into_iter().chain([&known]), now, &log);
    }
    is_as_in(&mut model, store, &ids, opened.clock.now(), &log);
}

fn is_as_in<'a>(
    model: &mut Model,
    store: &dyn StoreBackend,
    ids: impl IntoIterator<Item = &'a u128>,
    now: Timestamp,
    log: &[String],
) {
    for id in ids {
        let (expected, found) = (model.get(*id, now), wait(store.get(*id)));
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "get {id} after {log:#?}");
    }
}

fn random_limits(random: &mut SmallRng) -> Limits {
    let quota = |random: &mut SmallRng| {
        let limit = random.random_range(1..6);
        random.random_bool(0.6).then(|| Quota { limit, per: Duration::from_secs(random.random_range(1..500)) })
    };
    Limits {
        request: RequestLimits {
            max_attempts: random.random_bool(0.6).then(|| random.random_range(1..6)),
            max_resends: random.random_bool(0.4).then(|| random.random_range(0..3)),
            resend_after: random.random_bool(0.4).then(|| Duration::from_secs(random.random_range(1..60))),
        },
        wrong_codes_per_number: quota(random),
        sms_per_number: quota(random),
        wrong_codes_per_client: quota(random),
        sms_per_client: quota(random),
        sms_per_prefix: quota(random).map(|Quota { limit, per }| PrefixQuota { limit, per, last_digits: 1 }),
    }
}

/// Nearly always not at all or a little; now and then to the very edge of a request's validity or keep.
fn advance(random: &mut SmallRng, model: &Model, clock: &TestClock) {
    let edges: Vec<_> =
        model.requests.values().flat_map(|request| [request.record.expires_at, request.until()]).collect();
    match random.random_range(0..10) {
        0 if !edges.is_empty() => {
            let edge = edges[random.random_range(0..edges.len())].since(clock.now());
            clock.advance(if random.random_bool(0.5) { edge } else { edge.saturating_sub(MS) });
        }
        1 => clock.advance(Duration::from_millis(random.random_range(0..100_000))),
        2 | 3 => clock.advance(Duration::from_millis(random.random_range(0..20_000))),
        _ => {}
    }
}

// One at a time

pub(crate) fn a_request_is_there_until_keep_is_over_to_the_millisecond(with: &Kind) {
    let opened = open(with);
    opened.create(1, number(0), NO_LIMITS);
    opened.clock.advance(Duration::from_secs(600) + DAY - MS);
    assert_eq!(wait(opened.store.cancel(1)), Some(State::Expired));
    opened.clock.advance(MS);
    assert!(!opened.is_there(1));
    assert_eq!(opened.validate(1, &RIGHT, NO_LIMITS), None);
    assert_eq!(wait(opened.store.cancel(1)), None);
    assert!(wait(opened.store.terms(1)).is_none());
    assert!(wait(opened.store.resend(1, new_resend(WRONG, number(0), NO_LIMITS))).is_none());
}

pub(crate) fn a_request_for_another_number_is_not_there_and_counts_no_attempt(with: &Kind) {
    let opened = open(with);
    opened.create(1, number(0), NO_LIMITS);
    for code in [RIGHT, WRONG] {
        let other = Attempt { number: Some(number(1)), ..attempt(&code, NO_LIMITS) };
        assert!(wait(opened.store.validate(1, other)).is_none());
    }
    let record = wait(opened.store.get(1)).unwrap().record;
    assert_eq!((record.wrong_codes, record.state(opened.clock.now())), (0, State::Pending));
}

pub(crate) fn a_code_under_another_key_is_misconfigured_and_counts_no_attempt(with: &Kind) {
    let opened = open(with);
    let one_attempt = Limits { request: RequestLimits { max_attempts: Some(1), ..NO_LIMITS.request }, ..NO_LIMITS };
    opened.create(1, number(0), one_attempt);
    for _ in 0..3 {
        let attempt = Attempt { codes: &[UNDER_ANOTHER_KEY], ..attempt(&RIGHT, one_attempt) };
        let error = RUNTIME.handle().block_on(opened.store.validate(1, attempt)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Misconfigured, "{error}");
    }
    assert_eq!(opened.validate(1, &RIGHT, one_attempt), Some(Outcome::Verified));
}

pub(crate) fn any_of_the_given_digests_may_be_the_right_one(with: &Kind) {
    for codes in [[RIGHT, WRONG], [WRONG, RIGHT]] {
        let opened = open(with);
        opened.create(1, number(0), NO_LIMITS);
        let said = wait(opened.store.validate(1, Attempt { codes: &codes, ..attempt(&RIGHT, NO_LIMITS) }));
        assert_eq!(said.unwrap().outcome, Outcome::Verified);
    }
}

pub(crate) fn an_old_code_after_a_resend_never_verifies(with: &Kind) {
    for end in [Some(DeliveryStatus::Sent), Some(DeliveryStatus::PossiblySent), None] {
        let opened = open(with);
        opened.create(1, number(0), NO_LIMITS);
        opened.resend(1, code(3), NO_LIMITS);
        if let Some(end) = end {
            opened.record_delivery(1, 1, end);
        }
        assert_eq!(opened.validate(1, &RIGHT, NO_LIMITS), Some(Outcome::WrongCode), "{end:?}");
        assert_eq!(opened.validate(1, &code(3), NO_LIMITS), Some(Outcome::Verified), "{end:?}");
    }
}

fn sms(limit: u32) -> Limits {
    Limits { sms_per_number: Some(Quota { limit, per: HOUR }), ..NO_LIMITS }
}

pub(crate) fn the_sms_window_starts_at_the_first_sms(with: &Kind) {
    let opened = open(with);
    for id in 0..5 {
        assert!(matches!(opened.create(id, number(0), sms(5)), CreateResult::New(_)));
        opened.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(
        said(&opened.create(5, number(0), sms(5))),
        format!("rate limited by {:?}, pending None", SmsLimit::SmsPerNumber(HOUR - 5 * Duration::from_secs(60)))
    );
    opened.clock.advance(HOUR - 5 * Duration::from_secs(60) - MS);
    assert_eq!(
        said(&opened.create(5, number(0), sms(5))),
        format!("rate limited by {:?}, pending None", SmsLimit::SmsPerNumber(MS))
    );
    opened.clock.advance(MS);
    assert!(matches!(opened.create(5, number(0), sms(5)), CreateResult::New(_)));
    assert!(matches!(opened.create(6, number(1), sms(5)), CreateResult::New(_)), "another number has its own");
}

pub(crate) fn requests_and_resends_count_together(with: &Kind) {
    let opened = open(with);
    opened.create(1, number(0), sms(3));
    opened.create(2, number(0), sms(3));
    assert!(matches!(opened.resend(1, WRONG, sms(3)), ResendResult::Ready { .. }));
    let limited = format!("rate limited by {:?}", SmsLimit::SmsPerNumber(HOUR));
    assert_eq!(resent(&opened.resend(2, WRONG, sms(3))), limited);
    assert!(matches!(opened.create(3, number(0), sms(3)), CreateResult::RateLimited { .. }));
}

pub(crate) fn an_sms_is_given_back_after_not_sent_alone(with: &Kind) {
    for (end, room) in [
        (Some(DeliveryStatus::NotSent), true),
        (Some(DeliveryStatus::Sent), false),
        (Some(DeliveryStatus::PossiblySent), false),
        (None, false),
    ] {
        let opened = open(with);
        opened.create(1, number(0), sms(2));
        opened.create(2, number(0), sms(2));
        if let Some(end) = end {
            opened.record_delivery(2, 0, end);
        }
        assert_eq!(matches!(opened.create(3, number(0), sms(2)), CreateResult::New(_)), room, "request, {end:?}");
        let opened = open(with);
        opened.create(1, number(0), sms(2));
        opened.resend(1, WRONG, sms(2));
        if let Some(end) = end {
            opened.record_delivery(1, 1, end);
        }
        assert_eq!(matches!(opened.create(3, number(0), sms(2)), CreateResult::New(_)), room, "resend, {end:?}");
    }
}

pub(crate) fn an_sms_given_back_late_is_not_given_to_the_next_window(with: &Kind) {
    let opened = open(with);
    opened.create(1, number(0), sms(1));
    opened.clock.advance(HOUR);
    assert!(matches!(opened.create(2, number(0), sms(1)), CreateResult::New(_)));
    opened.record_delivery(1, 0, DeliveryStatus::NotSent);
    assert!(matches!(opened.create(3, number(0), sms(1)), CreateResult::RateLimited { .. }));
}

fn wrong_codes(limit: u32) -> Limits {
    Limits { wrong_codes_per_number: Some(Quota { limit, per: DAY }), ..NO_LIMITS }
}

pub(crate) fn wrong_codes_of_a_number_count_across_its_requests(with: &Kind) {
    let opened = open(with);
    let limits = wrong_codes(20);
    for id in 0..20 {
        opened.create(id, number(0), limits);
        assert_eq!(opened.validate(id, &WRONG, limits), Some(Outcome::WrongCode));
        opened.clock.advance(HOUR);
    }
    opened.create(20, number(0), limits);
    assert_eq!(opened.validate(20, &RIGHT, limits), Some(Outcome::TooManyAttempts));
    // 20 hours have passed since the first.
    opened.clock.advance(4 * HOUR - MS);
    opened.create(21, number(0), limits);
    assert_eq!(opened.validate(21, &RIGHT, limits), Some(Outcome::TooManyAttempts));
    opened.clock.advance(MS);
    assert_eq!(opened.validate(21, &RIGHT, limits), Some(Outcome::Verified));
}

pub(crate) fn a_success_clears_the_wrong_codes_of_its_number(with: &Kind) {
    let opened = open(with);
    let limits = wrong_codes(3);
    for id in 1..=3 {
        opened.create(id, number(0), limits);
        assert_eq!(opened.validate(id, &WRONG, limits), Some(Outcome::WrongCode));
        assert_eq!(opened.validate(id, &WRONG, limits), Some(Outcome::WrongCode));
        assert_eq!(opened.validate(id, &RIGHT, limits), Some(Outcome::Verified));
    }
}

pub(crate) fn the_wrong_codes_of_one_number_do_not_count_for_another(with: &Kind) {
    let opened = open(with);
    let limits = wrong_codes(1);
    opened.create(1, number(0), limits);
    opened.create(2, number(1), limits);
    assert_eq!(opened.validate(1, &WRONG, limits), Some(Outcome::WrongCode));
    assert_eq!(opened.validate(1, &WRONG, limits), Some(Outcome::TooManyAttempts));
    assert_eq!(opened.validate(2, &WRONG, limits), Some(Outcome::WrongCode));
}

fn pause(seconds: u64) -> Limits {
    let resend_after = Some(Duration::from_secs(seconds));
    Limits { request: RequestLimits { resend_after, ..NO_LIMITS.request }, ..NO_LIMITS }
}

fn limited(limit: SmsLimit, pending: Option<u128>) -> String {
    said(&CreateResult::RateLimited { limit, pending })
}

pub(crate) fn a_request_within_the_pause_is_refused_with_the_pending_one(with: &Kind) {
    let opened = open(with);
    let wait = Duration::from_secs(30);
    opened.create(1, number(0), pause(30));
    assert_eq!(said(&opened.create(2, number(0), pause(30))), limited(SmsLimit::ResendAfter(wait), Some(1)));
    assert!(matches!(opened.create(3, number(1), pause(30)), CreateResult::New(_)), "another number has its own");
    opened.clock.advance(wait - MS);
    assert_eq!(said(&opened.create(4, number(0), pause(30))), limited(SmsLimit::ResendAfter(MS), Some(1)));
    opened.clock.advance(MS);
    assert!(matches!(opened.create(5, number(0), pause(30)), CreateResult::New(_)));
    assert_eq!(said(&opened.create(6, number(0), pause(30))), limited(SmsLimit::ResendAfter(wait), Some(5)));
}

pub(crate) fn a_request_within_the_pause_names_no_request_that_is_over(with: &Kind) {
    for is_verified in [true, false] {
        let opened = open(with);
        opened.create(1, number(0), pause(30));
        if is_verified {
            opened.validate(1, &RIGHT, pause(30));
        } else {
            wait(opened.store.cancel(1));
        }
        let refused = said(&opened.create(2, number(0), pause(30)));
        assert_eq!(refused, limited(SmsLimit::ResendAfter(Duration::from_secs(30)), None));
    }
}

pub(crate) fn a_resend_waits_for_the_sms_of_another_request_too(with: &Kind) {
    let opened = open(with);
    opened.create(1, number(0), pause(30));
    opened.clock.advance(Duration::from_secs(30));
    opened.create(2, number(0), pause(30));
    opened.clock.advance(Duration::from_secs(10));
    let wait = SmsLimit::ResendAfter(Duration::from_secs(20));
    assert_eq!(resent(&opened.resend(1, WRONG, pause(30))), format!("rate limited by {wait:?}"));
    opened.clock.advance(Duration::from_secs(20));
    assert!(matches!(opened.resend(1, WRONG, pause(30)), ResendResult::Ready { .. }));
    let wait = SmsLimit::ResendAfter(Duration::from_secs(30));
    assert_eq!(said(&opened.create(3, number(0), pause(30))), limited(wait, Some(1)));
}

pub(crate) fn a_pause_after_an_sms_that_was_not_sent_is_none(with: &Kind) {
    for (end, is_over) in
        [(DeliveryStatus::NotSent, true), (DeliveryStatus::Sent, false), (DeliveryStatus::PossiblySent, false)]
    {
        let opened = open(with);
        opened.create(1, number(0), pause(30));
        opened.record_delivery(1, 0, end);
        assert_eq!(matches!(opened.create(2, number(0), pause(30)), CreateResult::New(_)), is_over, "{end:?}");
        let opened = open(with);
        opened.create(1, number(0), pause(30));
        opened.clock.advance(Duration::from_secs(30));
        opened.resend(1, WRONG, pause(30));
        opened.record_delivery(1, 1, end);
        assert_eq!(matches!(opened.create(2, number(0), pause(30)), CreateResult::New(_)), is_over, "resend, {end:?}");
    }
}

/// Of a number: its pause, its SMS and its wrong codes.
fn of_number() -> Limits {
    Limits {
        sms_per_number: sms(5).sms_per_number,
        wrong_codes_per_number: wrong_codes(3).wrong_codes_per_number,
        ..pause(30)
    }
}

pub(crate) fn a_number_is_found_with_its_requests_and_what_is_counted(with: &Kind) {
    let opened = open(with);
    let limits = of_number();
    let nothing = wait(opened.store.find(number(0), limits));
    assert_eq!((nothing.requests.len(), nothing.counters), (0, Default::default()));
    let started = opened.clock.now();
    opened.create(1, number(0), limits);
    opened.validate(1, &WRONG, limits);
    opened.clock.advance(Duration::from_secs(30));
    let latest = opened.clock.now();
    opened.create(2, number(0), limits);
    opened.create(3, number(1), limits);
    let found = wait(opened.store.find(number(0), limits));
    let mut ids: Vec<_> =
        found.requests.iter().map(|(id, stored)| (*id, stored.number, stored.record.wrong_codes)).collect();
    ids.sort_unstable();
    assert_eq!(ids, [(1, number(0), 1), (2, number(0), 0)]);
    let counters = Counters {
        wrong_codes: Window { started, count: 1 },
        sms: Window { started, count: 2 },
        latest: Some(LatestSms { at: latest, request: 2 }),
    };
    assert_eq!((found.counters, found.now), (counters, latest));
    opened.clock.advance(Duration::from_secs(600) + DAY);
    assert!(wait(opened.store.find(number(0), limits)).requests.is_empty(), "they are no longer kept");
}

pub(crate) fn a_number_that_is_unlocked_has_its_limits_anew(with: &Kind) {
    let opened = open(with);
    let limits = of_number();
    opened.create(1, number(0), limits);
    opened.create(2, number(1), limits);
    for _ in 0..3 {
        opened.validate(1, &WRONG, limits);
    }
    assert_eq!(opened.validate(1, &RIGHT, limits), Some(Outcome::TooManyAttempts));
    wait(opened.store.unlock(number(0)));
    assert_eq!(wait(opened.store.find(number(0), limits)).counters, Default::default());
    assert_eq!(opened.validate(1, &RIGHT, limits), Some(Outcome::Verified), "the request is there");
    assert!(matches!(opened.create(3, number(0), limits), CreateResult::New(_)));
    assert!(
        matches!(opened.create(4, number(1), limits), CreateResult::RateLimited { .. }),
        "the other's are not lifted"
    );
}

pub(crate) fn of_a_number_that_is_erased_nothing_is_left(with: &Kind) {
    let opened = open(with);
    let limits = of_number();
    let create = |id, number, key: u8| {
        let new = NewRequest { idempotency_key: Some([key; 32]), ..new_request(id, number, limits) };
        wait(opened.store.create(new))
    };
    create(1, number(0), 8);
    create(2, number(1), 9);
    opened.claim(1, number(0));
    assert_eq!(wait(opened.store.erase(number(0))), 1);
    assert!(!opened.is_there(1));
    let found = wait(opened.store.find(number(0), limits));
    assert_eq!((found.requests.len(), found.counters), (0, Default::default()));
    assert!(matches!(create(3, number(2), 8), CreateResult::New(_)), "its key is free");
    assert_eq!(opened.claim(2, number(2)), IdempotencyClaim::New, "a client's too");
    assert!(opened.is_there(2));
    assert!(matches!(create(4, number(0), 9), CreateResult::OtherNumber), "another number's key is not");
    assert_eq!(wait(opened.store.erase(number(3))), 0);
}

fn client_sms(limit: u32) -> Limits {
    Limits { sms_per_client: Some(Quota { limit, per: HOUR }), ..NO_LIMITS }
}

fn client_wrong_codes(limit: u32) -> Limits {
    Limits { wrong_codes_per_client: Some(Quota { limit, per: HOUR }), ..NO_LIMITS }
}

fn prefix_sms(limit: u32, last_digits: u32) -> Limits {
    Limits { sms_per_prefix: Some(PrefixQuota { limit, per: HOUR, last_digits }), ..NO_LIMITS }
}

impl Opened {
    fn create_for(&self, id: u128, number: PhoneNumber, client: usize, limits: Limits) -> CreateResult {
        let terms = terms_for(number, 600, Some(client));
        wait(self.store.create(NewRequest { terms, ..new_request(id, number, limits) }))
    }

    fn validate_for(&self, id: u128, code: &Digest, client: usize, limits: Limits) -> Outcome {
        let attempt = Attempt { client: Some(client_hash(client)), ..attempt(code, limits) };
        wait(self.store.validate(id, attempt)).unwrap().outcome
    }
}

pub(crate) fn the_sms_of_a_client_count_across_numbers(with: &Kind) {
    let opened = open(with);
    let limits = client_sms(3);
    opened.create_for(1, number(0), 0, limits);
    opened.create_for(2, number(1), 0, limits);
    // A resend counts for the client of its request.
    let terms = terms_for(number(0), 600, Some(0));
    wait(opened.store.resend(1, NewResend { terms, ..new_resend(WRONG, number(0), limits) }));
    let refused = said(&opened.create_for(3, number(2), 0, limits));
    assert_eq!(refused, limited(SmsLimit::SmsPerClient(HOUR), None));
    let terms = terms_for(number(1), 600, Some(0));
    let refused = wait(opened.store.resend(2, NewResend { terms, ..new_resend(WRONG, number(1), limits) })).unwrap();
    assert_eq!(resent(&refused), format!("rate limited by {:?}", SmsLimit::SmsPerClient(HOUR)));
    assert!(matches!(opened.create_for(4, number(2), 1, limits), CreateResult::New(_)), "another has its own");
    assert!(matches!(opened.create(5, number(2), limits), CreateResult::New(_)), "nobody was named");
    opened.clock.advance(HOUR);
    assert!(matches!(opened.create_for(6, number(2), 0, limits), CreateResult::New(_)));
}

pub(crate) fn the_wrong_codes_of_a_client_count_across_numbers(with: &Kind) {
    let opened = open(with);
    let limits = client_wrong_codes(3);
    for id in 0..4 {
        opened.create(id, number(id as usize), limits);
    }
    for id in 0..3 {
        assert_eq!(opened.validate_for(id, &WRONG, 0, limits), Outcome::WrongCode);
    }
    assert_eq!(opened.validate_for(3, &RIGHT, 0, limits), Outcome::TooManyAttempts);
    assert_eq!(wait(opened.store.get(3)).unwrap().record.wrong_codes, 0);
    assert_eq!(opened.validate_for(3, &WRONG, 1, limits), Outcome::WrongCode, "another has its own");
    assert_eq!(opened.validate(3, &WRONG, limits), Some(Outcome::WrongCode), "nobody was named");
    opened.clock.advance(HOUR);
    opened.create(9, number(0), limits);
    assert_eq!(opened.validate_for(9, &RIGHT, 0, limits), Outcome::Verified);
}

pub(crate) fn a_success_clears_no_wrong_codes_of_its_client(with: &Kind) {
    let opened = open(with);
    let limits = client_wrong_codes(2);
    for id in 0..3 {
        opened.create(id, number(id as usize), limits);
    }
    assert_eq!(opened.validate_for(0, &WRONG, 0, limits), Outcome::WrongCode);
    assert_eq!(opened.validate_for(1, &RIGHT, 0, limits), Outcome::Verified);
    assert_eq!(opened.validate_for(2, &WRONG, 0, limits), Outcome::WrongCode);
    assert_eq!(opened.validate_for(2, &RIGHT, 0, limits), Outcome::TooManyAttempts);
}

pub(crate) fn the_sms_of_a_prefix_count_across_numbers(with: &Kind) {
    let opened = open(with);
    let limits = prefix_sms(3, 1);
    for id in 0..3 {
        assert!(matches!(opened.create(id, number(id as usize), limits), CreateResult::New(_)));
    }
    assert_eq!(said(&opened.create(3, number(3), limits)), limited(SmsLimit::SmsPerPrefix(HOUR), None));
    assert!(matches!(opened.create(4, number(10), limits), CreateResult::New(_)), "another prefix has its own");
    let opened = open(with);
    // More digits than there are behind the calling code.
    let limits = prefix_sms(1, 14);
    assert!(matches!(opened.create(1, number(0), limits), CreateResult::New(_)));
    let far = parse_number("+351 961 234 567", None).unwrap();
    assert_eq!(said(&opened.create(2, far, limits)), limited(SmsLimit::SmsPerPrefix(HOUR), None));
    let other_country = parse_number("+34 612 345 678", None).unwrap();
    assert!(matches!(opened.create(3, other_country, limits), CreateResult::New(_)));
}

pub(crate) fn an_sms_that_one_limit_stops_counts_for_none(with: &Kind) {
    let opened = open(with);
    let all = Limits {
        sms_per_number: Some(Quota { limit: 2, per: HOUR }),
        sms_per_client: Some(Quota { limit: 1, per: HOUR }),
        ..prefix_sms(3, 1)
    };
    opened.create_for(1, number(1), 0, all);
    for id in 2..9 {
        // The client is in the way.
        assert_eq!(said(&opened.create_for(id, number(0), 0, all)), limited(SmsLimit::SmsPerClient(HOUR), None));
    }
    assert!(matches!(opened.create_for(9, number(0), 1, all), CreateResult::New(_)));
    assert!(matches!(opened.create_for(10, number(0), 2, all), CreateResult::New(_)));
    // The prefix is, before which number and client are counted.
    assert_eq!(said(&opened.create_for(11, number(2), 3, all)), limited(SmsLimit::SmsPerPrefix(HOUR), None));
    let elsewhere = number(10);
    assert!(matches!(opened.create_for(12, elsewhere, 3, all), CreateResult::New(_)), "the client was not counted");
}

pub(crate) fn an_sms_is_given_back_to_its_client_and_its_prefix(with: &Kind) {
    for (end, room) in [(DeliveryStatus::NotSent, true), (DeliveryStatus::PossiblySent, false)] {
        let opened = open(with);
        let both = Limits { sms_per_client: client_sms(1).sms_per_client, ..prefix_sms(1, 1) };
        opened.create_for(1, number(0), 0, both);
        let counted = both.counted(number(0), Some(client_hash(0)));
        wait(opened.store.record_delivery(1, 0, end, counted));
        let next = opened.create_for(2, number(1), 0, both);
        assert_eq!(matches!(next, CreateResult::New(_)), room, "{end:?}");
        // Of a resend, whom it counts for the store says.
        let opened = open(with);
        let both = Limits { sms_per_client: client_sms(2).sms_per_client, ..prefix_sms(2, 1) };
        opened.create_for(1, number(0), 0, both);
        let terms = wait(opened.store.terms(1)).unwrap();
        let counted = both.counted(terms.number(), terms.client());
        wait(opened.store.resend(1, NewResend { terms, ..new_resend(WRONG, number(0), both) })).unwrap();
        wait(opened.store.record_delivery(1, 1, end, counted));
        let next = opened.create_for(2, number(1), 0, both);
        assert_eq!(matches!(next, CreateResult::New(_)), room, "resend, {end:?}");
    }
}

pub(crate) fn past_max_requests_there_is_no_room_until_one_is_over_and_no_longer_kept(with: &Kind) {
    let opened = open_for(with, 5);
    for id in 0..5 {
        assert!(matches!(opened.create(id << 32, number(0), NO_LIMITS), CreateResult::New(_)));
    }
    opened.validate(0, &RIGHT, NO_LIMITS);
    opened.clock.advance(Duration::from_secs(600) + DAY - MS);
    assert!(matches!(opened.create(5, number(0), NO_LIMITS), CreateResult::Full), "finished requests are kept");
    opened.clock.advance(MS);
    for id in 6..11 {
        assert!(matches!(opened.create(id, number(0), NO_LIMITS), CreateResult::New(_)));
    }
    assert!(matches!(opened.create(11, number(0), NO_LIMITS), CreateResult::Full));
}

pub(crate) fn a_request_that_was_not_sent_makes_room(with: &Kind) {
    let opened = open_for(with, 1);
    for id in 0..1000 {
        let key = (id as u64).to_le_bytes().repeat(4).try_into().ok();
        let new = NewRequest { idempotency_key: key, ..new_request(id, number(0), NO_LIMITS) };
        assert!(matches!(wait(opened.store.create(new)), CreateResult::New(_)), "request {id}");
        opened.record_delivery(id, 0, DeliveryStatus::NotSent);
        assert!(!opened.is_there(id));
    }
}

pub(crate) fn a_request_put_back_to_a_validity_that_is_over_makes_room(with: &Kind) {
    let opened = open_for(with, 1);
    wait(opened.store.create(NewRequest { retention: Duration::ZERO, ..new_request(1, number(0), NO_LIMITS) }));
    opened.clock.advance(Duration::from_secs(599));
    opened.resend(1, WRONG, NO_LIMITS);
    opened.clock.advance(Duration::from_secs(1));
    assert!(opened.is_there(1));
    opened.record_delivery(1, 1, DeliveryStatus::NotSent);
    assert!(!opened.is_there(1));
    assert!(matches!(opened.create(2, number(0), NO_LIMITS), CreateResult::New(_)));
}

pub(crate) fn a_key_of_a_request_that_was_not_sent_is_free_again(with: &Kind) {
    let opened = open(with);
    let create = |id, number| {
        wait(opened.store.create(NewRequest { idempotency_key: Some([9; 32]), ..new_request(id, number, NO_LIMITS) }))
    };
    assert!(matches!(create(1, number(0)), CreateResult::New(_)));
    opened.record_delivery(1, 0, DeliveryStatus::NotSent);
    assert!(matches!(create(2, number(1)), CreateResult::New(_)), "for another number too");
    assert!(matches!(create(3, number(1)), CreateResult::Known(known) if known.0 == 2));
}

pub(crate) fn a_resend_while_another_is_handed_over_has_to_wait(with: &Kind) {
    let opened = open(with);
    opened.create(1, number(0), NO_LIMITS);
    assert!(matches!(opened.resend(1, code(3), NO_LIMITS), ResendResult::Ready { delivery: 1, .. }));
    for code in [code(4), code(3)] {
        // Even with the same code.
        let limited = opened.resend(1, code, NO_LIMITS);
        assert!(matches!(limited, ResendResult::RateLimited(SmsLimit::ResendAfter(_))));
    }
    opened.record_delivery(1, 1, DeliveryStatus::PossiblySent);
    assert!(matches!(opened.resend(1, code(4), NO_LIMITS), ResendResult::Ready { delivery: 2, .. }));
    // One whose process died is not waited for for ever.
    opened.clock.advance(Duration::from_secs(30));
    assert!(matches!(opened.resend(1, code(5), NO_LIMITS), ResendResult::Ready { delivery: 3, .. }));
}

pub(crate) fn a_hand_over_that_ended_ends_no_more(with: &Kind) {
    for end in [DeliveryStatus::Sent, DeliveryStatus::PossiblySent, DeliveryStatus::NotSent] {
        let opened = open(with);
        opened.create(1, number(0), sms(2));
        opened.record_delivery(1, 0, DeliveryStatus::PossiblySent);
        opened.resend(1, WRONG, sms(2));
        opened.record_delivery(1, 1, end);
        let after = wait(opened.store.get(1)).map(|stored| format!("{stored:?}"));
        for again in [DeliveryStatus::Sent, DeliveryStatus::PossiblySent, DeliveryStatus::NotSent] {
            opened.record_delivery(1, 1, again);
            assert_eq!(wait(opened.store.get(1)).map(|stored| format!("{stored:?}")), after, "{end:?}, {again:?}");
        }
        let has_room = matches!(opened.create(2, number(0), sms(2)), CreateResult::New(_));
        assert_eq!(has_room, end == DeliveryStatus::NotSent, "{end:?}");
        assert!(
            matches!(opened.create(3, number(0), sms(2)), CreateResult::RateLimited { .. }),
            "given back once, {end:?}"
        );
    }
}

// Answers that are lost

pub(crate) fn a_repeated_attempt_is_answered_as_at_first_and_counts_once(with: &Kind) {
    let opened = open(with);
    let limits = Limits { request: RequestLimits { max_attempts: Some(5), ..NO_LIMITS.request }, ..wrong_codes(20) };
    opened.create(1, number(0), limits);
    let repeat = |id: u128, code: &Digest| {
        let outcomes: Vec<_> = (0..3)
            .map(|_| wait(opened.store.validate(1, Attempt { id, ..attempt(code, limits) })).unwrap().outcome)
            .collect();
        assert_eq!(count(&outcomes, &outcomes[0]), 3, "{outcomes:?}");
        outcomes[0]
    };
    let most = u128::MAX;
    for left in (1..5).rev() {
        assert_eq!(repeat(most - left, &WRONG), Outcome::WrongCode);
    }
    assert_eq!(wait(opened.store.get(1)).unwrap().record.wrong_codes, 4);
    assert_eq!(repeat(most, &RIGHT), Outcome::Verified);
    // Answered late, after all of the others.
    assert_eq!(repeat(most - 4, &WRONG), Outcome::WrongCode);
    assert_eq!(opened.validate(1, &RIGHT, limits), Some(Outcome::AlreadyVerified));
}

pub(crate) fn a_repeated_request_is_the_same_and_counts_once(with: &Kind) {
    let opened = open(with);
    let first = said(&opened.create(1, number(0), sms(2)));
    assert_eq!(said(&opened.create(1, number(0), sms(2))), first);
    assert!(matches!(opened.create(2, number(0), sms(2)), CreateResult::New(_)));
    assert!(matches!(opened.create(3, number(0), sms(2)), CreateResult::RateLimited { .. }));
}

pub(crate) fn a_repeated_request_with_a_key_is_the_same(with: &Kind) {
    let opened = open(with);
    let create = || {
        let new = new_request(1, number(0), NO_LIMITS);
        said(&wait(opened.store.create(NewRequest { idempotency_key: Some([9; 32]), ..new })))
    };
    assert_eq!([create(), create()].iter().filter(|said| said.starts_with("new")).count(), 2);
}

pub(crate) fn a_repeated_resend_is_the_same_hand_over_and_counts_once(with: &Kind) {
    let opened = open(with);
    opened.create(1, number(0), sms(3));
    let resend = || {
        let new = NewResend { command: 7, ..new_resend(WRONG, number(0), sms(3)) };
        resent(&wait(opened.store.resend(1, new)).unwrap())
    };
    let first = resend();
    assert!(first.starts_with("ready 1"), "{first}");
    assert_eq!(resend(), first);
    opened.record_delivery(1, 1, DeliveryStatus::NotSent);
    assert_eq!(opened.validate(1, &RIGHT, NO_LIMITS), Some(Outcome::Verified), "the old code is back");
    assert!(matches!(opened.create(2, number(0), sms(3)), CreateResult::New(_)));
    assert!(matches!(opened.create(3, number(0), sms(3)), CreateResult::New(_)));
    assert!(matches!(opened.create(4, number(0), sms(3)), CreateResult::RateLimited { .. }));
}

// At once

/// The right code for one request, round after round by the same threads.
pub(crate) fn of_64_right_codes_at_once_exactly_one_is_verified(with: &Kind) {
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        opened.create(1, number(0), NO_LIMITS);
        let outcomes = opened.at_once(|store, _| wait(store.validate(1, attempt(&RIGHT, NO_LIMITS))).unwrap().outcome);
        assert_eq!(count(&outcomes, &Outcome::Verified), 1, "round {round}");
        assert_eq!(count(&outcomes, &Outcome::AlreadyVerified), THREADS - 1, "round {round}");
    }
}

pub(crate) fn of_64_wrong_codes_at_once_no_more_than_the_limit_are_looked_at(with: &Kind) {
    let limits = Limits { request: RequestLimits { max_attempts: Some(5), ..NO_LIMITS.request }, ..NO_LIMITS };
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        opened.create(1, number(0), limits);
        let outcomes = opened.at_once(|store, _| wait(store.validate(1, attempt(&WRONG, limits))).unwrap().outcome);
        assert_eq!(count(&outcomes, &Outcome::WrongCode), 5, "round {round}");
        assert_eq!(count(&outcomes, &Outcome::TooManyAttempts), THREADS - 5, "round {round}");
    }
}

pub(crate) fn of_64_wrong_codes_for_one_number_at_once_no_more_than_its_limit_are_looked_at(with: &Kind) {
    let limits = wrong_codes(5);
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        for id in 0..THREADS {
            opened.create(id as u128, number(0), limits);
        }
        let outcomes = opened
            .at_once(|store, thread| wait(store.validate(thread as u128, attempt(&WRONG, limits))).unwrap().outcome);
        assert_eq!(count(&outcomes, &Outcome::WrongCode), 5, "round {round}");
    }
}

pub(crate) fn of_64_requests_for_one_number_at_once_no_more_than_its_limit_are_sent(with: &Kind) {
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        let sent = opened.at_once(|store, thread| {
            matches!(wait(store.create(new_request(thread as u128, number(0), sms(5)))), CreateResult::New(_))
        });
        assert_eq!(count(&sent, &true), 5, "round {round}");
    }
}

pub(crate) fn of_64_requests_for_one_number_at_once_one_is_sent_before_the_pause_ends(with: &Kind) {
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        let sent =
            opened.at_once(|store, thread| wait(store.create(new_request(thread as u128, number(0), pause(30)))));
        let (new, refused): (Vec<_>, Vec<_>) =
            sent.iter().enumerate().partition(|(_, created)| matches!(created, CreateResult::New(_)));
        assert_eq!(new.len(), 1, "round {round}");
        let told = limited(SmsLimit::ResendAfter(Duration::from_secs(30)), Some(new[0].0 as u128));
        assert!(refused.iter().all(|(_, refused)| said(refused) == told), "round {round}");
    }
}

pub(crate) fn of_64_requests_of_one_client_at_once_no_more_than_its_limit_are_sent(with: &Kind) {
    let requests: Vec<_> = (0..THREADS).map(|i| (number(i), terms_for(number(i), 600, Some(0)))).collect();
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        let sent = opened.at_once(|store, thread| {
            let (number, terms) = requests[thread].clone();
            let new = NewRequest { terms, ..new_request(thread as u128, number, client_sms(5)) };
            matches!(wait(store.create(new)), CreateResult::New(_))
        });
        assert_eq!(count(&sent, &true), 5, "round {round}");
    }
}

pub(crate) fn of_64_requests_to_one_prefix_at_once_no_more_than_its_limit_are_sent(with: &Kind) {
    for i in 0..THREADS {
        terms(number(i), 600);
    }
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        let sent = opened.at_once(|store, thread| {
            let new = new_request(thread as u128, number(thread), prefix_sms(5, 2));
            matches!(wait(store.create(new)), CreateResult::New(_))
        });
        assert_eq!(count(&sent, &true), 5, "round {round}");
    }
}

pub(crate) fn of_64_wrong_codes_of_one_client_at_once_no_more_than_its_limit_are_looked_at(with: &Kind) {
    let (limits, client) = (client_wrong_codes(5), Some(client_hash(0)));
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        for id in 0..THREADS {
            opened.create(id as u128, number(id), NO_LIMITS);
        }
        let outcomes = opened.at_once(|store, thread| {
            wait(store.validate(thread as u128, Attempt { client, ..attempt(&WRONG, limits) })).unwrap().outcome
        });
        assert_eq!(count(&outcomes, &Outcome::WrongCode), 5, "round {round}");
        assert_eq!(count(&outcomes, &Outcome::TooManyAttempts), THREADS - 5, "round {round}");
    }
}

pub(crate) fn of_64_resends_at_once_one_is_ready(with: &Kind) {
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        opened.create(1, number(0), NO_LIMITS);
        let ready = opened.at_once(|store, thread| {
            // Some of them draw the same code.
            let new = new_resend(code(thread as u8 / 4), number(0), NO_LIMITS);
            matches!(wait(store.resend(1, new)), Some(ResendResult::Ready { .. }))
        });
        assert_eq!(count(&ready, &true), 1, "round {round}");
    }
}

pub(crate) fn of_64_requests_with_one_key_at_once_one_is_new(with: &Kind) {
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        let ids = opened.at_once(|store, thread| {
            let new = new_request(thread as u128, number(0), NO_LIMITS);
            match wait(store.create(NewRequest { idempotency_key: Some([9; 32]), ..new })) {
                CreateResult::New(_) => (true, thread as u128),
                CreateResult::Known(known) => (false, known.0),
                other => panic!("{}", said(&other)),
            }
        });
        assert_eq!(ids.iter().filter(|(is_new, _)| *is_new).count(), 1, "round {round}");
        assert!(ids.iter().all(|(_, id)| *id == ids[0].1), "round {round}");
    }
}

pub(crate) fn of_64_requests_at_once_no_more_than_max_requests_are_held(with: &Kind) {
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open_for(with, 5);
        let held = opened.at_once(|store, thread| {
            matches!(wait(store.create(new_request(thread as u128, number(0), NO_LIMITS))), CreateResult::New(_))
        });
        assert_eq!(count(&held, &true), 5, "round {round}");
    }
}

pub(crate) fn of_a_success_and_a_cancellation_at_once_one_counts(with: &Kind) {
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        opened.create(1, number(0), NO_LIMITS);
        let states = opened.at_once(|store, thread| {
            if thread % 2 == 0 {
                wait(store.cancel(1)).unwrap()
            } else {
                match wait(store.validate(1, attempt(&RIGHT, NO_LIMITS))).unwrap().outcome {
                    Outcome::Verified | Outcome::AlreadyVerified => State::Verified,
                    Outcome::Cancelled => State::Cancelled,
                    other => panic!("{other}"),
                }
            }
        });
        assert_eq!(count(&states, &states[0]), THREADS, "round {round}: {states:?}");
    }
}

// Keys of a client

pub(crate) fn response() -> StoredResponse {
    let now = TestClock::default().now();
    StoredResponse { id: "abc".to_owned(), created_at: now, expires_at: now.after(HOUR) }
}

pub(crate) fn new_claim(key: Digest, owner: u128, number: PhoneNumber) -> NewClaim {
    NewClaim { key, previous_keys: Vec::new(), owner, number, client: None, retention: DAY, limits: NO_LIMITS }
}

impl Opened {
    fn claim(&self, owner: u128, number: PhoneNumber) -> IdempotencyClaim {
        wait(self.store.claim(new_claim(RIGHT, owner, number)))
    }

    fn complete(&self, owner: u128, id: &str) {
        wait(self.store.complete(RIGHT, owner, StoredResponse { id: id.to_owned(), ..response() }));
    }

    fn release(&self, owner: u128) {
        wait(self.store.release(new_claim(RIGHT, owner, number(0))));
    }
}

#[track_caller]
fn assert_known(claim: &IdempotencyClaim, id: &str) {
    assert!(matches!(claim, IdempotencyClaim::Known(known) if known.id == id), "{claim:?}");
}

pub(crate) fn a_claimed_key_is_under_way_until_it_is_completed_and_then_known(with: &Kind) {
    let opened = open(with);
    assert_eq!(opened.claim(1, number(0)), IdempotencyClaim::New);
    assert_eq!(opened.claim(2, number(0)), IdempotencyClaim::UnderWay);
    opened.complete(1, "abc");
    assert_known(&opened.claim(3, number(0)), "abc");
}

pub(crate) fn a_claimed_key_is_not_for_another_number(with: &Kind) {
    let opened = open(with);
    opened.claim(1, number(0));
    assert_eq!(opened.claim(2, number(1)), IdempotencyClaim::OtherNumber);
    opened.complete(1, "abc");
    assert_eq!(opened.claim(3, number(1)), IdempotencyClaim::OtherNumber);
}

pub(crate) fn a_released_key_is_free_again(with: &Kind) {
    let opened = open(with);
    opened.claim(1, number(0));
    opened.release(1);
    assert_eq!(opened.claim(2, number(1)), IdempotencyClaim::New);
}

pub(crate) fn a_claim_is_completed_and_released_by_its_owner_only(with: &Kind) {
    let opened = open(with);
    opened.claim(1, number(0));
    opened.release(2);
    opened.complete(2, "of another");
    assert_eq!(opened.claim(3, number(0)), IdempotencyClaim::UnderWay);
    // One that comes late, after the key was released and claimed by another.
    opened.release(1);
    assert_eq!(opened.claim(4, number(0)), IdempotencyClaim::New);
    opened.release(1);
    opened.complete(1, "late");
    assert_eq!(opened.claim(5, number(0)), IdempotencyClaim::UnderWay);
    opened.complete(4, "abc");
    assert_known(&opened.claim(6, number(0)), "abc");
}

pub(crate) fn a_completed_key_is_neither_released_nor_completed_again(with: &Kind) {
    let opened = open(with);
    opened.claim(1, number(0));
    opened.complete(1, "abc");
    for owner in [1, 2] {
        opened.release(owner);
        opened.complete(owner, "another");
        assert_known(&opened.claim(3, number(0)), "abc");
    }
}

pub(crate) fn a_claim_that_is_repeated_by_its_owner_is_new(with: &Kind) {
    let opened = open(with);
    assert_eq!(
        [opened.claim(1, number(0)), opened.claim(1, number(0))],
        [IdempotencyClaim::New, IdempotencyClaim::New]
    );
    opened.complete(1, "abc");
    assert_known(&opened.claim(1, number(0)), "abc");
}

pub(crate) fn a_key_that_was_claimed_under_a_previous_key_is_not_claimed_again(with: &Kind) {
    let opened = open(with);
    let under_the_next =
        |owner| wait(opened.store.claim(NewClaim { previous_keys: vec![RIGHT], ..new_claim(WRONG, owner, number(0)) }));
    opened.claim(1, number(0));
    assert_eq!(under_the_next(2), IdempotencyClaim::UnderWay);
    opened.complete(1, "abc");
    assert_known(&under_the_next(3), "abc");
    // Only asked for: there is none under the next.
    assert_eq!(wait(opened.store.claim(new_claim(WRONG, 4, number(0)))), IdempotencyClaim::New);
}

pub(crate) fn of_64_claims_of_a_key_under_two_keys_at_once_one_is_new(with: &Kind) {
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        let claims = opened.at_once(|store, thread| {
            let (key, previous) = if thread % 2 == 0 { (RIGHT, WRONG) } else { (WRONG, RIGHT) };
            let claim = new_claim(key, thread as u128, number(0));
            wait(store.claim(NewClaim { previous_keys: vec![previous], ..claim }))
        });
        assert_eq!(count(&claims, &IdempotencyClaim::New), 1, "round {round}");
        assert_eq!(count(&claims, &IdempotencyClaim::UnderWay), THREADS - 1, "round {round}");
    }
}

pub(crate) fn a_claimed_key_is_free_again_when_its_retention_ends(with: &Kind) {
    let opened = open(with);
    opened.claim(1, number(0));
    opened.clock.advance(DAY - MS);
    assert_eq!(opened.claim(2, number(0)), IdempotencyClaim::UnderWay);
    opened.clock.advance(MS);
    assert_eq!(opened.claim(3, number(1)), IdempotencyClaim::New);
}

pub(crate) fn a_key_of_an_engines_request_is_claimed_until_it_is_known_not_to_be_sent(with: &Kind) {
    let opened = open(with);
    let new = new_request(1, number(0), NO_LIMITS);
    wait(opened.store.create(NewRequest { idempotency_key: Some(RIGHT), ..new }));
    assert_eq!(opened.claim(1, number(0)), IdempotencyClaim::UnderWay);
    opened.record_delivery(1, 0, DeliveryStatus::NotSent);
    assert_eq!(opened.claim(2, number(1)), IdempotencyClaim::New);
}

// Limits of a client

/// A claim of a key of its own.
fn claim_for(owner: u128, number: PhoneNumber, client: Option<usize>, limits: Limits) -> NewClaim {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&owner.to_be_bytes());
    NewClaim { client: client.map(client_hash), limits, ..new_claim(key, owner, number) }
}

fn refused(limit: SmsLimit) -> IdempotencyClaim {
    IdempotencyClaim::RateLimited(limit)
}

/// So many SMS for a number, twice as many for a client, three times as many for a prefix of ten numbers.
fn of_clients(limit: u32) -> Limits {
    Limits {
        sms_per_number: sms(limit).sms_per_number,
        sms_per_client: client_sms(2 * limit).sms_per_client,
        ..prefix_sms(3 * limit, 1)
    }
}

impl Opened {
    fn claim_for(&self, owner: u128, number: PhoneNumber, client: usize, limits: Limits) -> IdempotencyClaim {
        wait(self.store.claim(claim_for(owner, number, Some(client), limits)))
    }

    fn count_attempt(&self, id: u128, client: usize, limit: u32) -> Option<Duration> {
        wait(self.store.count_attempt(client_attempt(id, client, limit)))
    }
}

fn client_attempt(id: u128, client: usize, limit: u32) -> ClientAttempt {
    ClientAttempt { id, client: client_hash(client), quota: Quota { limit, per: HOUR } }
}

pub(crate) fn a_claim_counts_for_its_number_its_client_and_its_prefix(with: &Kind) {
    let opened = open(with);
    let limits = of_clients(1);
    assert_eq!(opened.claim_for(1, number(0), 0, limits), IdempotencyClaim::New);
    opened.clock.advance(MS);
    let left = HOUR - MS;
    assert_eq!(opened.claim_for(2, number(0), 1, limits), refused(SmsLimit::SmsPerNumber(left)));
    assert_eq!(opened.claim_for(3, number(1), 0, limits), IdempotencyClaim::New);
    assert_eq!(opened.claim_for(4, number(2), 0, limits), refused(SmsLimit::SmsPerClient(left)));
    assert_eq!(opened.claim_for(5, number(2), 1, limits), IdempotencyClaim::New);
    assert_eq!(opened.claim_for(6, number(3), 1, limits), refused(SmsLimit::SmsPerPrefix(left)));
    assert_eq!(opened.claim_for(7, number(10), 1, limits), IdempotencyClaim::New, "another prefix has its own");
    opened.clock.advance(left);
    assert_eq!(opened.claim_for(8, number(0), 0, limits), IdempotencyClaim::New);
}

pub(crate) fn a_claim_that_a_limit_refuses_leaves_nothing_behind(with: &Kind) {
    let opened = open(with);
    let limits = of_clients(1);
    opened.claim_for(1, number(0), 0, limits);
    opened.claim_for(2, number(1), 0, limits);
    for owner in 3..9 {
        // Its number and its prefix are not counted, and its key is not used.
        assert_eq!(opened.claim_for(owner, number(2), 0, limits), refused(SmsLimit::SmsPerClient(HOUR)));
    }
    assert_eq!(opened.claim_for(3, number(2), 1, limits), IdempotencyClaim::New);
}

pub(crate) fn a_claim_that_is_repeated_counts_once(with: &Kind) {
    let opened = open(with);
    let limits = sms(2);
    for _ in 0..3 {
        assert_eq!(opened.claim_for(1, number(0), 0, limits), IdempotencyClaim::New);
    }
    assert_eq!(opened.claim_for(2, number(0), 0, limits), IdempotencyClaim::New);
    assert_eq!(opened.claim_for(3, number(0), 0, limits), refused(SmsLimit::SmsPerNumber(HOUR)));
}

pub(crate) fn a_key_that_is_known_or_under_way_counts_nothing(with: &Kind) {
    let opened = open(with);
    let limits = sms(2);
    let used = claim_for(1, number(0), Some(0), limits);
    assert_eq!(wait(opened.store.claim(used.clone())), IdempotencyClaim::New);
    for owner in 2..5 {
        let again = NewClaim { owner, ..used.clone() };
        assert_eq!(wait(opened.store.claim(again)), IdempotencyClaim::UnderWay);
    }
    wait(opened.store.complete(used.key, 1, response()));
    for owner in 5..8 {
        assert_known(&wait(opened.store.claim(NewClaim { owner, ..used.clone() })), "abc");
        let other = NewClaim { owner, number: number(1), ..used.clone() };
        assert_eq!(wait(opened.store.claim(other)), IdempotencyClaim::OtherNumber);
    }
    assert_eq!(opened.claim_for(8, number(0), 0, limits), IdempotencyClaim::New);
    assert_eq!(opened.claim_for(9, number(0), 0, limits), refused(SmsLimit::SmsPerNumber(HOUR)));
    // Past the limit it is known still.
    assert_known(&wait(opened.store.claim(NewClaim { owner: 10, ..used })), "abc");
}

pub(crate) fn a_release_gives_the_sms_back_once(with: &Kind) {
    for limits in [sms(1), client_sms(1), prefix_sms(1, 1)] {
        let opened = open(with);
        let claim = |owner| claim_for(owner, number(0), Some(0), limits);
        assert_eq!(wait(opened.store.claim(claim(1))), IdempotencyClaim::New);
        wait(opened.store.release(claim(1)));
        assert_eq!(wait(opened.store.claim(claim(2))), IdempotencyClaim::New);
        wait(opened.store.release(claim(1)));
        assert!(matches!(wait(opened.store.claim(claim(3))), IdempotencyClaim::RateLimited(_)), "{limits:?}");
        wait(opened.store.complete(claim(2).key, 2, response()));
        wait(opened.store.release(claim(2)));
        assert!(matches!(wait(opened.store.claim(claim(4))), IdempotencyClaim::RateLimited(_)), "it was sent");
    }
}

pub(crate) fn a_release_gives_nothing_back_that_the_claim_did_not_count(with: &Kind) {
    let opened = open(with);
    // An engine counts the number, and the client does not.
    opened.create(1, number(0), sms(1));
    assert_eq!(opened.claim_for(2, number(0), 0, client_sms(5)), IdempotencyClaim::New);
    wait(opened.store.release(claim_for(2, number(0), Some(0), client_sms(5))));
    assert!(matches!(opened.create(3, number(0), sms(1)), CreateResult::RateLimited { .. }));
}

pub(crate) fn a_release_that_comes_late_gives_nothing_to_the_next_window(with: &Kind) {
    let opened = open(with);
    let claim = |owner| claim_for(owner, number(0), Some(0), of_clients(1));
    assert_eq!(wait(opened.store.claim(claim(1))), IdempotencyClaim::New);
    opened.clock.advance(HOUR);
    assert_eq!(wait(opened.store.claim(claim(2))), IdempotencyClaim::New);
    wait(opened.store.release(claim(1)));
    assert_eq!(wait(opened.store.claim(claim(3))), refused(SmsLimit::SmsPerNumber(HOUR)));
}

pub(crate) fn the_attempts_of_a_client_count_until_they_are_given_back(with: &Kind) {
    let opened = open(with);
    assert_eq!([opened.count_attempt(1, 0, 2), opened.count_attempt(2, 0, 2)], [None, None]);
    opened.clock.advance(MS);
    assert_eq!(opened.count_attempt(3, 0, 2), Some(HOUR - MS));
    assert_eq!(opened.count_attempt(4, 1, 2), None, "another has its own");
    for _ in 0..3 {
        wait(opened.store.give_attempt_back(client_attempt(2, 0, 2)));
        wait(opened.store.give_attempt_back(client_attempt(3, 0, 2)));
    }
    assert_eq!(opened.count_attempt(5, 0, 2), None);
    assert_eq!(opened.count_attempt(6, 0, 2), Some(HOUR - MS), "given back once, and none that was not counted");
    opened.clock.advance(HOUR - MS);
    assert_eq!(opened.count_attempt(7, 0, 2), None);
}

pub(crate) fn an_attempt_that_is_repeated_counts_once(with: &Kind) {
    let opened = open(with);
    for _ in 0..3 {
        assert_eq!(opened.count_attempt(1, 0, 2), None);
    }
    assert_eq!(opened.count_attempt(2, 0, 2), None);
    assert_eq!(opened.count_attempt(3, 0, 2), Some(HOUR));
}

pub(crate) fn an_attempt_given_back_late_is_not_given_to_the_next_window(with: &Kind) {
    let opened = open(with);
    let second =
        |id| ClientAttempt { quota: Quota { limit: 1, per: Duration::from_secs(1) }, ..client_attempt(id, 0, 1) };
    assert_eq!(wait(opened.store.count_attempt(second(1))), None);
    opened.clock.advance(Duration::from_secs(1));
    assert_eq!(wait(opened.store.count_attempt(second(2))), None);
    wait(opened.store.give_attempt_back(second(1)));
    assert_eq!(wait(opened.store.count_attempt(second(3))), Some(Duration::from_secs(1)));
}

pub(crate) fn the_sms_and_the_wrong_codes_of_engines_and_clients_count_together(with: &Kind) {
    let opened = open(with);
    let limits = client_sms(2);
    assert!(matches!(opened.create_for(1, number(0), 0, limits), CreateResult::New(_)));
    assert_eq!(opened.claim_for(2, number(1), 0, limits), IdempotencyClaim::New);
    assert_eq!(opened.claim_for(3, number(1), 0, limits), refused(SmsLimit::SmsPerClient(HOUR)));
    let limits = client_wrong_codes(2);
    assert_eq!(opened.validate_for(1, &WRONG, 0, limits), Outcome::WrongCode);
    assert_eq!(opened.count_attempt(4, 0, 2), None);
    assert_eq!(opened.validate_for(1, &RIGHT, 0, limits), Outcome::TooManyAttempts);
    wait(opened.store.give_attempt_back(client_attempt(4, 0, 2)));
    assert_eq!(opened.validate_for(1, &RIGHT, 0, limits), Outcome::Verified);
}

fn of_64_claims_at_once(with: &Kind, limits: Limits) {
    client_hash(0);
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        let claims = opened
            .at_once(|store, thread| wait(store.claim(claim_for(thread as u128, number(thread), Some(0), limits))));
        assert_eq!(count(&claims, &IdempotencyClaim::New), 5, "round {round}");
        let limited = claims.iter().filter(|claim| matches!(claim, IdempotencyClaim::RateLimited(_))).count();
        assert_eq!(limited, THREADS - 5, "round {round}");
    }
}

pub(crate) fn of_64_claims_of_one_client_at_once_no_more_than_its_limit_are_new(with: &Kind) {
    of_64_claims_at_once(with, client_sms(5));
}

pub(crate) fn of_64_claims_for_one_prefix_at_once_no_more_than_its_limit_are_new(with: &Kind) {
    of_64_claims_at_once(with, prefix_sms(5, 2));
}

pub(crate) fn of_64_attempts_of_one_client_at_once_no_more_than_its_limit_are_counted(with: &Kind) {
    client_hash(0);
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        let attempts =
            opened.at_once(|store, thread| wait(store.count_attempt(client_attempt(thread as u128, 0, 5))).is_none());
        assert_eq!(count(&attempts, &true), 5, "round {round}");
    }
}

pub(crate) fn of_64_releases_of_a_claim_at_once_one_gives_its_sms_back(with: &Kind) {
    let limits = client_sms(5);
    for round in 0..soak::count(with.rounds, 1_000) {
        let opened = open(with);
        for owner in 0..5 {
            opened.claim_for(owner, number(0), 0, limits);
        }
        opened.at_once(|store, _| wait(store.release(claim_for(0, number(0), Some(0), limits))));
        assert_eq!(opened.claim_for(5, number(0), 0, limits), IdempotencyClaim::New, "round {round}");
        assert_eq!(opened.claim_for(6, number(0), 0, limits), refused(SmsLimit::SmsPerClient(HOUR)), "round {round}");
    }
}
