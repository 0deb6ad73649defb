//! What holds for a store that processes share, called by four of them at once: each is this program once more.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod cable;
    pub(crate) mod calls;
    #[cfg(feature = "redis")]
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod cluster;
    #[allow(dead_code, unused_macros, reason = "each program of tests needs some of it")]
    pub(crate) mod conformance;
    #[cfg(feature = "sqlite")]
    pub(crate) mod files;
    pub(crate) mod linearizable;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod model;
    #[cfg(feature = "postgres")]
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod postgres_server;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod processes;
    #[cfg(feature = "redis")]
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod redis_server;
    pub(crate) mod renamed;
    #[cfg(feature = "postgres")]
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod replicated;
    #[cfg(feature = "redis")]
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod sentinels;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod server;
    pub(crate) mod soak;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod watched;
}

/// The program once more.
#[test]
#[ignore = "started by the tests themselves"]
fn worker() {
    support::calls::work();
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use crate::support::files::Folder;
    use crate::support::processes::{Shared, Trouble, facts_of_processes};

    /// Nothing but the processes themselves is ever in trouble.
    struct File(String);

    impl Shared for File {
        fn url(&self) -> String {
            self.0.clone()
        }

        fn troubles(&self) -> &[Trouble] {
            &[]
        }

        fn make(&self, _: Trouble) {}

        fn mend(&self, _: Trouble) {}
    }

    fn shared() -> Option<File> {
        Some(File(Folder::new_url_here()))
    }

    facts_of_processes!(shared);
}

/// A server at the end of a cable.
#[cfg(any(feature = "postgres", feature = "redis"))]
mod served {
    use std::ops::Deref;

    use crate::support::cable::{Cable, Fate};
    use crate::support::processes::{Shared, Trouble};
    use crate::support::server::Server;

    pub(crate) struct Served<S> {
        server: S,
        cable: Cable,
        url: String,
    }

    impl<S: Deref<Target = Server>> Served<S> {
        /// `url` is that of something which nothing is kept in yet, by the port of the cable.
        pub(crate) fn new(server: S, url: impl Fn(&S, u16) -> String) -> Self {
            let cable = Cable::to(server.port);
            let url = url(&server, cable.port);
            Self { server, cable, url }
        }
    }

    impl<S: Deref<Target = Server> + Sync> Shared for Served<S> {
        fn url(&self) -> String {
            self.url.clone()
        }

        fn troubles(&self) -> &[Trouble] {
            &[Trouble::Killed, Trouble::Paused, Trouble::CutOff, Trouble::AnswerIsLost]
        }

        fn make(&self, trouble: Trouble) {
            match trouble {
                Trouble::Killed => self.server.kill(),
                Trouble::Paused => self.server.pause(),
                Trouble::CutOff => self.cable.set(Fate::Cut),
                Trouble::AnswerIsLost => self.cable.set(Fate::AnswerIsLost),
                Trouble::FailedOver | Trouble::Resharded => unreachable!("it is one server"),
            }
        }

        fn mend(&self, trouble: Trouble) {
            match trouble {
                Trouble::Killed => self.server.start_again(),
                Trouble::Paused => self.server.resume(),
                Trouble::CutOff => self.cable.set(Fate::Arrives),
                Trouble::AnswerIsLost | Trouble::FailedOver | Trouble::Resharded => {}
            }
        }
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use crate::served::Served;
    use crate::support::postgres_server::{self, PostgresServer};
    use crate::support::processes::facts_of_processes;

    fn shared() -> Option<Served<PostgresServer>> {
        postgres_server::is_here().then(|| Served::new(PostgresServer::start(&[]), PostgresServer::url_by))
    }

    facts_of_processes!(shared);
}

/// A primary and its synchronous standby, which take each other's place.
#[cfg(feature = "postgres")]
mod postgres_replicated {
    use std::sync::{Arc, LazyLock};

    use crate::support::postgres_server;
    use crate::support::processes::{Shared, Trouble, facts_of_processes};
    use crate::support::replicated::Replicated;

    struct Pair {
        servers: Arc<Replicated>,
        url: String,
    }

    impl Pair {
        fn on(servers: Arc<Replicated>) -> Self {
            Self { url: servers.url(), servers }
        }
    }

    impl Shared for Pair {
        fn url(&self) -> String {
            self.url.clone()
        }

        /// The standby is promoted, and what was the primary comes back as the standby.
        fn troubles(&self) -> &[Trouble] {
            &[Trouble::Killed]
        }

        fn make(&self, _: Trouble) {
            self.servers.fail_over();
        }

        fn mend(&self, _: Trouble) {
            self.servers.bring_back();
        }
    }

    /// That nothing happens to: one for all, as to make it takes longer than to use it.
    static CALM: LazyLock<Arc<Replicated>> = LazyLock::new(|| Arc::new(Replicated::start(true)));

    fn calm() -> Option<Pair> {
        postgres_server::is_here().then(|| Pair::on(Arc::clone(&CALM)))
    }

