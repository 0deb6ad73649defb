//! The store in memory conforms; one that selects and then updates does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    pub(crate) mod broken;
    #[allow(dead_code, unused_macros, reason = "each program of tests needs some of it")]
    pub(crate) mod conformance;
    #[cfg(feature = "sqlite")]
    pub(crate) mod files;
    pub(crate) mod model;
    pub(crate) mod soak;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod watched;
}

mod in_memory {
    use std::sync::Arc;
    use std::time::Duration;

    use egoi_verify::store::{MemoryStore, StoreBackend};
    use egoi_verify::{CallOptions, Engine, EngineOptions, OutgoingSms, RequestOptions, State, Store, TestClock};

    use crate::support::conformance::{
        Kind, conforms_at_once, conforms_for_clients, conforms_for_limits_of_clients, conforms_for_support,
        conforms_one_at_a_time, conforms_when_bounded, facts,
    };

    fn open(max_requests: u64, clock: Arc<TestClock>) -> Arc<dyn StoreBackend> {
        Arc::new(MemoryStore::with_clock(max_requests, clock))
    }

    const KIND: Kind = Kind { open, is_bounded: true, histories: 1_000, rounds: 100 };

    conforms_one_at_a_time!(KIND);
    conforms_when_bounded!(KIND);
    conforms_at_once!(KIND);
    conforms_for_clients!(KIND);
    conforms_for_support!(KIND);

    const MS: Duration = Duration::from_millis(1);
    /// The default validity and keep.
    const UNTIL: Duration = Duration::from_secs(600 + 24 * 3600);

    struct Holding {
        store: Arc<MemoryStore>,
        clock: Arc<TestClock>,
        engine: Engine,
    }

    /// A store that holds a thousand requests which all end at once.
    async fn holding_a_thousand() -> Holding {
        let clock = Arc::new(TestClock::default());
        clock.freeze(true);
        let store = Arc::new(MemoryStore::with_clock(1_000_000, clock.clone()));
        let options = EngineOptions::default().store(Store::custom(store.clone()).key([0; 32])).without_limits();
        let engine = Engine::new(|_: OutgoingSms| async { Ok(()) }, options).unwrap();
        for _ in 0..1000 {
            engine.request("351-910000000", RequestOptions::default()).await.unwrap();
        }
        assert_eq!(store.held(), 1000);
        Holding { store, clock, engine }
    }

    #[tokio::test]
    async fn requests_that_are_kept_are_held() {
        let Holding { store, clock, .. } = holding_a_thousand().await;
        clock.advance(UNTIL - MS);
        for id in 0..1000 {
            store.get(id).await.unwrap();
        }
        assert_eq!(store.held(), 1000);
    }

    #[tokio::test]
    async fn requests_that_are_over_go_away_as_calls_go_on_whichever_they_are() {
        let Holding { store, clock, engine } = holding_a_thousand().await;
        clock.advance(UNTIL);
        for id in 0..1000 {
            store.get(id).await.unwrap();
        }
        assert_eq!(store.held(), 0);
        engine.request("351-910000000", RequestOptions::default()).await.unwrap();
        assert_eq!(store.held(), 1);
    }

    #[tokio::test]
    async fn no_call_removes_more_than_a_few() {
        let Holding { store, clock, .. } = holding_a_thousand().await;
        clock.advance(UNTIL);
        for id in 0..1000 {
            let before = store.held();
            store.get(id).await.unwrap();
            assert!(before - store.held() <= 4);
        }
    }

    #[tokio::test]
    async fn what_is_over_goes_away_as_new_requests_come() {
        let Holding { store, clock, engine } = holding_a_thousand().await;
        clock.advance(UNTIL);
        // So many that each part of the store is met by some, by all but an impossible chance.
        for _ in 0..5000 {
            engine.request("351-910000000", RequestOptions::default()).await.unwrap();
        }
        assert_eq!(store.held(), 5000);
    }

