//! The store in PostgreSQL conforms, on a real server.

#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod cable;
    #[allow(dead_code, unused_macros, reason = "each program of tests needs some of it")]
    pub(crate) mod conformance;
    pub(crate) mod kept;
    pub(crate) mod late;
    pub(crate) mod model;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod post;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod postgres_server;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod server;
    pub(crate) mod service;
    pub(crate) mod soak;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod watched;
}

use std::sync::{Arc, LazyLock, Mutex, Weak};

use egoi_verify::{EngineOptions, StoreBackend, TestClock};
use support::conformance::{
    Kind, conforms_at_once, conforms_for_clients, conforms_one_at_a_time, conforms_when_answers_are_lost, facts,
};
use support::kept::{Kept, facts_of_what_is_kept, files};
use support::postgres_server::{self, PostgresServer};

static SERVER: LazyLock<PostgresServer> = LazyLock::new(|| {
    if !postgres_server::is_here() {
        // A line in capitals has said so.
        std::process::exit(0);
    }
    PostgresServer::start(&[])
});

mod in_one_process {
    use super::*;

    /// The stores that were opened, and their URLs.
    static OPENED: Mutex<Vec<(String, Weak<dyn StoreBackend>)>> = Mutex::new(Vec::new());

    fn open(_: u64, clock: Arc<TestClock>) -> Arc<dyn StoreBackend> {
        let url = emptied().unwrap_or_else(|| SERVER.url());
        let store = EngineOptions::default().store_url(&url).key([7; 32]).clock(clock).open_store().unwrap();
        OPENED.lock().unwrap().push((url, Arc::downgrade(&store)));
        store
    }

    /// What a store that is gone has left, emptied: tables take longer to make than most histories to replay.
    fn emptied() -> Option<String> {
        let url = {
            let mut opened = OPENED.lock().unwrap();
            let gone = opened.iter().position(|(_, store)| store.strong_count() == 0)?;
            opened.swap_remove(gone).0
        };
        SERVER.empty(&url);
        Some(url)
    }

    const KIND: Kind = Kind { open, is_bounded: false, histories: 50, rounds: 5 };

    conforms_one_at_a_time!(KIND);
    conforms_at_once!(KIND);
    conforms_when_answers_are_lost!(KIND);
    conforms_for_clients!(KIND);
}

mod what_is_kept {
    use super::*;

    struct Schema(String);

    impl Kept for Schema {
        fn url(&self) -> String {
            self.0.clone()
        }

        fn bytes(&self) -> Vec<u8> {
            SERVER.sql("CHECKPOINT");
            files(&SERVER.folder.join("data"))
        }

        fn forget_the_keys(&self) {
            SERVER.sql(&format!("DELETE FROM {}.egoi_verify_keys", postgres_server::schema_of(&self.0)));
        }
    }

    fn kept() -> Option<Schema> {
        Some(Schema(SERVER.url()))
    }

    facts_of_what_is_kept!(kept);
}

mod bad_days {
    use std::time::Duration;

    use egoi_verify::{CallOptions, Engine, Error, ErrorCode, RequestOptions, State};

    use super::support::cable::{Cable, Fate};
    use super::support::conformance::RUNTIME;
    use super::support::post::Post;
    use super::support::postgres_server::PASSWORD;
    use super::*;

    fn engine(url: &str) -> Engine {
        Engine::new(Post::default(), EngineOptions::default().store_url(url).key([7; 32])).unwrap()
    }

    fn ping(url: &str) -> Result<(), Error> {
        RUNTIME.block_on(engine(url).ping(CallOptions::default()))
    }

