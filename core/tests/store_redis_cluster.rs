//! The store in a cluster of Redis or Valkey, on three real masters with a replica each.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod cluster;
    #[allow(dead_code, unused_macros, reason = "each program of tests needs some of it")]
    pub(crate) mod conformance;
    pub(crate) mod kept;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod late;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod model;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod post;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod redis_server;
    pub(crate) mod renamed;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod server;
    pub(crate) mod service;
    pub(crate) mod soak;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod watched;
}

mod conforms {
    use std::sync::{Arc, LazyLock};

    use egoi_verify::store::StoreBackend;
    use egoi_verify::{EngineOptions, Store, TestClock};

    use crate::support::cluster::Cluster;
    use crate::support::conformance::{
        Kind, conforms_at_once, conforms_for_clients, conforms_for_limits_of_clients, conforms_for_support,
        conforms_one_at_a_time, conforms_when_answers_are_lost, facts,
    };
    use crate::support::redis_server;
    use crate::support::renamed::Renamed;

    pub(crate) static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
        if !redis_server::is_here() {
            // A line in capitals has said so.
            std::process::exit(0);
        }
        Cluster::start()
    });

    fn open(_: u64, clock: Arc<TestClock>) -> Arc<dyn StoreBackend> {
        let store = Store::new(CLUSTER.url()).key([7; 32]);
        Arc::new(Renamed::new(EngineOptions::default().store(store).clock(clock).open_store().unwrap()))
    }

    const KIND: Kind = Kind { open, is_bounded: false, histories: 30, rounds: 3 };

    conforms_one_at_a_time!(KIND);
    conforms_at_once!(KIND);
    conforms_when_answers_are_lost!(KIND);
    conforms_for_clients!(KIND);
    conforms_for_support!(KIND);
}

mod conforms_in_valkey {
    use std::sync::{Arc, LazyLock};

    use egoi_verify::store::StoreBackend;
    use egoi_verify::{EngineOptions, Store, TestClock};

    use crate::support::cluster::Cluster;
    use crate::support::conformance::{
        Kind, conforms_at_once, conforms_for_clients, conforms_for_limits_of_clients, conforms_for_support,
        conforms_one_at_a_time, conforms_when_answers_are_lost, facts,
    };
    use crate::support::redis_server;
    use crate::support::renamed::Renamed;

    static CLUSTER: LazyLock<Option<Cluster>> =
        LazyLock::new(|| redis_server::valkey_is_here().then(Cluster::start_valkey));

    fn open(_: u64, clock: Arc<TestClock>) -> Arc<dyn StoreBackend> {
        let Some(cluster) = &*CLUSTER else {
            // A line in capitals has said so.
            std::process::exit(0);
        };
        let store = Store::new(cluster.url()).key([7; 32]);
        Arc::new(Renamed::new(EngineOptions::default().store(store).clock(clock).open_store().unwrap()))
    }

    const KIND: Kind = Kind { open, is_bounded: false, histories: 10, rounds: 2 };

    conforms_one_at_a_time!(KIND);
    conforms_at_once!(KIND);
    conforms_when_answers_are_lost!(KIND);
    conforms_for_clients!(KIND);
    conforms_for_support!(KIND);
}

mod what_is_kept {
    use crate::conforms::CLUSTER;
    use crate::support::kept::{Kept, facts_of_what_is_kept, files};
    use crate::support::redis_server;

    struct Disks(String);

    impl Kept for Disks {
        fn url(&self) -> String {
            self.0.clone()
        }

        fn bytes(&self) -> Vec<u8> {
            let of = |server: &crate::support::redis_server::RedisServer| {
                server.cli(&["config", "set", "rdbcompression", "no"]);
                server.cli(&["save"]);
                files(&server.folder)
            };
            CLUSTER.servers.iter().flat_map(of).collect()
        }

