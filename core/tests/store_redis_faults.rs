//! Bad input and bad days of the store in Redis: every failure says what to do, and nothing is verified.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support {
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod cable;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod post;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod redis_server;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod server;
}

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use egoi_verify::machine::{Quota, Timestamp};
use egoi_verify::store::{ClientAttempt, IdempotencyClaim, Limits, NewClaim, StoredResponse};
use egoi_verify::{
    CallOptions, Engine, EngineOptions, Error, ErrorCode, Outcome, RequestOptions, State, Store, ValidateOptions,
    Verification, parse_number,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use support::cable::{Cable, Fate};
use support::post::Post;
use support::redis_server::{self, RedisServer};
use support::server::{self, free_port};

const NUMBER: &str = "+351 910 000 000";
const PASSWORD: &str = "correct-horse-battery";

/// Runs what needs a server, where there is one to run.
macro_rules! with_redis {
    ($($(#[$about:meta])* async fn $fact:ident($server:ident: [$($option:expr),*]) $body:block)*) => {
        $($(#[$about])*
        #[tokio::test]
        async fn $fact() {
            if redis_server::is_here() {
                #[allow(unused_variables, reason = "some need it alone to be there")]
                let $server = RedisServer::start(&[$($option),*]);
                $body
            }
        })*
    };
}

fn engine_at(url: &str) -> (Engine, Post) {
    // Many requests go to one number.
    engine_with(url, EngineOptions::default().resend_after(None))
}

fn engine_with(url: &str, options: EngineOptions) -> (Engine, Post) {
    let post = Post::default();
    (Engine::new(post.clone(), options.store(Store::new(url).key([7; 32]))).unwrap(), post)
}

async fn request(engine: &Engine) -> Result<Verification, Error> {
    engine.request(NUMBER, RequestOptions::default().message("{CODE}")).await
}

async fn validate(engine: &Engine, id: &str, code: &str) -> Result<Outcome, Error> {
    engine.validate(id, code, ValidateOptions::default()).await
}

/// What a client does in its store.
async fn every_call_of_a_client(url: &str) {
    let store = EngineOptions::default().store(Store::new(url).key([7; 32])).open_store().unwrap();
    let minute = Duration::from_secs(60);
    let quota = Quota { limit: 1, per: minute };
    let claim = NewClaim {
        key: [1; 32],
        previous_keys: Vec::new(),
        owner: 1,
        number: parse_number(NUMBER, None).unwrap(),
        client: Some([1; 16]),
        retention: minute,
        limits: Limits { sms_per_client: Some(quota), ..Limits::NONE },
    };
    for _ in 0..2 {
        assert_eq!(store.claim(claim.clone()).await.unwrap(), IdempotencyClaim::New);
        store.release(claim.clone()).await.unwrap();
    }
    assert_eq!(store.claim(claim.clone()).await.unwrap(), IdempotencyClaim::New);
    let (created_at, expires_at) = (Timestamp(1), Timestamp(2));
    let response = StoredResponse { id: "abc".to_owned(), created_at, expires_at };
    store.complete(claim.key, claim.owner, response).await.unwrap();
    for id in 0..2 {
        let attempt = ClientAttempt { id, client: [1; 16], quota };
        assert_eq!(store.count_attempt(attempt).await.unwrap(), None);
        store.give_attempt_back(attempt).await.unwrap();
    }
}

async fn ping(engine: &Engine) -> Result<(), Error> {
    engine.ping(CallOptions::default()).await
}

/// It is a failure of the store that says this, and no password.
#[track_caller]
fn assert_storage<T: std::fmt::Debug>(answer: Result<T, Error>, says: &str) {
    assert_fails(answer, ErrorCode::Storage, says);
}

/// It is something that an operator must change.
#[track_caller]
fn assert_misconfigured<T: std::fmt::Debug>(answer: Result<T, Error>, says: &str) {
    assert_fails(answer, ErrorCode::Misconfigured, says);
}

#[track_caller]
fn assert_fails<T: std::fmt::Debug>(answer: Result<T, Error>, code: ErrorCode, says: &str) {
    let error = answer.unwrap_err();
    assert_eq!(error.code(), code, "{error:?}");
    assert!(error.detail().contains(says), "{error}");
    assert!(!format!("{error:?}").contains(PASSWORD), "{error:?}");
}

/// A server that answers whatever it is asked by this.
fn that_answers(answer: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut some = [0; 4096];
            while let Ok(1..) = stream.read(&mut some) {
                if answer.is_empty() || stream.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    format!("redis://:{PASSWORD}@127.0.0.1:{port}")
}

mod url {
    use super::*;

    #[test]
    fn a_url_that_cannot_be_used_is_refused_and_not_repeated() {
        for (url, fault) in [
            ("redis:", "has no host"),
            ("redis:/correct-horse-battery", "has no host"),
            ("redis:///correct-horse-battery", "has no host"),
            ("redis://:correct-horse-battery@", "is not a URL"),
            ("redis://:correct-horse-battery@host:port", "is not a URL"),
            ("redis://:correct-horse-battery@host/first", "has a database that is not a number"),
            ("redis://:correct-horse-battery@host/1/2", "has a database that is not a number"),
            ("redis://host?password=correct-horse-battery", "has an unknown option"),
            ("redis://host?prefix=", "has a `prefix` that is empty"),
            ("redis://:horse#battery@host", "is not a URL"),
            ("redis://host#correct-horse-battery", "has a fragment"),
            ("rediss://ho_st%20", "has a host that no certificate can be for"),
            ("redis://:correct-horse-battery@one,two", "has more than one host"),
            ("redis+sentinel:", "has no host"),
            ("redis+sentinel://one,/main", "has an empty host"),
            ("redis+sentinel://one,:correct-horse-battery@two:port/main", "is not a URL"),
            ("redis+sentinel://:correct-horse-battery@one,two", "has no `MASTER`"),
            ("redis+sentinel://:correct-horse-battery@one,two/main/first", "has a database that is not a number"),
            ("redis+sentinel://one/main?password=correct-horse-battery", "has an unknown option"),
            ("redis://one?sentinel_password=correct-horse-battery", "has an unknown option"),
            ("rediss+sentinel://one,ho_st%20/main", "has a host that no certificate can be for"),
        ] {
            let refused = Engine::new(Post::default(), EngineOptions::default().store(Store::new(url).key([7; 32])));
            let error = refused.err().unwrap();
            assert_eq!(error.code(), ErrorCode::InvalidInput, "{url}");
            assert!(error.detail().starts_with(&format!("`store` {fault}")), "{url}: {error}");
            assert!(!format!("{error:?}").contains("battery"), "{error:?}");
        }
    }
}

mod unusable_server {
    use super::*;

    #[tokio::test]
    async fn a_server_that_is_not_running() {
        let (engine, post) = engine_at(&format!("redis://:{PASSWORD}@127.0.0.1:{}", free_port()));
        assert_storage(request(&engine).await, "could not be reached (connection refused)");
        assert_eq!(post.count(), 0);
        assert_storage(ping(&engine).await, "is it running, and at the host and port of the URL?");
    }

    #[tokio::test]
    async fn a_server_that_is_not_redis() {
        for answer in ["HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n"] {
            assert_misconfigured(ping(&engine_at(&that_answers(answer)).0).await, "is not Redis");
        }
    }

    #[tokio::test]
    async fn a_server_that_hangs_up() {
        assert_storage(ping(&engine_at(&that_answers("")).0).await, "the connection to the Redis server broke");
    }

    #[tokio::test]
    async fn a_server_that_repeats_the_password() {
        let repeating = "-ERR unknown command `AUTH`, with args beginning with: `correct-horse-battery`\r\n";
        assert_misconfigured(ping(&engine_at(&that_answers(repeating)).0).await, "refused the user name or password");
    }

    with_redis! {
        async fn a_wrong_password(server: ["--requirepass", "another"]) {
            for login in ["", ":correct-horse-battery@", "somebody:correct-horse-battery@"] {
                let (engine, _) = engine_at(&format!("redis://{login}127.0.0.1:{}", server.port));
                assert_misconfigured(ping(&engine).await, "refused the user name or password: check both in the URL");
            }
            let (engine, _) = engine_at(&format!("redis://:another@127.0.0.1:{}/3", server.port));
            request(&engine).await.unwrap();
        }

        async fn a_user_who_may_do_what_is_needed_and_no_more(server: []) {
            let set_user = |rules: &[&str]| server.cli(&[&["acl", "setuser", "verify", "reset", "on", ">p%w#"], rules].concat());
            let url = format!("redis://verify:p%25w%23@127.0.0.1:{}?prefix=mine", server.port);
            set_user(&["~mine:*", "+@read", "+@write", "+@scripting"]);
            assert_misconfigured(ping(&engine_at(&url).0).await, "lacks a permission");
            set_user(&["~mine:*", "+@read", "+@write", "+@scripting", "+info", "+select", "+time"]);
            let (engine, post) = engine_at(&url);
            let id = request(&engine).await.unwrap().id;
            assert_eq!(validate(&engine, &id, &post.latest()).await.unwrap(), Outcome::Verified);
            assert_eq!(engine.get(&id, CallOptions::default()).await.unwrap().state, State::Verified);
            let of_number = async |requests, erased| {
                let found = engine.find(NUMBER, CallOptions::default()).await.unwrap();
                assert_eq!((found.requests.len(), found.limits.is_empty()), requests);
                engine.unlock(NUMBER, CallOptions::default()).await.unwrap();
                assert_eq!(engine.erase(NUMBER, CallOptions::default()).await.unwrap(), erased);
            };
            of_number((1, false), 1).await;
            of_number((0, true), 0).await;
            every_call_of_a_client(&url).await;
            ping(&engine).await.unwrap();
            let (engine, _) = engine_at(&url.replace("mine", "yours"));
            assert_misconfigured(ping(&engine).await, "lacks a permission");
        }

        async fn a_replica(server: []) {
            let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &server.port.to_string()]);
            assert_misconfigured(ping(&engine_at(&replica.url()).0).await, "is a replica, which only reads: give the URL of the primary");
        }

        async fn a_server_that_becomes_a_replica(server: []) {
            let (engine, post) = engine_at(&server.url());
            let id = request(&engine).await.unwrap().id;
            server.cli(&["replicaof", "127.0.0.1", &free_port().to_string()]);
            assert_misconfigured(ping(&engine).await, "is a replica");
            assert_misconfigured(engine.get(&id, CallOptions::default()).await, "is a replica");
            assert_misconfigured(validate(&engine, &id, &post.latest()).await, "is a replica");
            server.cli(&["replicaof", "no", "one"]);
            assert_eq!(validate(&engine, &id, &post.latest()).await.unwrap(), Outcome::Verified);
        }

        async fn a_server_that_drops_keys_when_it_is_full(server: ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]) {
            let (engine, _) = engine_at(&server.url());
            assert_misconfigured(ping(&engine).await, "set its `maxmemory-policy` to `noeviction`");
            server.cli(&["config", "set", "maxmemory-policy", "noeviction"]);
            ping(&engine).await.unwrap();
        }

        async fn a_server_that_is_full(server: []) {
            let (engine, post) = engine_at(&server.url());
            let id = request(&engine).await.unwrap().id;
            server.cli(&["config", "set", "maxmemory", "1"]);
            assert_storage(validate(&engine, &id, &post.latest()).await, "is out of memory");
            assert_storage(request(&engine).await, "is out of memory");
            assert_storage(ping(&engine).await, "is out of memory");
            assert_eq!(post.count(), 1);
            server.cli(&["config", "set", "maxmemory", "0"]);
            assert_eq!(validate(&engine, &id, &post.latest()).await.unwrap(), Outcome::Verified);
        }

        async fn a_primary_without_the_replicas_that_it_must_have(server: ["--min-replicas-to-write", "1"]) {
            let (engine, _) = engine_at(&server.url());
            assert_storage(ping(&engine).await, "has fewer replicas than it must have");
        }

        async fn a_server_that_takes_no_more_connections(server: []) {
            assert_eq!(server.cli(&["config", "set", "maxclients", "1"]), "OK");
            let mut other = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
            other.write_all(b"PING\r\n").unwrap();
            other.read_exact(&mut [0; 7]).unwrap();
            let (engine, _) = engine_at(&server.url());
            assert_storage(ping(&engine).await, "max number of clients reached");
            drop(other);
            ping(&engine).await.unwrap();
        }

        async fn a_policy_that_is_changed_later(server: ["--maxmemory", "100mb"]) {
            let (engine, _) = engine_at(&server.url());
            ping(&engine).await.unwrap();
            server.cli(&["config", "set", "maxmemory-policy", "allkeys-lru"]);
            assert_misconfigured(ping(&engine).await, "set its `maxmemory-policy` to `noeviction`");
        }

        async fn a_server_that_cannot_write_to_its_disk(server: ["--appendonly", "no"]) {
            let (engine, post) = engine_at(&server.url());
            let id = request(&engine).await.unwrap().id;
            server.cli(&["config", "set", "save", "3600 1"]);
            // A folder in the place of the file.
            std::fs::create_dir(server.folder.join("dump.rdb")).unwrap();
            server.cli(&["bgsave"]);
            let started = Instant::now();
            while !server.cli(&["info", "persistence"]).contains("rdb_last_bgsave_status:err") {
                assert!(started.elapsed() < Duration::from_secs(30), "it saved");
            }
            assert_storage(validate(&engine, &id, &post.latest()).await, "cannot write to its disk");
        }
    }
}

mod kept {
    use super::*;

    with_redis! {
        async fn a_database_of_a_newer_version(server: []) {
            server.cli(&["set", "egoi-verify:layout", "2"]);
            let (engine, _) = engine_at(&format!("redis://127.0.0.1:{}", server.port));
            assert_misconfigured(ping(&engine).await, "lays it out otherwise (layout 2, this version writes 1): use the newest");
        }

        async fn another_key_than_the_one_that_it_was_made_with(server: []) {
            let url = server.url();
            let first = engine_at(&url);
            let id = request(&first.0).await.unwrap().id;
            let other = |previous: Vec<Vec<u8>>| {
                let options = EngineOptions::default().store(Store::new(&url).key([8; 32]).previous_keys(previous));
                Engine::new(Post::default(), options).unwrap()
            };
            assert_misconfigured(ping(&other(vec![])).await, "the `key` is not the key of this store");
            assert_misconfigured(validate(&other(vec![]), &id, &first.1.latest()).await, "the `key` is not the key of this store");
            let changed = other(vec![vec![7; 32]]);
            assert_eq!(validate(&changed, &id, &first.1.latest()).await.unwrap(), Outcome::Verified);
            ping(&other(vec![])).await.unwrap();
        }

        async fn keys_that_somebody_else_uses(server: []) {
            let (engine, _) = engine_at(&format!("redis://127.0.0.1:{}", server.port));
            server.cli(&["rpush", "egoi-verify:keys", "mine"]);
            assert_misconfigured(ping(&engine).await, "another program has values under the keys of the store");
        }
    }
}

mod failure {
    use super::*;

    with_redis! {
        async fn a_server_that_forgot_the_scripts(server: []) {
            let (engine, post) = engine_at(&server.url());
            let id = request(&engine).await.unwrap().id;
            assert_eq!(validate(&engine, &id, "no").await.unwrap(), Outcome::WrongCode);
            server.cli(&["script", "flush"]);
            assert_eq!(validate(&engine, &id, &post.latest()).await.unwrap(), Outcome::Verified);
        }

        async fn a_connection_that_is_cut_is_made_again(server: []) {
            let (engine, post) = engine_at(&server.url());
            let id = request(&engine).await.unwrap().id;
            server.cli(&["client", "kill", "type", "normal"]);
            assert_eq!(validate(&engine, &id, &post.latest()).await.unwrap(), Outcome::Verified);
        }

        async fn an_answer_that_is_lost_counts_once(server: []) {
            let cable = Cable::to(server.port);
            let (engine, post) = engine_at(&format!("redis://127.0.0.1:{}", cable.port));
            let id = request(&engine).await.unwrap().id;
            for left in (1..5).rev() {
                cable.set(Fate::AnswerIsLost);
                assert_eq!(validate(&engine, &id, "no").await.unwrap(), Outcome::WrongCode);
                assert!(cable.has_lost_one());
                let read = engine.get(&id, CallOptions::default()).await.unwrap();
                assert_eq!(read.attempts_left, Some(left));
            }
            cable.set(Fate::AnswerIsLost);
            assert_eq!(validate(&engine, &id, &post.latest()).await.unwrap(), Outcome::Verified);
            assert!(cable.has_lost_one());
        }

        async fn a_request_whose_answer_is_lost_sends_one_sms(server: []) {
            let cable = Cable::to(server.port);
            let options = EngineOptions::default().resend_after(None);
            let (engine, post) = engine_with(&format!("redis://127.0.0.1:{}", cable.port), options);
            ping(&engine).await.unwrap();
            cable.set(Fate::AnswerIsLost);
            let id = request(&engine).await.unwrap().id;
            assert!(cable.has_lost_one());
            assert_eq!(post.count(), 1);
            // Of the resend the terms are read first, whose answer is another.
            cable.set(Fate::AnswerIsLost);
            engine.resend(&id, CallOptions::default()).await.unwrap();
            assert!(cable.has_lost_one());
            assert_eq!(post.count(), 2);
            assert_eq!(engine.cancel(&id, CallOptions::default()).await.unwrap(), State::Cancelled);
        }

        async fn a_server_that_stands_still_ends_no_call_later_than_its_deadline(server: []) {
            let (engine, post) = engine_at(&server.url());
            let id = request(&engine).await.unwrap().id;
            // It knows the script then.
            assert_eq!(validate(&engine, &id, "no").await.unwrap(), Outcome::WrongCode);
            server.pause();
            let started = Instant::now();
            let options = ValidateOptions::default().timeout(Duration::from_millis(200));
            let error = engine.validate(&id, "no", options).await.unwrap_err();
            assert_eq!((error.code(), error.retry_is_safe()), (ErrorCode::Storage, false));
            assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
            server.resume();
            assert_eq!(validate(&engine, &id, &post.latest()).await.unwrap(), Outcome::Verified);
            // What was under way was done when it went on, once.
            assert_eq!(engine.get(&id, CallOptions::default()).await.unwrap().attempts_left, Some(3));
        }

        async fn a_server_that_stands_still_for_long_is_given_up(server: []) {
            let (engine, _) = engine_at(&server.url());
            ping(&engine).await.unwrap();
            server.pause();
            assert_storage(request(&engine).await, "did not respond within 10000 ms");
            server.resume();
            ping(&engine).await.unwrap();
        }

        async fn a_connection_that_fell_silent_is_given_up(server: []) {
            let cable = Cable::to(server.port);
            let (engine, _) = engine_at(&format!("redis://127.0.0.1:{}", cable.port));
            let id = request(&engine).await.unwrap().id;
            cable.silence();
            assert_eq!(validate(&engine, &id, "no").await.unwrap(), Outcome::WrongCode);
            assert_eq!(engine.get(&id, CallOptions::default()).await.unwrap().attempts_left, Some(4));
        }

        async fn many_calls_share_one_connection(server: []) {
            let (engine, _) = engine_with(&server.url(), EngineOptions::default().without_limits());
            let before = server.connections();
            let calls: Vec<_> = (0..200)
                .map(|_| {
                    let engine = engine.clone();
                    tokio::spawn(async move { request(&engine).await.unwrap() })
                })
                .collect();
            for call in calls {
                call.await.unwrap();
            }
            // That one, and this question's.
            assert_eq!(server.connections() - before, 2);
        }
    }

    #[test]
    fn a_call_waits_for_a_server_that_is_started_again() {
        if !redis_server::is_here() {
            return;
        }
        let server = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (engine, post) = engine_at(&server.url());
        let id = runtime.block_on(request(&engine)).unwrap().id;
        server.kill();
        let validated = std::thread::scope(|scope| {
            let validated = scope.spawn(|| runtime.block_on(validate(&engine, &id, &post.latest())));
            server.start_again();
            validated.join().unwrap()
        });
        assert_eq!(validated.unwrap(), Outcome::Verified);
    }

    #[test]
    fn a_call_goes_on_trying_while_nobody_can_connect() {
        if !redis_server::is_here() {
            return;
        }
        let server = RedisServer::start(&[]);
        let cable = Cable::to(server.port);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (engine, _) = engine_at(&format!("redis://127.0.0.1:{}", cable.port));
        let id = runtime.block_on(request(&engine)).unwrap().id;
        cable.set(Fate::Cut);
        let read = std::thread::scope(|scope| {
            let read = scope.spawn(|| runtime.block_on(engine.get(&id, CallOptions::default())));
            while cable.refused() < 8 && !read.is_finished() {
                std::thread::yield_now();
            }
            cable.set(Fate::Arrives);
            read.join().unwrap()
        });
        assert_eq!(read.unwrap().state, State::Pending);
    }
}

mod tls {
    use super::*;

    /// A certificate for this address by an authority that nobody knows, and that authority's: both in files of this server.
    fn certificates(address: &str) -> (PathBuf, PathBuf, PathBuf) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([address.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let folder = server::folder("tls");
        let write = |name: &str, text: String| {
            std::fs::write(folder.join(name), text).unwrap();
            folder.join(name)
        };
        (write("cert.pem", certificate.pem()), write("key.pem", key.serialize_pem()), write("ca.pem", authority.pem()))
    }

    /// What it says that a store at this address and under this authority's certificate is pinged, which may be behind Sentinel.
    fn pinged_over_tls(address: &str, trusted: bool, is_behind_sentinel: bool) -> String {
        let port = free_port();
        let (certificate, key, authority) = certificates(address);
        let (tls_port, files) = (port.to_string(), [&certificate, &key, &authority].map(|file| file.to_str().unwrap()));
        let server = RedisServer::start(&[
            "--tls-port",
            &tls_port,
            "--tls-cert-file",
            files[0],
            "--tls-key-file",
            files[1],
            "--tls-ca-cert-file",
            files[2],
            "--tls-auth-clients",
            "no",
        ]);
        let (mut url, mut sentinel) = (format!("rediss://127.0.0.1:{port}"), None);
        if is_behind_sentinel {
            let tls_port = free_port();
            let [certificate, key, authority] = files;
            let lines = format!(
                "tls-port {tls_port}\ntls-cert-file {certificate}\ntls-key-file {key}\ntls-ca-cert-file {authority}\n\
                 tls-auth-clients no\ntls-replication yes"
            );
            sentinel = Some(RedisServer::start_sentinel(port, 1, &lines));
            url = format!("rediss+sentinel://127.0.0.1:{tls_port}/main");
        }
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "tls::pings", "--ignored", "--nocapture"]).env("EGOI_PINGED", url);
        if trusted {
            child.env("SSL_CERT_FILE", files[2]);
        }
        let said = String::from_utf8(child.output().unwrap().stdout).unwrap();
        std::fs::remove_dir_all(certificate.parent().unwrap()).unwrap();
        drop((server, sentinel));
        said
    }

    /// In a process of its own, whose environment says whom to trust.
    #[tokio::test]
    #[ignore = "started by the tests themselves"]
    async fn pings() {
        if let Ok(url) = std::env::var("EGOI_PINGED") {
            println!("{:?}", ping(&engine_at(&url).0).await.map_err(|error| error.to_string()));
        }
    }

    #[test]
    fn tls_to_a_server_whose_certificate_is_trusted() {
        if redis_server::is_here() {
            for is_behind_sentinel in [false, true] {
                let said = pinged_over_tls("127.0.0.1", true, is_behind_sentinel);
                assert!(said.contains("Ok(())"), "{said}");
            }
        }
    }

    #[test]
    fn tls_to_a_server_whose_certificate_nobody_trusts_or_is_for_another() {
        if redis_server::is_here() {
            for (address, trusted, why) in
                [("127.0.0.1", false, "UnknownIssuer"), ("127.0.0.2", true, "not valid for name")]
            {
                for is_behind_sentinel in [false, true] {
                    let said = pinged_over_tls(address, trusted, is_behind_sentinel);
                    assert!(said.contains("TLS with the Redis server failed") && said.contains(why), "{said}");
                    assert!(said.contains("SSL_CERT_FILE"), "{said}");
                }
            }
        }
    }

    #[tokio::test]
    async fn tls_to_a_server_without_it() {
        let url = that_answers("-ERR unknown command\r\n").replace("redis:", "rediss:");
        assert_storage(ping(&engine_at(&url).0).await, "TLS with the Redis server failed");
    }
}

mod runtime {
    use super::*;

    #[test]
    fn an_engine_goes_from_runtime_to_runtime() {
        if !redis_server::is_here() {
            return;
        }
        let server = RedisServer::start(&[]);
        let (engine, post) = engine_with(&server.url(), EngineOptions::default().without_limits());
        let mut ids = Vec::new();
        for _ in 0..40 {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            ids.push(runtime.block_on(request(&engine)).unwrap().id);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let said = runtime.block_on(validate(&engine, ids.last().unwrap(), &post.latest())).unwrap();
        assert_eq!(said, Outcome::Verified);
    }

    #[test]
    fn as_many_runtimes_as_there_are_keep_their_connections() {
        if !redis_server::is_here() {
            return;
        }
        let server = RedisServer::start(&[]);
        let (engine, _) = engine_with(&server.url(), EngineOptions::default().without_limits());
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let runtimes: Vec<_> = (0..20).map(|_| runtime()).collect();
        let before = server.connections();
        for _ in 0..3 {
            for runtime in &runtimes {
                runtime.block_on(request(&engine)).unwrap();
            }
        }
        // Theirs, and this question's.
        assert_eq!(server.connections() - before, 21);
        // Of those that are gone none is left.
        drop(runtimes);
        runtime().block_on(request(&engine)).unwrap();
        while !server.cli(&["info", "clients"]).contains("connected_clients:1\r") {}
    }

    #[test]
    fn a_call_outside_of_a_runtime_is_an_error() {
        let (engine, _) = engine_at("redis://127.0.0.1:1");
        let mut call = Box::pin(request(&engine));
        let polled = call.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        let std::task::Poll::Ready(Err(error)) = polled else { panic!("it waits") };
        assert_eq!(error.code(), ErrorCode::Internal);
    }
}
