//! The store in Redis whose primary Sentinels name, on real servers and real Sentinels.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    #[allow(dead_code, unused_macros, reason = "each program of tests needs some of it")]
    pub(crate) mod conformance;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod model;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod post;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod redis_server;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod sentinels;
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
    use crate::support::redis_server;
    use crate::support::sentinels::Watched;

    static WATCHED: LazyLock<Watched> = LazyLock::new(|| {
        if !redis_server::is_here() {
            // A line in capitals has said so.
            std::process::exit(0);
        }
        Watched::start()
    });

    fn open(_: u64, clock: Arc<TestClock>) -> Arc<dyn StoreBackend> {
        EngineOptions::default().store(Store::new(WATCHED.url()).key([7; 32])).clock(clock).open_store().unwrap()
    }

    const KIND: Kind = Kind { open, is_bounded: false, histories: 10, rounds: 2 };

    conforms_one_at_a_time!(KIND);
    conforms_at_once!(KIND);
    conforms_when_answers_are_lost!(KIND);
    conforms_for_clients!(KIND);
    conforms_for_support!(KIND);
}

mod which_server {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use egoi_verify::{
        CallOptions, Engine, EngineOptions, Error, ErrorCode, Outcome, Reason, RequestOptions, Store, ValidateOptions,
    };

    use crate::support::post::Post;
    use crate::support::redis_server::{self, RedisServer};
    use crate::support::sentinels::Watched;
    use crate::support::server::free_port;

    const NUMBER: &str = "+351 910 000 000";

    fn engine(url: &str) -> (Engine, Post) {
        let post = Post::default();
        (Engine::new(post.clone(), EngineOptions::default().store(Store::new(url).key([7; 32]))).unwrap(), post)
    }

    fn asked() -> RequestOptions {
        RequestOptions::default().message("{CODE}")
    }

    async fn ping(url: &str) -> Result<(), Error> {
        engine(url).0.ping(CallOptions::default()).await
    }

    async fn assert_fails(url: &str, code: ErrorCode, reason: Option<Reason>, says: &str) {
        let error = ping(url).await.unwrap_err();
        assert_eq!((error.code(), error.reason()), (code, reason), "{error:?}");
        assert!(error.detail().contains(says), "{error}");
        assert!(!format!("{error:?}").contains("battery"), "{error:?}");
    }