        fn forget_the_keys(&self) {
            let (_, prefix) = self.0.rsplit_once('=').unwrap();
            let (master, _) = CLUSTER.with_keys(&format!("{prefix}:{{0000}}:keys"));
            assert_eq!(master.cli(&["del", &format!("{prefix}:{{0000}}:keys")]), "1");
        }
    }

    fn kept() -> Option<Disks> {
        redis_server::is_here().then(|| Disks(CLUSTER.url()))
    }

    facts_of_what_is_kept!(kept);
}

mod late {
    use crate::support::cluster::Cluster;
    use crate::support::late::{Stalls, facts_of_late_answers};
    use crate::support::redis_server;

    /// All of its servers stand still.
    struct Paused {
        cluster: Cluster,
        url: String,
    }

    impl Stalls for Paused {
        fn url(&self) -> String {
            self.url.clone()
        }

        fn stall(&self) {
            self.cluster.servers.iter().for_each(|server| server.pause());
        }

        fn resume(&self) {
            self.cluster.servers.iter().for_each(|server| server.resume());
        }
    }

    fn stalling() -> Option<Paused> {
        redis_server::is_here().then(|| {
            let cluster = Cluster::start();
            let url = cluster.url();
            Paused { cluster, url }
        })
    }

    facts_of_late_answers!(stalling);
}

mod which_servers {
    use egoi_verify::{CallOptions, Engine, EngineOptions, Error, ErrorCode, Outcome, Reason, Store, ValidateOptions};

    use crate::conforms::CLUSTER;
    use crate::load::{asked, engine};
    use crate::support::cluster::Cluster;
    use crate::support::post::Post;
    use crate::support::redis_server::{self, RedisServer};
    use crate::support::server::free_port;

    const NUMBER: &str = "+351 910 000 000";

    async fn ping(url: &str) -> Result<(), Error> {
        engine(url).0.ping(CallOptions::default()).await
    }

    async fn assert_refused(url: &str, code: ErrorCode, reason: Option<Reason>, says: &str) {
        let error = ping(url).await.unwrap_err();
        assert_eq!((error.code(), error.reason()), (code, reason), "{url}: {error:?}");
        assert!(error.detail().contains(says), "{error}");
        assert!(!format!("{error:?}").contains("battery"), "{error:?}");
    }

    #[tokio::test]
    async fn a_cluster_behind_a_plain_url_is_recognised() {
        if !redis_server::is_here() {
            return;
        }
        let plain = CLUSTER.plain_url();
        let (_, prefix) = plain.split_once('?').unwrap();
        let named = CLUSTER.url();
        let (hosts, _) = named.split_once('?').unwrap();
        let ((by_plain, post), (by_name, _)) = (engine(&plain), engine(&format!("{hosts}?{prefix}")));
        let id = by_plain.request(NUMBER, asked()).await.unwrap().id;
        let validated = by_name.validate(&id, &post.latest(), ValidateOptions::default()).await.unwrap();
        assert_eq!(validated, Outcome::Verified);
        by_plain.ping(CallOptions::default()).await.unwrap();
    }

    /// The others are found by asking the one.
    #[tokio::test]
    async fn one_server_of_the_url_that_responds_is_enough() {
        if !redis_server::is_here() {
            return;
        }
        let replica = &CLUSTER.servers[3];
        let url = format!("redis+cluster://127.0.0.1:{},127.0.0.1:{}", free_port(), replica.port);
        ping(&format!("{url}?{}", CLUSTER.plain_url().split_once('?').unwrap().1)).await.unwrap();
    }

