//! The engine in memory: how many lifecycles a second, how many bytes a pending request, how long clean-up holds a call up.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

mod rounds;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use egoi_verify::store::MemoryStore;
use egoi_verify::{
    Engine, EngineOptions, OutgoingSms, PhoneNumber, RequestOptions, SendError, Store, TestClock, ValidateOptions,
};
use rounds::{Cost, processor_ns};
use tokio::runtime::{Builder, Runtime};

fn main() {
    rounds::stay_on(0);
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    // First, while no memory was freed that it could use again.
    hold(&runtime);
    live(&runtime);
}

/// So many numbers, all different.
fn numbers(count: usize) -> Vec<PhoneNumber> {
    (0..count).map(|i| PhoneNumber::parse(&format!("+35191{i:07}")).unwrap()).collect()
}

async fn drop_sms(_: OutgoingSms) -> Result<(), SendError> {
    Ok(())
}

// Lifecycles: a request and the validation of its code.

/// What the engine's SMS end up in: the latest code, which begins the default message.
#[derive(Clone, Default)]
struct Phone(Arc<Mutex<[u8; 6]>>);

impl Phone {
    fn engine(&self, options: EngineOptions) -> Engine {
        let phone = self.clone();
        let send = move |sms: OutgoingSms| {
            phone.0.lock().unwrap().copy_from_slice(&sms.text.as_bytes()[..6]);
            std::future::ready(Ok::<(), SendError>(()))
        };
        Engine::new(send, options).unwrap()
    }
}

fn live(runtime: &Runtime) {
    let count = rounds::scaled(100_000);
    let numbers = numbers(count);
    let written: Vec<String> = numbers.iter().map(|number| number.e164()).collect();
    let floor = || Cost::of(count, || in_a_map(count));
    // A new engine each round: a finished request is kept for a day, and memory is not without end.
    let engine_round = |options: EngineOptions, checks_number: bool| {
        let phone = Phone::default();
        let engine = phone.engine(options);
        Cost::of(count, || runtime.block_on(lifecycles(&engine, &phone, &numbers, checks_number.then_some(&written))))
    };
    let all_on = || EngineOptions::default().countries(["PT"]);

    rounds::head("Lifecycles on one processor, each a request to a parsed number and the validation of its code");
    let costs = [
        rounds::compare(
            "limits off",
            vec![
                ("Engine", Box::new(|| engine_round(EngineOptions::default().without_limits(), false))),
                ("a HashMap alone", Box::new(floor)),
            ],
        ),
        rounds::compare(
            "all limits on",
            vec![("Engine", Box::new(|| engine_round(all_on(), false))), ("a HashMap alone", Box::new(floor))],
        ),
        rounds::compare(
            "limits on, and the number compared",
            vec![("Engine", Box::new(|| engine_round(all_on(), true))), ("a HashMap alone", Box::new(floor))],
        ),
    ];
    println!("\nLifecycles a second of time, and of processor time (goal: 250000 with the limits off)");
    for (what, cost) in ["limits off", "limits on", "limits on and the number compared"].iter().zip(costs) {
        println!("- {what}: {:.0}, {:.0}", 1e9 / cost.time, 1e9 / cost.processor);
    }
}

async fn lifecycles(engine: &Engine, phone: &Phone, numbers: &[PhoneNumber], written: Option<&Vec<String>>) {
    for (i, number) in numbers.iter().enumerate() {
        let made = engine.request_to(*number, RequestOptions::default()).await.unwrap();
        let code = *phone.0.lock().unwrap();
        let options =
            written.map_or_else(ValidateOptions::default, |all| ValidateOptions::default().number(all[i].as_str()));
        let outcome = engine.validate(&made.id, std::str::from_utf8(&code).unwrap(), options).await.unwrap();
        assert!(outcome.is_verified());
    }
}