    /// A Sentinel that names a server, of this failover.
    fn that_names(port: u16, failover: u32) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let own = listener.local_addr().unwrap().port();
        let two = |texts: [&str; 2]| {
            texts.iter().fold("*2\r\n".to_owned(), |all, text| format!("{all}${}\r\n{text}\r\n", text.len()))
        };
        let (since, at) = (two(["config-epoch", &failover.to_string()]), two(["127.0.0.1", &port.to_string()]));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (since, at) = (since.clone(), at.clone());
                std::thread::spawn(move || {
                    let mut asked = [0; 4096];
                    while let Ok(length @ 1..) = stream.read(&mut asked) {
                        let is_where = String::from_utf8_lossy(&asked[..length]).contains("GET-MASTER-ADDR-BY-NAME");
                        let _ = stream.write_all(if is_where { at.as_bytes() } else { since.as_bytes() });
                    }
                });
            }
        });
        own
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_call_under_way_in_a_failover_goes_to_the_server_that_takes_over() {
        if redis_server::is_here() {
            a_failover_is_followed(&Watched::start()).await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_failover_of_valkey_is_followed() {
        if redis_server::valkey_is_here() {
            a_failover_is_followed(&Watched::start_valkey()).await;
        }
    }

    async fn a_failover_is_followed(watched: &Watched) {
        let url = watched.url();
        let (engine, post) = engine(&url);
        let id = engine.request(NUMBER, asked()).await.unwrap().id;
        let (validating, code) = (engine.clone(), post.latest());
        let mut validation = None;
        watched.fail_over(|primary| {
            while watched.replica().replicated() != primary.replicated() {}
            primary.kill();
            let id = id.clone();
            validation =
                Some(tokio::spawn(async move { validating.validate(&id, &code, ValidateOptions::default()).await }));
        });
        assert_eq!(validation.unwrap().await.unwrap().unwrap(), Outcome::Verified);
        assert!(watched.primary().cli(&["dbsize"]).parse::<u32>().unwrap() >= 3);
        watched.rejoin();
        engine.ping(CallOptions::default()).await.unwrap();
        let again = engine.validate(&id, "000000", ValidateOptions::default()).await.unwrap();
        assert_eq!(again, Outcome::AlreadyVerified);
        // Cut off from the others, it has not heard of the failover.
        let stale = that_names(watched.replica().port, 0);
        ping(&url.replace("redis+sentinel://", &format!("redis+sentinel://127.0.0.1:{stale},"))).await.unwrap();
    }

    /// `SENTINEL FAILOVER` leaves the primary of before as it is for some seconds.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_primary_that_responds_is_left_when_another_is_named() {
        if !redis_server::is_here() {
            return;
        }
        let watched = Watched::start();
        let options = EngineOptions::default().without_limits().store(Store::new(watched.url()).key([7; 32]));
        let engine = Engine::new(Post::default(), options).unwrap();
        engine.request(NUMBER, asked()).await.unwrap();
        watched.fail_over(|_| {
            assert_eq!(watched.sentinels[0].cli(&["sentinel", "failover", "main"]), "OK");
        });
        let kept = watched.primary().cli(&["dbsize"]);
        while watched.primary().cli(&["dbsize"]) == kept {
            engine.request(NUMBER, asked()).await.unwrap();
        }
        // It was not told by a primary that has become a replica.
        assert!(watched.replica().cli(&["role"]).starts_with("master"));
    }

    #[tokio::test]
    async fn a_primary_that_was_demoted_is_refused() {
        if !redis_server::is_here() {
            return;
        }
        let primary = RedisServer::start(&[]);
        let demoted = RedisServer::start(&["--replicaof", "127.0.0.1", &primary.port.to_string()]);
        let names_the_demoted = that_names(demoted.port, 1);
        let url = format!("redis+sentinel://127.0.0.1:{names_the_demoted}/main");
        assert_fails(&url, ErrorCode::Storage, None, "is a replica: a failover is under way").await;
        let names_the_primary = that_names(primary.port, 2);
        ping(&url.replace("//", &format!("//127.0.0.1:{names_the_primary},"))).await.unwrap();
    }

    #[tokio::test]
    async fn sentinels_that_cannot_be_used_say_why() {
        if !redis_server::is_here() {
            return;
        }
        let primary = RedisServer::start(&["--requirepass", "horse"]);
        let sentinel = RedisServer::start_sentinel(primary.port, 1, "requirepass battery");
        let at = |login: &str, port: u16, rest: &str| format!("redis+sentinel://{login}127.0.0.1:{port}/{rest}");
        let misconfigured = ErrorCode::Misconfigured;
        let port = sentinel.port;
        let all = [
            (at("", free_port(), "main"), ErrorCode::Storage, None, "no Redis Sentinel responded"),
            (at("", port, "main"), misconfigured, Some(Reason::WrongPassword), "`sentinel_password`"),
            (
                at("", port, "main?sentinel_password=no"),
                misconfigured,
                Some(Reason::WrongPassword),
                "`sentinel_password`",
            ),
            (
                at("", port, "other?sentinel_password=battery"),
                misconfigured,
                Some(Reason::Unsuitable),
                "knows no primary",
            ),
            (
                at("", port, "main?sentinel_password=battery"),
                misconfigured,
                Some(Reason::WrongPassword),
                "check both in the URL",
            ),
        ];
        for (url, code, reason, says) in all {
            assert_fails(&url, code, reason, says).await;
        }
        let dead = free_port();
        ping(&at(&format!(":horse@127.0.0.1:{dead},"), port, "main/3?sentinel_password=battery")).await.unwrap();
        let server = RedisServer::start(&[]);
        let is_no_sentinel = "is not Redis Sentinel";
        assert_fails(&at("", server.port, "main"), misconfigured, Some(Reason::Unsuitable), is_no_sentinel).await;
        let without_password = RedisServer::start_sentinel(server.port, 1, "");
        let as_a_server = format!("redis://127.0.0.1:{}", without_password.port);
        let unsuitable = Some(Reason::Unsuitable);
        assert_fails(&as_a_server, misconfigured, unsuitable, "`redis+sentinel://HOST/MASTER`").await;
        let unreachable = that_names(free_port(), 1);
        assert_fails(&at("", unreachable, "main"), ErrorCode::Storage, None, "the address that Sentinel names").await;
    }
}

