//! The border that Kotlin's verbs cross: numbers, bytes, and a worker that a thread of the caller's drives. `make asan` runs it
//! with the address and the leak sanitizer.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use egoi_verify::{Sandbox, SandboxOptions};
use egoi_verify_native::UniFfiTag;
use egoi_verify_native::border::{
    NEEDS_WORKER, NativeCall, NativeCalls, NativeReply, PANICKED, PENDING, egoi_verify_call, egoi_verify_cancel,
    egoi_verify_go_on, egoi_verify_no_worker, egoi_verify_work, egoi_verify_worker,
};
use egoi_verify_native::client::{NativeClient, NativeClientOptions};
use egoi_verify_native::clock::{NativeEngineClock, NativeTimeSource};
use egoi_verify_native::engine::{NativeDelivery, NativeEngine, NativeEngineOptions, NativeGateway};
use egoi_verify_native::failure::NativeError;
use egoi_verify_native::settings::NativeSetting;
use egoi_verify_native::values::{NativeOutcome, NativeRequest, NativeState, NativeValidate};
use tokio::sync::Notify;
use uniffi::{Lift, Lower};

/// The worker is one for the process.
fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn number() -> i64 {
    static NUMBERS: AtomicI64 = AtomicI64::new(1);
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

/// What Kotlin lends.
struct Room(Vec<u8>);

impl Room {
    fn of(capacity: usize) -> Self {
        Self(vec![0; capacity])
    }

    fn address(&mut self) -> i64 {
        i64::try_from(self.0.as_mut_ptr().expose_provenance()).unwrap()
    }

    fn capacity(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap()
    }

    // SAFETY, of every `unsafe` here: the buffer is this room's, which nobody else has meanwhile.

    fn begin(&mut self, verifier: i64, number: i64, call: &[u8]) -> i64 {
        self.0[..call.len()].copy_from_slice(call);
        let length = i64::try_from(call.len()).unwrap();
        unsafe { egoi_verify_call(verifier, number, self.address(), length, self.capacity()) }
    }

    fn go_on(&mut self, number: i64) -> i64 {
        unsafe { egoi_verify_go_on(number, self.address(), self.capacity()) }
    }

    fn work(&mut self, worker: i64) -> i64 {
        unsafe { egoi_verify_work(worker, self.address(), self.capacity()) }
    }

    fn reply(&self, length: i64) -> NativeReply {
        read(&self.0[..usize::try_from(length).unwrap()])
    }
}

fn read(mut bytes: &[u8]) -> NativeReply {
    let reply = <NativeReply as Lift<UniFfiTag>>::try_read(&mut bytes).unwrap();
    assert!(bytes.is_empty());
    reply
}

fn written(call: NativeCall) -> Vec<u8> {
    let mut bytes = Vec::new();
    <NativeCall as Lower<UniFfiTag>>::write(call, &mut bytes);
    bytes
}

type Replies = HashMap<i64, NativeReply>;

/// What Kotlin's thread does.
fn driven(capacity: usize, replies: Sender<(i64, NativeReply)>) -> JoinHandle<()> {
    thread::spawn(move || {
        let worker = egoi_verify_worker();
        let mut room = Room::of(capacity);
        loop {
            match room.work(worker) {
                PENDING => return,
                PANICKED => panic!("the worker panicked"),
                needed if needed < 0 => room = Room::of(usize::try_from(-needed).unwrap()),
                length => {
                    let mut all = &room.0[..usize::try_from(length).unwrap()];
                    while let Some((call, rest)) = all.split_first_chunk() {
                        let (length, rest) = rest.split_first_chunk().unwrap();
                        let (reply, rest) = rest.split_at(usize::try_from(u32::from_be_bytes(*length)).unwrap());
                        replies.send((i64::from_be_bytes(*call), read(reply))).unwrap();
                        all = rest;
                    }
                }
            }
        }
    })
}

fn received(replies: &Receiver<(i64, NativeReply)>, calls: usize) -> Replies {
    (0..calls).map(|_| replies.recv_timeout(Duration::from_secs(20)).unwrap()).collect()
}

fn client(base_url: &str, waits: bool) -> Arc<NativeCalls> {
    let settings = HashMap::from([("base_url".to_owned(), NativeSetting::Text { value: base_url.to_owned() })]);
    let options = NativeClientOptions {
        api_key: "the key".to_owned(),
        sender: "1".to_owned(),
        settings,
        language: "rust".to_owned(),
    };
    NativeCalls::of_client(NativeClient::new(options).unwrap(), waits).unwrap()
}

fn request() -> NativeCall {
    NativeCall::Request {
        request: NativeRequest {
            number: "+351 910 000 000".to_owned(),
            text: None,
            code_type: None,
            code_size: None,
            ttl: None,
            group: None,
            idempotency_key: None,
            client: None,
            default_region: None,
            timeout: None,
            retries: None,
        },
    }
}

fn validate(id: &str, code: &str) -> NativeCall {
    let (id, code) = (id.to_owned(), code.to_owned());
    NativeCall::Validate {
        validate: NativeValidate {
            id,
            code,
            number: None,
            client: None,
            default_region: None,
            timeout: None,
            retries: None,
        },
    }
}

fn code_of(reply: &NativeReply) -> &str {
    match reply {
        NativeReply::Failed { failure: NativeError::Failed { code, .. } } => code,
        _ => "no failure",
    }
}

struct Served {
    sandbox: Sandbox,
    _runtime: tokio::runtime::Runtime,
}

impl Served {
    fn new(options: SandboxOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(options.code("739164"))).unwrap();
        Self { sandbox, _runtime: runtime }
    }

    fn client(&self, waits: bool) -> Arc<NativeCalls> {
        client(&format!("{}/api", self.sandbox.url()), waits)
    }
}

