//! Calls of a store that several processes make, each of which says what it was told and when.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use egoi_verify::machine::{PrefixQuota, Quota, RequestLimits, Timestamp};
use egoi_verify::store::{
    Attempt, ClientAttempt, ClockShift, Counted, CreateResult, DeliveryStatus, IdempotencyClaim, Limits, NewClaim,
    NewRequest, ResendResult, StoreBackend,
};
use egoi_verify::{Clock, EngineOptions, Error, Store};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::conformance::{client_hash, code as digest_of, new_resend, number, terms_for};
use super::renamed::Renamed;

/// A call of a store. A code and a key are one byte here, a number its last digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Call {
    Create { id: u128, to: usize, code: u8, key: Option<u8> },
    Validate { id: u128, code: u8 },
    Cancel { id: u128 },
    Resend { id: u128, code: u8 },
    Settle { id: u128, delivery: u32, is_sent: bool },
    Get { id: u128 },
    Claim { key: u8, to: usize },
    CountAttempt,
}

/// The limits that hold; none is no limit.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Most {
    pub(crate) attempts: Option<u32>,
    pub(crate) wrong_codes_per_number: Option<u32>,
    pub(crate) sms_per_number: Option<u32>,
    pub(crate) wrong_codes_per_client: Option<u32>,
    pub(crate) sms_per_client: Option<u32>,
    /// To numbers that share all but their last digit.
    pub(crate) sms_per_prefix: Option<u32>,
    /// Seconds.
    pub(crate) resend_after: Option<u64>,
}

impl Most {
    pub(crate) fn limits(self) -> Limits {
        let quota = |limit: Option<u32>| limit.map(|limit| Quota { limit, per: Duration::from_secs(3600) });
        Limits {
            request: RequestLimits {
                max_attempts: self.attempts,
                max_resends: None,
                resend_after: self.resend_after.map(Duration::from_secs),
            },
            wrong_codes_per_number: quota(self.wrong_codes_per_number),
            sms_per_number: quota(self.sms_per_number),
            wrong_codes_per_client: quota(self.wrong_codes_per_client),
            sms_per_client: quota(self.sms_per_client),
            sms_per_prefix: quota(self.sms_per_prefix).map(|Quota { limit, per }| PrefixQuota {
                limit,
                per,
                last_digits: 1,
            }),
        }
    }
}

/// What a process is asked to do: from the moment `at` on, so many callers at once make these calls one after the other.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Work {
    /// See [`monotonic`].
    pub(crate) at: u64,
    pub(crate) callers: Vec<Vec<Call>>,
    pub(crate) most: Most,
}

/// What a process says while it does so.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Said {
    Ready,
    Began { at: u64, caller: usize, call: Call },
    Ended { at: u64, caller: usize, answer: Result<String, String> },
    Done,
}

/// The time now on a clock that all processes share, in nanoseconds.
pub(crate) fn monotonic() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// A time that stands still in every process.
pub(crate) const NOW: Timestamp = Timestamp(4_000_000_000_000);

struct StandingStill;

impl Clock for StandingStill {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn shift(&self) -> ClockShift {
        ClockShift::To(NOW)
    }
}

/// The store that a URL names, at a time that stands still.
pub(crate) fn open(url: &str) -> Arc<dyn StoreBackend> {
    // What is asked for is made now: it blocks, which a call may not.
    for to in 0..10 {
        for client in [None, Some(0)] {
            terms_for(number(to), 600, client);
        }
    }
    let options = EngineOptions::default().store(Store::new(url).key([7; 32])).clock(Arc::new(StandingStill));
    let store = options.open_store().unwrap();
    if url.contains("+cluster:") { Arc::new(Renamed::new(store)) } else { store }
}

fn new_claim(key: u8, to: usize, limits: Limits) -> NewClaim {
    NewClaim {
        key: [key; 32],
        previous_keys: Vec::new(),
        owner: rand::random(),
        number: number(to),
        client: Some(client_hash(0)),
        retention: Duration::from_secs(3600),
        limits,
    }
}

