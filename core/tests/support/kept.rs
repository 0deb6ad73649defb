//! What holds for what a store keeps when its process has ended, each fact a function of where it is kept.
//! `facts_of_what_is_kept!` makes the tests.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use egoi_verify::machine::{PrefixQuota, Quota};
use egoi_verify::{
    Api, CallOptions, Client, ClientOptions, Engine, EngineOptions, ErrorCode, Outcome, Reason, RequestOptions,
    SmsStatus, State, Store, TestClock, ValidateOptions,
};

use sha2::{Digest as _, Sha256};

use super::post::{Fate, Post};
use super::service::{Service, json};

/// Where something is kept.
pub(crate) trait Kept {
    /// The same each time.
    fn url(&self) -> String;
    /// Every byte that is on the disk.
    fn bytes(&self) -> Vec<u8>;
    /// Forgets which key it was made with.
    fn forget_the_keys(&self);
}

macro_rules! facts_of_what_is_kept {
    ($kept:path) => {
        crate::support::kept::facts_of_what_is_kept! { $kept:
            what_is_on_the_disk_shows_no_code_number_or_message
            what_was_made_is_there_for_the_next_engine
            another_key_is_refused_with_what_to_do
            of_first_keys_that_come_at_once_one_counts
            limits_and_idempotency_keys_hold_while_the_key_changes
            the_pause_holds_while_the_key_changes
            limits_of_clients_and_prefixes_hold_while_the_key_changes
            a_number_is_found_and_erased_while_the_key_changes
            what_was_made_or_resent_under_the_new_key_needs_no_old_key
            a_number_that_is_counted_first_under_two_keys_at_once_is_counted_once
            an_idempotency_key_gives_the_same_request_while_its_sms_is_maybe
            a_clients_idempotency_key_holds_for_the_next_client
            the_limits_of_a_client_hold_for_the_next_client_and_while_the_key_changes
            a_resend_of_a_client_counts_for_the_client_of_its_request_while_the_key_changes
            the_client_that_is_kept_for_a_resend_is_not_readable_on_the_disk
            a_call_that_sends_nothing_leaves_nothing
        }
    };
    ($kept:path: $($fact:ident)*) => {
        $(#[test]
        fn $fact() {
            // Where there is no server a line in capitals says so.
            if let Some(kept) = $kept() {
                crate::support::conformance::RUNTIME.block_on(crate::support::kept::$fact(&kept));
            }
        })*
    };
}

pub(crate) use facts_of_what_is_kept;

const NUMBER: &str = "+351 910 000 000";
const HOUR: Duration = Duration::from_secs(3600);

fn options(kept: &impl Kept, key: u8, previous: &[u8]) -> EngineOptions {
    EngineOptions::default()
        .store(Store::new(kept.url()).key([key; 32]).previous_keys(previous.iter().map(|key| vec![*key; 32])))
        .resend_after(None)
}

fn engine(options: EngineOptions) -> (Engine, Post) {
    let post = Post::default();
    (Engine::new(post.clone(), options).unwrap(), post)
}

fn asked() -> RequestOptions {
    RequestOptions::default().message("{CODE}")
}

async fn validate(engine: &Engine, id: &str, code: &str) -> Outcome {
    engine.validate(id, code, ValidateOptions::default()).await.unwrap()
}

/// Every byte of the files below.
pub(crate) fn files(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        all.extend(if path.is_dir() { files(&path) } else { std::fs::read(path).unwrap_or_default() });
    }
    all
}

