//! Calls through toxiproxy, under load: none outlives its deadline, and nothing is left when they are over.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/client.rs"]
#[allow(dead_code, reason = "the fault table asks for more")]
mod client;
#[path = "../../../core/tests/support/soak.rs"]
mod soak;

use std::time::{Duration, Instant};

use client::{Opened, Toxiproxy, ask, call};
use egoi_verify::Client;
use futures_util::future::join_all;
use serde::Deserialize;
use tokio::runtime::Handle;

#[derive(Deserialize)]
struct Toxics {
    at_once: usize,
    timeout: f64,
    late: f64,
    toxics: Vec<Path>,
}

#[derive(Deserialize)]
struct Path {
    name: String,
    #[serde(default)]
    fails: bool,
}

/// What grows where something is left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    threads: usize,
    tasks: usize,
}

impl Held {
    fn now() -> Self {
        Self {
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
            threads: std::fs::read_dir("/proc/self/task").unwrap().count(),
            tasks: Handle::current().metrics().num_alive_tasks(),
        }
    }

    fn is_within(self, before: Self) -> bool {
        self.descriptors <= before.descriptors && self.threads <= before.threads && self.tasks <= before.tasks
    }
}

fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * rustix::param::page_size()
}

/// How much later than that it is now.
fn late(started: Instant, timeout: Duration) -> Duration {
    started.elapsed().saturating_sub(timeout)
}

async fn load(toxics: &Toxics, path: &Path) {
    let opened: Opened = ask("/open", &[("toxics", &path.name)]);
    let client = Client::new(opened.options("key", "v2", toxics.timeout)).unwrap();
    let timeout = Duration::from_secs_f64(toxics.timeout);
    let calls = (0..toxics.at_once).map(|_| async {
        let started = Instant::now();
        (call(&client, "request", "351-910000000", "", "").await, late(started, timeout))
    });
    // What a timer of this process is late by is the machine's doing.
    let timers = (0..toxics.at_once).map(|_| async {
        let started = Instant::now();
        tokio::time::sleep(timeout).await;
        late(started, timeout)
    });
    let (calls, timers) = tokio::join!(join_all(calls), join_all(timers));
    let allowed = timers.into_iter().max().unwrap_or_default() + Duration::from_secs_f64(toxics.late);
    let latest = calls.iter().map(|(_, late)| *late).max().unwrap_or_default();
    assert!(latest <= allowed, "{}: a call was {latest:?} late, {allowed:?} are allowed", path.name);
    assert!(!path.fails || calls.iter().all(|(done, _)| done.is_err()), "{}: a call succeeded", path.name);
    let sent = calls.iter().filter(|(done, _)| done.as_ref().map_or_else(|error| error.sms_possibly_sent(), |_| true));
    let (sent, sms) = (sent.count(), opened.seen().sms as usize);
    assert!(sms <= sent, "{}: {sms} SMS, and {sent} calls that say so", path.name);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_outlives_its_deadline_and_nothing_is_left_of_them() {
    if !Toxiproxy::is_here() {
        return;
    }
    let toxics: Toxics = serde_json::from_str(include_str!("../../faults/toxics.json")).unwrap();
    let rounds = soak::count(1, 100);
    let mut before = None;
    for round in 0..=rounds {
        for path in &toxics.toxics {
            load(&toxics, path).await;
        }
        if round == 0 {
            before = Some((Held::now(), resident_bytes()));
        }
    }
    let (held, bytes) = before.unwrap();
    let quiet = async {
        while !Held::now().is_within(held) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let is_quiet = tokio::time::timeout(Duration::from_secs(10), quiet).await.is_ok();
    assert!(is_quiet, "{:?} are left, {held:?} before", Held::now());
    let grown = resident_bytes().saturating_sub(bytes);
    assert!(grown < 8 << 20, "the process grew by {grown} bytes");
}