impl Call {
    pub(crate) async fn make(
        self,
        store: &dyn StoreBackend,
        limits: Limits,
        attempt_id: u128,
    ) -> Result<String, Error> {
        Ok(match self {
            Self::Create { id, to, code, key } => {
                said_of_created(&store.create(new_request(id, to, code, key, limits)).await?)
            }
            Self::Validate { id, code } => {
                let codes = [digest_of(code)];
                let attempt = Attempt {
                    id: attempt_id,
                    codes: &codes,
                    number: None,
                    client: limits.wrong_codes_per_client.map(|_| client_hash(0)),
                    limits,
                };
                format!("{:?}", store.validate(id, attempt).await?.map(|details| details.outcome))
            }
            Self::Cancel { id } => format!("{:?}", store.cancel(id).await?),
            Self::Resend { id, code } => {
                said_of_resending(store.resend(id, new_resend(digest_of(code), number(0), limits)).await?.as_ref())
            }
            Self::Settle { id, delivery, is_sent } => {
                store.record_delivery(id, delivery, hand_over_end(is_sent), counted(limits)).await?;
                String::new()
            }
            Self::Get { id } => format!("{:?}", store.get(id).await?.map(|stored| (stored.record, stored.sms))),
            Self::Claim { key, to } => match store.claim(new_claim(key, to, limits)).await? {
                IdempotencyClaim::New => "new".to_owned(),
                IdempotencyClaim::RateLimited(_) => "rate limited".to_owned(),
                other => format!("{other:?}"),
            },
            Self::CountAttempt => {
                let quota = limits.wrong_codes_per_client.unwrap();
                let attempt = ClientAttempt { id: attempt_id, client: client_hash(0), quota };
                let limited = store.count_attempt(attempt).await?;
                limited.map_or("counted", |_| "rate limited").to_owned()
            }
        })
    }

    /// The request that it is about.
    pub(crate) fn id(self) -> u128 {
        match self {
            Self::Create { id, .. }
            | Self::Validate { id, .. }
            | Self::Cancel { id }
            | Self::Resend { id, .. }
            | Self::Settle { id, .. }
            | Self::Get { id } => id,
            Self::Claim { .. } | Self::CountAttempt => 0,
        }
    }
}

/// Whom the SMS of a request for the first number counts for.
pub(crate) fn counted(limits: Limits) -> Counted {
    limits.counted(number(0), None)
}

pub(crate) fn hand_over_end(is_sent: bool) -> DeliveryStatus {
    if is_sent { DeliveryStatus::Sent } else { DeliveryStatus::NotSent }
}

pub(crate) fn new_request(id: u128, to: usize, code: u8, key: Option<u8>, limits: Limits) -> NewRequest {
    NewRequest {
        id,
        number: number(to),
        code: digest_of(code),
        // One client for all, where clients are counted.
        terms: terms_for(number(to), 600, limits.sms_per_client.map(|_| 0)),
        idempotency_key: key.map(|key| [key; 32]),
        previous_idempotency_keys: Vec::new(),
        retention: Duration::from_secs(3600),
        limits,
    }
}

pub(crate) fn said_of_created(created: &CreateResult) -> String {
    match created {
        CreateResult::New(_) => "new".to_owned(),
        CreateResult::Known(known) => format!("known {}", known.0),
        CreateResult::OtherNumber => "other number".to_owned(),
        CreateResult::RateLimited { .. } => "rate limited".to_owned(),
        CreateResult::Full => "full".to_owned(),
    }
}

pub(crate) fn said_of_resending(resending: Option<&ResendResult>) -> String {
    match resending {
        None => "none".to_owned(),
        Some(ResendResult::Ready { delivery, .. }) => format!("ready {delivery}"),
        Some(ResendResult::Conflict) => "conflict".to_owned(),
        Some(ResendResult::RateLimited(_)) => "rate limited".to_owned(),
    }
}

// The processes

const URL: &str = "EGOI_TESTED_STORE";

/// What the test `worker` of a program does: nothing, unless it is the program started once more by [`Worker::start`].
pub(crate) fn work() {
    let Ok(url) = std::env::var(URL) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = open(&url);
    say(&Said::Ready);
    for line in std::io::stdin().lines() {
        let Work { at, callers, most } = serde_json::from_str(&line.unwrap()).unwrap();
        let limits = most.limits();
        let callers: Vec<_> = callers
            .into_iter()
            .enumerate()
            .map(|(caller, calls)| {
                let store = Arc::clone(&store);
                runtime.spawn(async move {
                    while monotonic() < at {
                        tokio::task::yield_now().await;
                    }
                    let mut hand_overs = HashMap::new();
                    for call in calls {
                        // Who was given a hand-over ends it, and nobody else does. A request that was not sent goes away, and
                        // nobody else knows of it: here the others do.
                        let call = match call {
                            Call::Settle { id, is_sent, .. } => match hand_overs.remove(&id) {
                                Some(delivery) => Call::Settle { id, delivery, is_sent: is_sent || delivery == 0 },
                                None => continue,
                            },
                            other => other,
                        };
                        say(&Said::Began { at: monotonic(), caller, call });
                        let answer = call.make(&*store, limits, unique()).await;
                        let answer = answer.map_err(|error| error.to_string());
                        hand_overs.extend(match (call, answer.as_deref()) {
                            (Call::Create { id, .. }, Ok("new")) => Some((id, 0)),
                            (Call::Resend { id, .. }, Ok(said)) => {
                                said.strip_prefix("ready ").map(|delivery| (id, delivery.parse().unwrap()))
                            }
                            _ => None,
                        });
                        say(&Said::Ended { at: monotonic(), caller, answer });
                    }
                })
            })
            .collect();
        for caller in callers {
            runtime.block_on(caller).unwrap();
        }
        say(&Said::Done);
    }
}