pub(crate) async fn what_is_on_the_disk_shows_no_code_number_or_message(kept: &impl Kept) {
    let a_day = Quota { limit: 10, per: HOUR };
    let (engine, post) = engine(options(kept, 7, &[]).sms_per_client(Some(a_day)));
    let message = "{CODE} is for the canary";
    let asked = RequestOptions::default().message(message).code_size(12).group("canaries").idempotency_key("birdsong");
    let asked = asked.client("nightjar");
    let id = engine.request(NUMBER, asked).await.unwrap().id;
    assert_eq!(validate(&engine, &id, "271828182845").await, Outcome::WrongCode);
    engine.resend(&id, CallOptions::default()).await.unwrap();
    post.next(Fate::Hangs);
    let resend = engine.resend(&id, CallOptions::default().timeout(Duration::from_millis(100)));
    assert_eq!(resend.await.unwrap_err().code(), ErrorCode::Timeout);
    let store = options(kept, 7, &[]).open_store().unwrap();
    let options = ClientOptions::new("key", "1")
        .base_url("http://127.0.0.1:9")
        .store(Store::custom(store).key([7; 32]))
        .sms_per_client(Some(a_day))
        .wrong_codes_per_client(Some(a_day));
    let client = Client::new(options).unwrap();
    let _ = client.request(NUMBER, RequestOptions::default().idempotency_key("warble").client("nightjar")).await;
    let _ = client.validate("abc", "271828182845", ValidateOptions::default().client("nightjar")).await;
    // Each byte a character: a text is searched faster than bytes are.
    let text = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
    let kept = text(&kept.bytes());
    let shows = |secret: &[u8]| kept.contains(&text(secret));
    let id = u128::from_str_radix(&id, 16).unwrap().to_be_bytes();
    assert!(shows(&id), "the request is in what is searched");
    let codes = post.sent().into_iter().map(|sms| sms.text[..12].to_owned());
    for secret in
        codes.chain(["271828182845", "910000000", "canar", "birdsong", "warble", "nightjar"].map(str::to_owned))
    {
        assert!(!shows(secret.as_bytes()), "{secret}");
    }
}

pub(crate) async fn what_was_made_is_there_for_the_next_engine(kept: &impl Kept) {
    let (first, post) = engine(options(kept, 7, &[]));
    let made = first.request(NUMBER, asked()).await.unwrap();
    drop(first);
    let (next, _) = engine(options(kept, 7, &[]));
    next.ping(CallOptions::default()).await.unwrap();
    let read = next.get(&made.id, CallOptions::default()).await.unwrap();
    assert_eq!((read.state, read.number, read.expires_at), (State::Pending, made.number, made.expires_at));
    assert_eq!(validate(&next, &made.id, &post.latest()).await, Outcome::Verified);
}

pub(crate) async fn another_key_is_refused_with_what_to_do(kept: &impl Kept) {
    let (first, _) = engine(options(kept, 7, &[]));
    first.request(NUMBER, asked()).await.unwrap();
    let refused = match Engine::new(Post::default(), options(kept, 8, &[])) {
        Err(refused) => refused,
        Ok(other) => other.ping(CallOptions::default()).await.unwrap_err(),
    };
    assert_eq!((refused.code(), refused.reason()), (ErrorCode::Misconfigured, Some(Reason::WrongKey)), "{refused}");
    assert!(refused.detail().contains("`previous_keys`"), "{refused}");
    let (rotated, _) = engine(options(kept, 8, &[7]));
    rotated.ping(CallOptions::default()).await.unwrap();
    let (later, _) = engine(options(kept, 8, &[]));
    later.ping(CallOptions::default()).await.unwrap();
}

pub(crate) async fn of_first_keys_that_come_at_once_one_counts(kept: &impl Kept) {
    // The tables are there: what takes long is over.
    let (first, _) = engine(options(kept, 7, &[]));
    first.ping(CallOptions::default()).await.unwrap();
    for _ in 0..10 {
        kept.forget_the_keys();
        one_first_key_counts(&kept.url());
    }
}

fn one_first_key_counts(url: &str) {
    const ENGINES: u8 = 6;
    let start = std::sync::Barrier::new(ENGINES.into());
    let opened: Vec<Result<u8, egoi_verify::Error>> = std::thread::scope(|scope| {
        let engines = (0..ENGINES).map(|key| {
            let start = &start;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                start.wait();
                let options = EngineOptions::default().store(Store::new(url).key([key; 32]));
                let engine = Engine::new(Post::default(), options)?;
                runtime.block_on(engine.ping(CallOptions::default())).map(|()| key)
            })
        });
        let engines: Vec<_> = engines.collect();
        engines.into_iter().map(|engine| engine.join().unwrap()).collect()
    });
    let allowed: Vec<u8> = opened.iter().filter_map(|one| one.as_ref().ok().copied()).collect();
    assert_eq!(allowed.len(), 1, "{opened:?}");
    for refused in opened.into_iter().filter_map(Result::err) {
        assert_eq!(refused.reason(), Some(Reason::WrongKey), "{refused:?}");
    }
}

