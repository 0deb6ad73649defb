//! What a forked child gets. A program of its own, without the test harness: a fork takes one thread along, and the
//! harness has several.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[cfg(unix)]
mod support {
    #[cfg(feature = "sqlite")]
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod files;
    #[cfg(feature = "postgres")]
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod postgres_server;
    #[cfg(feature = "redis")]
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod redis_server;
    #[cfg(any(feature = "redis", feature = "postgres"))]
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod server;
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
fn main() {
    for (name, fact) in [
        ("parent_and_child_draw_different_codes", unix::parent_and_child_draw_different_codes as fn()),
        ("an_engine_in_memory_says_forked_in_a_child", unix::an_engine_in_memory_says_forked_in_a_child),
        (
            "a_key_remembered_in_memory_sends_no_sms_in_a_child",
            unix::a_key_remembered_in_memory_sends_no_sms_in_a_child,
        ),
        #[cfg(feature = "redis")]
        ("a_store_in_redis_works_in_a_child_and_goes_on", unix::a_store_in_redis_works_in_a_child_and_goes_on),
        #[cfg(feature = "postgres")]
        (
            "a_store_in_postgresql_works_in_a_child_and_goes_on",
            unix::a_store_in_postgresql_works_in_a_child_and_goes_on,
        ),
        #[cfg(feature = "sqlite")]
        ("a_store_in_sqlite_works_in_a_child_of_before", unix::a_store_in_sqlite_works_in_a_child_of_before),
        #[cfg(feature = "sqlite")]
        ("a_store_in_sqlite_that_was_in_use_says_forked", unix::a_store_in_sqlite_that_was_in_use_says_forked),
        ("the_parents_engine_goes_on", unix::the_parents_engine_goes_on),
    ] {
        fact();
        println!("test {name} ... ok");
    }
}

#[cfg(unix)]
mod unix {
    use std::collections::HashSet;
    use std::io::{Read as _, Write as _, pipe};

    use egoi_verify::{
        CallOptions, Client, ClientOptions, CodeType, Engine, EngineOptions, ErrorCode, RequestOptions, Store,
        ValidateOptions, generate_code,
    };
    use nix::sys::wait::{WaitStatus, waitpid};
    use nix::unistd::{ForkResult, fork};

    /// What a forked child says, which has to end well.
    fn in_a_child(says: impl FnOnce() -> String) -> String {
        let (mut reader, mut writer) = pipe().unwrap();
        // SAFETY: this process has one thread, so that the child inherits no lock that another thread holds.
        #[allow(unsafe_code, reason = "there is no other way to fork")]
        match unsafe { fork() }.unwrap() {
            ForkResult::Child => {
                let said = std::panic::catch_unwind(std::panic::AssertUnwindSafe(says));
                let well = said.is_ok_and(|said| writer.write_all(said.as_bytes()).is_ok());
                std::process::exit(i32::from(!well));
            }
            ForkResult::Parent { child } => {
                drop(writer);
                let mut said = String::new();
                reader.read_to_string(&mut said).unwrap();
                assert_eq!(waitpid(child, None).unwrap(), WaitStatus::Exited(child, 0));
                said
            }
        }
    }

