//! What holds while a store answers nothing, each fact a function of one that can be stalled. `facts_of_late_answers!` makes
//! the tests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egoi_verify::machine::Quota;
use egoi_verify::{
    Api, CallOptions, Client, Engine, EngineOptions, Error, ErrorCode, Outcome, OutgoingSms, RequestOptions, SendError,
    SmsStatus, Store, ValidateOptions,
};

use super::post::Post;
use super::service::{Service, json};

/// A store that can be stalled.
pub(crate) trait Stalls: Send + Sync + 'static {
    /// The same each time.
    fn url(&self) -> String;
    /// It does and answers nothing, until [`Stalls::resume`]; then it does what it was told in the meantime.
    fn stall(&self);
    fn resume(&self);
}

macro_rules! facts_of_late_answers {
    ($stalling:path) => {
        crate::support::late::facts_of_late_answers! { $stalling:
            a_late_claim_takes_no_used_key_away
            a_key_that_was_claimed_too_late_is_free_for_the_retry
            what_the_service_accepted_is_returned_while_the_store_stalls
            what_the_gateway_sent_is_returned_while_the_store_stalls
            a_request_that_was_stored_too_late_is_removed_before_the_retry
            what_was_not_sent_is_removed_when_the_store_goes_on
        }
    };
    ($stalling:path: $($fact:ident)*) => {
        $(#[test]
        fn $fact() {
            // Where there is no server a line in capitals says so.
            if let Some(stalling) = $stalling() {
                let fact = crate::support::late::$fact(std::sync::Arc::new(stalling));
                crate::support::conformance::RUNTIME.block_on(fact);
            }
        })*
    };
}

pub(crate) use facts_of_late_answers;

const NUMBER: &str = "+351 910 000 000";
const TIMEOUT: Duration = Duration::from_millis(500);
/// By when a call has ended whose timeout is [`TIMEOUT`], on a machine that is busy.
const SOON: Duration = Duration::from_millis(900);
const KEY: [u8; 32] = [7; 32];

fn client(service: &Service, url: &str) -> Client {
    Client::new(service.options(Api::V2).store(Store::new(url).key(KEY))).unwrap()
}