    #[tokio::test]
    async fn what_cannot_be_used_says_why() {
        if !redis_server::is_here() {
            return;
        }
        let misconfigured = ErrorCode::Misconfigured;
        let unsuitable = Some(Reason::Unsuitable);
        let plain = RedisServer::start(&[]);
        let of_plain = format!("redis+cluster://127.0.0.1:{}", plain.port);
        assert_refused(&of_plain, misconfigured, unsuitable, "is not part of a Redis cluster").await;
        let dead = format!("redis+cluster://:battery@127.0.0.1:{}", free_port());
        assert_refused(&dead, ErrorCode::Storage, None, "no server of the Redis cluster responded").await;
        let port = CLUSTER.servers[0].port;
        let braces = format!("redis://127.0.0.1:{port}?prefix=%7Ba%7D");
        assert_refused(&braces, misconfigured, unsuitable, "one slot").await;
        let database = format!("redis://127.0.0.1:{port}/3");
        assert_refused(&database, misconfigured, unsuitable, "has only the database 0").await;
        let password = Some(Reason::WrongPassword);
        let locked = RedisServer::start(&["--cluster-enabled", "yes", "--requirepass", "horse"]);
        let without = format!("redis+cluster://:battery@127.0.0.1:{}", locked.port);
        assert_refused(&without, misconfigured, password, "check both in the URL").await;
        let no_slots = format!("redis+cluster://:horse@127.0.0.1:{}", locked.port);
        assert_refused(&no_slots, ErrorCode::Storage, None, "no master of the Redis cluster has the slot").await;
        let sentinel = RedisServer::start_sentinel(port, 1, "");
        let of_sentinel = format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port);
        assert_refused(&of_sentinel, misconfigured, unsuitable, "`redis+cluster://HOST,HOST`").await;
    }

    #[tokio::test]
    async fn a_user_with_the_rights_of_the_documents_can_do_everything() {
        if !redis_server::is_here() {
            return;
        }
        let (_, prefix) = CLUSTER.url().split_once("prefix=").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let keys = format!("~{prefix}:*");
        let rights =
            "+@read +@write +@scripting +info +select +time +asking +cluster|info +cluster|slots +cluster|nodes";
        for server in &CLUSTER.servers {
            let user = ["acl", "setuser", "verify", "reset", "on", ">horse", &keys];
            assert_eq!(server.cli(&[&user, &rights.split(' ').collect::<Vec<_>>()[..]].concat()), "OK");
        }
        let url = format!("redis+cluster://verify:horse@127.0.0.1:{}?prefix={prefix}", CLUSTER.servers[0].port);
        let (engine, post) = engine(&url);
        engine.ping(CallOptions::default()).await.unwrap();
        let asked = || asked().client("client").idempotency_key("key");
        let id = engine.request(NUMBER, asked()).await.unwrap().id;
        assert_eq!(engine.request(NUMBER, asked()).await.unwrap().id, id);
        engine.resend(&id, CallOptions::default()).await.unwrap();
        let options = ValidateOptions::default().client("client");
        assert_eq!(engine.validate(&id, &post.latest(), options).await.unwrap(), Outcome::Verified);
        engine.find(NUMBER, CallOptions::default()).await.unwrap();
        engine.unlock(NUMBER, CallOptions::default()).await.unwrap();
        assert_eq!(engine.erase(NUMBER, CallOptions::default()).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_master_that_may_drop_keys_is_refused() {
        if !redis_server::is_here() {
            return;
        }
        let cluster = Cluster::start();
        let (engine, _) = engine(&cluster.url());
        engine.ping(CallOptions::default()).await.unwrap();
        cluster.servers[2].cli(&["config", "set", "maxmemory", "100mb"]);
        cluster.servers[2].cli(&["config", "set", "maxmemory-policy", "allkeys-lru"]);
        let error = engine.ping(CallOptions::default()).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Misconfigured, "{error:?}");
        assert!(error.detail().contains("`noeviction`"), "{error}");
    }

    #[test]
    fn a_url_that_cannot_be_used_is_refused() {
        for (url, fault) in [
            ("redis+cluster:", "has no host"),
            ("redis+cluster://one,", "has an empty host"),
            ("redis+cluster://:correct-horse-battery@one,two/3", "has a database"),
            ("redis+cluster://one?prefix=%7Ba%7D", "has a `prefix` with a brace"),
            ("redis+cluster://one?sentinel_password=correct-horse-battery", "has an unknown option"),
            ("rediss+cluster://one,ho_st%20", "has a host that no certificate can be for"),
        ] {
            let refused = Engine::new(Post::default(), EngineOptions::default().store(Store::new(url).key([7; 32])));
            let error = refused.err().unwrap();
            assert_eq!(error.code(), ErrorCode::InvalidInput, "{url}");
            assert!(error.detail().starts_with(&format!("`store` {fault}")), "{url}: {error}");
            assert!(!format!("{error:?}").contains("battery"), "{error:?}");
        }
    }
}

