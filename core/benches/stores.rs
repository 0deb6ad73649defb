//! The stores that outlive a process, each against the least that it must do for a validation: validations a second, what a
//! pending request takes, and what a lifecycle costs as more requests are pending. Of every store: what its limits cost a
//! request.
//!
//! `EGOI_SOAK=1` has ten million of them pending in the place of one million.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rounds;

#[path = "stores/memory.rs"]
mod memory;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../tests/support/pgbouncer.rs"]
mod pgbouncer;
#[path = "stores/postgres.rs"]
mod postgres;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../tests/support/postgres_server.rs"]
mod postgres_server;
#[path = "stores/redis.rs"]
mod redis;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../tests/support/redis_server.rs"]
mod redis_server;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../tests/support/server.rs"]
mod server;
#[path = "stores/sqlite.rs"]
mod sqlite;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use std::time::Duration;

use egoi_verify::{
    Accept, Engine, EngineOptions, OutgoingSms, PhoneNumber, PrefixQuota, Quota, RequestOptions, SendError, Store,
    ValidateOptions,
};
use rounds::Cost;
use tokio::runtime::{Builder, Runtime};

/// How many calls are under way at the same time, unless it is one.
const AT_ONCE: usize = 64;

/// Whether there are limits while validations are compared.
const LIMITS: [(&str, bool); 2] = [("limits off", false), ("all limits on", true)];

fn options(are_limited: bool) -> EngineOptions {
    if are_limited { EngineOptions::default() } else { EngineOptions::default().without_limits() }
}

/// Every limit there is: those of a client and of a prefix too, which are off by default. Ten thousand numbers share a prefix.
/// The limit is beyond what the rounds send there.
fn every_limit() -> EngineOptions {
    let (per, quota) =
        (Duration::from_secs(24 * 3600), |limit| Some(Quota { limit, per: Duration::from_secs(24 * 3600) }));
    EngineOptions::default()
        .sms_per_client(quota(5))
        .wrong_codes_per_client(quota(20))
        .sms_per_prefix(Some(PrefixQuota { limit: u32::MAX, per, last_digits: 4 }))
}

fn main() {
    for measure in [memory::measure, sqlite::measure, postgres::measure, redis::measure] {
        // A thread of its own: on which processor it stays is no other's business, least of all a server's.
        let measured =
            std::thread::spawn(move || measure(&Builder::new_current_thread().enable_all().build().unwrap()));
        measured.join().unwrap();
    }
}

/// How many requests are pending where there are few, and where there are many.
fn pending() -> [usize; 2] {
    let many = if std::env::var_os("EGOI_SOAK").is_some_and(|set| set == "1") { 10_000_000 } else { 1_000_000 };
    [rounds::scaled(10_000), rounds::scaled(many)]
}

/// An engine on a store, and the codes that it sent, by the number they went to.
#[derive(Clone)]
struct Verifying {
    engine: Engine,
    codes: Arc<Mutex<HashMap<PhoneNumber, String>>>,
    /// Whether each request names a client, which no other does.
    names_clients: bool,
}

/// A number that no other is like. Those that come one after the other share no prefix, as those of a service's users do not.
fn number(i: usize) -> PhoneNumber {
    // The factor is prime to the size.
    PhoneNumber::parse(&format!("+3519{:08}", i * 61_803_399 % 100_000_000)).unwrap()
}

impl Verifying {
    fn on(url: &str, options: EngineOptions) -> Self {
        let codes = Arc::<Mutex<HashMap<_, _>>>::default();
        let sent = Arc::clone(&codes);
        let send = move |sms: OutgoingSms| {
            sent.lock().unwrap().insert(sms.number, sms.text[..6].to_owned());
            std::future::ready(Ok::<(), SendError>(()))
        };
        Self {
            engine: Engine::new(send, options.accept(Accept::Possible).store(Store::new(url).key([7; 32]))).unwrap(),
            codes,
            names_clients: false,
        }
    }

    /// Pending requests, each to a number of its own.
    async fn request(&self, numbers: Range<usize>) -> Vec<(String, String)> {
        let made = at_once(AT_ONCE, numbers.len(), {
            let verifying = self.clone();
            move |i| {
                let (verifying, number) = (verifying.clone(), number(numbers.start + i));
                let mut options = RequestOptions::default();
                if verifying.names_clients {
                    options = options.client(format!("session {}", numbers.start + i));
                }
                async move {
                    let id = verifying.engine.request_to(number, options).await.unwrap().id;
                    (id, verifying.codes.lock().unwrap().remove(&number).unwrap())
                }
            }
        });
        made.await
    }

    async fn validate(&self, callers: usize, made: Vec<(String, String)>) {
        let (engine, made) = (self.engine.clone(), Arc::new(made));
        at_once(callers, made.len(), move |i| {
            let (engine, made) = (engine.clone(), Arc::clone(&made));
            async move {
                let (id, code) = &made[i];
                assert!(engine.validate(id, code, ValidateOptions::default()).await.unwrap().is_verified());
            }
        })
        .await;
    }
}

/// Does this so many times, always some of it at once, and gives back what came of each, the first first: rows that were made
/// one after the other lie together, and are looked at so.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send>(
    callers: usize,
    count: usize,
    does: impl Fn(usize) -> F + Clone + Send + 'static,
) -> Vec<T> {
    let tasks: Vec<_> = (0..callers)
        .map(|task| {
            let does = does.clone();
            tokio::spawn(async move {
                let mut done = Vec::with_capacity(count / callers + 1);
                for i in (task..count).step_by(callers) {
                    done.push((i, does(i).await));
                }
                done
            })
        })
        .collect();
    let mut all = Vec::with_capacity(count);
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all.sort_unstable_by_key(|&(i, _)| i);
    all.into_iter().map(|(_, done)| done).collect()
}

