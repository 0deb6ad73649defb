//! What a failover of Redis loses: acknowledged, and not there after the replica was promoted. `docs/stores.md` has what the
//! full count said.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod cable;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod post;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod redis_server;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod server;
    pub(crate) mod soak;
}

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use egoi_verify::{CallOptions, Engine, EngineOptions, RequestOptions, State, Store, ValidateOptions};

use support::cable::{Cable, Fate};
use support::post::Post;
use support::redis_server::{self, RedisServer};
use support::soak;

const NUMBER: &str = "+351 910 000 000";
const CALLERS: usize = 8;

/// How the primary fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// `kill -9`, with calls in flight.
    Killed,
    /// Its replica is cut off, while callers reach it still; then it is killed.
    CutOff,
}

/// How many successes were acknowledged, and how many of them the promoted replica does not know.
#[derive(Debug, Default, Clone, Copy)]
struct Lost {
    acknowledged: usize,
    lost: usize,
}

/// A connection on which it can be awaited that the replica has what the primary was told so far.
struct Waiting(TcpStream);

impl Waiting {
    fn on(port: u16) -> Self {
        Self(TcpStream::connect(("127.0.0.1", port)).unwrap())
    }

    /// Whether it has it, within 300 ms. Broken connections are none.
    fn is_replicated(&mut self) -> bool {
        // WAIT is for what this connection wrote last, which is behind all that was written before.
        let mut answer = [0; 9];
        self.0.write_all(b"SET waiting 1\r\nWAIT 1 300\r\n").and_then(|()| self.0.read_exact(&mut answer)).is_ok()
            && answer == *b"+OK\r\n:1\r\n"
    }
}

fn engine(url: &str) -> (Engine, Post) {
    let post = Post::default();
    let options = EngineOptions::default().store(Store::new(url).key([7; 32])).without_limits();
    (Engine::new(post.clone(), options).unwrap(), post)
}

async fn fail_over(failure: Failure, awaits_the_replica: bool) -> Lost {
    let primary = RedisServer::start(&["--repl-diskless-sync-delay", "0"]);
    let cable = Cable::to(primary.port);
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &cable.port.to_string()]);
    let url = primary.url();
    engine(&url).0.ping(CallOptions::default()).await.unwrap();
    let started = Instant::now();
    while !replica.cli(&["info", "replication"]).contains("master_link_status:up") {
        assert!(started.elapsed() < Duration::from_secs(60), "it does not replicate");
    }
    let (is_over, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (engine, post) = engine(&url);
            let (is_over, acknowledged, port) = (Arc::clone(&is_over), Arc::clone(&acknowledged), primary.port);
            tokio::spawn(async move {
                let mut waiting = Waiting::on(port);
                let mut ids = Vec::new();
                while !is_over.load(Ordering::SeqCst) {
                    let Ok(made) = engine.request(NUMBER, RequestOptions::default().message("{CODE}")).await else {
                        break;
                    };
                    match engine.validate(&made.id, &post.latest(), ValidateOptions::default()).await {
                        Ok(outcome) => assert!(outcome.is_verified()),
                        Err(_) => break,
                    }
                    if !awaits_the_replica || tokio::task::block_in_place(|| waiting.is_replicated()) {
                        ids.push(made.id);
                        acknowledged.fetch_add(1, Ordering::SeqCst);
                    }
                }
                ids
            })
        })
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
    some_more(200, Duration::from_secs(60));
    if failure == Failure::CutOff {
        cable.set(Fate::Cut);
        // None come where each awaits the replica.
        some_more(200, Duration::from_secs(2));
    }
    primary.kill();
    is_over.store(true, Ordering::SeqCst);
    replica.cli(&["replicaof", "no", "one"]);
    let (promoted, _) = engine(&url.replace(&primary.port.to_string(), &replica.port.to_string()));
    let mut found = Lost::default();
    for caller in callers {
        for id in caller.await.unwrap() {
            found.acknowledged += 1;
            let is_known = match promoted.get(&id, CallOptions::default()).await {
                Ok(read) => read.state == State::Verified,
                Err(error) => {
                    assert_eq!(error.code(), egoi_verify::ErrorCode::NotFound, "{error}");
                    false
                }
            };
            found.lost += usize::from(!is_known);
        }
    }
    found
}

async fn fail_over_often(failure: Failure, awaits_the_replica: bool) -> Lost {
    let mut all = Lost::default();
    for _ in 0..soak::count(1, 20) {
        let Lost { acknowledged, lost } = fail_over(failure, awaits_the_replica).await;
        all = Lost { acknowledged: all.acknowledged + acknowledged, lost: all.lost + lost };
    }
    // Past the test harness, which shows the output of failing tests alone.
    let _ = writeln!(std::io::stdout(), "{failure:?}, awaiting the replica: {awaits_the_replica}: {all:?}");
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_replica_was_not_awaited_for_may_be_lost() {
    if redis_server::is_here() {
        // Of one that is killed with its replica connected nothing can be said for certain.
        fail_over_often(Failure::Killed, false).await;
        let all = fail_over_often(Failure::CutOff, false).await;
        assert!(all.lost > 0, "{all:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_replica_was_awaited_for_is_not_lost() {
    if redis_server::is_here() {
        for failure in [Failure::Killed, Failure::CutOff] {
            let all = fail_over_often(failure, true).await;
            assert_eq!(all.lost, 0, "{failure:?}: {all:?}");
        }
    }
}