    fn refused(url: &str, with: &str) {
        let error = ping(url).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Storage, "{error}");
        let said = format!("{error} {error:?}");
        assert!(said.contains(with) && !said.contains("secret") && !said.contains(PASSWORD), "{said}");
    }

    #[test]
    fn a_url_that_cannot_be_meant_is_invalid_and_not_repeated() {
        for (url, with) in [
            ("postgres://", "names no host"),
            ("postgres://user:secret@host:port/db", "must be `postgres://"),
            ("postgres://user:secret@host/db?sslmode=secret", "`sslmode`"),
            ("postgres://user:secret@host/db?unknown=secret", "must be `postgres://"),
            ("postgres://user:secret@host/db?sslrootcert=/nowhere", "`sslrootcert`"),
            ("postgresql://user:secret@host/db?sslrootcert=/dev/null", "no certificate"),
        ] {
            let options = EngineOptions::default().store_url(url).key([7; 32]);
            let Err(error) = Engine::new(Post::default(), options) else { panic!("{url} was accepted") };
            let said = format!("{error} {error:?}");
            assert_eq!(error.code(), ErrorCode::InvalidInput, "{said}");
            assert!(said.contains("`store`") && said.contains(with) && !said.contains(":secret"), "{said}");
        }
    }

    #[test]
    fn what_is_wrong_with_the_server_is_said_with_what_to_do() {
        let server = PostgresServer::asking_for_the_password();
        let asking = server.url();
        ping(&asking).unwrap();
        refused(&asking.replace(PASSWORD, "secret"), "check user and password");
        let good = SERVER.url();
        refused(&good.replace("/postgres?", "/nosuch?"), "no such database");
        refused(&good.replace("search_path%3Ds", "search_path%3Dnosuch"), "no schema");
        refused(&format!("{good}&sslmode=require"), "TLS");
        refused("postgres://egoi@127.0.0.1:1/postgres", "cannot be reached");
    }

    #[test]
    fn the_tables_of_a_newer_version_are_refused() {
        let url = SERVER.url();
        ping(&url).unwrap();
        let schema = postgres_server::schema_of(&url);
        SERVER.sql(&format!("UPDATE {schema}.egoi_verify_version SET version = 99"));
        refused(&url, "newer version");
    }

    #[test]
    fn a_user_without_rights_is_told_which_it_needs() {
        let url = SERVER.url();
        SERVER.sql(&format!("CREATE USER guest PASSWORD '{PASSWORD}'"));
        let schema = postgres_server::schema_of(&url);
        SERVER.sql(&format!("GRANT USAGE ON SCHEMA {schema} TO guest"));
        refused(&url.replace("egoi:", "guest:"), "may not");
    }

    #[test]
    fn many_that_come_at_once_make_the_tables_once() {
        let url = SERVER.url();
        let came = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| ping(&url).map_err(|error| error.to_string()))).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(came, vec![Ok(()); 8]);
    }

    #[test]
    fn a_call_waits_for_a_server_that_is_started_again() {
        let server = PostgresServer::start(&[]);
        let engine = engine(&server.url());
        let id = RUNTIME.block_on(engine.request("351-910000000", RequestOptions::default())).unwrap().id;
        server.kill();
        let read = std::thread::scope(|scope| {
            let read = scope.spawn(|| RUNTIME.block_on(engine.get(&id, CallOptions::default())));
            server.start_again();
            read.join().unwrap()
        });
        assert_eq!(read.unwrap().state, State::Pending);
    }

    #[test]
    fn an_answer_that_is_lost_counts_once() {
        let cable = Cable::to(SERVER.port);
        let engine = engine(&SERVER.url_by(cable.port));
        let id = RUNTIME.block_on(engine.request("351-910000000", RequestOptions::default())).unwrap().id;
        for attempts_left in [4, 3] {
            cable.set(Fate::AnswerIsLost);
            let validate = engine.validate(&id, "no", egoi_verify::ValidateOptions::default());
            assert_eq!(RUNTIME.block_on(validate).unwrap(), egoi_verify::Outcome::WrongCode);
            assert!(cable.has_lost_one());
            let read = RUNTIME.block_on(engine.get(&id, CallOptions::default())).unwrap();
            assert_eq!(read.attempts_left, Some(attempts_left));
        }
    }

    #[test]
    fn a_server_that_stands_still_fails_a_call_when_its_time_is_over() {
        let server = PostgresServer::start(&[]);
        let engine = engine(&server.url());
        RUNTIME.block_on(engine.ping(CallOptions::default())).unwrap();
        server.pause();
        let call = CallOptions::default().timeout(Duration::from_millis(200));
        assert_eq!(RUNTIME.block_on(engine.ping(call)).unwrap_err().code(), ErrorCode::Storage);
        server.resume();
        RUNTIME.block_on(engine.ping(CallOptions::default())).unwrap();
    }

    #[test]
    fn any_runtime_can_call_and_none_has_to_stay() {
        let engine = engine(&SERVER.url());
        for _ in 0..3 {
            // Not even one that can wait for a socket.
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(engine.request("351-910000000", RequestOptions::default())).unwrap();
        }
    }
}

mod plans {
    use egoi_verify::{CallOptions, Engine, Outcome, RequestOptions, ValidateOptions};

