//! The store in Valkey conforms as it does in Redis: it is the same store.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    #[allow(dead_code, unused_macros, reason = "each program of tests needs some of it")]
    pub(crate) mod conformance;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod model;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod redis_server;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod server;
    pub(crate) mod soak;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod watched;
}

use std::sync::{Arc, LazyLock};

use egoi_verify::store::StoreBackend;
use egoi_verify::{EngineOptions, Store, TestClock};

use support::conformance::{
    Kind, conforms_at_once, conforms_for_clients, conforms_for_limits_of_clients, conforms_for_support,
    conforms_one_at_a_time, conforms_when_answers_are_lost, facts,
};
use support::redis_server::{self, RedisServer};

static SERVER: LazyLock<RedisServer> = LazyLock::new(|| {
    if !redis_server::valkey_is_here() {
        // A line in capitals has said so.
        std::process::exit(0);
    }
    RedisServer::start_valkey(&[])
});

fn open(_: u64, clock: Arc<TestClock>) -> Arc<dyn StoreBackend> {
    EngineOptions::default().store(Store::new(SERVER.url()).key([7; 32])).clock(clock).open_store().unwrap()
}

const KIND: Kind = Kind { open, is_bounded: false, histories: 30, rounds: 5 };

conforms_one_at_a_time!(KIND);
conforms_at_once!(KIND);
conforms_when_answers_are_lost!(KIND);
conforms_for_clients!(KIND);
conforms_for_support!(KIND);
