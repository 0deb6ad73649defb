//! A day of verifications through one process: memory stays as it is, and what was kept is forgotten.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/soak.rs"]
mod soak;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use egoi_verify::store::{MemoryStore, StoreBackend};
use egoi_verify::{
    CallOptions, Client, Engine, EngineOptions, ErrorCode, Outcome, OutgoingSms, RequestOptions, Sandbox,
    SandboxOptions, SendError, SendFuture, SmsGateway, Store, TestClock, ValidateOptions,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const KEEP: Duration = Duration::from_secs(50 * 60);
const TTL: Duration = Duration::from_secs(10 * 60);

/// Keeps the latest text.
#[derive(Default, Clone)]
struct Inbox(Arc<Mutex<String>>);

impl Inbox {
    fn code(&self) -> String {
        self.0.lock().unwrap().split(' ').next().unwrap().to_owned()
    }
}

impl SmsGateway for Inbox {
    fn send(&self, sms: OutgoingSms) -> SendFuture<'_> {
        *self.0.lock().unwrap() = sms.text.to_string();
        Box::pin(std::future::ready(Ok::<(), SendError>(())))
    }
}

fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * rustix::param::page_size()
}

#[tokio::test]
async fn a_day_of_traffic_leaves_the_memory_as_it_is_and_is_forgotten() {
    let verifications = u32::try_from(soak::count(5_000, 1_000_000)).unwrap();
    let (inbox, clock) = (Inbox::default(), Arc::new(TestClock::default()));
    clock.freeze(true);
    let store = Arc::new(MemoryStore::with_clock(u64::from(verifications), Arc::clone(&clock) as _));
    // What is kept is an hour's traffic and not a day's, so that the store is as large at the end as after the warm-up.
    let options = EngineOptions::default()
        .store(Store::custom(Arc::clone(&store) as Arc<dyn StoreBackend>).key([7; 32]).retention(KEEP));
    let engine = Engine::new(inbox.clone(), options.sms_per_number(None).wrong_codes_per_number(None)).unwrap();
    let (mut before, mut last) = (0, String::new());
    for each in 0..verifications {
        let number = format!("+35191{:07}", each % 10_000_000);
        last = engine.request(&number, RequestOptions::default().ttl(TTL)).await.unwrap().id.to_string();
        let outcome = engine.validate(&last, &inbox.code(), ValidateOptions::default().number(&number)).await.unwrap();
        assert_eq!(outcome, Outcome::Verified);
        clock.advance(DAY / verifications);
        if each == verifications / 5 {
            before = resident_bytes();
        }
    }
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < (8 << 20) + verifications as usize * 8, "the process grew by {grown} bytes");

    assert!(engine.get(&last, CallOptions::default()).await.is_ok());
    clock.advance(KEEP + TTL + Duration::from_secs(1));
    let held = store.held();
    // Each call clears up a little of what its id falls to.
    for each in (0..256).cycle().take(256 * (1 + usize::try_from(held).unwrap())) {
        let id = format!("{each:02x}").repeat(16);
        let error = engine.get(&id, CallOptions::default()).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotFound);
        if store.held() == 0 {
            break;
        }
    }
    assert_eq!(store.held(), 0);
}

#[tokio::test]
async fn verifications_over_http_leave_the_memory_as_it_is() {
    const NUMBER: &str = "+351 910 000 000";
    let verifications = soak::count(500, 50_000);
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let client: Client = sandbox.client().unwrap();
    let mut before = 0;
    for each in 0..verifications {
        let made = client.request(NUMBER, RequestOptions::default()).await.unwrap();
        let code = sandbox.wait_for_code(NUMBER, Duration::from_secs(20)).await.unwrap();
        let outcome = client.validate(&made.id, &code, ValidateOptions::default().number(NUMBER)).await.unwrap();
        assert_eq!(outcome, Outcome::Verified);
        if each % 100 == 0 {
            sandbox.reset(); // It forgets nothing by itself.
        }
        if each == verifications / 5 {
            before = resident_bytes();
        }
    }
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 8 << 20, "the process grew by {grown} bytes");
}