    fn engine() -> Engine {
        Engine::new(|_sms| async { Ok(()) }, EngineOptions::default()).unwrap()
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    fn a_hundred_codes() -> String {
        let codes: Vec<String> =
            (0..100).map(|_| generate_code(CodeType::Numeric, 20).unwrap().expose().to_owned()).collect();
        codes.join("\n")
    }

    pub(crate) fn parent_and_child_draw_different_codes() {
        // A generator kept in the process is made at the first draw, and would be what the child inherits.
        let before = a_hundred_codes();
        let children = [in_a_child(a_hundred_codes), in_a_child(a_hundred_codes)];
        let parent = a_hundred_codes();
        let all = [before.as_str(), &children[0], &children[1], &parent].join("\n");
        assert_eq!(all.lines().collect::<HashSet<_>>().len(), 400);
    }

    pub(crate) fn an_engine_in_memory_says_forked_in_a_child() {
        let engine = engine();
        let id = block_on(engine.request("+351 910 000 000", RequestOptions::default())).unwrap().id;
        let said = in_a_child(|| {
            let call = CallOptions::default;
            let errors = block_on(async {
                [
                    engine.request("+351 910 000 000", RequestOptions::default()).await.unwrap_err(),
                    engine.validate(&id, "123456", ValidateOptions::default()).await.err().unwrap(),
                    engine.cancel(&id, call()).await.unwrap_err(),
                    engine.resend(&id, call()).await.unwrap_err(),
                    engine.get(&id, call()).await.unwrap_err(),
                ]
            });
            assert!(errors.iter().all(|error| !error.retry_is_safe() && !error.sms_possibly_sent()));
            assert!(errors.iter().all(|error| error.code() == ErrorCode::Forked), "{errors:?}");
            errors.map(|error| error.code().as_str()).join(" ")
        });
        assert_eq!(said, "forked forked forked forked forked");
    }

    pub(crate) fn a_key_remembered_in_memory_sends_no_sms_in_a_child() {
        let store = Store::default().key([0; 32]);
        let options = ClientOptions::new("key", "1").base_url("http://127.0.0.1:9").store(store);
        let said = in_a_child(move || {
            let client = Client::new(options).unwrap();
            let keyed = RequestOptions::default().idempotency_key("order 7");
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let error = runtime.block_on(client.request("+351 910 000 000", keyed)).unwrap_err();
            assert!(!error.sms_possibly_sent() && !error.retry_is_safe());
            error.code().to_string()
        });
        assert_eq!(said, "forked");
    }

    /// The parent's connection is the parent's: the child makes its own.
    #[cfg(feature = "redis")]
    pub(crate) fn a_store_in_redis_works_in_a_child_and_goes_on() {
        use crate::support::redis_server::{self, RedisServer};

        if !redis_server::is_here() {
            return;
        }
        let server = RedisServer::start(&[]);
        let before = server.connections();
        let options = EngineOptions::default().store(Store::new(server.url()).key([0; 32]));
        let engine = Engine::new(|_sms| async { Ok(()) }, options).unwrap();
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let of_parent = runtime();
        let id = of_parent.block_on(engine.request("+351 910 000 000", RequestOptions::default())).unwrap().id;
        for _ in 0..2 {
            let got = |runtime: &tokio::runtime::Runtime| runtime.block_on(engine.get(&id, CallOptions::default()));
            assert_eq!(in_a_child(|| got(&runtime()).unwrap().state.to_string()), "pending");
            assert_eq!(got(&of_parent).unwrap().state.to_string(), "pending");
        }
        // The parent's, one of each child, and this question's.
        assert_eq!(server.connections() - before, 4);
    }

    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    fn engine_on(url: String) -> Engine {
        let options = EngineOptions::default().store(Store::new(url).key([0; 32]));
        Engine::new(|_sms| async { Ok(()) }, options).unwrap()
    }

    /// The parent's connections are the parent's: the child makes its own.
    #[cfg(feature = "postgres")]
    pub(crate) fn a_store_in_postgresql_works_in_a_child_and_goes_on() {
        use crate::support::postgres_server::{self, PostgresServer};

        if !postgres_server::is_here() {
            return;
        }
        let server = PostgresServer::start(&[]);
        let engine = engine_on(server.url());
        let id = block_on(engine.request("+351 910 000 000", RequestOptions::default())).unwrap().id;
        for _ in 0..2 {
            let got = || block_on(engine.get(&id, CallOptions::default())).unwrap().state.to_string();
            assert_eq!(in_a_child(got), "pending");
            assert_eq!(got(), "pending");
        }
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn a_store_in_sqlite_works_in_a_child_of_before() {
        let folder = crate::support::files::Folder::new();
        let engine = engine_on(folder.new_url());
        // A number each: there is a pause between two SMS to one.
        let request = |number: &str| block_on(engine.request(number, RequestOptions::default())).unwrap().id;
        let ids = [
            in_a_child(|| request("+351 910 000 000")),
            in_a_child(|| request("+351 910 000 001")),
            request("+351 910 000 002"),
        ];
        for id in ids {
            assert!(block_on(engine.get(&id, CallOptions::default())).is_ok());
        }
    }

    /// What SQLite remembers of the parent's locks would be wrong in the child.
    #[cfg(feature = "sqlite")]
    pub(crate) fn a_store_in_sqlite_that_was_in_use_says_forked() {
        let folder = crate::support::files::Folder::new();
        let engine = engine_on(folder.new_url());
        let id = block_on(engine.request("+351 910 000 000", RequestOptions::default())).unwrap().id;
        let got = || match block_on(engine.get(&id, CallOptions::default())) {
            Ok(read) => read.state.to_string(),
            Err(error) => error.code().to_string(),
        };
        assert_eq!(in_a_child(got), "forked");
        assert_eq!(got(), "pending");
    }

    pub(crate) fn the_parents_engine_goes_on() {
        let engine = engine();
        in_a_child(String::new);
        assert!(block_on(engine.request("+351 910 000 000", RequestOptions::default())).is_ok());
    }
}