/// A call that waits, until its end.
fn waited(verifier: &NativeCalls, capacity: usize, call: NativeCall) -> NativeReply {
    let (number, call) = (number(), written(call));
    let mut room = Room::of(capacity.max(call.len()));
    let mut returned = room.begin(verifier.number(), number, &call);
    loop {
        match returned {
            PENDING => {}
            needed if needed < 0 => room = Room::of(usize::try_from(-needed).unwrap()),
            length => return room.reply(length),
        }
        returned = room.go_on(number);
    }
}

#[test]
fn calls_that_wait_verify() {
    let served = Served::new(SandboxOptions::default());
    let client = served.client(true);
    let NativeReply::Verification { verification } = waited(&client, 4096, request()) else { panic!("no request") };
    for (code, expected) in [("111111", NativeOutcome::WrongCode), ("739164", NativeOutcome::Verified)] {
        let reply = waited(&client, 4096, validate(&verification.id, code));
        assert!(matches!(reply, NativeReply::Outcome { details } if details.outcome as u8 == expected as u8));
    }
    let cancelled = waited(&client, 4096, NativeCall::Cancel { id: verification.id, timeout: None, retries: None });
    assert!(matches!(cancelled, NativeReply::State { state: NativeState::Verified }));
    assert!(matches!(waited(&client, 4096, NativeCall::Ping { timeout: None, retries: None }), NativeReply::Nothing));
}

#[test]
fn the_worker_takes_calls_home_and_ends_with_the_last_client() {
    let _alone = alone();
    let served = Served::new(SandboxOptions::default());
    let (sent, replies) = channel();
    let (first, second) = (served.client(false), served.client(false));
    let numbers: Vec<i64> = (0..50).map(|_| number()).collect();
    let mut room = Room::of(4096);
    let mut worker = None;
    for each in &numbers {
        match room.begin(first.number(), *each, &written(request())) {
            NEEDS_WORKER => assert!(worker.replace(driven(65_536, sent.clone())).is_none(), "one worker"),
            returned => assert_eq!(returned, PENDING),
        }
    }
    let replies = received(&replies, numbers.len());
    for each in numbers {
        assert!(matches!(replies[&each], NativeReply::Verification { .. }), "{}", code_of(&replies[&each]));
    }
    let worker = worker.unwrap();
    first.shut();
    drop(first);
    assert!(!worker.is_finished());
    second.shut();
    worker.join().unwrap();
}