pub(crate) async fn limits_and_idempotency_keys_hold_while_the_key_changes(kept: &impl Kept) {
    let with_keys = |key: u8, previous: &[u8]| {
        engine(
            options(kept, key, previous)
                .max_attempts(None)
                .wrong_codes_per_number(Some(Quota { limit: 4, per: HOUR }))
                .sms_per_number(Some(Quota { limit: 4, per: HOUR })),
        )
    };
    let ((before, _), (both, post)) = (with_keys(1, &[2]), with_keys(2, &[1]));
    let first = before.request(NUMBER, asked().idempotency_key("one")).await.unwrap();
    assert_eq!(both.request(NUMBER, asked().idempotency_key("one")).await.unwrap().id, first.id);
    let other = both.request("+351 910 000 001", asked().idempotency_key("one")).await.unwrap_err();
    assert_eq!(other.code(), ErrorCode::Conflict);
    // Wrong codes, with and without the number.
    let with_number = ValidateOptions::default().number(NUMBER);
    assert_eq!(validate(&before, &first.id, "no").await, Outcome::WrongCode);
    assert_eq!(both.validate(&first.id, "no", with_number.clone()).await.unwrap(), Outcome::WrongCode);
    let second = both.request(NUMBER, asked()).await.unwrap();
    let code = post.latest();
    assert_eq!(validate(&before, &second.id, "no").await, Outcome::WrongCode);
    assert_eq!(validate(&both, &second.id, "no").await, Outcome::WrongCode);
    assert_eq!(before.validate(&second.id, &code, with_number).await.unwrap(), Outcome::TooManyAttempts);
    // SMS: three with this one, and one that was not sent is given back.
    both.resend(&first.id, CallOptions::default()).await.unwrap();
    post.next(Fate::NotSent);
    assert_eq!(both.request(NUMBER, asked()).await.unwrap_err().code(), ErrorCode::DeliveryFailed);
    before.request(NUMBER, asked()).await.unwrap();
    assert_eq!(both.request(NUMBER, asked()).await.unwrap_err().code(), ErrorCode::RateLimited);
}

pub(crate) async fn the_pause_holds_while_the_key_changes(kept: &impl Kept) {
    let with_keys =
        |key: u8, previous: &[u8]| engine(options(kept, key, previous).resend_after(Some(Duration::from_secs(30)))).0;
    let (before, both) = (with_keys(1, &[2]), with_keys(2, &[1]));
    let first = before.request(NUMBER, asked()).await.unwrap();
    for engine in [&both, &before] {
        let refused = engine.request(NUMBER, asked()).await.unwrap_err();
        assert_eq!((refused.limit(), refused.request_id()), (Some("resend_after"), Some(first.id.as_str())));
    }
}

pub(crate) async fn limits_of_clients_and_prefixes_hold_while_the_key_changes(kept: &impl Kept) {
    let quota = |limit| Some(Quota { limit, per: HOUR });
    let with_keys = |key: u8, previous: &[u8]| {
        let options = options(kept, key, previous).max_attempts(None).sms_per_client(quota(4));
        engine(options.wrong_codes_per_client(quota(3)).sms_per_prefix(Some(PrefixQuota {
            limit: 4,
            per: HOUR,
            last_digits: 2,
        })))
    };
    let ((before, _), (both, post)) = (with_keys(1, &[2]), with_keys(2, &[1]));
    let by = || asked().client("192.0.2.1");
    let first = before.request(NUMBER, by()).await.unwrap().id;
    let second = both.request("+351 910 000 001", by()).await.unwrap().id;
    // Made under the one key, resent under the other.
    both.resend(&first, CallOptions::default()).await.unwrap();
    post.next(Fate::NotSent);
    assert_eq!(both.request(NUMBER, by()).await.unwrap_err().code(), ErrorCode::DeliveryFailed);
    before.resend(&second, CallOptions::default()).await.unwrap();
    for engine in [&before, &both] {
        assert_eq!(engine.request("+34 612 345 678", by()).await.unwrap_err().limit(), Some("sms_per_client"));
        assert_eq!(engine.request("+351 910 000 002", asked()).await.unwrap_err().limit(), Some("sms_per_prefix"));
    }
    let wrong = || ValidateOptions::default().client("192.0.2.1");
    for engine in [&before, &both, &before] {
        assert_eq!(engine.validate(&first, "no", wrong()).await.unwrap(), Outcome::WrongCode);
    }
    for engine in [&before, &both] {
        assert_eq!(engine.validate(&second, "no", wrong()).await.unwrap(), Outcome::TooManyAttempts);
    }
}