fn accepted() -> Vec<super::service::Step> {
    json(201, r#"{"verifyId":"abc"}"#)
}

fn keyed(key: &str) -> RequestOptions {
    RequestOptions::default().message("{CODE}").idempotency_key(key)
}

fn options(store: &Arc<impl Stalls>) -> EngineOptions {
    EngineOptions::default()
        .store(Store::new(store.url()).key(KEY))
        .sms_per_number(Some(Quota { limit: 1, per: 3600 * TIMEOUT }))
}

/// It is the store's failure, which came by the deadline and before anything was sent.
#[track_caller]
fn assert_late(error: &Error, started: Instant) {
    assert_eq!((error.code(), error.retry_is_safe()), (ErrorCode::Storage, true), "{error:?}");
    assert!(!error.sms_possibly_sent() && started.elapsed() < SOON, "{:?} {error:?}", started.elapsed());
}

/// Awaits what the store is told in the background.
async fn until<T, Later: Future<Output = Option<T>>>(done: impl Fn() -> Later) -> T {
    let waiting = async {
        loop {
            match done().await {
                Some(done) => return done,
                None => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it was not done")
}

pub(crate) async fn a_late_claim_takes_no_used_key_away(store: Arc<impl Stalls>) {
    a_used_key_is_asked_for_while_it_stalls(&store.url(), || store.stall(), || store.resume()).await;
}

/// A store may go on by itself.
pub(crate) async fn a_used_key_is_asked_for_while_it_stalls(url: &str, stall: impl Fn(), resume: impl Fn()) {
    let service = Service::start(|_| accepted()).await;
    let client = client(&service, url);
    let first = client.request(NUMBER, keyed("order 7")).await.unwrap();
    stall();
    let started = Instant::now();
    let late = client.request(NUMBER, keyed("order 7").timeout(TIMEOUT)).await.unwrap_err();
    assert_late(&late, started);
    resume();
    for _ in 0..3 {
        assert_eq!(client.request(NUMBER, keyed("order 7")).await.unwrap().id, first.id);
    }
    assert_eq!(service.sms(), 1);
}

pub(crate) async fn a_key_that_was_claimed_too_late_is_free_for_the_retry(store: Arc<impl Stalls>) {
    let service = Service::start(|_| accepted()).await;
    let client = client(&service, &store.url());
    client.request(NUMBER, keyed("order 6")).await.unwrap();
    store.stall();
    let started = Instant::now();
    let late = client.request(NUMBER, keyed("order 7").timeout(TIMEOUT)).await.unwrap_err();
    assert_late(&late, started);
    let retry = tokio::spawn({
        let client = client.clone();
        async move { client.request(NUMBER, keyed("order 7")).await }
    });
    store.resume();
    retry.await.unwrap().unwrap();
    assert_eq!(service.sms(), 2);
}

pub(crate) async fn what_the_service_accepted_is_returned_while_the_store_stalls(store: Arc<impl Stalls>) {
    let stalling = Arc::clone(&store);
    let service = Service::start(move |sms| {
        if sms.body.contains("stall") {
            stalling.stall();
        }
        accepted()
    });
    let service = service.await;
    let client = client(&service, &store.url());
    client.request(NUMBER, keyed("order 6")).await.unwrap();
    let started = Instant::now();
    let made = client.request(NUMBER, keyed("order 7").message("stall {CODE}").timeout(TIMEOUT)).await.unwrap();
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    store.resume();
    // It is completed in the background.
    let known = until(async || match client.request(NUMBER, keyed("order 7")).await {
        Ok(known) => Some(known),
        Err(error) => (error.code() != ErrorCode::Conflict).then(|| panic!("{error}")),
    });
    assert_eq!(known.await.id, made.id);
    assert_eq!(service.sms(), 2);
}

pub(crate) async fn what_the_gateway_sent_is_returned_while_the_store_stalls(store: Arc<impl Stalls>) {
    let stalling = Arc::clone(&store);
    let gateway = move |_: OutgoingSms| {
        stalling.stall();
        std::future::ready(Ok::<(), SendError>(()))
    };
    let engine = Engine::new(gateway, options(&store)).unwrap();
    engine.ping(CallOptions::default()).await.unwrap();
    let started = Instant::now();
    let made = engine.request(NUMBER, RequestOptions::default().timeout(TIMEOUT)).await.unwrap();
    assert!(made.sms == Some(SmsStatus::Sent) && started.elapsed() < SOON, "{:?}", started.elapsed());
    store.resume();
    let recorded = async || {
        let read = engine.get(&made.id, CallOptions::default()).await.unwrap();
        (read.sms == Some(SmsStatus::Sent)).then_some(())
    };
    until(recorded).await;
}

pub(crate) async fn a_request_that_was_stored_too_late_is_removed_before_the_retry(store: Arc<impl Stalls>) {
    let post = Post::default();
    let engine = Engine::new(post.clone(), options(&store)).unwrap();
    engine.ping(CallOptions::default()).await.unwrap();
    store.stall();
    let started = Instant::now();
    assert_late(&engine.request(NUMBER, keyed("order 7").timeout(TIMEOUT)).await.unwrap_err(), started);
    assert_eq!(post.count(), 0);
    let retry = tokio::spawn({
        let engine = engine.clone();
        async move { engine.request(NUMBER, keyed("order 7")).await }
    });
    store.resume();
    // One SMS an hour is allowed, and the one that was not sent was not counted.
    let made = retry.await.unwrap().unwrap();
    assert_eq!((made.sms, post.count()), (Some(SmsStatus::Sent), 1));
    let said = engine.validate(&made.id, &post.latest(), ValidateOptions::default()).await.unwrap();
    assert_eq!(said, Outcome::Verified);
}

pub(crate) async fn what_was_not_sent_is_removed_when_the_store_goes_on(store: Arc<impl Stalls>) {
    let (stalling, post) = (Arc::clone(&store), Post::default());
    let gateway = move |_: OutgoingSms| {
        stalling.stall();
        std::future::ready(Err(SendError::NotSent("the gateway refused the connection".into())))
    };
    let engine = Engine::new(gateway, options(&store)).unwrap();
    engine.ping(CallOptions::default()).await.unwrap();
    let started = Instant::now();
    let failed = engine.request(NUMBER, keyed("order 7").timeout(TIMEOUT)).await.unwrap_err();
    assert!(failed.code() == ErrorCode::Storage && started.elapsed() < SOON, "{:?} {failed:?}", started.elapsed());
    store.resume();
    let next = Engine::new(post.clone(), options(&store)).unwrap();
    let sent = async || {
        let made = next.request(NUMBER, keyed("order 7")).await.ok()?;
        (made.sms == Some(SmsStatus::Sent)).then_some(())
    };
    until(sent).await;
    assert_eq!(post.count(), 1);
}