mod tls {
    use std::path::PathBuf;

    use egoi_verify::{CallOptions, Engine, EngineOptions, Outcome, Store, ValidateOptions};
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

    use crate::load::asked;
    use crate::support::cluster::{CALM, Cluster};
    use crate::support::post::Post;
    use crate::support::redis_server::{self, RedisServer};
    use crate::support::server::{self, free_port};

    /// Files of a certificate for 127.0.0.1, its key, and the authority's certificate.
    fn certificates() -> [PathBuf; 3] {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // The servers check one another by OpenSSL, which takes a certificate by its own name for one that signed itself.
        params.distinguished_name.push(DnType::CommonName, "authority");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let folder = server::folder("tls");
        let write = |name: &str, text: String| {
            std::fs::write(folder.join(name), text).unwrap();
            folder.join(name)
        };
        [write("cert.pem", certificate.pem()), write("key.pem", key.serialize_pem()), write("ca.pem", authority.pem())]
    }

    /// The servers say their ports of TLS, and move slots over TLS.
    #[tokio::test]
    async fn a_cluster_is_used_over_tls() {
        if !redis_server::is_here() {
            return;
        }
        let files = certificates();
        let [certificate, key, authority] = files.each_ref().map(|file| file.to_str().unwrap());
        let ports: std::sync::Mutex<Vec<u16>> = Default::default();
        let cluster = Cluster::start_with(CALM, &|options| {
            let port = free_port();
            ports.lock().unwrap().push(port);
            let tls = [
                "--tls-port",
                &port.to_string(),
                "--tls-cert-file",
                certificate,
                "--tls-key-file",
                key,
                "--tls-ca-cert-file",
                authority,
                "--tls-auth-clients",
                "no",
                "--tls-cluster",
                "yes",
                "--tls-replication",
                "yes",
            ]
            .map(str::to_owned);
            RedisServer::start(&[options, &tls.each_ref().map(String::as_str)].concat())
        });
        let port = ports.lock().unwrap()[0];
        let url = format!("rediss+cluster://127.0.0.1:{port}");
        let engine = |store: Store| {
            let post = Post::default();
            (Engine::new(post.clone(), EngineOptions::default().store(store.key([7; 32]))).unwrap(), post)
        };
        let (trusting, post) = engine(Store::new(&url).ca_certificates(std::fs::read(authority).unwrap()));
        for i in 0..20 {
            let id = trusting.request(&format!("+351 910 000 0{i:02}"), asked()).await.unwrap().id;
            let validated = trusting.validate(&id, &post.latest(), ValidateOptions::default()).await.unwrap();
            assert_eq!(validated, Outcome::Verified);
        }
        let error = engine(Store::new(&url)).0.ping(CallOptions::default()).await.unwrap_err();
        assert!(error.detail().contains("TLS with the Redis server failed"), "{error}");
        drop(cluster);
        std::fs::remove_dir_all(files[0].parent().unwrap()).unwrap();
    }
}

/// Callers that request and validate without a pause.
mod load {
    use std::collections::HashSet;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use egoi_verify::machine::Quota;
    use egoi_verify::{CallOptions, Engine, EngineOptions, Outcome, RequestOptions, Store, ValidateOptions};

    use crate::support::post::Post;

