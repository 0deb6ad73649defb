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
    #[allow(dead_code, reason = "each program of tests needs some of it")]
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

use egoi_verify::store::StoreBackend;
use egoi_verify::{EngineOptions, Store, TestClock};
use support::conformance::{
    Kind, conforms_at_once, conforms_for_clients, conforms_for_limits_of_clients, conforms_for_support,
    conforms_one_at_a_time, conforms_when_answers_are_lost, facts,
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
        let store = EngineOptions::default().store(Store::new(&url).key([7; 32])).clock(clock).open_store().unwrap();
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
    conforms_for_support!(KIND);
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
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    use egoi_verify::{CallOptions, Engine, Error, ErrorCode, Outcome, Reason, RequestOptions, State, ValidateOptions};

    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

    use super::support::cable::{Cable, Fate};
    use super::support::conformance::RUNTIME;
    use super::support::post::Post;
    use super::support::postgres_server::PASSWORD;
    use super::support::server;
    use super::*;

    fn engine(url: &str) -> Engine {
        Engine::new(Post::default(), EngineOptions::default().store(Store::new(url).key([7; 32]))).unwrap()
    }

    fn ping(url: &str) -> Result<(), Error> {
        RUNTIME.block_on(engine(url).ping(CallOptions::default()))
    }

    fn refused(url: &str, reason: Option<Reason>, with: &str) {
        let error = ping(url).unwrap_err();
        let code = if reason.is_some() { ErrorCode::Misconfigured } else { ErrorCode::Storage };
        assert_eq!((error.code(), error.reason()), (code, reason), "{error:?}");
        let said = format!("{error} {error:?}");
        assert!(said.contains(with) && !said.contains("secret") && !said.contains(PASSWORD), "{said}");
    }

    #[test]
    fn a_url_that_cannot_be_meant_is_invalid_and_not_repeated() {
        for (url, with) in [
            ("postgres://", "names no host"),
            ("postgres://user:secret@host:port/db", "must be `postgres://"),
            ("postgres://user:secret@host/db?sslmode=secret", "`sslmode`"),
            ("postgres://user:secret@host/db?unknown=secret", "unknown option"),
            ("postgres://user:secret@host/db?statement_cache_size=0", "`statement_cache_size`"),
            ("postgres://user:secret@host/db?connection_limit=0", "`connection_limit`"),
            ("postgres://user:secret@host/db?pgbouncer=maybe", "`pgbouncer`"),
            ("postgres://user:secret@host/db?target_session_attrs=standby", "`target_session_attrs`"),
            ("postgres://user:secret@one,two/db?hostaddr=127.0.0.1", "`hostaddr`"),
            ("postgres://user:secret@/db?host=one,two&port=1,2,3", "number of ports"),
            ("postgres://user:secret@one,two/db?port=1", "number of ports"),
            ("postgres://user:secret@host/db?load_balance_hosts=secret", "must be `postgres://"),
            ("postgres://user:secret@host/db?sslcert=/nowhere", "`sslcert`"),
            ("postgres://user:secret@host/db?sslkey=/nowhere", "`sslkey`"),
            ("postgres://user:secret@host/db?sslrootcert=/nowhere", "`sslrootcert`"),
            ("postgresql://user:secret@host/db?sslrootcert=/dev/null", "no certificate"),
        ] {
            let options = EngineOptions::default().store(Store::new(url).key([7; 32]));
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
        refused(&asking.replace(PASSWORD, "secret"), Some(Reason::WrongPassword), "check user and password");
        let good = SERVER.url();
        refused(&good.replace("/postgres?", "/nosuch?"), Some(Reason::NoDatabase), "no such database");
        refused(&good.replace("search_path%3Ds", "search_path%3Dnosuch"), Some(Reason::NoDatabase), "no schema");
        refused(&format!("{good}&schema=nosuch"), Some(Reason::NoDatabase), "no schema");
        refused(&format!("{good}&sslmode=require"), None, "TLS");
        refused("postgres://egoi@127.0.0.1:1/postgres", None, "cannot be reached");
    }

    /// A server that lets in who shows a certificate of its authority, and the files of that.
    fn server_with_tls() -> (PostgresServer, PathBuf) {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown};
        let folder = server::folder("tls");
        let owner = std::fs::metadata(&folder).unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
        };
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        write("ca.pem", &authority.pem());
        for (name, host, user) in [("server", "127.0.0.1", "server"), ("client", "client.example", "egoi")] {
            let mut params = CertificateParams::new([host.to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, user);
            let key = KeyPair::generate().unwrap();
            write(&format!("{name}.pem"), &params.signed_by(&key, &authority).unwrap().pem());
            write(&format!("{name}.key"), &key.serialize_pem());
        }
        let file = |setting: &str, name: &str| format!("{setting}={}", folder.join(name).display());
        let files =
            [file("ssl_cert_file", "server.pem"), file("ssl_key_file", "server.key"), file("ssl_ca_file", "ca.pem")];
        let server = PostgresServer::start(&["log_statement=all", "ssl=on", &files[0], &files[1], &files[2]]);
        let who = "hostssl all all 127.0.0.1/32 cert\nhostnossl all all 127.0.0.1/32 trust\n";
        std::fs::write(server.folder.join("data/pg_hba.conf"), who).unwrap();
        assert_eq!(server.sql("SELECT pg_reload_conf()"), "t");
        (server, folder)
    }

    #[test]
    fn tls_checks_the_servers_certificate_and_shows_the_clients() {
        let (server, folder) = server_with_tls();
        let option = |name: &str, file: &str| format!("&{name}={}", folder.join(file).display());
        let url = format!("{}&sslmode=verify-full", server.url());
        let (authority, own) =
            (option("sslrootcert", "ca.pem"), option("sslcert", "client.pem") + &option("sslkey", "client.key"));
        ping(&format!("{url}{authority}{own}")).unwrap();
        // That the server is at the other end is known over TLS too.
        let log = std::fs::read_to_string(server.folder.join("log")).unwrap();
        assert!(log.lines().any(|line| line.contains("execute s") && line.contains("egoi_verify_ping")), "{log}");
        refused(&format!("{url}{authority}"), Some(Reason::WrongPassword), "certificate");
        refused(&format!("{url}{own}"), None, "UnknownIssuer");
        refused(&format!("{url}{own}&sslrootcert=system"), None, "UnknownIssuer");
        let elsewhere = url.replace("127.0.0.1", "localhost");
        refused(&format!("{elsewhere}{authority}{own}"), None, "not valid for name");
        for (options, with) in [
            (option("sslcert", "client.pem"), "both or neither"),
            (option("sslcert", "client.pem") + &option("sslkey", "server.key"), "`sslkey`"),
        ] {
            let options = EngineOptions::default().store(Store::new(format!("{url}{options}")).key([7; 32]));
            let refused = Engine::new(Post::default(), options).err().unwrap();
            assert_eq!(refused.code(), ErrorCode::InvalidInput);
            assert!(refused.detail().contains(with), "{refused}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_tables_of_a_newer_version_are_refused() {
        let url = SERVER.url();
        ping(&url).unwrap();
        let schema = postgres_server::schema_of(&url);
        SERVER.sql(&format!("UPDATE {schema}.egoi_verify_version SET version = 99"));
        refused(&url, Some(Reason::NewerVersion), "newer version");
    }

    #[test]
    fn a_user_without_rights_is_told_which_it_needs() {
        let url = SERVER.url();
        SERVER.sql(&format!("CREATE USER guest PASSWORD '{PASSWORD}'"));
        let schema = postgres_server::schema_of(&url);
        SERVER.sql(&format!("GRANT USAGE ON SCHEMA {schema} TO guest"));
        refused(&url.replace("egoi:", "guest:"), Some(Reason::NoPermission), "may not");
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

    /// What eight connections are made for, so that they are there.
    fn eight_at_once(engine: &Engine, id: &str) {
        RUNTIME.block_on(async {
            let calls = (0..8).map(|_| {
                let (engine, id) = (engine.clone(), id.to_owned());
                tokio::spawn(async move { engine.get(&id, CallOptions::default()).await.unwrap() })
            });
            for call in calls.collect::<Vec<_>>() {
                call.await.unwrap();
            }
        });
    }

    fn validate(engine: &Engine, id: &str, code: &str) -> Outcome {
        RUNTIME.block_on(engine.validate(id, code, ValidateOptions::default())).unwrap()
    }

    #[test]
    fn connections_that_fell_silent_are_given_up() {
        let cable = Cable::to(SERVER.port);
        let engine = engine(&SERVER.url_by(cable.port));
        let id = RUNTIME.block_on(engine.request("351-910000000", RequestOptions::default())).unwrap().id;
        eight_at_once(&engine, &id);
        cable.silence();
        let started = Instant::now();
        assert_eq!(validate(&engine, &id, "no"), Outcome::WrongCode);
        assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
        // Nor do the others stay.
        let started = Instant::now();
        eight_at_once(&engine, &id);
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        let read = RUNTIME.block_on(engine.get(&id, CallOptions::default())).unwrap();
        assert_eq!(read.attempts_left, Some(4));
    }

    #[test]
    fn what_was_given_up_does_not_go_on_waiting_for_a_lock() {
        let url = SERVER.url();
        let schema = postgres_server::schema_of(&url);
        let engine = engine(&url);
        let id = RUNTIME.block_on(engine.request("351-910000000", RequestOptions::default())).unwrap().id;
        let waiting = || {
            let all = format!("wait_event_type = 'Lock' AND query LIKE '%{schema}%' AND state = 'active'");
            SERVER.sql(&format!("SELECT count(*) FROM pg_stat_activity WHERE {all}")).parse::<u32>().unwrap()
        };
        let lock = format!("BEGIN; LOCK TABLE {schema}.egoi_verify_requests; SELECT pg_sleep(20); COMMIT");
        let asleep = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        std::thread::scope(|scope| {
            scope.spawn(|| SERVER.sql(&lock));
            while SERVER.sql(&format!("SELECT count(*) {asleep}")) == "0" {}
            let failed = scope.spawn(|| RUNTIME.block_on(engine.get(&id, CallOptions::default())).unwrap_err());
            let mut most = 0;
            while !failed.is_finished() {
                most = most.max(waiting());
            }
            assert_eq!(failed.join().unwrap().code(), ErrorCode::Storage);
            // Of a try nothing is left when the next is made, but for a moment.
            assert!((1..=2).contains(&most), "{most}");
            while waiting() > 0 {}
            SERVER.sql(&format!("SELECT pg_cancel_backend(pid) {asleep}"));
        });
    }

    /// What a connection is looked at by when nothing goes over it: of /proc/net/tcp, `2` before the colon.
    #[test]
    fn an_idle_connection_is_looked_after() {
        let cable = Cable::to(SERVER.port);
        let url = SERVER.url_by(cable.port);
        let engine = engine(&url);
        RUNTIME.block_on(engine.ping(CallOptions::default())).unwrap();
        // The space tells the far end of the connection from the near one, whose next column is an address.
        let to_the_cable = format!("0100007F:{:04X} 01 ", cable.port);
        // What was sent last is acknowledged first, which another timer waits for.
        let started = Instant::now();
        loop {
            assert!(started.elapsed() < Duration::from_secs(10), "nothing looks after it");
            let open = std::fs::read_to_string("/proc/net/tcp").unwrap();
            let ours = open.lines().find(|line| line.contains(&to_the_cable)).unwrap();
            let (kind, ticks) = ours.split_whitespace().nth(5).unwrap().split_once(':').unwrap();
            if kind == "02" {
                assert!(u64::from_str_radix(ticks, 16).unwrap() <= 30 * 100, "{ours}");
                break;
            }
        }
    }

    fn read_only(server: &PostgresServer, is_read_only: bool) {
        let on = if is_read_only { "on" } else { "off" };
        server.sql(&format!("ALTER SYSTEM SET default_transaction_read_only = {on}"));
        server.sql("SELECT pg_reload_conf()");
        while server.sql("SHOW transaction_read_only") != on {}
    }

    #[test]
    fn a_server_that_only_reads_is_noticed_by_ping_and_sends_nothing() {
        let server = PostgresServer::start(&[]);
        let post = Post::default();
        let engine =
            Engine::new(post.clone(), EngineOptions::default().store(Store::new(server.url()).key([7; 32]))).unwrap();
        let ping = || RUNTIME.block_on(engine.ping(CallOptions::default()));
        ping().unwrap();
        let id = RUNTIME.block_on(engine.request("351-910000000", RequestOptions::default())).unwrap().id;
        read_only(&server, true);
        let request = RUNTIME.block_on(engine.request("351-910000001", RequestOptions::default()));
        let read = RUNTIME.block_on(engine.get(&id, CallOptions::default()));
        for failed in [ping().unwrap_err(), request.unwrap_err(), read.unwrap_err()] {
            let said = (failed.code(), failed.reason(), failed.retry_is_safe(), failed.sms_possibly_sent());
            assert_eq!(said, (ErrorCode::Misconfigured, Some(Reason::ReadOnly), false, false), "{failed:?}");
        }
        assert_eq!(post.count(), 1);
        read_only(&server, false);
        ping().unwrap();
        assert_eq!(validate(&engine, &id, "no"), Outcome::WrongCode);
    }

    #[test]
    fn a_standby_is_refused_at_the_start() {
        let primary = PostgresServer::start(&[]);
        let url = primary.url();
        ping(&url).unwrap();
        let standby = primary.standby();
        let by_the_standby = url.replace(&primary.port.to_string(), &standby.port.to_string());
        refused(&by_the_standby, Some(Reason::ReadOnly), "standby");
        // Of several the one is taken that can be written.
        let (first, second) = (format!("127.0.0.1:{}", standby.port), format!("127.0.0.1:{}", primary.port));
        ping(&url.replace(&second, &format!("{first},{second}"))).unwrap();
    }

    #[test]
    fn of_several_servers_the_one_that_says_nothing_is_left_for_the_next() {
        let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let both = format!("127.0.0.1:{},127.0.0.1:{}", silent.local_addr().unwrap().port(), SERVER.port);
        let url = SERVER.url().replace(&format!("127.0.0.1:{}", SERVER.port), &both);
        ping(&format!("{url}&connect_timeout=1")).unwrap();
    }

    #[test]
    fn each_of_several_servers_has_its_own_port_and_address() {
        let url = SERVER.url();
        let named =
            url.replace(&format!("127.0.0.1:{}", SERVER.port), &format!("one.invalid:1,two.invalid:{}", SERVER.port));
        ping(&format!("{named}&hostaddr=127.0.0.1,127.0.0.1&sslmode=disable")).unwrap();
        let as_options = url.replace(&format!("127.0.0.1:{}", SERVER.port), "");
        ping(&format!("{as_options}&host=127.0.0.1,127.0.0.1&port=1,{}", SERVER.port)).unwrap();
        ping(&format!("{as_options}&host=127.0.0.1,127.0.0.1&port={}&load_balance_hosts=random", SERVER.port)).unwrap();
    }

    #[test]
    fn of_several_servers_one_that_cannot_be_reached_is_named_before_a_standby() {
        let primary = PostgresServer::start(&[]);
        let url = primary.url();
        ping(&url).unwrap();
        let standby = primary.standby();
        let (first, second) = (format!("127.0.0.1:{}", standby.port), format!("127.0.0.1:{}", primary.port));
        let both = url.replace(&second, &format!("{first},{second}"));
        primary.kill();
        refused(&both, None, "cannot be reached");
    }

    #[test]
    fn a_pool_of_a_demoted_primary_moves_to_the_new_one() {
        let primary = PostgresServer::start(&[]);
        let cable = Cable::to(primary.port);
        let engine = engine(&primary.url_by(cable.port));
        let id = RUNTIME.block_on(engine.request("351-910000000", RequestOptions::default())).unwrap().id;
        let next = primary.standby();
        eight_at_once(&engine, &id);
        assert_eq!(next.sql("SELECT pg_promote()"), "t");
        read_only(&primary, true);
        cable.lead_to(next.port);
        assert_eq!(validate(&engine, &id, "no"), Outcome::WrongCode);
        eight_at_once(&engine, &id);
    }

    #[test]
    fn any_runtime_can_call_and_none_has_to_stay() {
        let engine = engine(&SERVER.url());
        for i in 0..3 {
            // Not even one that can wait for a socket.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(engine.request(&format!("351-91000000{i}"), RequestOptions::default())).unwrap();
        }
    }
}

mod plans {
    use std::time::Duration;

    use egoi_verify::machine::Quota;
    use egoi_verify::store::{ClientAttempt, Limits, NewClaim};
    use egoi_verify::{CallOptions, Engine, Outcome, RequestOptions, ValidateOptions};

    use super::support::conformance::{RUNTIME, new_claim, number, response};
    use super::support::post::Post;
    use super::*;

    /// What an engine and a client do, with the `i`th number.
    pub(super) async fn every_call(store: &Arc<dyn StoreBackend>, i: usize) {
        let options = EngineOptions::default().store(Store::custom(Arc::clone(store)).key([7; 32])).resend_after(None);
        let engine = Engine::new(Post::default(), options).unwrap();
        let request = RequestOptions::default().idempotency_key(i.to_string());
        let id = engine.request_to(number(i), request).await.unwrap().id;
        assert_eq!(engine.validate(&id, "no", ValidateOptions::default()).await.unwrap(), Outcome::WrongCode);
        engine.get(&id, CallOptions::default()).await.unwrap();
        engine.resend(&id, CallOptions::default()).await.unwrap();
        engine.cancel(&id, CallOptions::default()).await.unwrap();
        let quota = Quota { limit: 5, per: Duration::from_secs(60) };
        let limits = Limits { sms_per_number: Some(quota), sms_per_client: Some(quota), ..Limits::NONE };
        let client = Some([i as u8; 16]);
        let claim = NewClaim { client, limits, ..new_claim([i as u8; 32], 1, number(i)) };
        let attempt = ClientAttempt { id: i as u128, client: [i as u8; 16], quota };
        store.count_attempt(attempt).await.unwrap();
        store.give_attempt_back(attempt).await.unwrap();
        store.claim(claim.clone()).await.unwrap();
        store.release(claim.clone()).await.unwrap();
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
        let store = EngineOptions::default().store(Store::new(&url).key([7; 32])).open_store().unwrap();
        RUNTIME.block_on(every_call(&store, 0));
        done(&server, &url);
        let log = server.folder.join("log");
        let before = std::fs::read_to_string(&log).unwrap().len();
        RUNTIME.block_on(every_call(&store, 1));
        std::fs::read_to_string(&log).unwrap().split_off(before)
    }

    const TABLES: [&str; 3] = ["egoi_verify_requests", "egoi_verify_counters", "egoi_verify_idempotency_keys"];

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

mod round_trips {
    use egoi_verify::{CallOptions, Engine, RequestOptions, ValidateOptions};

    use super::support::conformance::RUNTIME;
    use super::support::post::Post;
    use super::*;

    /// As docs/stores.md has them.
    #[test]
    fn each_verb_makes_one_for_each_statement() {
        let server = PostgresServer::start(&["log_statement=all"]);
        let post = Post::default();
        let store = Store::new(server.url()).key([7; 32]).pool_size(1);
        let options = EngineOptions::default().store(store).resend_after(None);
        let engine = Engine::new(post.clone(), options).unwrap();
        let said = || std::fs::read_to_string(server.folder.join("log")).unwrap().matches("execute ").count();
        let call = CallOptions::default();
        // What is prepared over a connection is prepared in the first round.
        for round in 0..2 {
            let mut before = said();
            let mut made = |verb: &str, expected: usize| {
                let now = said();
                assert!(round == 0 || now - before == expected, "{verb}: {}", now - before);
                before = now;
            };
            RUNTIME.block_on(async {
                let asked = || RequestOptions::default().message("{CODE}");
                let id = engine.request("+351 910 000 000", asked()).await.unwrap().id;
                made("request", 2);
                engine.resend(&id, call).await.unwrap();
                made("resend", 3);
                engine.get(&id, call).await.unwrap();
                made("get", 1);
                let outcome = engine.validate(&id, &post.latest(), ValidateOptions::default()).await.unwrap();
                assert!(outcome.is_verified());
                made("validate", 1);
                engine.cancel(&id, call).await.unwrap();
                made("cancel", 1);
            });
        }
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
            let tables = ["requests", "counters", "idempotency_keys"];
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

mod other_roles {
    use egoi_verify::{CallOptions, Engine, ErrorCode, Reason};

    use super::plans::every_call;
    use super::support::conformance::{RUNTIME, number};
    use super::support::post::Post;
    use super::*;

    fn store(url: &str) -> Arc<dyn StoreBackend> {
        EngineOptions::default().store(Store::new(url).key([7; 32])).open_store().unwrap()
    }

    fn ping(url: &str) -> Result<(), egoi_verify::Error> {
        let engine =
            Engine::new(Post::default(), EngineOptions::default().store(Store::new(url).key([7; 32]))).unwrap();
        RUNTIME.block_on(engine.ping(CallOptions::default()))
    }

    /// After [`every_call`] with the `i`th number.
    async fn every_call_of_support(store: &Arc<dyn StoreBackend>, i: usize) {
        let options = EngineOptions::default().store(Store::custom(Arc::clone(store)).key([7; 32]));
        let engine = Engine::new(Post::default(), options).unwrap();
        let (number, call) = (number(i).e164(), CallOptions::default());
        let found = engine.find(&number, call).await.unwrap();
        assert!(found.requests.len() == 1 && !found.limits.is_empty(), "{found:?}");
        engine.unlock(&number, call).await.unwrap();
        assert!(engine.find(&number, call).await.unwrap().limits.is_empty());
        assert_eq!(engine.erase(&number, call).await.unwrap(), 1);
        assert!(engine.find(&number, call).await.unwrap().requests.is_empty());
    }

    /// A function that takes exactly what ours give is preferred to the server's own, which takes any type.
    #[test]
    fn what_another_role_has_put_in_the_way_is_not_called() {
        let url = SERVER.url();
        let schema = postgres_server::schema_of(&url);
        let planted = ["public", schema].map(|schema| {
            let function = |what: &str, returns: &str| {
                format!(
                    "CREATE FUNCTION {schema}.{what} RETURNS {returns} LANGUAGE plpgsql
                     AS $$ BEGIN RAISE EXCEPTION 'of a stranger'; END $$;"
                )
            };
            [
                format!("GRANT CREATE, USAGE ON SCHEMA {schema} TO stranger; SET ROLE stranger;"),
                function("array_position(bytea[], bytea)", "integer"),
                function("cardinality(bytea[])", "integer"),
                function("unnest(bytea[])", "SETOF bytea"),
                function("times(numeric, integer)", "numeric"),
                format!(
                    "CREATE OPERATOR {schema}.* (FUNCTION = {schema}.times, LEFTARG = numeric, RIGHTARG = integer);
                     RESET ROLE;"
                ),
            ]
            .concat()
        });
        ping(&url).unwrap();
        assert_eq!(SERVER.sql(&format!("CREATE ROLE stranger; {}", planted.concat())), "");
        let store = store(&format!("{url}%2Cpublic"));
        RUNTIME.block_on(every_call(&store, 0));
        RUNTIME.block_on(every_call_of_support(&store, 0));
    }

    #[test]
    fn every_function_has_a_path_of_its_own_or_is_inlined() {
        let url = SERVER.url();
        ping(&url).unwrap();
        let ours = format!("pronamespace = '{}'::regnamespace", postgres_server::schema_of(&url));
        let path = "coalesce(proconfig::text, '') LIKE '%search_path=s%, pg_temp%'";
        let without = SERVER.sql(&format!("SELECT proname FROM pg_proc WHERE {ours} AND NOT {path} ORDER BY 1"));
        assert_eq!(without, "egoi_verify_now\negoi_verify_of\negoi_verify_only\negoi_verify_valid");
    }

    #[test]
    fn a_user_with_the_documented_rights_does_everything_and_one_who_lacks_one_is_told() {
        let url = SERVER.url();
        let schema = postgres_server::schema_of(&url);
        ping(&url).unwrap();
        let said = SERVER.sql(&format!(
            "CREATE ROLE shop LOGIN;
             GRANT USAGE ON SCHEMA {schema} TO shop;
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO shop;"
        ));
        assert_eq!(said, "");
        let by_shop = url.replace("egoi:", "shop:");
        let store = store(&by_shop);
        RUNTIME.block_on(every_call(&store, 0));
        RUNTIME.block_on(every_call_of_support(&store, 0));
        ping(&by_shop).unwrap();
        SERVER.sql(&format!("REVOKE DELETE ON {schema}.egoi_verify_counters FROM shop"));
        let refused = ping(&by_shop).unwrap_err();
        assert_eq!((refused.code(), refused.reason()), (ErrorCode::Misconfigured, Some(Reason::NoPermission)));
    }
}
