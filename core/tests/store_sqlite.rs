//! What the store in a file of SQLite keeps, and what it says of a file that it cannot use.

#![cfg(all(unix, feature = "sqlite"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support {
    #[allow(dead_code, unused_macros, reason = "each program of tests needs some of it")]
    pub(crate) mod conformance;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod files;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod kept;
    pub(crate) mod late;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod model;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod post;
    pub(crate) mod service;
    pub(crate) mod soak;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod watched;
}

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use egoi_verify::machine::Timestamp;
use egoi_verify::store::ClockShift;
use egoi_verify::{
    CallOptions, Clock, Engine, EngineOptions, Error, ErrorCode, Reason, RequestOptions, State, Store, TestClock,
    ValidateOptions,
};
use support::conformance::RUNTIME;
use support::files::Folder;
use support::kept::{Kept, facts_of_what_is_kept, files};
use support::post::Post;

struct File {
    folder: Folder,
    url: String,
}

impl File {
    fn new() -> Self {
        let folder = Folder::new();
        let url = folder.new_url();
        Self { folder, url }
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(self.url.strip_prefix("sqlite:").unwrap())
    }

    fn sql(&self, statements: &str) {
        rusqlite::Connection::open(self.path()).unwrap().execute_batch(statements).unwrap();
    }

    fn count(&self, table: &str) -> u64 {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).unwrap() as u64
    }
}

impl Kept for File {
    fn url(&self) -> String {
        self.url.clone()
    }

    fn bytes(&self) -> Vec<u8> {
        files(&self.folder.0)
    }

    fn forget_the_keys(&self) {
        self.sql("DELETE FROM keys");
    }
}

fn kept() -> Option<File> {
    Some(File::new())
}

facts_of_what_is_kept!(kept);

fn options_of(store: Store) -> EngineOptions {
    // Many requests go to one number.
    EngineOptions::default().store(store.key([7; 32])).resend_after(None)
}

fn options(url: &str) -> EngineOptions {
    options_of(Store::new(url))
}

fn opened(url: &str) -> Result<Engine, Error> {
    Engine::new(Post::default(), options(url))
}

fn refused(url: &str, reason: Reason, with: &str) {
    let Err(error) = opened(url) else { panic!("{url} was opened") };
    assert_eq!((error.code(), error.reason()), (ErrorCode::Misconfigured, Some(reason)), "{error}");
    assert!(error.detail().contains(with), "{error:?}");
}

mod url {
    use super::*;