    #[tokio::test]
    async fn a_resend_makes_a_request_be_held_longer() {
        let Holding { store, clock, engine } = holding_a_thousand().await;
        clock.advance(Duration::from_secs(10));
        let id = engine.request("351-910000001", RequestOptions::default()).await.unwrap().id;
        clock.advance(Duration::from_secs(590));
        engine.resend(&id, CallOptions::default()).await.unwrap();
        clock.advance(UNTIL - MS);
        for id in 0..1000 {
            store.get(id).await.unwrap();
        }
        assert_eq!(store.held(), 1);
        assert_eq!(engine.get(&id, CallOptions::default()).await.unwrap().state, State::Expired);
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::sync::Arc;

    use egoi_verify::store::StoreBackend;
    use egoi_verify::{EngineOptions, Store, TestClock};

    use crate::support::conformance::{
        Kind, conforms_at_once, conforms_for_clients, conforms_for_limits_of_clients, conforms_for_support,
        conforms_one_at_a_time, conforms_when_answers_are_lost, facts,
    };
    use crate::support::files::Folder;

    fn open(_: u64, clock: Arc<TestClock>) -> Arc<dyn StoreBackend> {
        EngineOptions::default()
            .store(Store::new(Folder::new_url_here()).key([7; 32]))
            .clock(clock)
            .open_store()
            .unwrap()
    }

    const KIND: Kind = Kind { open, is_bounded: false, histories: 100, rounds: 10 };

    conforms_one_at_a_time!(KIND);
    conforms_when_answers_are_lost!(KIND);
    conforms_at_once!(KIND);
    conforms_for_clients!(KIND);
    conforms_for_support!(KIND);
}

mod select_then_update {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    use egoi_verify::TestClock;
    use egoi_verify::store::StoreBackend;

    use crate::support::broken::BrokenStore;
    use crate::support::conformance::{self, Kind, conforms_for_limits_of_clients, conforms_one_at_a_time, facts};

    fn open(max_requests: u64, clock: Arc<TestClock>) -> Arc<dyn StoreBackend> {
        Arc::new(BrokenStore::new(max_requests, clock))
    }

    const KIND: Kind = Kind { open, is_bounded: true, histories: 1_000, rounds: 100 };

    // One call at a time it is right: what fails it below is nothing else than the mistake.
    conforms_one_at_a_time!(KIND);
    conforms_for_limits_of_clients!(KIND);

    fn fails(fact: fn(&Kind)) -> bool {
        catch_unwind(AssertUnwindSafe(|| fact(&KIND))).is_err()
    }

    #[test]
    fn it_fails_the_suite_with_right_codes_at_once() {
        assert!(fails(conformance::of_64_right_codes_at_once_exactly_one_is_verified));
    }

    #[test]
    fn it_fails_the_suite_with_wrong_codes_at_once() {
        assert!(fails(conformance::of_64_wrong_codes_at_once_no_more_than_the_limit_are_looked_at));
    }

    #[test]
    fn it_fails_the_suite_with_wrong_codes_for_one_number_at_once() {
        assert!(fails(conformance::of_64_wrong_codes_for_one_number_at_once_no_more_than_its_limit_are_looked_at));
    }

    #[test]
    fn it_fails_the_suite_with_requests_for_one_number_at_once() {
        assert!(fails(conformance::of_64_requests_for_one_number_at_once_no_more_than_its_limit_are_sent));
        assert!(fails(conformance::of_64_requests_for_one_number_at_once_one_is_sent_before_the_pause_ends));
    }

    #[test]
    fn it_fails_the_suite_with_requests_of_one_client_at_once() {
        assert!(fails(conformance::of_64_requests_of_one_client_at_once_no_more_than_its_limit_are_sent));
    }

    #[test]
    fn it_fails_the_suite_with_requests_to_one_prefix_at_once() {
        assert!(fails(conformance::of_64_requests_to_one_prefix_at_once_no_more_than_its_limit_are_sent));
    }

    #[test]
    fn it_fails_the_suite_with_wrong_codes_of_one_client_at_once() {
        assert!(fails(conformance::of_64_wrong_codes_of_one_client_at_once_no_more_than_its_limit_are_looked_at));
    }

    #[test]
    fn it_fails_the_suite_with_claims_at_once() {
        assert!(fails(conformance::of_64_claims_of_one_client_at_once_no_more_than_its_limit_are_new));
        assert!(fails(conformance::of_64_claims_for_one_prefix_at_once_no_more_than_its_limit_are_new));
    }

    #[test]
    fn it_fails_the_suite_with_attempts_of_one_client_at_once() {
        assert!(fails(conformance::of_64_attempts_of_one_client_at_once_no_more_than_its_limit_are_counted));
    }
}