/// Acknowledged, and not there after Sentinel has promoted the replica. `docs/stores.md` has what the full count said.
mod what_a_failover_loses {
    use std::io::Write as _;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use egoi_verify::{CallOptions, Engine, EngineOptions, ErrorCode, RequestOptions, State, Store, ValidateOptions};

    use crate::support::post::Post;
    use crate::support::redis_server;
    use crate::support::sentinels::Watched;
    use crate::support::soak;

    const CALLERS: usize = 8;

    /// What begins the failover.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Begin {
        /// `kill -9` of the primary.
        Killed,
        /// `SENTINEL FAILOVER`, while the primary responds still.
        ByHand,
    }

    /// How many successes were acknowledged, and what of them the promoted replica does not know.
    #[derive(Debug, Default)]
    struct Lost {
        acknowledged: usize,
        /// The request is there, and its code can be used again.
        codes: usize,
        /// The request is not there, and its SMS and its idempotency key are forgotten.
        requests: usize,
    }

    fn engine(url: &str) -> (Engine, Post) {
        let post = Post::default();
        let options = EngineOptions::default().store(Store::new(url).key([7; 32])).without_limits();
        (Engine::new(post.clone(), options).unwrap(), post)
    }

    async fn fail_over(begin: Begin, lost: &mut Lost) {
        let watched = Arc::new(Watched::start());
        let url = watched.url();
        engine(&url).0.ping(CallOptions::default()).await.unwrap();
        let (is_over, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (engine, post) = engine(&url);
                let (is_over, acknowledged) = (Arc::clone(&is_over), Arc::clone(&acknowledged));
                tokio::spawn(async move {
                    let mut ids = Vec::new();
                    while !is_over.load(Ordering::SeqCst) {
                        let asked = RequestOptions::default().message("{CODE}");
                        let Ok(made) = engine.request("+351 910 000 000", asked).await else { continue };
                        let validated = engine.validate(&made.id, &post.latest(), ValidateOptions::default()).await;
                        // Between the two the request may have been lost.
                        if validated.is_ok_and(|outcome| outcome.is_verified()) {
                            ids.push(made.id);
                            acknowledged.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                    ids
                })
            })
            .collect();
        let failing = Arc::clone(&watched);
        let failed_over = move || {
            let some_more = || {
                let (enough, started) = (acknowledged.load(Ordering::SeqCst) + 200, Instant::now());
                while acknowledged.load(Ordering::SeqCst) < enough && started.elapsed() < Duration::from_secs(60) {
                    std::thread::yield_now();
                }
            };
            some_more();
            failing.fail_over(|primary| match begin {
                Begin::Killed => primary.kill(),
                Begin::ByHand => assert_eq!(failing.sentinels[0].cli(&["sentinel", "failover", "main"]), "OK"),
            });
            some_more();
        };
        tokio::task::spawn_blocking(failed_over).await.unwrap();
        is_over.store(true, Ordering::SeqCst);
        let (promoted, _) = engine(&url);
        for caller in callers {
            for id in caller.await.unwrap() {
                lost.acknowledged += 1;
                match promoted.get(&id, CallOptions::default()).await {
                    Ok(read) => lost.codes += usize::from(read.state != State::Verified),
                    Err(error) => {
                        assert_eq!(error.code(), ErrorCode::NotFound, "{error}");
                        lost.requests += 1;
                    }
                }
            }
        }
    }

    async fn fail_over_often(begin: Begin) -> Lost {
        let mut lost = Lost::default();
        if redis_server::is_here() {
            for _ in 0..soak::count(1, 20) {
                fail_over(begin, &mut lost).await;
            }
            // Past the test harness, which shows the output of failing tests alone.
            let _ = writeln!(std::io::stdout(), "{begin:?}: {lost:?}");
        }
        lost
    }

    /// How much cannot be said for certain.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_primary_that_is_killed_loses_what_its_replica_has_not() {
        let lost = fail_over_often(Begin::Killed).await;
        assert!(lost.requests + lost.codes < lost.acknowledged || lost.acknowledged == 0, "{lost:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_failover_by_hand_loses_what_callers_wrote_until_they_heard_of_it() {
        let lost = fail_over_often(Begin::ByHand).await;
        assert!(lost.requests + lost.codes < lost.acknowledged || lost.acknowledged == 0, "{lost:?}");
    }
}
