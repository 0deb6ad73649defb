//! The store in Redis conforms, on a real server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    #[allow(dead_code, unused_macros, reason = "each program of tests needs some of it")]
    pub(crate) mod conformance;
    pub(crate) mod kept;
    pub(crate) mod late;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod model;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod post;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod redis_server;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod server;
    pub(crate) mod service;
    pub(crate) mod soak;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod watched;
}

mod in_one_process {
    use std::sync::{Arc, LazyLock};

    use egoi_verify::store::StoreBackend;
    use egoi_verify::{EngineOptions, Store, TestClock};

    use crate::support::conformance::{
        Kind, conforms_at_once, conforms_for_clients, conforms_for_limits_of_clients, conforms_for_support,
        conforms_one_at_a_time, conforms_when_answers_are_lost, facts,
    };
    use crate::support::redis_server::{self, RedisServer};

    static SERVER: LazyLock<RedisServer> = LazyLock::new(|| {
        if !redis_server::is_here() {
            // A line in capitals has said so.
            std::process::exit(0);
        }
        RedisServer::start(&[])
    });

    fn open(_: u64, clock: Arc<TestClock>) -> Arc<dyn StoreBackend> {
        EngineOptions::default().store(Store::new(SERVER.url()).key([7; 32])).clock(clock).open_store().unwrap()
    }

    const KIND: Kind = Kind { open, is_bounded: false, histories: 100, rounds: 10 };

    conforms_one_at_a_time!(KIND);
    conforms_at_once!(KIND);
    conforms_when_answers_are_lost!(KIND);
    conforms_for_clients!(KIND);
    conforms_for_support!(KIND);
}

mod what_is_kept {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use egoi_verify::machine::Quota;
    use egoi_verify::{
        CallOptions, Engine, EngineOptions, ErrorCode, Outcome, RequestOptions, Store, TestClock, ValidateOptions,
    };

    use crate::support::kept::{Kept, facts_of_what_is_kept, files};
    use crate::support::post::{Fate, Post};
    use crate::support::redis_server::{self, RedisServer};

    const NUMBER: &str = "+351 910 000 000";
    const SECOND: Duration = Duration::from_secs(1);

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

    struct Disk {
        server: RedisServer,
        url: String,
    }

    impl Kept for Disk {
        fn url(&self) -> String {
            self.url.clone()
        }

        fn bytes(&self) -> Vec<u8> {
            self.server.cli(&["save"]);
            files(&self.server.folder)
        }

        fn forget_the_keys(&self) {
            let (_, prefix) = self.url.rsplit_once('=').unwrap();
            self.server.cli(&["del", &format!("{prefix}:keys")]);
        }
    }

    fn kept() -> Option<Disk> {
        redis_server::is_here().then(|| {
            let on_the_disk = ["--rdbcompression", "no", "--appendonly", "yes", "--appendfsync", "always"];
            let server = RedisServer::start(&on_the_disk);
            let url = server.url();
            Disk { server, url }
        })
    }

    facts_of_what_is_kept!(kept);

    /// The number of keys that are kept, and of those that are kept for ever.
    fn keys(server: &RedisServer) -> (usize, usize) {
        let said = server.cli(&["info", "keyspace"]);
        let of = |name: &str| -> usize {
            let (_, rest) = said.split_once(&format!("{name}=")).unwrap();
            rest[..rest.find(',').unwrap()].parse().unwrap()
        };
        (of("keys"), of("keys") - of("expires"))
    }

    #[tokio::test]
    async fn what_is_over_goes_away_by_itself() {
        if !redis_server::is_here() {
            return;
        }
        let server = RedisServer::start(&[]);
        let quota = Some(Quota { limit: 100, per: SECOND });
        let options = EngineOptions::default()
            .store(Store::new(server.url()).key([7; 32]).retention(Duration::ZERO))
            .resend_after(None)
            .sms_per_number(quota)
            .wrong_codes_per_number(quota);
        let (engine, post) = engine(options);
        for i in 0..10 {
            let asked = asked().ttl(SECOND).idempotency_key(format!("key {i}"));
            let id = engine.request(NUMBER, asked).await.unwrap().id;
            assert_eq!(validate(&engine, &id, "no").await, Outcome::WrongCode);
            post.next(if i % 2 == 0 { Fate::NotSent } else { Fate::Sent });
            let _ = engine.resend(&id, CallOptions::default()).await;
        }
        let (kept, for_ever) = keys(&server);
        assert!(kept >= 22, "{kept}");
        // The layout, and by what the key is known again.
        assert_eq!(for_ever, 2);
        let started = Instant::now();
        while keys(&server).0 > 2 {
            assert!(started.elapsed() < Duration::from_secs(30), "{:?}", keys(&server));
        }
    }