#[test]
fn a_client_that_nobody_closed_releases_the_worker_when_it_is_dropped() {
    let _alone = alone();
    let served = Served::new(SandboxOptions::default());
    let (sent, replies) = channel();
    let client = served.client(false);
    assert_eq!(Room::of(4096).begin(client.number(), number(), &written(request())), NEEDS_WORKER);
    let worker = driven(65_536, sent);
    received(&replies, 1);
    drop(client);
    worker.join().unwrap();
}

#[test]
fn a_call_under_way_keeps_the_worker_after_its_client_was_closed() {
    let _alone = alone();
    let served = Served::new(SandboxOptions::default());
    let (sent, replies) = channel();
    let client = served.client(false);
    let call = number();
    assert_eq!(Room::of(4096).begin(client.number(), call, &written(request())), NEEDS_WORKER);
    client.shut();
    let worker = driven(65_536, sent);
    assert!(matches!(received(&replies, 1)[&call], NativeReply::Verification { .. }));
    worker.join().unwrap();
}

#[test]
fn a_reply_that_does_not_fit_is_fetched() {
    let _alone = alone();
    let served = Served::new(
        SandboxOptions::default().senders((0..500).map(|each| format!("sender {each}")).collect::<Vec<_>>()),
    );
    let senders = || NativeCall::Senders { timeout: None, retries: None };
    let listed = |reply: &NativeReply| matches!(reply, NativeReply::Senders { senders } if senders.len() == 500);
    assert!(listed(&waited(&served.client(true), 64, senders())));

    let (sent, replies) = channel();
    let client = served.client(false);
    let call = number();
    assert_eq!(Room::of(4096).begin(client.number(), call, &written(senders())), NEEDS_WORKER);
    let worker = driven(64, sent);
    assert!(listed(&received(&replies, 1)[&call]));
    client.shut();
    worker.join().unwrap();
}

#[test]
fn a_thread_that_could_not_be_started_is_asked_for_again() {
    let _alone = alone();
    let served = Served::new(SandboxOptions::default());
    let client = served.client(false);
    let mut room = Room::of(4096);
    let call = number();
    assert_eq!(room.begin(client.number(), call, &written(request())), NEEDS_WORKER);
    egoi_verify_no_worker();
    egoi_verify_cancel(call);
    let (sent, replies) = channel();
    let again = number();
    assert_eq!(room.begin(client.number(), again, &written(request())), NEEDS_WORKER);
    let worker = driven(65_536, sent);
    assert!(received(&replies, 1).contains_key(&again));
    client.shut();
    worker.join().unwrap();
}

#[test]
fn a_call_that_waits_comes_back_for_interrupts_and_is_cancelled() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(&format!("http://{}", silent.local_addr().unwrap()), true);
    let (mut room, call) = (Room::of(4096), number());
    let began = Instant::now();
    assert_eq!(room.begin(client.number(), call, &written(request())), PENDING);
    assert_eq!(room.go_on(call), PENDING);
    assert!(began.elapsed() >= Duration::from_millis(60), "it waits, and does not ask all the time");
    let (mut connection, _) = silent.accept().unwrap();
    egoi_verify_cancel(call);
    std::io::copy(&mut connection, &mut std::io::sink()).unwrap();
    let length = room.go_on(call);
    assert_eq!(code_of(&room.reply(length)), "internal");
}

#[test]
fn a_cancelled_call_of_the_worker_is_dropped() {
    let _alone = alone();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(&format!("http://{}", silent.local_addr().unwrap()), false);
    let (sent, replies) = channel();
    let call = number();
    assert_eq!(Room::of(4096).begin(client.number(), call, &written(request())), NEEDS_WORKER);
    let worker = driven(65_536, sent);
    let (mut connection, _) = silent.accept().unwrap();
    client.shut();
    egoi_verify_cancel(call);
    std::io::copy(&mut connection, &mut std::io::sink()).unwrap();
    worker.join().unwrap();
    assert!(replies.try_recv().is_err());
}