/// The least that keeps a code by an id and uses it up: no randomness, no digest, no lock, no expiry.
fn in_a_map(count: usize) {
    let mut held: HashMap<u128, (String, bool)> = HashMap::new();
    for id in 0..count as u128 {
        held.insert(black_box(id), (format!("{:06}", id % 1_000_000), false));
        let (code, used) = held.get_mut(&id).unwrap();
        *used = black_box(code.as_str()) != "no code";
        assert!(*used);
    }
    black_box(held);
}

// A million pending

fn hold(runtime: &Runtime) {
    let count = rounds::scaled(1_000_000);
    let numbers = numbers(count);

    println!(
        "\nBytes a pending request, {count} of them, by what the process takes from the system (goal: at most 400)"
    );
    let (unlimited, _, _) = engine(EngineOptions::default().without_limits());
    let mut took = vec![(1, 1); count];
    let taken = taken_by(|| runtime.block_on(request_all(&unlimited, &numbers, &mut took)));
    report_bytes("limits off", taken, count);
    // Both are held at once, or the second would use the first one's memory again.
    let (limited, store, clock) = engine(EngineOptions::default());
    let taken = taken_by(|| runtime.block_on(request_all(&limited, &numbers, &mut took)));
    report_bytes("all limits on, a number each", taken, count);
    drop(unlimited);

    println!("\nHow long a request takes, all limits on (goal: none longer than 5 ms)\n");
    println!("| while | median | 99.99 % | longest | longest in processor time | held after |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let mut longest = vec![report("the store fills", &took, &store)];
    rounds::figure(&format!("longest of {count}, filling"), "time", "ns", &longest);
    longest.clear();
    for _ in 0..rounds::rounds().min(5) {
        // The validity, and how long finished requests are kept.
        clock.advance(Duration::from_secs(600 + 24 * 60 * 60));
        runtime.block_on(request_all(&limited, &numbers, &mut took));
        longest.push(report(&format!("{count} expired ones are cleaned up"), &took, &store));
    }
    rounds::figure(&format!("longest of {count}, cleaning up"), "time", "ns", &longest);
}

fn report_bytes(what: &str, taken: u64, count: usize) {
    println!("- {what}: {}", taken / count as u64);
    rounds::figure(&format!("a pending request, {what}"), "memory", "bytes", &[taken as f64 / count as f64]);
}

fn engine(options: EngineOptions) -> (Engine, Arc<MemoryStore>, Arc<TestClock>) {
    let clock = Arc::new(TestClock::default());
    let store = Arc::new(MemoryStore::with_clock(10_000_000, clock.clone()));
    let engine = Engine::new(drop_sms, options.store(Store::custom(store.clone()).key([7; 32]))).unwrap();
    (engine, store, clock)
}

/// Requests one for each, and notes how many nanoseconds each took: on the clock, and in processor time.
async fn request_all(engine: &Engine, numbers: &[PhoneNumber], took: &mut [(u32, u32)]) {
    for (number, took) in numbers.iter().zip(took) {
        let (started, processor) = (Instant::now(), processor_ns());
        engine.request_to(*number, RequestOptions::default()).await.unwrap();
        let processor = processor_ns() - processor;
        *took = (clipped(started.elapsed().as_nanos()), clipped(processor.into()));
    }
}

fn clipped(ns: u128) -> u32 {
    u32::try_from(ns).unwrap_or(u32::MAX)
}

/// Prints a row, and gives back how many nanoseconds the longest took.
fn report(during: &str, took: &[(u32, u32)], store: &MemoryStore) -> f64 {
    let of_processor = took.iter().map(|(_, processor)| *processor).max().unwrap();
    let mut times: Vec<u32> = took.iter().map(|(time, _)| *time).collect();
    times.sort_unstable();
    let at = |share: f64| rounds::duration(times[((times.len() - 1) as f64 * share) as usize].into());
    let processor = rounds::duration(of_processor.into());
    println!("| {during} | {} | {} | {} | {processor} | {} |", at(0.5), at(0.9999), at(1.0), store.held());
    times[times.len() - 1].into()
}

/// By how much the process's resident memory grows.
fn taken_by(work: impl FnOnce()) -> u64 {
    let before = resident();
    work();
    resident().saturating_sub(before)
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux system");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