pub(crate) async fn a_number_is_found_and_erased_while_the_key_changes(kept: &impl Kept) {
    let with_keys = |key: u8, previous: &[u8]| engine(options(kept, key, previous)).0;
    let (before, both) = (with_keys(1, &[2]), with_keys(2, &[1]));
    before.request(NUMBER, asked()).await.unwrap();
    both.request(NUMBER, asked()).await.unwrap();
    for engine in [&before, &both] {
        let record = engine.find(NUMBER, CallOptions::default()).await.unwrap();
        assert_eq!((record.requests.len(), record.limits[0].count), (2, 2), "{record:?}");
    }
    assert_eq!(both.erase(NUMBER, CallOptions::default()).await.unwrap(), 2);
    let record = before.find(NUMBER, CallOptions::default()).await.unwrap();
    assert_eq!((record.requests.len(), record.limits.len()), (0, 0), "{record:?}");
}

pub(crate) async fn what_was_made_or_resent_under_the_new_key_needs_no_old_key(kept: &impl Kept) {
    let clock = Arc::new(TestClock::default());
    clock.freeze(true);
    let with_keys = |key: u8, previous: &[u8]| {
        let options = options(kept, key, previous).clock(Arc::clone(&clock) as _).max_attempts(None);
        let quota = |limit| Some(Quota { limit, per: HOUR });
        engine(options.wrong_codes_per_number(quota(3)).sms_per_number(quota(3)))
    };
    let with_number = || ValidateOptions::default().number(NUMBER);
    let ((before, _), (both, _), (after, post)) = (with_keys(1, &[]), with_keys(2, &[1]), with_keys(2, &[]));
    let old = before.request(NUMBER, asked().ttl(HOUR)).await.unwrap().id;
    let unchanged = before.request("+351 910 000 001", asked()).await.unwrap().id;
    assert_eq!(validate(&before, &old, "no").await, Outcome::WrongCode);
    let new = both.request(NUMBER, asked().ttl(HOUR).idempotency_key("one")).await.unwrap().id;
    assert_eq!(validate(&both, &new, "no").await, Outcome::WrongCode);
    clock.advance(HOUR - Duration::from_secs(1));
    both.resend(&old, CallOptions::default()).await.unwrap();
    both.resend(&new, CallOptions::default()).await.unwrap_err();
    // The next window begins.
    clock.advance(Duration::from_secs(1));
    let last = both.request(NUMBER, asked()).await.unwrap().id;
    assert_eq!(validate(&both, &last, "no").await, Outcome::WrongCode);
    // The old key is taken away.
    assert_eq!(after.validate(&last, "no", with_number()).await.unwrap(), Outcome::WrongCode);
    assert_eq!(after.validate(&new, "no", with_number()).await.unwrap(), Outcome::Expired);
    assert_eq!(after.request(NUMBER, asked().idempotency_key("one")).await.unwrap().id, new);
    assert_eq!(after.get(&old, CallOptions::default()).await.unwrap().state, State::Pending);
    after.resend(&old, CallOptions::default()).await.unwrap();
    after.resend(&old, CallOptions::default()).await.unwrap();
    assert_eq!(after.request(NUMBER, asked()).await.unwrap_err().code(), ErrorCode::RateLimited);
    assert_eq!(after.validate(&old, "no", with_number()).await.unwrap(), Outcome::WrongCode);
    let outcome = after.validate(&old, &post.latest(), with_number()).await.unwrap();
    assert_eq!(outcome, Outcome::TooManyAttempts);
    // What was not written since is readable under the old key only.
    assert_eq!(after.get(&unchanged, CallOptions::default()).await.unwrap_err().code(), ErrorCode::Misconfigured);
}