    use super::support::conformance::{RUNTIME, new_claim, number, response};
    use super::support::post::Post;
    use super::*;

    /// What an engine and a client do, with the `i`th number.
    async fn every_call(store: &Arc<dyn StoreBackend>, i: usize) {
        let options = EngineOptions::default().store(Arc::clone(store)).key([7; 32]).resend_after(None);
        let engine = Engine::new(Post::default(), options).unwrap();
        let request = RequestOptions::default().idempotency_key(i.to_string());
        let id = engine.request_to(number(i), request).await.unwrap().id;
        assert_eq!(engine.validate(&id, "no", ValidateOptions::default()).await.unwrap(), Outcome::WrongCode);
        engine.get(&id, CallOptions::default()).await.unwrap();
        engine.resend(&id, CallOptions::default()).await.unwrap();
        engine.cancel(&id, CallOptions::default()).await.unwrap();
        let claim = new_claim([i as u8; 32], 1, number(i));
        store.claim(claim.clone()).await.unwrap();
        store.release(claim.key, claim.owner).await.unwrap();
        store.claim(claim.clone()).await.unwrap();
        store.complete(claim.key, claim.owner, response()).await.unwrap();
    }

    /// The plans by which a server makes every call after this was done to a store of it that has seen them.
    fn plans_after(done: impl Fn(&PostgresServer, &str)) -> String {
        let server = PostgresServer::start(&[
            "session_preload_libraries=auto_explain",
            "auto_explain.log_min_duration=0",
            "auto_explain.log_nested_statements=on",
        ]);
        let url = server.url();
        let store = EngineOptions::default().store_url(&url).key([7; 32]).open_store().unwrap();
        RUNTIME.block_on(every_call(&store, 0));
        done(&server, &url);
        let log = server.folder.join("log");
        let before = std::fs::read_to_string(&log).unwrap().len();
        RUNTIME.block_on(every_call(&store, 1));
        std::fs::read_to_string(&log).unwrap().split_off(before)
    }

    const TABLES: [&str; 3] = ["egoi_verify_requests", "egoi_verify_numbers", "egoi_verify_idempotency_keys"];

    fn assert_none_is_read_through(plans: &str) {
        for table in TABLES {
            assert!(plans.contains(&format!("Delete on {table}")), "{plans}");
            assert!(!plans.contains(&format!("Seq Scan on {table}")), "{plans}");
        }
    }

    /// A connection keeps its plans, and the tables may fill before they are made anew.
    #[test]
    fn no_table_is_read_through_by_plans_that_were_made_when_it_was_empty() {
        let plans = plans_after(|server, url| {
            server.empty(url);
            assert_eq!(server.sql("VACUUM"), "");
        });
        assert_none_is_read_through(&plans);
    }

    #[test]
    fn however_many_are_pending_no_table_is_read_through_and_no_statement_is_compiled() {
        // The planner takes the size of a table from here.
        let plans = plans_after(|server, url| {
            let schema = postgres_server::schema_of(url);
            let all = format!("relnamespace = '{schema}'::regnamespace");
            let said = server.sql(&format!("UPDATE pg_class SET relpages = 1, reltuples = 1e9 WHERE {all}"));
            assert_eq!(said, "");
        });
        assert_none_is_read_through(&plans);
        assert!(!plans.contains("JIT:"), "{plans}");
    }
}

mod late {
    use super::support::late::{Stalls, facts_of_late_answers};
    use super::support::postgres_server::{Transaction, schema_of};
    use super::*;

    /// Tables that somebody else can lock.
    struct Locked {
        url: String,
        lock: Mutex<Option<Transaction>>,
    }

    impl Stalls for Locked {
        fn url(&self) -> String {
            self.url.clone()
        }

        fn stall(&self) {
            let schema = schema_of(&self.url);
            let tables = ["requests", "numbers", "idempotency_keys"];
            let tables = tables.map(|table| format!("{schema}.egoi_verify_{table}")).join(", ");
            *self.lock.lock().unwrap() = Some(SERVER.begin(&format!("LOCK TABLE {tables}")));
        }

        fn resume(&self) {
            drop(self.lock.lock().unwrap().take());
        }
    }

    fn stalling() -> Option<Locked> {
        Some(Locked { url: SERVER.url(), lock: Mutex::default() })
    }

    facts_of_late_answers!(stalling);
}