    pub(crate) const CALLERS: usize = 8;

    /// To how many numbers each caller sends.
    const NUMBERS: usize = 4;

    pub(crate) fn asked() -> RequestOptions {
        RequestOptions::default().message("{CODE}")
    }

    pub(crate) fn engine(url: &str) -> (Engine, Post) {
        let post = Post::default();
        let quota = Some(Quota { limit: u32::MAX, per: Duration::from_secs(3600) });
        // Everything is counted, and nothing is in the way.
        let options = EngineOptions::default()
            .store(Store::new(url).key([7; 32]))
            .resend_after(None)
            .sms_per_number(quota)
            .sms_per_client(quota)
            .wrong_codes_per_number(quota)
            .wrong_codes_per_client(quota);
        (Engine::new(post.clone(), options).unwrap(), post)
    }

    /// What callers were told.
    #[derive(Default)]
    pub(crate) struct Told {
        /// The ids of successes, with their idempotency key and number.
        pub(crate) verified: Vec<(String, String, String)>,
        /// Calls that failed.
        pub(crate) failed: Vec<String>,
        /// SMS beyond the first of an idempotency key whose request was acknowledged.
        pub(crate) second_sms: usize,
        /// Successes beyond the first of one request.
        pub(crate) second_successes: usize,
        /// The longest call.
        pub(crate) longest: Duration,
    }

    pub(crate) struct Load {
        is_over: Arc<AtomicBool>,
        acknowledged: Arc<AtomicUsize>,
        callers: Vec<tokio::task::JoinHandle<Told>>,
    }

    impl Load {
        /// To numbers that are in all masters.
        pub(crate) fn start(url: &str) -> Self {
            let (is_over, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
            let callers = (0..CALLERS)
                .map(|caller| {
                    let (engine, post) = engine(url);
                    let (is_over, acknowledged) = (Arc::clone(&is_over), Arc::clone(&acknowledged));
                    tokio::spawn(async move {
                        let mut told = Told::default();
                        for i in 0.. {
                            if is_over.load(Ordering::SeqCst) {
                                break;
                            }
                            if call(&engine, &post, caller, i, &mut told).await {
                                acknowledged.fetch_add(1, Ordering::SeqCst);
                            }
                        }
                        told
                    })
                })
                .collect();
            Self { is_over, acknowledged, callers }
        }

        /// Waits for so many more successes.
        pub(crate) fn some_more(&self, many: usize) {
            let (enough, started) = (self.acknowledged.load(Ordering::SeqCst) + many, Instant::now());
            while self.acknowledged.load(Ordering::SeqCst) < enough {
                assert!(started.elapsed() < Duration::from_secs(60), "nothing is verified");
                std::thread::sleep(Duration::from_millis(1));
            }
        }

        pub(crate) async fn end(self) -> Told {
            self.is_over.store(true, Ordering::SeqCst);
            let mut all = Told::default();
            for caller in self.callers {
                let told = caller.await.unwrap();
                all.verified.extend(told.verified);
                all.failed.extend(told.failed);
                all.second_sms += told.second_sms;
                all.second_successes += told.second_successes;
                all.longest = all.longest.max(told.longest);
            }
            all
        }
    }

