//! The fault table and random runs, against the Rust library. The runners of the other languages do the same.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/client.rs"]
mod client;
#[path = "../../../core/tests/support/soak.rs"]
mod soak;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use client::{Opened, Seen, ask, call};
use egoi_verify::{Client, Error, Reason};
use futures_util::StreamExt as _;
use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use tokio::runtime::{Handle, Runtime};

#[derive(Deserialize)]
struct Table {
    key: String,
    number: String,
    code: String,
    id: String,
    timeout: f64,
    calls: BTreeMap<String, Call>,
    groups: BTreeMap<String, Vec<String>>,
    patterns: BTreeMap<String, Vec<Expectation>>,
    faults: Vec<Fault>,
}

#[derive(Deserialize)]
struct Call {
    api: String,
    verb: String,
    gives: Option<String>,
}

#[derive(Deserialize)]
struct Fault {
    name: String,
    timeout: Option<f64>,
    connect_timeout: Option<f64>,
    code: Option<String>,
    http_status: Option<u16>,
    retry_after: Option<(f64, f64)>,
    reason: Option<String>,
    #[serde(default)]
    says: Vec<String>,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    Pattern(String),
    These(Vec<Expectation>),
}

#[derive(Deserialize)]
struct Expectation {
    of: Vec<String>,
    /// Absent where it stands at the fault, null where the call succeeds.
    #[serde(default, deserialize_with = "given")]
    code: Option<Option<String>>,
    #[serde(default)]
    sms: bool,
    #[serde(default)]
    safe: bool,
    tries: u32,
    gives: Option<String>,
}

fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

struct Row {
    fault: &'static Fault,
    expectation: &'static Expectation,
    name: &'static str,
    call: &'static Call,
}

fn rows(table: &'static Table) -> Vec<Row> {
    let mut rows = Vec::new();
    for fault in &table.faults {
        let expectations = match &fault.expect {
            Expected::Pattern(name) => &table.patterns[name],
            Expected::These(these) => these,
        };
        for expectation in expectations {
            let groups = expectation
                .of
                .iter()
                .flat_map(|of| table.groups.get(of).map_or(std::slice::from_ref(of), |names| names));
            rows.extend(groups.map(|name| Row { fault, expectation, name, call: &table.calls[name] }));
        }
    }
    rows
}

fn assert_same<T: PartialEq + std::fmt::Debug>(what: &str, is: T, should: T) -> Result<(), Failed> {
    if is == should { Ok(()) } else { Err(format!("{what} is {is:?}, not {should:?}").into()) }
}

async fn play(table: &'static Table, row: &Row) -> Result<(), Failed> {
    let Row { fault, expectation, name, call: of } = row;
    let opened: Opened = ask("/open", &[("fault", &fault.name), ("call", name)]);
    let mut options = opened.options(&table.key, &of.api, fault.timeout.unwrap_or(table.timeout));
    if let Some(seconds) = fault.connect_timeout {
        options = options.connect_timeout(Duration::from_secs_f64(seconds));
    }
    let done = call(&Client::new(options).unwrap(), &of.verb, &table.number, &table.id, &table.code).await;
    let seen = opened.seen();
    match (&done, expectation.code.as_ref().unwrap_or(&fault.code)) {
        (Ok((word, _)), None) => {
            assert_same("what it gives", Some(word), expectation.gives.as_ref().or(of.gives.as_ref()))?
        }
        (Err(error), Some(code)) => assert_error(table, row, error, code)?,
        (done, code) => return Err(format!("{done:?}, expected the code {code:?}").into()),
    }
    assert_same("how often it was tried", seen.tries, expectation.tries)?;
    assert_never(&of.verb, &done, &seen).map_err(Into::into)
}

