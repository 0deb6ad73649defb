//! PostgreSQL with a standby: the store conforms over both, and what a failover loses: acknowledged, and not there after the standby
//! was promoted. `docs/stores.md` has what the full count said.

#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod cable;
    #[allow(dead_code, unused_macros, reason = "each program of tests needs some of it")]
    pub(crate) mod conformance;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod model;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod post;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod postgres_server;
    pub(crate) mod replicated;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod server;
    pub(crate) mod soak;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod watched;
}

mod conforms {
    use std::sync::{Arc, LazyLock};

    use egoi_verify::store::StoreBackend;
    use egoi_verify::{EngineOptions, Store, TestClock};

    use crate::support::conformance::{
        Kind, conforms_at_once, conforms_for_clients, conforms_for_limits_of_clients, conforms_for_support,
        conforms_one_at_a_time, conforms_when_answers_are_lost, facts,
    };
    use crate::support::postgres_server;
    use crate::support::replicated::Replicated;

    static PAIR: LazyLock<Replicated> = LazyLock::new(|| {
        if !postgres_server::is_here() {
            // A line in capitals has said so.
            std::process::exit(0);
        }
        Replicated::start(true)
    });

    fn open(_: u64, clock: Arc<TestClock>) -> Arc<dyn StoreBackend> {
        EngineOptions::default().store(Store::new(PAIR.url()).key([7; 32])).clock(clock).open_store().unwrap()
    }

    const KIND: Kind = Kind { open, is_bounded: false, histories: 10, rounds: 2 };

    conforms_one_at_a_time!(KIND);
    conforms_at_once!(KIND);
    conforms_when_answers_are_lost!(KIND);
    conforms_for_clients!(KIND);
    conforms_for_support!(KIND);
}

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use egoi_verify::{
    CallOptions, Engine, EngineOptions, ErrorCode, Outcome, RequestOptions, State, Store, ValidateOptions,
};

use support::cable::Fate;
use support::post::Post;
use support::postgres_server;
use support::replicated::Replicated;
use support::soak;

const NUMBER: &str = "+351 910 000 000";
const CALLERS: usize = 8;

/// How the primary fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// `kill -9`, with calls in flight.
    Killed,
    /// Its standby is cut off, while callers reach it still; then it is killed.
    CutOff,
}

/// What was acknowledged, and what of it the promoted standby does not know.
#[derive(Debug, Default, Clone, Copy)]
struct Lost {
    requests: usize,
    lost_requests: usize,
    successes: usize,
    lost_successes: usize,
    /// Codes that were a success once more.
    second_successes: usize,
}

/// A request that was acknowledged.
struct Made {
    id: String,
    code: String,
    is_verified: bool,
}

fn engine(url: &str) -> (Engine, Post) {
    let post = Post::default();
    let options = EngineOptions::default().store(Store::new(url).key([7; 32])).without_limits();
    (Engine::new(post.clone(), options).unwrap(), post)
}

/// Requests and validates until a call fails.
async fn calls(url: String, is_over: Arc<AtomicBool>, acknowledged: Arc<AtomicUsize>) -> Vec<Made> {
    let (engine, post) = engine(&url);
    let mut all = Vec::new();
    while !is_over.load(Ordering::SeqCst) {
        let Ok(made) = engine.request(NUMBER, RequestOptions::default().message("{CODE}")).await else { break };
        let code = post.latest();
        all.push(Made { id: made.id, code, is_verified: false });
        acknowledged.fetch_add(1, Ordering::SeqCst);
        let made = all.last_mut().unwrap();
        let Ok(outcome) = engine.validate(&made.id, &made.code, ValidateOptions::default()).await else { break };
        assert!(outcome.is_verified());
        made.is_verified = true;
        acknowledged.fetch_add(1, Ordering::SeqCst);
    }
    all
}

