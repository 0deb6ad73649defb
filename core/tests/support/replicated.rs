//! A real PostgreSQL server with a standby that follows it.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::cable::Cable;
use super::postgres_server::PostgresServer;

pub(crate) struct Replicated {
    servers: [PostgresServer; 2],
    /// What the first standby follows the first primary over.
    pub(crate) cable: Cable,
    primary: AtomicUsize,
    is_synchronous: bool,
}

impl Replicated {
    /// Where it is synchronous, nothing is acknowledged that the standby has not got.
    pub(crate) fn start(is_synchronous: bool) -> Self {
        let primary = PostgresServer::start(&[]);
        if is_synchronous {
            // Not in force before there is a standby, and in force on that as soon as it is promoted.
            primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
        }
        let cable = Cable::to(primary.port);
        let standby = PostgresServer::following(cable.port);
        primary.sql("SELECT pg_reload_conf()");
        let pair = Self { servers: [primary, standby], cable, primary: AtomicUsize::new(0), is_synchronous };
        pair.await_the_standby();
        pair
    }

    pub(crate) fn primary(&self) -> &PostgresServer {
        &self.servers[self.primary.load(Ordering::SeqCst)]
    }

    pub(crate) fn standby(&self) -> &PostgresServer {
        &self.servers[1 - self.primary.load(Ordering::SeqCst)]
    }

    /// A URL that names both, under which nothing is kept yet.
    pub(crate) fn url(&self) -> String {
        let [first, second] = &self.servers;
        let both = format!("127.0.0.1:{},127.0.0.1:{}", first.port, second.port);
        self.primary().url().replace(&format!("127.0.0.1:{}", self.primary().port), &both)
    }

    /// The primary loses power, and the standby is promoted.
    pub(crate) fn fail_over(&self) {
        self.primary().lose_power();
        assert_eq!(self.standby().sql("SELECT pg_promote()"), "t");
        self.primary.fetch_xor(1, Ordering::SeqCst);
    }

    /// What was the primary comes back as the standby.
    pub(crate) fn bring_back(&self) {
        self.standby().follow(self.primary().port);
        self.await_the_standby();
    }

    fn await_the_standby(&self) {
        let state = if self.is_synchronous { "sync" } else { "async" };
        let there =
            format!("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = '{state}'");
        while self.primary().sql(&there) != "1" {}
    }
}
