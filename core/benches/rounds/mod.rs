//! Rounds in which every way of doing something has its turn, so that whatever else the machine does meets all of them
//! alike. What is reported is the median over the rounds of the ratio within a round. Where `EGOI_BENCH_RESULTS` names a
//! folder every round goes there too, in the shape of `benches/README.md`.

#![allow(dead_code, reason = "no bench uses all of it")]

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};

static RECORDS: Mutex<Vec<Value>> = Mutex::new(Vec::new());

/// What one operation took, in nanoseconds.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// On the clock.
    pub(crate) time: f64,
    /// Of processor time, the kernel's included.
    pub(crate) processor: f64,
}

impl Cost {
    /// What `work` takes, which does so many operations on this thread.
    pub(crate) fn of(operations: usize, work: impl FnOnce()) -> Self {
        Self::of_all(operations, &processor_ns, work)
    }

    /// The same where more than this thread works: `spent` is the processor time of all that does, so far.
    pub(crate) fn of_all(operations: usize, spent: &dyn Fn() -> u64, work: impl FnOnce()) -> Self {
        let (started, processor) = (Instant::now(), spent());
        work();
        // Of a server whose processes come and go it is not exact.
        let (time, processor) = (started.elapsed().as_nanos() as f64, spent().saturating_sub(processor));
        Self { time: time / operations as f64, processor: processor as f64 / operations as f64 }
    }
}

/// This thread's processor time so far.
pub(crate) fn processor_ns() -> u64 {
    spent(ClockId::ThreadCPUTime)
}

/// That of all threads of this process.
pub(crate) fn processor_ns_of_all() -> u64 {
    spent(ClockId::ProcessCPUTime)
}

fn spent(clock: ClockId) -> u64 {
    let spent = clock_gettime(clock);
    spent.tv_sec as u64 * 1_000_000_000 + spent.tv_nsec as u64
}

/// Whether it is only looked if all of it still runs: `EGOI_BENCH_SHORT=1`.
pub(crate) fn is_short() -> bool {
    std::env::var_os("EGOI_BENCH_SHORT").is_some_and(|set| set == "1")
}

/// `full`, or a hundredth of it where it is only looked whether all of it still runs.
pub(crate) fn scaled(full: usize) -> usize {
    if is_short() { full.div_ceil(100) } else { full }
}

/// A way of doing something: its name, and what does it some times and says what one took.
pub(crate) type Way<'a> = (&'a str, Box<dyn FnMut() -> Cost + 'a>);

/// The head of the table that [`compare`] adds rows to.
pub(crate) fn head(subject: &str) {
    println!("\n{subject}, {} rounds: median (smallest to largest)\n", rounds());
    println!("| what | it takes | against | which takes | times as long | processor time | times as much |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
}

/// Compares the first way with each of the others, which are the least that there is to do, after a round to warm up, and
/// gives back its median cost.
pub(crate) fn compare(what: &str, mut ways: Vec<Way<'_>>) -> Cost {
    let count = ways.len();
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); count];
    for round in 0..=rounds() {
        for turn in 0..count {
            // Another one begins each time, so that none always comes after the same one.
            let i = (round + turn) % count;
            let cost = (ways[i].1)();
            if round > 0 {
                costs[i].push(cost);
            }
        }
    }
    let (name, own) = (ways[0].0, costs[0].as_slice());
    for (measure, part) in [("time", (|cost| cost.time) as fn(&Cost) -> f64), ("processor time", |cost| cost.processor)]
    {
        let rounds_of = |costs: &[Cost]| costs.iter().map(part).collect::<Vec<f64>>();
        let floors =
            ways.iter().zip(&costs).skip(1).map(|((name, _), costs)| ((*name).to_owned(), json!(rounds_of(costs))));
        record(what, measure, "ns", &rounds_of(own), floors.collect());
    }
    let middle = |costs: &[Cost], part: fn(&Cost) -> f64| median(costs.iter().map(part).collect());
    for ((other_name, _), other) in ways.iter().zip(&costs).skip(1) {
        let ratios = |part: fn(&Cost) -> f64| {
            let ratios: Vec<f64> = own.iter().zip(other).map(|(own, other)| part(own) / part(other)).collect();
            let smallest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
            let largest = ratios.iter().copied().fold(0.0, f64::max);
            format!("{:.2} ({smallest:.2} to {largest:.2})", median(ratios))
        };
        println!(
            "| {what}: {name} | {} | {other_name} | {} | {} | {} | {} |",
            duration(middle(own, |cost| cost.time)),
            duration(middle(other, |cost| cost.time)),
            ratios(|cost| cost.time),
            duration(middle(own, |cost| cost.processor)),
            ratios(|cost| cost.processor),
        );
    }
    Cost { time: middle(own, |cost| cost.time), processor: middle(own, |cost| cost.processor) }
}

/// Notes what is compared with nothing: the `measure` of `what` in each round, in `unit`, which is `ns` or `bytes`.
pub(crate) fn figure(what: &str, measure: &str, unit: &str, rounds: &[f64]) {
    record(what, measure, unit, rounds, Map::new());
}

fn record(what: &str, measure: &str, unit: &str, ours: &[f64], floors: Map<String, Value>) {
    let Some(folder) = std::env::var_os("EGOI_BENCH_RESULTS").map(PathBuf::from) else { return };
    let bench = env!("CARGO_CRATE_NAME");
    let mut records = RECORDS.lock().unwrap();
    records.push(json!({
        "name": format!("rust-{bench}"), "settings": what, "measure": measure, "unit": unit,
        "ours": ours, "others": {}, "floors": floors,
    }));
    std::fs::write(folder.join(format!("rust-{bench}.json")), serde_json::to_vec(&*records).unwrap()).unwrap();
}

/// Nanoseconds for people.
pub(crate) fn duration(ns: f64) -> String {
    match ns {
        1e6.. => format!("{:.2} ms", ns / 1e6),
        1e3.. => format!("{:.2} µs", ns / 1e3),
        _ => format!("{ns:.0} ns"),
    }
}

/// Makes this thread stay on one processor, where there are several: the client's is 0, the server's 1.
pub(crate) fn stay_on(processor: usize) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let Ok(allowed) = sched_getaffinity(None) else { return };
    let mut own = CpuSet::new();
    own.set(processor);
    if allowed.count() > 1 && allowed.is_set(processor) {
        // Where it is not allowed the figures are only noisier.
        let _ = sched_setaffinity(None, &own);
    }
}

/// `EGOI_BENCH_ROUNDS`, or 15; one for a short look.
pub(crate) fn rounds() -> usize {
    let asked = std::env::var("EGOI_BENCH_ROUNDS").ok().map(|rounds| rounds.parse().unwrap());
    if is_short() { 1 } else { asked.unwrap_or(15) }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}