async fn fail_over(failure: Failure, is_synchronous: bool) -> Lost {
    let pair = Replicated::start(is_synchronous);
    let url = pair.url();
    engine(&url).0.ping(CallOptions::default()).await.unwrap();
    let (is_over, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut callers: Vec<_> = (0..CALLERS)
        .map(|_| tokio::spawn(calls(url.clone(), Arc::clone(&is_over), Arc::clone(&acknowledged))))
        .collect();
    let some_more = |count: usize, at_most: Duration| {
        let (acknowledged, before, started) =
            (Arc::clone(&acknowledged), acknowledged.load(Ordering::SeqCst), Instant::now());
        tokio::task::block_in_place(move || {
            while acknowledged.load(Ordering::SeqCst) < before + count && started.elapsed() < at_most {
                std::thread::yield_now();
            }
        });
    };
    some_more(400, Duration::from_secs(60));
    let mut made = Vec::new();
    match failure {
        Failure::Killed => {}
        Failure::CutOff => {
            pair.cable.set(Fate::Cut);
            if is_synchronous {
                // Each fails, though it was made again by then.
                for caller in callers.drain(..) {
                    made.extend(caller.await.unwrap());
                }
            } else {
                some_more(400, Duration::from_secs(60));
            }
        }
    }
    pair.primary().kill();
    is_over.store(true, Ordering::SeqCst);
    pair.fail_over();
    let by_the_promoted = url.replace(&format!("127.0.0.1:{},", pair.standby().port), "");
    if is_synchronous {
        pair.bring_back();
    }
    let (promoted, _) = engine(&by_the_promoted);
    let mut found = Lost::default();
    for caller in callers {
        made.extend(caller.await.unwrap());
    }
    for Made { id, code, is_verified } in made {
        let state = match promoted.get(&id, CallOptions::default()).await {
            Ok(read) => Some(read.state),
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::NotFound, "{error}");
                None
            }
        };
        found.requests += 1;
        found.lost_requests += usize::from(state.is_none());
        found.successes += usize::from(is_verified);
        if is_verified && state != Some(State::Verified) {
            found.lost_successes += 1;
            let again = promoted.validate(&id, &code, ValidateOptions::default()).await;
            found.second_successes += usize::from(again.is_ok_and(|outcome| outcome == Outcome::Verified));
        }
    }
    found
}

async fn fail_over_often(failure: Failure, is_synchronous: bool) -> Lost {
    let mut all = Lost::default();
    for _ in 0..soak::count(1, 20) {
        let lost = fail_over(failure, is_synchronous).await;
        all.requests += lost.requests;
        all.lost_requests += lost.lost_requests;
        all.successes += lost.successes;
        all.lost_successes += lost.lost_successes;
        all.second_successes += lost.second_successes;
    }
    // Past the test harness, which shows the output of failing tests alone.
    let _ = writeln!(std::io::stdout(), "{failure:?}, synchronous: {is_synchronous}: {all:?}");
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn with_asynchronous_replication_what_the_standby_has_not_got_is_lost() {
    if postgres_server::is_here() {
        // Of one that is killed with its standby connected nothing can be said for certain.
        fail_over_often(Failure::Killed, false).await;
        let all = fail_over_often(Failure::CutOff, false).await;
        assert!(all.lost_requests > 0 && all.lost_successes > 0, "{all:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_synchronous_replication_nothing_that_was_acknowledged_is_lost() {
    if postgres_server::is_here() {
        for failure in [Failure::Killed, Failure::CutOff] {
            let Lost { lost_requests, lost_successes, second_successes, .. } = fail_over_often(failure, true).await;
            assert_eq!((lost_requests, lost_successes, second_successes), (0, 0, 0), "{failure:?}");
        }
    }
}

/// An engine goes on through two failovers with a URL that names both servers.
#[tokio::test(flavor = "multi_thread")]
async fn an_engine_follows_the_primary_and_leaves_one_that_comes_back_as_a_standby() {
    if !postgres_server::is_here() {
        return;
    }
    let pair = Replicated::start(true);
    let (engine, post) = engine(&pair.url());
    for _ in 0..2 {
        let made = engine.request(NUMBER, RequestOptions::default().message("{CODE}")).await.unwrap();
        tokio::task::block_in_place(|| {
            pair.fail_over();
            pair.bring_back();
        });
        let outcome = engine.validate(&made.id, &post.latest(), ValidateOptions::default()).await.unwrap();
        assert_eq!(outcome, Outcome::Verified);
    }
}