/// A number that no other call in any process has.
fn unique() -> u128 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let call = u64::from(std::process::id()) << 32 | u64::from(NEXT.fetch_add(1, Ordering::Relaxed));
    u128::from(monotonic()) << 64 | u128::from(call)
}

fn say(said: &Said) {
    // One write, so that lines of several threads do not mix; in a process that is killed it is whole or not there.
    let line = format!("\n{}\n", serde_json::to_string(said).unwrap());
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

/// This program once more, with a store of its own.
pub(crate) struct Worker {
    pub(crate) child: Child,
    tell: ChildStdin,
    said: Receiver<Said>,
}

/// A call that was made, and what it was told, if it was told anything. A failure is none: it may have been done.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) call: Call,
    pub(crate) began: u64,
    pub(crate) answer: Option<(u64, String)>,
    pub(crate) failure: Option<String>,
}

impl Worker {
    /// The program has a test of this name, which is ignored and calls [`work`].
    pub(crate) fn start(test: &str, url: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(URL, url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (told, said) = channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            // What the test harness says is none of it.
            for said in lines.map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok()) {
                let _ = told.send(said);
            }
        });
        let worker = Self { tell: child.stdin.take().unwrap(), child, said };
        assert!(matches!(worker.said.recv(), Ok(Said::Ready)), "a process did not start");
        worker
    }

    pub(crate) fn tell(&mut self, work: &Work) {
        writeln!(self.tell, "{}", serde_json::to_string(work).unwrap()).unwrap();
    }

    /// What it says next; none when it has ended.
    pub(crate) fn next(&self) -> Option<Said> {
        self.said.recv().ok()
    }

    /// What was made of the work that it was told last.
    pub(crate) fn made(&mut self) -> Vec<Made> {
        self.made_while(|_| true)
    }

    /// What was made of it until `goes_on`, which hears how many answers there were, says no: then it is killed.
    pub(crate) fn made_while(&mut self, mut goes_on: impl FnMut(usize) -> bool) -> Vec<Made> {
        let mut all: Vec<Made> = Vec::new();
        let mut under_way = HashMap::new();
        let mut answers = 0;
        while let Some(said) = self.next() {
            match said {
                Said::Ready => {}
                Said::Began { at, caller, call } => {
                    under_way.insert(caller, all.len());
                    all.push(Made { call, began: at, answer: None, failure: None });
                }
                Said::Ended { at, caller, answer } => {
                    let made = &mut all[under_way[&caller]];
                    match answer {
                        Ok(answer) => made.answer = Some((at, answer)),
                        Err(failure) => made.failure = Some(failure),
                    }
                    answers += 1;
                    if !goes_on(answers) {
                        // What it said before is heard still.
                        self.child.kill().unwrap();
                    }
                }
                Said::Done => break,
            }
        }
        all
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What these processes make of the same work, all at once.
pub(crate) fn at_once(workers: &mut [Worker], callers: &[Vec<Call>], most: Most) -> Vec<Made> {
    // Time enough for all of them to be told.
    let at = monotonic() + 20_000_000;
    for worker in &mut *workers {
        worker.tell(&Work { at, callers: callers.to_vec(), most });
    }
    workers.iter_mut().flat_map(Worker::made).collect()
}

/// How often this was answered.
pub(crate) fn answered(made: &[Made], answer: &str) -> usize {
    made.iter().filter(|made| made.answer.as_ref().is_some_and(|(_, said)| said == answer)).count()
}

/// Calls by their request.
pub(crate) type ByRequest = BTreeMap<u128, Vec<Made>>;

/// The same sorted.
pub(crate) fn by_request(made: impl IntoIterator<Item = Made>) -> ByRequest {
    let mut all = ByRequest::new();
    for made in made {
        all.entry(made.call.id()).or_default().push(made);
    }
    all
}