    #[test]
    fn a_url_without_a_file_is_invalid() {
        for url in ["sqlite:", "sqlite::memory:"] {
            let Err(error) = opened(url) else { panic!("{url} was opened") };
            assert_eq!(error.code(), ErrorCode::InvalidInput);
            assert!(error.detail().starts_with("`store` names no file"), "{error}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_used_is_refused_at_the_start_with_what_to_do() {
        let file = File::new();
        refused(&format!("{}/there/is/none", file.url), Reason::Missing, "its folder must be there");
        std::fs::write(file.path(), "it is a text, and a text is no database, however long it may be").unwrap();
        refused(&file.url, Reason::Unsuitable, "no SQLite database");
        let other = File::new();
        other.sql("CREATE TABLE invoices (id INTEGER)");
        refused(&other.url, Reason::Unsuitable, "another program");
        let newer = File::new();
        drop(opened(&newer.url).unwrap());
        newer.sql("PRAGMA user_version = 99");
        refused(&newer.url, Reason::NewerVersion, "newer version");
    }
}

mod lock {
    use super::*;

    /// They all find no key, and wait for the lock.
    #[test]
    fn of_first_keys_that_wait_for_the_same_lock_one_counts() {
        const ENGINES: u8 = 6;
        let file = File::new();
        drop(opened(&file.url).unwrap());
        file.forget_the_keys();
        let lock = rusqlite::Connection::open(file.path()).unwrap();
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        let connections = || {
            let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
            open.filter(|one| std::fs::read_link(one.path()).is_ok_and(|to| to == file.path())).count()
        };
        let opened: Vec<Result<Engine, Error>> = std::thread::scope(|scope| {
            let engines = (0..ENGINES).map(|key| {
                let options = EngineOptions::default().store(Store::new(&file.url).key([key; 32]));
                scope.spawn(|| Engine::new(Post::default(), options))
            });
            let engines: Vec<_> = engines.collect();
            while connections() <= ENGINES.into() {
                std::thread::yield_now();
            }
            lock.execute_batch("ROLLBACK").unwrap();
            engines.into_iter().map(|engine| engine.join().unwrap()).collect()
        });
        assert_eq!(opened.iter().filter(|one| one.is_ok()).count(), 1);
        assert_eq!(file.count("keys"), 1);
    }

    #[test]
    fn a_file_that_another_process_has_locked_for_long_fails_the_call() {
        let file = File::new();
        let engine = opened(&file.url).unwrap();
        let connection = rusqlite::Connection::open(file.path()).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let failed = RUNTIME.block_on(engine.request("351-910000000", RequestOptions::default())).unwrap_err();
        assert_eq!((failed.code(), failed.sms_possibly_sent()), (ErrorCode::Storage, false));
        assert!(failed.detail().contains("locked"), "{failed}");
        connection.execute_batch("ROLLBACK").unwrap();
        RUNTIME.block_on(engine.request("351-910000000", RequestOptions::default())).unwrap();
    }
}

mod failure {
    use super::*;

    #[test]
    fn a_file_that_takes_no_more_fails_the_call_and_verifies_nothing() {
        let file = File::new();
        let post = Post::default();
        let engine = Engine::new(post.clone(), options(&file.url).without_limits()).unwrap();
        let asked = || RequestOptions::default().message("{CODE}");
        let id = RUNTIME.block_on(engine.request("351-910000000", asked())).unwrap().id;
        let code = post.latest();
        file.sql("CREATE TRIGGER full BEFORE UPDATE ON requests BEGIN SELECT RAISE(ABORT, 'no more'); END");
        let failed = RUNTIME.block_on(engine.validate(&id, &code, ValidateOptions::default()));
        assert_eq!(failed.err().unwrap().code(), ErrorCode::Storage);
        assert_eq!(RUNTIME.block_on(engine.get(&id, CallOptions::default())).unwrap().state, State::Pending);
        file.sql("DROP TRIGGER full");
        let outcome = RUNTIME.block_on(engine.validate(&id, &code, ValidateOptions::default())).unwrap();
        assert!(outcome.is_verified());
    }

    #[test]
    fn a_call_that_fails_leaves_those_alone_that_are_written_down_with_it() {
        let file = File::new();
        let post = Post::default();
        let engine = Engine::new(post.clone(), options(&file.url).without_limits()).unwrap();
        let [first, damaged, last] = [1, 2, 3].map(|i| {
            let asked = RequestOptions::default().message("{CODE}");
            let id = RUNTIME.block_on(engine.request(&format!("351-91000000{i}"), asked)).unwrap().id;
            (id, post.latest())
        });
        file.sql("UPDATE requests SET number = x'00' WHERE rowid = 2");
        let validate =
            async |(id, code): &(String, String)| engine.validate(id, code, ValidateOptions::default()).await;
        let lock = rusqlite::Connection::open(file.path()).unwrap();
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        let (first, damaged, last, ()) = RUNTIME.block_on(async {
            // The second and the third wait together, behind the first or with it.
            tokio::join!(validate(&first), validate(&damaged), validate(&last), async {
                lock.execute_batch("ROLLBACK").unwrap();
            })
        });
        assert_eq!(damaged.unwrap_err().code(), ErrorCode::Storage);
        assert!(first.unwrap().is_verified() && last.unwrap().is_verified());
    }
}

mod disk {
    use super::*;

    /// Where a file system of two megabytes is, which this process may change.
    fn small_disk() -> Option<PathBuf> {
        std::env::var_os("EGOI_SMALL_DISK").map(PathBuf::from)
    }

    /// Runs the test of this name on a file system of its own, where one can be mounted.
    fn on_a_small_disk(test: &str) {
        let folder = Folder::new();
        let script = "mount -t tmpfs -o size=2m tmpfs \"$EGOI_SMALL_DISK\" && echo mounted && exec \"$0\" \"$@\"";
        let output = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env("EGOI_SMALL_DISK", &folder.0)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        if said.contains("mounted") {
            assert!(said.contains("1 passed"), "{said}");
        } else {
            assert!(std::env::var_os("CI").is_none(), "{said}");
            println!("NOTHING CAN BE MOUNTED HERE: A FULL AND A READ-ONLY DISK ARE NOT TESTED");
        }
    }

    fn asked(engine: &Engine) -> [Result<(), Error>; 3] {
        let ping = || RUNTIME.block_on(engine.ping(CallOptions::default()));
        let request = || RUNTIME.block_on(engine.request("351-910000000", RequestOptions::default()));
        [ping(), request().map(drop), ping()]
    }

    #[test]
    fn a_full_disk_is_reported_by_ping_as_by_a_request() {
        on_a_small_disk("disk::fills_its_disk");
    }

    #[test]
    #[ignore = "started by the tests themselves"]
    fn fills_its_disk() {
        let Some(folder) = small_disk() else { return };
        let engine = opened(&format!("sqlite:{}", folder.join("verify.db").display())).unwrap();
        assert!(asked(&engine).iter().all(Result::is_ok));
        let mut ballast = std::fs::File::create(folder.join("ballast")).unwrap();
        while ballast.write_all(&[0; 4096]).is_ok() {}
        // What is left is enough for the least that can be written, and not for a request.
        ballast.set_len(ballast.metadata().unwrap().len() - 3 * 4096).unwrap();
        drop(ballast);
        for failed in asked(&engine).map(Result::unwrap_err) {
            assert_eq!(failed.code(), ErrorCode::Storage);
            assert!(failed.detail().contains("is full"), "{failed}");
        }
        std::fs::remove_file(folder.join("ballast")).unwrap();
        RUNTIME.block_on(engine.ping(CallOptions::default())).unwrap();
    }

    #[test]
    fn a_file_that_can_only_be_read_is_reported_by_ping_and_at_the_start() {
        on_a_small_disk("disk::only_reads");
    }

    #[test]
    #[ignore = "started by the tests themselves"]
    fn only_reads() {
        let Some(folder) = small_disk() else { return };
        let url = format!("sqlite:{}", folder.join("verify.db").display());
        let engine = opened(&url).unwrap();
        assert!(asked(&engine).iter().all(Result::is_ok));
        let mount = |how: &str| {
            Command::new("mount").args(["-o", how]).arg(&folder).stderr(Stdio::null()).status().unwrap().success()
        };
        // Once the file is closed, which nobody uses.
        while !mount("remount,ro") {}
        let at_the_start = opened(&url).err().unwrap();
        for failed in asked(&engine).map(Result::unwrap_err).into_iter().chain([at_the_start]) {
            assert_eq!(
                (failed.code(), failed.reason()),
                (ErrorCode::Misconfigured, Some(Reason::ReadOnly)),
                "{failed:?}"
            );
        }
        assert!(mount("remount,rw"));
        assert!(asked(&engine).iter().all(Result::is_ok));
    }
}

mod clock {
    use super::*;

    #[test]
    fn the_time_does_not_go_back_behind_the_latest_that_is_stored() {
        let file = File::new();
        let ahead = Arc::new(TestClock::default());
        ahead.advance(Duration::from_secs(1000));
        let before = Engine::new(Post::default(), options(&file.url).clock(ahead)).unwrap();
        let first = RUNTIME.block_on(before.request("351-910000000", RequestOptions::default())).unwrap();
        drop(before);
        let after = opened(&file.url).unwrap();
        let next = RUNTIME.block_on(after.request("351-910000000", RequestOptions::default())).unwrap();
        assert!(next.created_at >= first.created_at);
    }

    /// The machine's clock, which somebody has set some years ahead, or set right again.
    #[derive(Default)]
    struct Reset(AtomicI64);

    const TWENTY_YEARS: Duration = Duration::from_secs(20 * 365 * 24 * 60 * 60);

    impl Reset {
        fn ahead(&self, by: Duration) {
            self.0.store(by.as_millis() as i64, Ordering::SeqCst);
        }
    }

    impl Clock for Reset {
        fn now(&self) -> Timestamp {
            TestClock::default().now()
        }

        fn shift(&self) -> ClockShift {
            ClockShift::By(self.0.load(Ordering::SeqCst))
        }
    }

    #[test]
    fn a_code_expires_though_the_machines_clock_was_set_ahead_for_a_moment() {
        let file = File::new();
        let clock = Arc::new(Reset::default());
        let options = || options(&file.url).without_limits().clock(Arc::clone(&clock) as Arc<dyn Clock>);
        let engine = Engine::new(Post::default(), options()).unwrap();
        let request = || {
            let asked = RequestOptions::default().ttl(Duration::from_secs(1));
            RUNTIME.block_on(engine.request("351-910000000", asked)).unwrap()
        };
        let expires = |engine: &Engine, id: &str| {
            let started = Instant::now();
            while RUNTIME.block_on(engine.get(id, CallOptions::default())).unwrap().state == State::Pending {
                assert!(started.elapsed() < Duration::from_secs(10), "it does not expire");
            }
            started.elapsed()
        };
        clock.ahead(TWENTY_YEARS);
        let first = request();
        clock.ahead(Duration::ZERO);
        let second = request();
        assert!(second.created_at >= first.created_at);
        assert!(expires(&engine, &second.id) > Duration::from_millis(500));
        // As it goes on in another process.
        let third = request();
        let other = Engine::new(Post::default(), options()).unwrap();
        expires(&other, &third.id);
    }
}

mod removal {
    use super::*;

    #[test]
    fn what_is_over_goes_away_a_few_a_call() {
        let file = File::new();
        let clock = Arc::new(TestClock::default());
        clock.freeze(true);
        let options = options_of(Store::new(&file.url).retention(Duration::ZERO)).without_limits().clock(clock.clone());
        let engine = Engine::new(Post::default(), options).unwrap();
        let request = |i: u32| {
            let asked = RequestOptions::default().idempotency_key(format!("key {i}"));
            RUNTIME.block_on(engine.request("351-910000000", asked)).unwrap();
        };
        (0..40).for_each(request);
        assert_eq!((file.count("requests"), file.count("idempotency_keys")), (40, 40));
        clock.advance(Duration::from_secs(600));
        // A request and its `record_delivery` are two calls, and each removes four.
        request(40);
        let left = file.count("requests");
        assert!((33..40).contains(&left), "{left}");
        (41..51).for_each(request);
        assert_eq!((file.count("requests"), file.count("idempotency_keys")), (11, 11));
    }

    #[test]
    fn what_is_removed_is_found_by_an_index() {
        let file = File::new();
        drop(opened(&file.url).unwrap());
        let connection = rusqlite::Connection::open(file.path()).unwrap();
        for table in ["requests", "counters", "idempotency_keys"] {
            let plan = format!("EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE until <= 1 ORDER BY until LIMIT 4");
            let plan: String = connection.query_row(&plan, [], |row| row.get(3)).unwrap();
            assert!(plan.contains(&format!("SEARCH {table} USING INDEX {table}_until")), "{plan}");
        }
    }
}

mod late {
    use std::sync::Mutex;

    use super::File;
    use super::support::kept::Kept as _;
    use super::support::late::{Stalls, facts_of_late_answers};

    /// A file that another process can lock.
    struct Locked {
        file: File,
        lock: Mutex<Option<rusqlite::Connection>>,
    }

    impl Stalls for Locked {
        fn url(&self) -> String {
            self.file.url()
        }

        fn stall(&self) {
            let connection = rusqlite::Connection::open(self.file.path()).unwrap();
            connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            *self.lock.lock().unwrap() = Some(connection);
        }

        fn resume(&self) {
            drop(self.lock.lock().unwrap().take());
        }
    }

    fn stalling() -> Option<Locked> {
        Some(Locked { file: File::new(), lock: Mutex::default() })
    }

    facts_of_late_answers!(stalling);
}