/// A store with what it is measured by.
struct Measured<'a> {
    runtime: &'a Runtime,
    /// The processor time of this process and of the server, so far.
    spent: &'a dyn Fn() -> u64,
    /// What of it the callers have spent: not the server, nor SQLite's thread.
    by_callers: &'a dyn Fn() -> u64,
}

/// What an operation took, and what of its processor time was not the caller's, in nanoseconds.
struct Shared {
    cost: Cost,
    there: f64,
}

impl Measured<'_> {
    fn cost(&self, operations: usize, work: impl FnOnce()) -> Shared {
        let before = (self.by_callers)();
        let cost = Cost::of_all(operations, self.spent, work);
        let by_callers = (self.by_callers)() - before;
        Shared { cost, there: (cost.processor - by_callers as f64 / operations as f64).max(0.0) }
    }

    /// So many validations by an engine, so many at once, against what does the least, which takes what it is given to do.
    fn compare_validations(
        &self,
        what: &str,
        verifying: &Verifying,
        (callers, count): (usize, usize),
        (name, mut least): (&str, Box<dyn FnMut() -> Shared + '_>),
    ) {
        let mut numbers = (0..).step_by(count);
        let mut own = || {
            let first = numbers.next().unwrap();
            let made = self.runtime.block_on(verifying.request(first..first + count));
            self.cost(count, || self.runtime.block_on(verifying.validate(callers, made)))
        };
        let (mut ours_there, mut least_there) = (Vec::new(), Vec::new());
        let noting = |there: &mut Vec<f64>, shared: Shared| {
            there.push(shared.there);
            shared.cost
        };
        let ways: Vec<rounds::Way<'_>> = vec![
            ("Engine", Box::new(|| noting(&mut ours_there, own()))),
            (name, Box::new(|| noting(&mut least_there, least()))),
        ];
        let cost = rounds::compare(what, ways);
        println!("\n- {what}: {:.0} validations a second (goal: at most 1.25 times as long)\n", 1e9 / cost.time);
        note_share(what, &ours_there);
        note_share(&format!("{what}, {name}"), &least_there);
    }

    /// Requests under every limit against those under the limits that are on by default, and against those under none. `url` is of
    /// something that nothing is kept in yet, another one each time.
    fn compare_requests(&self, what: &str, count: usize, url: &mut dyn FnMut() -> String) {
        rounds::head(
            "A request, 64 at once, under every limit and under fewer (goal: at most 1.3 times the default limits)",
        );
        let every = Verifying { names_clients: true, ..Verifying::on(&url(), every_limit()) };
        let by_default = Verifying::on(&url(), EngineOptions::default());
        let off = Verifying::on(&url(), EngineOptions::default().without_limits());
        let round = |verifying: &Verifying, first: usize| {
            Cost::of_all(count, self.spent, || drop(self.runtime.block_on(verifying.request(first..first + count))))
        };
        let mut firsts = [(0..).step_by(count), (0..).step_by(count), (0..).step_by(count)];
        let [of_every, of_default, of_off] = &mut firsts;
        rounds::compare(
            what,
            vec![
                ("every limit", Box::new(|| round(&every, of_every.next().unwrap()))),
                ("the default limits", Box::new(|| round(&by_default, of_default.next().unwrap()))),
                ("no limits", Box::new(|| round(&off, of_off.next().unwrap()))),
            ],
        );
    }

    /// Lifecycles with many pending requests against those with few: a few hundred, so that few stay few.
    fn compare_pending(&self, what: &str, few: (&Verifying, usize), many: (&Verifying, usize)) {
        rounds::head(
            "A request and its validation, 64 at once, with many and with few pending (goal: at most 1.3 times as long)",
        );
        let count = rounds::scaled(640);
        let round = |verifying: &Verifying, first: usize| {
            Cost::of_all(count, self.spent, || {
                self.runtime.block_on(async {
                    let made = verifying.request(first..first + count).await;
                    verifying.validate(AT_ONCE, made).await;
                });
            })
        };
        // Numbers that the pending ones are not for.
        let (mut of_few, mut of_many) = ((few.1..).step_by(count), (many.1..).step_by(count));
        rounds::compare(
            what,
            vec![
                (&*format!("{} pending", many.1), Box::new(|| round(many.0, of_many.next().unwrap()))),
                (&*format!("{} pending", few.1), Box::new(|| round(few.0, of_few.next().unwrap()))),
            ],
        );
    }
}

/// What of a validation's processor time was the server's, or that of SQLite's thread; the first round is to warm up.
fn note_share(what: &str, there: &[f64]) {
    if let Some((_, there)) = there.split_first()
        && there.iter().any(|&ns| ns > 0.0)
    {
        println!("- {what}: of it not the caller's {}", rounds::duration(rounds::median(there.to_vec())));
        rounds::figure(what, "processor time that is not the caller's", "ns", there);
    }
}

/// What a pending request takes, with what is counted for a number of its own.
fn note_size(store: &str, measure: &str, count: usize, taken: u64) {
    let each = taken as f64 / count as f64;
    println!("- {store}, {count} pending: {each:.0} bytes a request");
    rounds::figure(&format!("a pending request in {store}, of {count}"), measure, "bytes", &[each]);
}

/// The columns of a table, which a query calls `of`, for copies of its row with an id and a number that no other has.
fn copied(columns: &[String], of: &str, id: &str, number: &str) -> String {
    let copied = columns.iter().map(|column| match column.as_str() {
        "id" => id.to_owned(),
        "number" | "subject" => number.to_owned(),
        other => format!("{of}.{other}"),
    });
    copied.collect::<Vec<_>>().join(", ")
}
