//! What holds for every store that processes share, each fact a function of one. `facts_of_processes!` makes the tests.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use super::calls::{Call, Made, Most, Said, Work, Worker, answered, at_once, by_request, monotonic, open};
use super::conformance::wait;
use super::linearizable::assert_linearizable;
use super::soak;

/// A store that processes share, and what can be done to its server.
pub(crate) trait Shared: Sync {
    fn url(&self) -> String;
    /// What its server can be made to suffer.
    fn troubles(&self) -> &[Trouble];
    /// Makes the trouble.
    fn make(&self, trouble: Trouble);
    /// Ends it.
    fn mend(&self, trouble: Trouble);
    /// How many histories the short form makes; the full one 200.
    fn rounds(&self) -> u64 {
        6
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// `kill -9`, and started again.
    Killed,
    /// It stands still for a while.
    Paused,
    /// Its connections are cut, and none can be made for a while.
    CutOff,
    /// An answer gets lost on the way.
    AnswerIsLost,
    /// Its replica takes over, which has all that was acknowledged.
    FailedOver,
    /// What it has of the number moves to another master.
    Resharded,
}

/// The second is what histories are made on, whose server is put in trouble.
macro_rules! facts_of_processes {
    ($shared:path) => {
        crate::support::processes::facts_of_processes! { $shared, $shared }
    };
    ($shared:path, $troubled:path) => {
        crate::support::processes::facts_of_processes! { $shared:
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
        crate::support::processes::facts_of_processes! { $troubled:
            histories_are_linearizable_while_processes_and_servers_die
        }
    };
    ($shared:path: $($fact:ident)*) => {
        $(#[test]
        fn $fact() {
            // Where there is no server a line in capitals says so.
            if let Some(shared) = $shared() {
                crate::support::processes::$fact(&shared);
            }
        })*
    };
}

pub(crate) use facts_of_processes;

const PROCESSES: usize = 4;
const CALLERS: usize = 16;

fn workers(shared: &dyn Shared) -> Vec<Worker> {
    (0..PROCESSES).map(|_| Worker::start("worker", &shared.url())).collect()
}

/// Ids that no other test of this process has used on the same server.
fn new_ids(many: u64) -> impl Iterator<Item = u128> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let first = NEXT.fetch_add(many, Ordering::Relaxed);
    // They begin with different bytes, as real ones do.
    (first..first + many).map(|id| u128::from(id).rotate_right(8))
}

fn calls<const N: usize>(calls: [Call; N]) -> Vec<Vec<Call>> {
    vec![calls.to_vec(); CALLERS]
}

/// Made by this process, before the others come.
fn create(shared: &dyn Shared, ids: &[u128], most: Most) {
    let store = open(&shared.url());
    for id in ids {
        let call = Call::Create { id: *id, to: 0, code: 1, key: None };
        assert_eq!(wait(call.make(&*store, most.limits(), 0)), "new");
    }
}

pub(crate) fn of_64_right_codes_from_four_processes_exactly_one_is_verified(shared: &dyn Shared) {
    let mut workers = workers(shared);
    for id in new_ids(soak::count(20, 1_000)) {
        create(shared, &[id], Most::default());
        let made = at_once(&mut workers, &calls([Call::Validate { id, code: 1 }]), Most::default());
        assert_eq!(answered(&made, "Some(Verified)"), 1, "{made:#?}");
        assert_eq!(answered(&made, "Some(AlreadyVerified)"), PROCESSES * CALLERS - 1, "{made:#?}");
    }
}

pub(crate) fn wrong_codes_from_four_processes_never_pass_the_limit(shared: &dyn Shared) {
    let most = Most { attempts: Some(5), ..Most::default() };
    let mut workers = workers(shared);
    for id in new_ids(soak::count(20, 1_000)) {
        create(shared, &[id], most);
        let made = at_once(&mut workers, &calls([Call::Validate { id, code: 2 }]), most);
        assert_eq!(answered(&made, "Some(WrongCode)"), 5, "{made:#?}");
        assert_eq!(answered(&made, "Some(TooManyAttempts)"), PROCESSES * CALLERS - 5, "{made:#?}");
    }
}

pub(crate) fn wrong_codes_for_one_number_from_four_processes_never_pass_its_limit(shared: &dyn Shared) {
    let most = Most { wrong_codes_per_number: Some(20), ..Most::default() };
    let mut workers = workers(shared);
    let ids: Vec<u128> = new_ids(CALLERS as u64).collect();
    create(shared, &ids, most);
    let callers: Vec<_> = ids.into_iter().map(|id| vec![Call::Validate { id, code: 2 }; 4]).collect();
    let made = at_once(&mut workers, &callers, most);
    assert_eq!(answered(&made, "Some(WrongCode)"), 20, "{made:#?}");
    assert_eq!(answered(&made, "Some(TooManyAttempts)"), made.len() - 20, "{made:#?}");
}

pub(crate) fn requests_for_one_number_from_four_processes_never_pass_its_limit(shared: &dyn Shared) {
    requests_never_pass(shared, 5, Most { sms_per_number: Some(5), ..Most::default() }, |_| 1);
}

pub(crate) fn requests_of_one_client_from_four_processes_never_pass_its_limit(shared: &dyn Shared) {
    requests_never_pass(shared, 5, Most { sms_per_client: Some(5), ..Most::default() }, |caller| caller % 10);
}

pub(crate) fn requests_to_one_prefix_from_four_processes_never_pass_its_limit(shared: &dyn Shared) {
    requests_never_pass(shared, 5, Most { sms_per_prefix: Some(5), ..Most::default() }, |caller| caller % 10);
}

pub(crate) fn of_requests_for_one_number_from_four_processes_one_is_new_before_the_pause_ends(shared: &dyn Shared) {
    requests_never_pass(shared, 1, Most { resend_after: Some(30), ..Most::default() }, |_| 2);
}

/// Requests from all callers at once, each to a number of its own or to the same.
fn requests_never_pass(shared: &dyn Shared, limit: usize, most: Most, to: fn(usize) -> usize) {
    let mut workers = workers(shared);
    let at = monotonic() + 20_000_000;
    for worker in &mut workers {
        let create = |(caller, id)| vec![Call::Create { id, to: to(caller), code: 1, key: None }];
        let callers = new_ids(CALLERS as u64).enumerate().map(create).collect();
        worker.tell(&Work { at, callers, most });
    }
    let made: Vec<Made> = workers.iter_mut().flat_map(Worker::made).collect();
    assert_eq!(answered(&made, "new"), limit, "{made:#?}");
    assert_eq!(answered(&made, "rate limited"), PROCESSES * CALLERS - limit, "{made:#?}");
}

pub(crate) fn wrong_codes_of_one_client_from_four_processes_never_pass_its_limit(shared: &dyn Shared) {
    let most = Most { wrong_codes_per_client: Some(20), ..Most::default() };
    let mut workers = workers(shared);
    let ids: Vec<u128> = new_ids(CALLERS as u64).collect();
    create(shared, &ids, most);
    let callers: Vec<_> = ids.into_iter().map(|id| vec![Call::Validate { id, code: 2 }; 4]).collect();
    let made = at_once(&mut workers, &callers, most);
    assert_eq!(answered(&made, "Some(WrongCode)"), 20, "{made:#?}");
    assert_eq!(answered(&made, "Some(TooManyAttempts)"), made.len() - 20, "{made:#?}");
}

pub(crate) fn of_requests_with_one_key_from_four_processes_one_is_new(shared: &dyn Shared) {
    let mut workers = workers(shared);
    let at = monotonic() + 20_000_000;
    for worker in &mut workers {
        let callers =
            new_ids(CALLERS as u64).map(|id| vec![Call::Create { id, to: 2, code: 1, key: Some(1) }]).collect();
        worker.tell(&Work { at, callers, most: Most::default() });
    }
    let made: Vec<Made> = workers.iter_mut().flat_map(Worker::made).collect();
    let new: Vec<_> = made.iter().filter(|made| made.answer.as_ref().is_some_and(|(_, said)| said == "new")).collect();
    assert_eq!(new.len(), 1, "{made:#?}");
    assert_eq!(answered(&made, &format!("known {}", new[0].call.id())), made.len() - 1, "{made:#?}");
}

pub(crate) fn of_claims_of_one_key_by_four_processes_one_is_new(shared: &dyn Shared) {
    let mut workers = workers(shared);
    for key in 100..100 + soak::count(10, 100) as u8 {
        let made = at_once(&mut workers, &calls([Call::Claim { key, to: 0 }]), Most::default());
        assert_eq!(answered(&made, "new"), 1, "{made:#?}");
        assert_eq!(answered(&made, "UnderWay"), PROCESSES * CALLERS - 1, "{made:#?}");
    }
}

pub(crate) fn claims_of_one_client_by_four_processes_never_pass_its_limit(shared: &dyn Shared) {
    let mut workers = workers(shared);
    let most = Most { sms_per_client: Some(5), ..Most::default() };
    let at = monotonic() + 20_000_000;
    for (worker, keys) in workers.iter_mut().zip((0..=u8::MAX).step_by(CALLERS)) {
        let callers = (keys..).take(CALLERS).map(|key| vec![Call::Claim { key, to: usize::from(key % 10) }]).collect();
        worker.tell(&Work { at, callers, most });
    }
    let made: Vec<Made> = workers.iter_mut().flat_map(Worker::made).collect();
    assert_eq!(answered(&made, "new"), 5, "{made:#?}");
    assert_eq!(answered(&made, "rate limited"), PROCESSES * CALLERS - 5, "{made:#?}");
}

pub(crate) fn attempts_of_one_client_by_four_processes_never_pass_its_limit(shared: &dyn Shared) {
    let mut workers = workers(shared);
    let most = Most { wrong_codes_per_client: Some(20), ..Most::default() };
    let made = at_once(&mut workers, &calls([Call::CountAttempt]), most);
    assert_eq!(answered(&made, "counted"), 20, "{made:#?}");
    assert_eq!(answered(&made, "rate limited"), PROCESSES * CALLERS - 20, "{made:#?}");
}

/// A process says that it was answered, and is no more.
pub(crate) fn an_attempt_counts_though_its_process_is_killed_right_after(shared: &dyn Shared) {
    for id in new_ids(soak::count(3, 50)) {
        create(shared, &[id], Most::default());
        let mut worker = Worker::start("worker", &shared.url());
        worker.tell(&Work { at: 0, callers: vec![vec![Call::Validate { id, code: 2 }; 3]], most: Most::default() });
        while !matches!(worker.next(), Some(Said::Ended { .. })) {}
        worker.child.kill().unwrap();
        // Others may have been on their way; what was answered counts.
        let answered = 1 + worker.made().iter().filter(|made| made.answer.is_some()).count();
        let counted = wait(open(&shared.url()).get(id)).unwrap().record.wrong_codes as usize;
        assert!((answered..=3).contains(&counted), "{answered} answered, {counted} counted");
    }
}

/// Whatever is killed, paused or cut off in the meantime: what four processes were told about a request happened in some
/// order.
pub(crate) fn histories_are_linearizable_while_processes_and_servers_die(shared: &dyn Shared) {
    let most = Most { attempts: Some(4), ..Most::default() };
    let mut troubles = BTreeSet::new();
    for round in 0..soak::count(shared.rounds(), 200) {
        let random = &mut SmallRng::seed_from_u64(round);
        let ids: Vec<u128> = new_ids(12).collect();
        let codes = &mut (10..);
        let mut workers = workers(shared);
        let at = monotonic() + 20_000_000;
        for (i, worker) in workers.iter_mut().enumerate() {
            let mut plan: Vec<Vec<Call>> = (0..2).map(|_| random_calls(random, &ids, codes)).collect();
            if i == 0 {
                let creates = ids.iter().map(|id| Call::Create { id: *id, to: 0, code: 1, key: None });
                plan[0] = creates.chain(plan.remove(0)).collect();
            }
            worker.tell(&Work { at, callers: plan, most });
        }
        let possible = shared.troubles();
        let trouble = (!possible.is_empty()).then(|| possible[round as usize % possible.len()]);
        let (heard, deaf) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let made: Vec<Made> = std::thread::scope(|scope| {
            let listeners: Vec<_> = workers
                .iter_mut()
                .enumerate()
                .map(|(i, worker)| {
                    let (heard, deaf) = (&heard, &deaf);
                    scope.spawn(move || {
                        // One of them is killed in the middle of it.
                        let made = worker.made_while(|answers| {
                            heard.fetch_add(1, Ordering::SeqCst);
                            i != 3 || round % 2 == 0 || answers < 8
                        });
                        deaf.fetch_add(1, Ordering::SeqCst);
                        made
                    })
                })
                .collect();
            if let Some(trouble) = trouble {
                // In the middle of it.
                while heard.load(Ordering::SeqCst) < 30 && deaf.load(Ordering::SeqCst) < PROCESSES {
                    std::thread::yield_now();
                }
                troubles.insert(format!("{trouble:?}"));
                shared.make(trouble);
                shared.mend(trouble);
            }
            listeners.into_iter().flat_map(|listener| listener.join().unwrap()).collect()
        });
        let answers = made.iter().filter(|made| made.answer.is_some()).count();
        assert!(answers > 0, "nothing was answered in round {round}: {made:#?}");
        assert_linearizable(&by_request(made), most);
    }
    assert_eq!(troubles.len(), shared.troubles().len(), "each trouble was made: {troubles:?}");
}

/// Each resend has a code of its own.
fn random_calls(random: &mut SmallRng, ids: &[u128], codes: &mut std::ops::RangeFrom<u8>) -> Vec<Call> {
    let mut calls = Vec::new();
    for id in ids {
        for _ in 0..2 {
            let code = [1, 1, 2, 10, 11, 12][random.random_range(0..6)];
            let call = match random.random_range(0..10) {
                0..=4 => Call::Validate { id: *id, code },
                5 => Call::Cancel { id: *id },
                6 => {
                    calls.push(Call::Resend { id: *id, code: codes.next().unwrap() });
                    Call::Settle { id: *id, delivery: 0, is_sent: random.random_bool(0.5) }
                }
                7 => Call::Settle { id: *id, delivery: 0, is_sent: random.random_bool(0.5) },
                _ => Call::Get { id: *id },
            };
            calls.push(call);
        }
    }
    calls
}
