//! Synthetic SMS pumping, replayed on a moved clock: how many SMS each pattern gets through the limits that are on by default, and
//! through those that `docs/fraud.md` recommends.
//!
//! `EGOI_SOAK=1` replays all ten thousand, and compares the table with the page's; `EGOI_WRITE=1` writes it there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    pub(crate) mod soak;
}

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use egoi_verify::{
    Accept, Engine, EngineOptions, ErrorCode, OutgoingSms, PrefixQuota, Quota, RequestOptions, SendError, TestClock,
};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use support::soak;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What the page recommends.
fn recommended() -> EngineOptions {
    EngineOptions::default()
        .sms_per_client(Some(Quota { limit: 5, per: DAY }))
        .wrong_codes_per_client(Some(Quota { limit: 20, per: DAY }))
        .sms_per_prefix(Some(PrefixQuota { limit: 20, per: DAY, last_digits: 4 }))
}

/// A way to pump: what it is called, and what it asks for.
struct Pattern {
    name: &'static str,
    how: &'static str,
    asks: fn(&mut SmallRng) -> Vec<Ask>,
}

/// So long after the one before, this client asks for an SMS to this number.
struct Ask {
    after: Duration,
    client: u32,
    number: String,
}

const PATTERNS: [Pattern; 4] = [
    Pattern {
        name: "one prefix",
        how: "200 to 600 requests in an hour, by 1 to 20 clients, to the 10,000 numbers of one prefix, one after the other",
        asks: |random| {
            let (prefix, clients) = (prefix(random), random.random_range(1..=20));
            let first = random.random_range(0..10_000);
            asks(random, 200..=600, 3600, clients, move |_, i| format!("{prefix}{:04}", (first + i) % 10_000))
        },
    },
    Pattern {
        name: "one country",
        how: "200 to 600 requests in a day, by 1 to 100 clients, to numbers drawn from a million of one country",
        asks: |random| {
            let (operator, clients) = (random.random_range(910..970), random.random_range(1..=100));
            asks(random, 200..=600, 24 * 3600, clients, move |random, _| {
                format!("+351{operator}{:06}", random.random_range(0..1_000_000))
            })
        },
    },
    Pattern {
        name: "many clients",
        how: "200 to 600 requests in a day, each by a client of its own, to the 10,000 numbers of one prefix",
        asks: |random| {
            let prefix = prefix(random);
            asks(random, 200..=600, 24 * 3600, u32::MAX, move |random, _| {
                format!("{prefix}{:04}", random.random_range(0..10_000))
            })
        },
    },
    Pattern {
        name: "slow drip",
        how: "200 to 2,000 requests in 30 days, by 1 to 50 clients, to the 10,000 numbers of one prefix",
        asks: |random| {
            let (prefix, clients) = (prefix(random), random.random_range(1..=50));
            asks(random, 200..=2_000, 30 * 24 * 3600, clients, move |random, _| {
                format!("{prefix}{:04}", random.random_range(0..10_000))
            })
        },
    },
];

fn prefix(random: &mut SmallRng) -> String {
    format!("+351{}", random.random_range(91_000..97_000))
}

fn asks(
    random: &mut SmallRng,
    requests: RangeInclusive<u64>,
    seconds: u64,
    clients: u32,
    mut number: impl FnMut(&mut SmallRng, u64) -> String,
) -> Vec<Ask> {
    let requests = random.random_range(requests);
    let pause = seconds * 1000 / requests;
    (0..requests)
        .map(|i| Ask {
            after: Duration::from_millis(random.random_range(0..=2 * pause)),
            client: random.random_range(0..clients),
            number: number(random, i),
        })
        .collect()
}

/// How many SMS get through, and which limits were in the way.
async fn replay(options: EngineOptions, asks: &[Ask]) -> (u64, BTreeSet<&'static str>) {
    let clock = Arc::new(TestClock::default());
    clock.freeze(true);
    let send = |_: OutgoingSms| std::future::ready(Ok::<(), SendError>(()));
    // The ranges are drawn: not each of them is in use.
    let options = options.accept(Accept::Possible).clock(Arc::clone(&clock) as _);
    let engine = Engine::new(send, options).unwrap();
    let (mut through, mut limits) = (0, BTreeSet::new());
    for Ask { after, client, number } in asks {
        clock.advance(*after);
        match engine.request(number, RequestOptions::default().client(client.to_string())).await {
            Ok(_) => through += 1,
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::RateLimited, "{error}");
                limits.insert(error.limit().unwrap());
            }
        }
    }
    (through, limits)
}

fn median(mut counts: Vec<u64>) -> u64 {
    counts.sort_unstable();
    counts[counts.len() / 2]
}

#[tokio::test]
async fn the_recommended_limits_stop_what_the_defaults_let_through() {
    let each = soak::count(20, 10_000) / PATTERNS.len() as u64;
    let mut table = String::from(
        "| pattern | requests | SMS with the defaults | SMS with the recommended limits | at most | what stops it |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for (which, pattern) in PATTERNS.iter().enumerate() {
        let (mut requests, mut by_default, mut as_recommended) = (Vec::new(), Vec::new(), Vec::new());
        let mut limits = BTreeSet::new();
        for i in 0..each {
            let random = &mut SmallRng::seed_from_u64(which as u64 * 1_000_000 + i);
            let asks = (pattern.asks)(random);
            let (default, _) = replay(EngineOptions::default(), &asks).await;
            let (recommended, stopped_by) = replay(recommended(), &asks).await;
            assert!(recommended <= default, "{}, {i}: {recommended} SMS, {default} by default", pattern.name);
            requests.push(asks.len() as u64);
            by_default.push(default);
            as_recommended.push(recommended);
            limits.extend(stopped_by);
        }
        let largest = as_recommended.iter().max().unwrap();
        let limits: Vec<_> = limits.iter().map(|limit| format!("`{limit}`")).collect();
        writeln!(
            table,
            "| **{}**: {} | {} | {} | {} | {largest} | {} |",
            pattern.name,
            pattern.how,
            median(requests),
            median(by_default.clone()),
            median(as_recommended.clone()),
            limits.join(", "),
        )
        .unwrap();
        // The defaults know nothing but numbers, and such patterns seldom ask for one twice.
        assert!(
            as_recommended.iter().sum::<u64>() * 5 < by_default.iter().sum::<u64>() * 4,
            "{}\n{table}",
            pattern.name
        );
    }
    if each * PATTERNS.len() as u64 == 10_000 {
        is_in_the_page(&table);
    }
}

fn is_in_the_page(table: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/fraud.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once("<!-- replayed -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    let with_table = format!("{before}<!-- replayed -->\n\n{table}\n<!-- end -->{after}");
    if std::env::var_os("EGOI_WRITE").is_some_and(|set| set == "1") {
        std::fs::write(page, with_table).unwrap();
    } else {
        assert_eq!(text, with_table, "the table is another: write it by `make pumping`");
    }
}
