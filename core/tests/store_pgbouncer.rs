//! The store in PostgreSQL behind a real PgBouncer in transaction mode, which gives each transaction any connection.

#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support {
    #[allow(dead_code, unused_macros, reason = "each program of tests needs some of it")]
    pub(crate) mod conformance;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod model;
    pub(crate) mod pgbouncer;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod post;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod postgres_server;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod server;
    pub(crate) mod soak;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod watched;
}

use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};

use egoi_verify::store::StoreBackend;
use egoi_verify::{
    CallOptions, Engine, EngineOptions, ErrorCode, Outcome, Reason, RequestOptions, State, Store, TestClock,
    ValidateOptions,
};
use support::conformance::{
    Kind, RUNTIME, conforms_at_once, conforms_for_clients, conforms_for_limits_of_clients, conforms_one_at_a_time,
    facts,
};
use support::pgbouncer::{self, PgBouncer};
use support::post::Post;
use support::postgres_server::{self, PostgresServer};

/// Fewer connections than those that come.
const FEW: u32 = 3;

struct Both {
    server: PostgresServer,
    pooler: PgBouncer,
}

static BOTH: LazyLock<Both> = LazyLock::new(|| {
    if !postgres_server::is_here() || !pgbouncer::is_here() {
        // A line in capitals has said so.
        std::process::exit(0);
    }
    let server = PostgresServer::start(&["log_statement=all"]);
    let pooler = PgBouncer::before(&server, FEW);
    Both { server, pooler }
});

impl Both {
    /// A URL by the pooler under which nothing is kept yet.
    fn url(&self) -> String {
        let url = self.server.url_by(self.pooler.port);
        url.replace("options=-csearch_path%3D", "schema=")
    }
}

fn engine(url: &str) -> (Engine, Post) {
    let post = Post::default();
    let options = EngineOptions::default().store(Store::new(url).key([7; 32])).without_limits();
    (Engine::new(post.clone(), options).unwrap(), post)
}

fn open(_: u64, clock: Arc<TestClock>) -> Arc<dyn StoreBackend> {
    EngineOptions::default().store(Store::new(BOTH.url()).key([7; 32])).clock(clock).open_store().unwrap()
}

const KIND: Kind = Kind { open, is_bounded: false, histories: 3, rounds: 2 };

conforms_one_at_a_time!(KIND);
conforms_at_once!(KIND);
conforms_for_clients!(KIND);

const CALLERS: usize = 8;

/// Rounds of everything that an engine does, from the callers at once.
async fn rounds(url: &str, count: u64) {
    let callers = (0..CALLERS).map(|caller| {
        let (engine, post) = engine(url);
        tokio::spawn(async move {
            for _ in 0..count / CALLERS as u64 {
                let asked = RequestOptions::default().message("{CODE}");
                let id = engine.request(&format!("+351 91000000{caller}"), asked).await.unwrap().id;
                let validate = async |code: &str| engine.validate(&id, code, ValidateOptions::default()).await;
                assert_eq!(validate("no").await.unwrap(), Outcome::WrongCode);
                engine.resend(&id, CallOptions::default()).await.unwrap();
                let read = engine.get(&id, CallOptions::default()).await.unwrap();
                assert_eq!(read.state, State::Pending);
                assert_eq!(validate(&post.latest()).await.unwrap(), Outcome::Verified);
                assert_eq!(validate(&post.latest()).await.unwrap(), Outcome::AlreadyVerified);
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
}

/// In a process of its own.
#[test]
#[ignore = "started by the tests themselves"]
fn makes_rounds() {
    if let (Ok(url), Ok(count)) = (std::env::var("EGOI_URL"), std::env::var("EGOI_ROUNDS")) {
        RUNTIME.block_on(rounds(&url, count.parse().unwrap()));
        println!("made");
    }
}

#[test]
fn two_processes_verify_behind_a_pooler_in_transaction_mode() {
    let (url, count) = (BOTH.url(), support::soak::count(64, 1_000));
    let processes = [(); 2].map(|()| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "makes_rounds", "--ignored", "--nocapture"])
            .env("EGOI_URL", &url)
            .env("EGOI_ROUNDS", count.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    });
    for process in processes {
        let output = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("made"), "{said}");
    }
}

/// How the server was told to make a call of this engine.
fn called(url: &str) -> String {
    let (engine, _) = engine(url);
    let id = RUNTIME.block_on(engine.request("+351 910 000 000", RequestOptions::default())).unwrap().id;
    RUNTIME.block_on(engine.get(&id, CallOptions::default())).unwrap();
    let log = std::fs::read_to_string(BOTH.server.folder.join("log")).unwrap();
    let schema = url.rsplit_once("schema=").unwrap().1.split('&').next().unwrap();
    let ours = format!("\"{schema}\".egoi_verify_get");
    log.lines().rfind(|line| line.contains(&ours)).unwrap().to_owned()
}

#[test]
fn statements_are_prepared_for_the_server_alone() {
    let pooled = BOTH.url();
    let said = called(&pooled);
    assert!(said.contains("execute <unnamed>"), "{said}");
    let direct = pooled.replace(&BOTH.pooler.port.to_string(), &BOTH.server.port.to_string());
    let said = called(&direct);
    assert!(said.contains("execute s"), "{said}");
    let said = called(&format!("{direct}&pgbouncer=true"));
    assert!(said.contains("execute <unnamed>"), "{said}");
}

#[test]
fn a_schema_among_the_options_is_refused_with_what_to_do() {
    let url = BOTH.server.url_by(BOTH.pooler.port);
    let (engine, _) = engine(&url);
    let refused = RUNTIME.block_on(engine.ping(CallOptions::default())).unwrap_err();
    assert_eq!((refused.code(), refused.reason()), (ErrorCode::Misconfigured, Some(Reason::Unsuitable)), "{refused:?}");
    assert!(refused.detail().contains("`schema=NAME`"), "{refused}");
}

#[test]
fn a_call_waits_for_a_pooler_that_is_started_again() {
    let server = PostgresServer::start(&[]);
    let pooler = PgBouncer::before(&server, FEW);
    let url = server.url_by(pooler.port).replace("options=-csearch_path%3D", "schema=");
    let (engine, _) = engine(&url);
    let id = RUNTIME.block_on(engine.request("351-910000000", RequestOptions::default())).unwrap().id;
    pooler.kill();
    let read = std::thread::scope(|scope| {
        let read = scope.spawn(|| RUNTIME.block_on(engine.get(&id, CallOptions::default())));
        pooler.start_again();
        read.join().unwrap()
    });
    assert_eq!(read.unwrap().state, State::Pending);
}