    /// A request twice with one key, a new code, a wrong code, and the right code twice.
    async fn call(engine: &Engine, post: &Post, caller: usize, i: usize, told: &mut Told) -> bool {
        let number = format!("+351 91{caller} 00000{}", i % NUMBERS);
        let key = format!("{caller} {i}");
        let client = format!("client {caller}");
        let asked = || asked().idempotency_key(&*key).client(&*client);
        let before = post.count();
        let started = Instant::now();
        let made = match engine.request(&number, asked()).await {
            Ok(made) => made,
            Err(error) => {
                told.failed.push(format!("request: {error}"));
                return false;
            }
        };
        told.longest = told.longest.max(started.elapsed());
        if let Ok(again) = engine.request(&number, asked()).await {
            let ids: HashSet<_> = [&made.id, &again.id].into();
            told.second_sms += usize::from(ids.len() > 1 || post.count() > before + 1);
        }
        if let Err(error) = engine.resend(&made.id, CallOptions::default()).await {
            told.failed.push(format!("resend: {error}"));
            return false;
        }
        let code = post.latest();
        let options = || ValidateOptions::default().client(&*client);
        if let Err(error) = engine.validate(&made.id, "no", options()).await {
            told.failed.push(format!("wrong code: {error}"));
        }
        let started = Instant::now();
        let first = engine.validate(&made.id, &code, options()).await;
        told.longest = told.longest.max(started.elapsed());
        let second = engine.validate(&made.id, &code, options()).await;
        if let Err(error) = &first {
            told.failed.push(format!("right code: {error}"));
        }
        let is_verified = matches!(first, Ok(Outcome::Verified));
        told.second_successes += usize::from(is_verified && matches!(second, Ok(Outcome::Verified)));
        if is_verified {
            told.verified.push((made.id, key.clone(), number));
        }
        is_verified
    }
}

mod moves {
    use std::sync::Arc;

    use egoi_verify::{CallOptions, State};

    use crate::load::{Load, engine};
    use crate::support::cluster::Cluster;
    use crate::support::redis_server;
    use crate::support::soak;