fn assert_error(table: &Table, row: &Row, error: &Error, code: &str) -> Result<(), Failed> {
    let Row { fault, expectation, call: of, .. } = row;
    assert_same("code", error.code().as_str(), code)?;
    assert_same("http_status", error.http_status(), fault.http_status)?;
    assert_same("reason", error.reason().map(Reason::as_str), fault.reason.as_deref())?;
    let unsaid: Vec<_> = fault.says.iter().filter(|words| !error.detail().contains(*words)).collect();
    assert_same(&format!("what `{}` does not say", error.detail()), unsaid, Vec::new())?;
    assert_same("sms_possibly_sent", error.sms_possibly_sent(), expectation.sms)?;
    assert_same("retry_is_safe", error.retry_is_safe(), expectation.safe)?;
    let after = error.retry_after().map(|after| after.as_secs_f64());
    let is_right = match (after, fault.retry_after) {
        (Some(after), Some((from, to))) => (from..=to).contains(&after),
        (after, range) => after.is_none() && range.is_none(),
    };
    assert_same("whether retry_after is right", is_right, true)?;
    let has_id = !matches!(of.verb.as_str(), "request" | "ping" | "senders");
    assert_same("request_id", error.request_id(), has_id.then_some(table.id.as_str()))?;
    let printed = format!("{error} {error:?}");
    let shown: Vec<_> =
        [&table.key, &table.code, &table.number].into_iter().filter(|secret| printed.contains(*secret)).collect();
    assert_same("what is shown of the secrets", shown, Vec::new())
}

/// What must never be, whatever happened.
fn assert_never(verb: &str, done: &Result<(String, Option<String>), Error>, seen: &Seen) -> Result<(), String> {
    let denied = matches!(done, Err(error) if !error.sms_possibly_sent()) && seen.sms > 0;
    let says = matches!(verb, "validate" | "get");
    let believed = says && matches!(done, Ok((word, _)) if word == "verified") && seen.verified == 0;
    let faults = [
        (seen.sms > 1, "more than one SMS"),
        (seen.submits > 1, "a code submitted twice"),
        (denied, "an SMS that was denied"),
        (believed, "verified without the service's word"),
    ];
    match faults.into_iter().find(|(is_so, _)| *is_so) {
        Some((_, fault)) => Err(format!("{fault}: {done:?}, {seen:?}")),
        None => Ok(()),
    }
}

/// Makes the calls that this seed draws.
async fn run(table: &'static Table, seed: u64) -> Result<usize, String> {
    let opened: Opened = ask("/open", &[("seed", &seed.to_string())]);
    let client = Client::new(opened.options(&table.key, &opened.api, 0.5)).unwrap();
    let mut id = table.id.clone();
    for (at, planned) in opened.calls.iter().enumerate() {
        let code = planned.code.as_deref().unwrap_or_default();
        let done = call(&client, &planned.verb, &table.number, &id, code).await;
        let fault_of = |fault| format!("seed {seed}, call {at}, {}: {fault}", planned.verb);
        assert_never(&planned.verb, &done, &opened.seen()).map_err(fault_of)?;
        if let Ok((word, made)) = done {
            if word == "verified" && code != table.code && planned.verb == "validate" {
                return Err(fault_of("a wrong code was verified".to_owned()));
            }
            id = made.unwrap_or(id);
        }
    }
    Ok(opened.calls.len())
}

fn random_runs(table: &'static Table, runtime: &Handle) -> Result<(), Failed> {
    let count = soak::count(200, 10_000);
    let runs = futures_util::stream::iter(0..count).map(|seed| run(table, seed)).buffer_unordered(32);
    let done: Vec<_> = runtime.block_on(runs.collect());
    let faults: Vec<String> = done.into_iter().filter_map(Result::err).collect();
    assert_same("what went wrong", faults, Vec::new())
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.quiet |= arguments.format.is_none();
    // Most of the time is waiting.
    arguments.test_threads.get_or_insert(64);
    let table: &Table = Box::leak(Box::new(serde_json::from_str(include_str!("../../faults/faults.json")).unwrap()));
    let runtime = Runtime::new().unwrap();
    let trial = |row: Row| {
        let runtime = runtime.handle().clone();
        Trial::test(format!("{}: {}", row.fault.name, row.name), move || runtime.block_on(play(table, &row)))
    };
    let mut trials: Vec<Trial> = rows(table).into_iter().map(trial).collect();
    let handle = runtime.handle().clone();
    trials.push(Trial::test("random runs", move || random_runs(table, &handle)));
    libtest_mimic::run(&arguments, trials).exit_code()
}