pub(crate) async fn a_number_that_is_counted_first_under_two_keys_at_once_is_counted_once(kept: &impl Kept) {
    let with_keys = |key: u8, previous: u8| {
        engine(options(kept, key, &[previous]).sms_per_number(Some(Quota { limit: 1, per: HOUR }))).0
    };
    let (one, other) = (with_keys(1, 2), with_keys(2, 1));
    one.ping(CallOptions::default()).await.unwrap();
    other.ping(CallOptions::default()).await.unwrap();
    for i in 0..50 {
        let request = |engine: &Engine| {
            let engine = engine.clone();
            tokio::spawn(async move { engine.request(&format!("+351 91000 10{i:02}"), asked()).await.is_ok() })
        };
        let (one, other) = (request(&one), request(&other));
        assert_eq!(u8::from(one.await.unwrap()) + u8::from(other.await.unwrap()), 1, "number {i}");
    }
}

pub(crate) async fn an_idempotency_key_gives_the_same_request_while_its_sms_is_maybe(kept: &impl Kept) {
    let keyed = || asked().idempotency_key("order 7");
    let (first, post) = engine(options(kept, 7, &[]));
    first.ping(CallOptions::default()).await.unwrap();
    post.next(Fate::Hangs);
    let gave_up = first.request(NUMBER, keyed().timeout(Duration::from_millis(500))).await.unwrap_err();
    assert!(gave_up.sms_possibly_sent());
    let (next, sent) = engine(options(kept, 7, &[]));
    let known = next.request(NUMBER, keyed()).await.unwrap();
    assert_eq!((Some(known.id.as_str()), known.sms), (gave_up.request_id(), Some(SmsStatus::Unknown)));
    assert!(sent.sent().is_empty(), "no second SMS");
}