    fn troubled() -> Option<Pair> {
        postgres_server::is_here().then(|| Pair::on(Arc::new(Replicated::start(true))))
    }

    facts_of_processes!(calm, troubled);
}

#[cfg(feature = "redis")]
mod redis {
    use crate::served::Served;
    use crate::support::processes::facts_of_processes;
    use crate::support::redis_server::{self, RedisServer};

    fn shared() -> Option<Served<RedisServer>> {
        redis_server::is_here().then(|| {
            // What was answered is on the disk.
            let server = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]);
            Served::new(server, |server, port| server.url().replace(&server.port.to_string(), &port.to_string()))
        })
    }

    facts_of_processes!(shared);
}

#[cfg(feature = "redis")]
mod redis_behind_sentinel {
    use std::sync::{Arc, LazyLock};

    use crate::support::processes::{Shared, Trouble, facts_of_processes};
    use crate::support::redis_server;
    use crate::support::sentinels::Watched;

    struct Replicated(Arc<Watched>, String);

    impl Replicated {
        fn on(watched: Arc<Watched>) -> Self {
            let url = watched.url();
            Self(watched, url)
        }
    }

    impl Shared for Replicated {
        fn url(&self) -> String {
            self.1.clone()
        }

        fn troubles(&self) -> &[Trouble] {
            &[Trouble::FailedOver]
        }

        fn make(&self, _: Trouble) {
            self.0.fail_over_without_loss();
        }

        fn mend(&self, _: Trouble) {
            self.0.rejoin();
        }

        fn rounds(&self) -> u64 {
            2
        }
    }

    /// That nothing happens to: one for all.
    static CALM: LazyLock<Arc<Watched>> = LazyLock::new(|| Arc::new(Watched::start()));

    fn calm() -> Option<Replicated> {
        redis_server::is_here().then(|| Replicated::on(Arc::clone(&CALM)))
    }

    fn troubled() -> Option<Replicated> {
        redis_server::is_here().then(|| Replicated::on(Arc::new(Watched::start())))
    }

    facts_of_processes!(calm, troubled);
}

/// Three masters with a replica each.
#[cfg(feature = "redis")]
mod redis_cluster {
    use std::sync::{Arc, LazyLock};

    use crate::support::cluster::Cluster;
    use crate::support::processes::{Shared, Trouble, facts_of_processes};
    use crate::support::redis_server;

    struct Masters {
        cluster: Arc<Cluster>,
        url: String,
    }

    impl Masters {
        fn of(cluster: Arc<Cluster>) -> Self {
            Self { url: cluster.url(), cluster }
        }
    }

    impl Shared for Masters {
        fn url(&self) -> String {
            self.url.clone()
        }

        fn troubles(&self) -> &[Trouble] {
            &[Trouble::Resharded, Trouble::FailedOver]
        }

        /// All requests are for one number, so that it is about one master.
        fn make(&self, trouble: Trouble) {
            let (_, prefix) = self.url.rsplit_once('=').unwrap();
            let (master, slot) = self.cluster.with_keys(&format!("{prefix}:1:{{*r:*"));
            match trouble {
                Trouble::Resharded => {
                    let other = self.cluster.masters().find(|other| other.port != master.port).unwrap();
                    self.cluster.move_slots(master, other, [slot]);
                }
                _ => self.cluster.fail_over_without_loss(master),
            }
        }

        fn mend(&self, _: Trouble) {
            self.cluster.rejoin();
        }

        fn rounds(&self) -> u64 {
            4
        }
    }

    /// That nothing happens to: one for all, as to make it takes longer than to use it.
    static CALM: LazyLock<Arc<Cluster>> = LazyLock::new(|| Arc::new(Cluster::start()));

    fn calm() -> Option<Masters> {
        redis_server::is_here().then(|| Masters::of(Arc::clone(&CALM)))
    }

    fn troubled() -> Option<Masters> {
        redis_server::is_here().then(|| Masters::of(Arc::new(Cluster::start_wary())))
    }

    facts_of_processes! { troubled: histories_are_linearizable_while_processes_and_servers_die }

    facts_of_processes! { calm:
        of_64_right_codes_from_four_processes_exactly_one_is_verified
        wrong_codes_from_four_processes_never_pass_the_limit
        wrong_codes_for_one_number_from_four_processes_never_pass_its_limit
        requests_for_one_number_from_four_processes_never_pass_its_limit
        requests_of_one_client_from_four_processes_never_pass_its_limit
        requests_to_one_prefix_from_four_processes_never_pass_its_limit
        wrong_codes_of_one_client_from_four_processes_never_pass_its_limit
        of_requests_for_one_number_from_four_processes_one_is_new_before_the_pause_ends
        of_requests_with_one_key_from_four_processes_one_is_new
        of_claims_of_one_key_by_four_processes_one_is_new
        claims_of_one_client_by_four_processes_never_pass_its_limit
        attempts_of_one_client_by_four_processes_never_pass_its_limit
        an_attempt_counts_though_its_process_is_killed_right_after
    }
}