    /// MOVED, ASK and TRYAGAIN come of it, each of which the servers count.
    fn told_by_servers(cluster: &Cluster, what: &str) -> u64 {
        let told = |server: &redis_server::RedisServer| -> u64 {
            let said = server.cli(&["info", "errorstats"]);
            let count = said.lines().find_map(|line| line.strip_prefix(&format!("errorstat_{what}:count=")));
            count.map_or(0, |count| count.trim().parse().unwrap())
        };
        cluster.servers.iter().map(told).sum()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn slots_are_moved_under_load_and_nothing_is_lost() {
        if redis_server::is_here() {
            moved_under_load(Arc::new(Cluster::start())).await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn slots_of_valkey_are_moved_under_load_and_nothing_is_lost() {
        if redis_server::valkey_is_here() {
            moved_under_load(Arc::new(Cluster::start_valkey())).await;
        }
    }

    async fn moved_under_load(cluster: Arc<Cluster>) {
        let url = cluster.url();
        let load = Load::start(&url);
        let (moving, rounds) = (Arc::clone(&cluster), soak::count(2, 50));
        let load = tokio::task::spawn_blocking(move || {
            let mut moved = 0;
            for round in 0..rounds as usize {
                load.some_more(100);
                let [from, to] = [round % 3, (round + 1) % 3].map(|i| &moving.servers[i]);
                // Those of the numbers, and some of what is counted and claimed elsewhere.
                let mut slots = moving.slots_with_keys(from, "*{????}r:*");
                slots.extend(moving.slots_with_keys(from, "*{????}[kc]:*").into_iter().take(20));
                slots.sort_unstable();
                slots.dedup();
                moved += slots.len();
                moving.move_slots(from, to, slots);
            }
            load.some_more(100);
            (load, moved)
        });
        let (load, slots) = load.await.unwrap();
        let told = load.end().await;
        assert_eq!(told.failed, [""; 0]);
        assert_eq!((told.second_sms, told.second_successes), (0, 0));
        let (engine, _) = engine(&url);
        for (id, ..) in &told.verified {
            let read = engine.get(id, CallOptions::default()).await.unwrap();
            assert_eq!(read.state, State::Verified);
        }
        let errors = ["MOVED", "ASK", "TRYAGAIN"].map(|what| told_by_servers(&cluster, what));
        assert!(errors[0] > 0 && errors[1] + errors[2] > 0, "{errors:?}");
        // Past the test harness, which shows the output of failing tests alone.
        use std::io::Write as _;
        let _ = writeln!(
            std::io::stdout(),
            "{slots} slots moved, {} verified, MOVED ASK TRYAGAIN: {errors:?}, the longest call {:?}",
            told.verified.len(),
            told.longest
        );
    }
}

/// Acknowledged, and not there after a replica was promoted. `docs/stores.md` has what the full count said.
mod what_a_failover_loses {
    use std::io::Write as _;
    use std::sync::Arc;
    use std::time::Duration;

    use egoi_verify::{CallOptions, ErrorCode, State};

    use crate::load::{Load, asked, engine};
    use crate::support::cluster::Cluster;
    use crate::support::redis_server;
    use crate::support::soak;

    /// What begins the failover.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Begin {
        /// `kill -9` of a master.
        Killed,
        /// The same, when its replica has all that was acknowledged.
        KilledWithoutLoss,
        /// The same, after its replica was cut off from it while it still responds.
        CutOff,
        /// `CLUSTER FAILOVER`.
        ByHand,
    }

    /// How many successes were acknowledged, and what of them the promoted replica does not know.
    #[derive(Debug, Default)]
    struct Lost {
        acknowledged: usize,
        /// The request is there, and its code can be used again.
        codes: usize,
        /// The request is not there.
        requests: usize,
        /// The idempotency key leads to another request, and a second SMS was sent.
        keys: usize,
        second_sms: usize,
        second_successes: usize,
        failed: usize,
        longest: Duration,
    }

    async fn fail_over(begin: Begin, lost: &mut Lost) {
        let cluster = Arc::new(Cluster::start_wary());
        let url = cluster.url();
        let load = Load::start(&url);
        let failing = Arc::clone(&cluster);
        let load = tokio::task::spawn_blocking(move || {
            load.some_more(200);
            let master = &failing.servers[1];
            match begin {
                Begin::Killed => failing.fail_over(master, |master, _| master.kill()),
                Begin::KilledWithoutLoss => failing.fail_over_without_loss(master),
                Begin::CutOff => {
                    // It greets its master in a way that is refused.
                    assert_eq!(failing.replica_of(master).cli(&["config", "set", "masterauth", "wrong"]), "OK");
                    assert_eq!(master.cli(&["client", "kill", "type", "replica"]), "1");
                    load.some_more(200);
                    failing.fail_over(master, |master, _| master.kill());
                }
                Begin::ByHand => {
                    failing.fail_over(master, |_, replica| assert_eq!(replica.cli(&["cluster", "failover"]), "OK"));
                }
            }
            load.some_more(200);
            load
        });
        let told = load.await.unwrap().end().await;
        lost.second_sms += told.second_sms;
        lost.second_successes += told.second_successes;
        lost.failed += told.failed.len();
        lost.longest = lost.longest.max(told.longest);
        let (promoted, post) = engine(&url);
        for (id, key, number) in told.verified {
            lost.acknowledged += 1;
            match promoted.get(&id, CallOptions::default()).await {
                Ok(read) => lost.codes += usize::from(read.state != State::Verified),
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::NotFound, "{error}");
                    lost.requests += 1;
                    // Its key may be in a master that lives.
                    continue;
                }
            }
            let before = post.count();
            let again = promoted.request(&number, asked().idempotency_key(key)).await.unwrap();
            lost.keys += usize::from(again.id != id || post.count() > before);
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

    fn assert_nothing_lost(lost: &Lost) {
        assert_eq!((lost.codes, lost.requests, lost.keys), (0, 0, 0), "{lost:?}");
        assert_eq!((lost.second_sms, lost.second_successes), (0, 0), "{lost:?}");
    }

    /// How much cannot be said for certain.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_master_that_is_killed_is_counted() {
        let lost = fail_over_often(Begin::Killed).await;
        assert!(lost.codes + lost.requests + lost.keys <= lost.acknowledged, "{lost:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_master_that_is_killed_when_its_replica_has_everything_loses_nothing() {
        assert_nothing_lost(&fail_over_often(Begin::KilledWithoutLoss).await);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_master_acknowledges_without_its_replica_is_lost() {
        if redis_server::is_here() {
            let lost = fail_over_often(Begin::CutOff).await;
            assert!(lost.requests > 0, "{lost:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn cluster_failover_loses_nothing() {
        assert_nothing_lost(&fail_over_often(Begin::ByHand).await);
    }
}

/// How often a call waits for a server.
mod round_trips {
    use std::time::Duration;

    use egoi_verify::machine::Quota;
    use egoi_verify::{CallOptions, Engine, EngineOptions, Outcome, Store, ValidateOptions};

    use crate::load::asked;
    use crate::support::cluster::Cluster;
    use crate::support::post::Post;
    use crate::support::redis_server;

    /// How many scripts all masters have run. One that a server did not know was sent twice.
    fn scripts(cluster: &Cluster) -> u64 {
        let of = |server: &redis_server::RedisServer| -> u64 {
            let said = server.cli(&["info", "commandstats"]);
            let counts = ["cmdstat_evalsha:", "cmdstat_eval:"].map(|name| {
                let Some(line) = said.lines().find_map(|line| line.strip_prefix(name)) else { return 0 };
                let count = |name: &str| -> u64 {
                    line.split(',').find_map(|part| part.strip_prefix(name)).unwrap().trim().parse().unwrap()
                };
                count("calls=") - count("failed_calls=")
            });
            counts.iter().sum()
        };
        cluster.servers.iter().map(of).sum()
    }

    #[tokio::test]
    async fn each_call_makes_as_many_as_the_documents_say() {
        if !redis_server::is_here() {
            return;
        }
        let cluster = Cluster::start();
        let quota = Some(Quota { limit: 1000, per: Duration::from_secs(3600) });
        let post = Post::default();
        let options = EngineOptions::default()
            .store(Store::new(cluster.url()).key([7; 32]))
            .resend_after(None)
            .sms_per_number(quota);
        let limited = options.clone().sms_per_client(quota).wrong_codes_per_client(quota);
        let (engine, limited) =
            (Engine::new(post.clone(), options).unwrap(), Engine::new(post.clone(), limited).unwrap());
        let number = "+351 910 000 000";
        let call = CallOptions::default;
        let validate = ValidateOptions::default;
        let mut counts = Vec::new();
        // The layout and the key are checked first.
        engine.ping(call()).await.unwrap();
        limited.ping(call()).await.unwrap();
        {
            let mut before = scripts(&cluster);
            let mut count = || {
                let now = scripts(&cluster);
                counts.push(now - std::mem::replace(&mut before, now));
            };
            let id = engine.request(number, asked()).await.unwrap().id;
            count();
            assert_eq!(engine.validate(&id, "no", validate()).await.unwrap(), Outcome::WrongCode);
            count();
            engine.resend(&id, call()).await.unwrap();
            count();
            engine.get(&id, call()).await.unwrap();
            count();
            assert_eq!(engine.validate(&id, &post.latest(), validate()).await.unwrap(), Outcome::Verified);
            count();
            engine.cancel(&id, call()).await.unwrap();
            count();
            let asked = asked().idempotency_key("key");
            engine.request(number, asked.clone()).await.unwrap();
            count();
            engine.request(number, asked).await.unwrap();
            count();
            let asked = crate::load::asked().client("client");
            let id = limited.request(number, asked).await.unwrap().id;
            count();
            let wrong = limited.validate(&id, "no", validate().client("client")).await.unwrap();
            assert_eq!(wrong, Outcome::WrongCode);
            count();
            let verified = limited.validate(&id, &post.latest(), validate().client("client")).await.unwrap();
            assert_eq!(verified, Outcome::Verified);
            count();
        }
        assert_eq!(counts, [2, 1, 3, 1, 1, 1, 3, 2, 4, 2, 3]);
    }
}