pub(crate) async fn a_clients_idempotency_key_holds_for_the_next_client(kept: &impl Kept) {
    let service = Service::start(|_| json(201, r#"{"verifyId":"abc"}"#)).await;
    let client = |key: u8, previous: &[u8]| {
        let store = Store::new(kept.url()).key([key; 32]).previous_keys(previous.iter().map(|key| vec![*key; 32]));
        Client::new(service.options(Api::V2).store(store)).unwrap()
    };
    let keyed = || RequestOptions::default().idempotency_key("order 7");
    let first = client(7, &[]).request(NUMBER, keyed()).await.unwrap();
    let next = client(7, &[]);
    assert_eq!(next.request(NUMBER, keyed()).await.unwrap().id, first.id);
    let rotated = client(8, &[7]).request(NUMBER, keyed()).await.unwrap();
    assert_eq!(rotated.id, first.id);
    let other = next.request("+351 910 000 001", keyed()).await.unwrap_err();
    assert_eq!(other.code(), ErrorCode::Conflict);
    assert_eq!(service.sms(), 1);
}

pub(crate) async fn the_limits_of_a_client_hold_for_the_next_client_and_while_the_key_changes(kept: &impl Kept) {
    let service = Service::start(|arrived| match arrived.path.as_str() {
        path if path.ends_with("/request") => json(201, r#"{"verifyId":"abc"}"#),
        path if path.ends_with("/validate") => json(400, "{}"),
        _ => json(200, r#"{"id":"abc","status":"pending"}"#),
    })
    .await;
    let client = |key: u8, previous: &[u8]| {
        let store = Store::new(kept.url()).key([key; 32]).previous_keys(previous.iter().map(|key| vec![*key; 32]));
        let quota = |limit| Some(Quota { limit, per: HOUR });
        let options = service.options(Api::V2).store(store).sms_per_number(quota(2)).sms_per_client(quota(3));
        let prefix = Some(PrefixQuota { limit: 4, per: HOUR, last_digits: 2 });
        Client::new(options.sms_per_prefix(prefix).wrong_codes_per_client(quota(2))).unwrap()
    };
    let (before, both) = (client(1, &[]), client(2, &[1]));
    let by = |client: &str| RequestOptions::default().client(client);
    before.request(NUMBER, by("192.0.2.1")).await.unwrap();
    both.request(NUMBER, by("192.0.2.1")).await.unwrap();
    both.request("+351 910 000 001", by("192.0.2.1")).await.unwrap();
    let both_again = client(1, &[2]);
    both_again.request("+351 910 000 001", by("192.0.2.2")).await.unwrap();
    for client in [&both, &both_again] {
        for (number, by, limit) in [
            (NUMBER, by("192.0.2.3"), "sms_per_number"),
            ("+34 612 345 678", by("192.0.2.1"), "sms_per_client"),
            ("+351 910 000 002", by("192.0.2.3"), "sms_per_prefix"),
        ] {
            assert_eq!(client.request(number, by).await.unwrap_err().limit(), Some(limit));
        }
    }
    assert_eq!(service.sms(), 4);
    let wrong = || ValidateOptions::default().client("192.0.2.1");
    for client in [&before, &both] {
        assert_eq!(client.validate("abc", "no", wrong()).await.unwrap(), Outcome::WrongCode);
    }
    for client in [&both, &both_again] {
        assert_eq!(client.validate("abc", "no", wrong()).await.unwrap(), Outcome::TooManyAttempts);
    }
}

pub(crate) async fn a_resend_of_a_client_counts_for_the_client_of_its_request_while_the_key_changes(kept: &impl Kept) {
    let service = Service::start(|arrived| match arrived.path.as_str() {
        path if path.ends_with("/request") => json(201, r#"{"verifyId":"resent"}"#),
        path if path.ends_with("/resend") => json(200, r#"[{"verifyId":"resent"}]"#),
        _ => json(200, &format!(r#"{{"id":"resent","status":"pending","recipientNumber":"{NUMBER}"}}"#)),
    })
    .await;
    let client = |key: u8, previous: &[u8]| {
        let store = Store::new(kept.url()).key([key; 32]).previous_keys(previous.iter().map(|key| vec![*key; 32]));
        let quota = Some(Quota { limit: 3, per: HOUR });
        Client::new(service.options(Api::V2).store(store).sms_per_client(quota)).unwrap()
    };
    let (before, both) = (client(1, &[]), client(2, &[1]));
    before.request(NUMBER, RequestOptions::default().client("192.0.2.1")).await.unwrap();
    before.resend("resent", CallOptions::default()).await.unwrap();
    both.resend("resent", CallOptions::default()).await.unwrap();
    for client in [&both, &client(1, &[2])] {
        let limited = client.resend("resent", CallOptions::default()).await.unwrap_err();
        assert_eq!(limited.limit(), Some("sms_per_client"));
    }
    assert_eq!(service.sms(), 3);
}

pub(crate) async fn the_client_that_is_kept_for_a_resend_is_not_readable_on_the_disk(kept: &impl Kept) {
    let service = Service::start(|_| json(201, r#"{"verifyId":"resent"}"#)).await;
    let store = Store::new(kept.url()).key([7; 32]);
    let quota = Some(Quota { limit: 3, per: HOUR });
    let client = Client::new(service.options(Api::V2).store(store).sms_per_client(quota)).unwrap();
    client.request(NUMBER, RequestOptions::default().client("192.0.2.1")).await.unwrap();
    let (bytes, hash) = (kept.bytes(), Sha256::digest("192.0.2.1"));
    let hexadecimal: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    for shown in [&b"192.0.2.1"[..], &hash[..16], hexadecimal.as_bytes()] {
        assert!(!bytes.windows(shown.len()).any(|part| part == shown));
    }
}

pub(crate) async fn a_call_that_sends_nothing_leaves_nothing(kept: &impl Kept) {
    let (engine, post) = engine(options(kept, 7, &[]).sms_per_number(Some(Quota { limit: 1, per: HOUR })));
    for _ in 0..3 {
        post.next(Fate::NotSent);
        let failed = engine.request(NUMBER, asked().idempotency_key("order 8")).await.unwrap_err();
        assert_eq!((failed.code(), failed.sms_possibly_sent()), (ErrorCode::DeliveryFailed, false));
    }
    engine.request(NUMBER, asked().idempotency_key("order 8")).await.unwrap();
}