#[test]
fn what_is_no_call_is_refused() {
    let _alone = alone();
    let client = client("http://127.0.0.1:9", true);
    let right = written(request());
    let mut room = Room::of(4096);
    for length in 0..right.len() {
        let returned = room.begin(client.number(), number(), &right[..length]);
        assert_eq!(code_of(&room.reply(returned)), "internal", "{length}");
    }
    for changed in [vec![0; 4], vec![0xff; 40], vec![0x7f, 0xff, 0xff, 0xff, 1, 2]] {
        let returned = room.begin(client.number(), number(), &changed);
        assert_eq!(code_of(&room.reply(returned)), "internal");
    }
    // No buffer at all, and lengths that are none.
    let (call, address) = (number(), room.address());
    for (buffer, length, capacity) in [(0, 10, 10), (address, -1, 4096), (address, 10, -1)] {
        assert_ne!(unsafe { egoi_verify_call(client.number(), call, buffer, length, capacity) }, PENDING);
    }
    assert_eq!(egoi_verify_worker(), 0);
    assert_eq!(room.work(7_000), PENDING);
    egoi_verify_cancel(7_000);
}

#[test]
fn what_was_closed_or_never_was_is_closed() {
    let client = client("http://127.0.0.1:9", true);
    let mut room = Room::of(4096);
    client.shut();
    let (was, call) = (client.number(), written(request()));
    let closed = room.begin(was, number(), &call);
    assert_eq!(code_of(&room.reply(closed)), "closed");
    drop(client);
    for verifier in [was, -1, 1 << 40] {
        let closed = room.begin(verifier, number(), &call);
        assert_eq!(code_of(&room.reply(closed)), "closed");
    }
}

/// Panics once an SMS was sent, with what must not be repeated.
#[derive(Default)]
struct Breaking(AtomicBool, Notify);

impl NativeTimeSource for Breaking {
    fn now(&self) -> SystemTime {
        assert!(!self.0.load(Ordering::SeqCst), "a secret");
        SystemTime::now()
    }
}

/// Breaks the clock once it is told to.
struct Breaks(Arc<Breaking>);

#[async_trait::async_trait]
impl NativeGateway for Breaks {
    async fn send(&self, _: String, _: String, _: String) -> NativeDelivery {
        self.0.1.notified().await;
        self.0.0.store(true, Ordering::SeqCst);
        NativeDelivery::Sent
    }
}

fn engine(waits: bool) -> (Arc<Breaking>, Arc<NativeCalls>) {
    let clock = Arc::new(Breaking::default());
    let gateway = Arc::new(Breaks(Arc::clone(&clock)));
    let options = NativeEngineOptions {
        settings: HashMap::new(),
        clock: Some(NativeEngineClock::of(Arc::<Breaking>::clone(&clock))),
    };
    (clock, NativeCalls::of_engine(NativeEngine::sending(gateway, options).unwrap(), waits).unwrap())
}

fn is_a_silent_panic(reply: &NativeReply) {
    let NativeReply::Failed { failure: NativeError::Failed { code, detail, .. } } = reply else { panic!("no failure") };
    assert!(code == "internal" && !detail.contains("secret"), "{code}: {detail}");
}

#[test]
fn a_panic_in_a_call_is_its_failure() {
    let _alone = alone();
    for waits in [true, false] {
        // In the thread that calls.
        let (clock, engine) = engine(waits);
        clock.0.store(true, Ordering::SeqCst);
        is_a_silent_panic(&waited(&engine, 4096, request()));
    }
    let (clock, engine) = engine(false);
    let (sent, replies) = channel();
    let call = number();
    assert_eq!(Room::of(4096).begin(engine.number(), call, &written(request())), NEEDS_WORKER);
    clock.1.notify_one();
    let worker = driven(65_536, sent);
    is_a_silent_panic(&received(&replies, 1)[&call]);
    engine.shut();
    worker.join().unwrap();
}