    #[tokio::test]
    async fn under_a_clock_for_tests_nothing_goes_away_before_its_time() {
        if !redis_server::is_here() {
            return;
        }
        let server = RedisServer::start(&[]);
        for stopped in [false, true] {
            let clock = Arc::new(TestClock::default());
            clock.advance(Duration::from_secs(1_000_000));
            clock.freeze(stopped);
            let options = EngineOptions::default()
                .store(Store::new(server.url()).key([7; 32]).retention(Duration::ZERO))
                .clock(clock);
            let (engine, _) = engine(options);
            let id = engine.request(NUMBER, asked()).await.unwrap().id;
            assert_eq!(validate(&engine, &id, "no").await, Outcome::WrongCode);
            let least = "local least = 1e18 for _, key in ipairs(redis.call('KEYS', '*:1:*')) do
                least = math.min(least, redis.call('PTTL', key)) end return least";
            let least: u64 = server.cli(&["eval", least, "0"]).parse().unwrap();
            // All of it was kept for at least the validity, and for a day more.
            assert!(least > 24 * 3_600_000 && least < 1 << 40, "{least}");
            assert_eq!(engine.get(&id, CallOptions::default()).await.unwrap().attempts_left, Some(4));
        }
    }

    #[tokio::test]
    async fn limits_and_idempotency_keys_hold_while_the_key_changes_twice() {
        if !redis_server::is_here() {
            return;
        }
        let server = RedisServer::start(&[]);
        let url = server.url();
        let with_keys = |key: u8, previous: &[u8]| {
            engine(
                EngineOptions::default()
                    .store(Store::new(&url).key([key; 32]).previous_keys(previous.iter().map(|key| vec![*key; 32])))
                    .max_attempts(None)
                    .resend_after(None)
                    .wrong_codes_per_number(Some(Quota { limit: 4, per: 3600 * SECOND }))
                    .sms_per_number(Some(Quota { limit: 4, per: 3600 * SECOND })),
            )
        };
        let ((before, _), (both, post), (after, _)) = (with_keys(1, &[2]), with_keys(2, &[1]), with_keys(3, &[2, 1]));
        let first = before.request(NUMBER, asked().idempotency_key("one")).await.unwrap();
        let again = both.request(NUMBER, asked().idempotency_key("one")).await.unwrap();
        assert_eq!(again.id, first.id);
        let other = after.request("+351 910 000 001", asked().idempotency_key("one")).await.unwrap_err();
        assert_eq!(other.code(), ErrorCode::Conflict);
        // Wrong codes, with and without the number.
        assert_eq!(validate(&before, &first.id, "no").await, Outcome::WrongCode);
        assert_eq!(validate(&both, &first.id, "no").await, Outcome::WrongCode);
        let second = both.request(NUMBER, asked()).await.unwrap();
        let with_number = ValidateOptions::default().number(NUMBER);
        assert_eq!(after.validate(&second.id, "no", with_number.clone()).await.unwrap(), Outcome::WrongCode);
        let code = post.latest();
        assert_eq!(validate(&before, &second.id, "no").await, Outcome::WrongCode);
        assert_eq!(both.validate(&first.id, "no", with_number).await.unwrap(), Outcome::TooManyAttempts);
        assert_eq!(validate(&after, &second.id, &code).await, Outcome::TooManyAttempts);
        // SMS: three so far with this one, and one that was not sent is given back.
        after.resend(&first.id, CallOptions::default()).await.unwrap();
        post.next(Fate::NotSent);
        assert_eq!(both.request(NUMBER, asked()).await.unwrap_err().code(), ErrorCode::DeliveryFailed);
        before.request(NUMBER, asked()).await.unwrap();
        assert_eq!(after.request(NUMBER, asked()).await.unwrap_err().code(), ErrorCode::RateLimited);
        assert_eq!(before.resend(&second.id, CallOptions::default()).await.unwrap_err().code(), ErrorCode::RateLimited);
    }
}

mod late {
    use crate::support::late::{Stalls, a_used_key_is_asked_for_while_it_stalls, facts_of_late_answers};
    use crate::support::redis_server::{self, RedisServer};

    struct Paused {
        server: RedisServer,
        url: String,
    }

    impl Stalls for Paused {
        fn url(&self) -> String {
            self.url.clone()
        }

        fn stall(&self) {
            self.server.pause();
        }

        fn resume(&self) {
            self.server.resume();
        }
    }

    fn stalling() -> Option<Paused> {
        redis_server::is_here().then(|| {
            let server = RedisServer::start(&[]);
            let url = server.url();
            Paused { server, url }
        })
    }

    facts_of_late_answers!(stalling);

    /// The server stalls by itself, for longer than the call.
    #[test]
    fn a_key_that_was_used_sends_no_second_sms_while_clients_are_paused() {
        if let Some(Paused { server, url }) = stalling() {
            crate::support::conformance::RUNTIME.block_on(a_used_key_is_asked_for_while_it_stalls(
                &url,
                || assert_eq!(server.cli(&["client", "pause", "1500", "ALL"]), "OK"),
                || {},
            ));
        }
    }
}
