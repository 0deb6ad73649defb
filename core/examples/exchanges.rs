//! The core's own client for `python/benches`, spoken to as `client.py` there: `exchanges JOB URL AUTHORITY AT_ONCE`.
//! For each number on its input it does that many jobs, and prints what they took in ns: time, and processor time.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::hint::black_box;
use std::io::stdin;
use std::ops::Range;
use std::time::Instant;

use egoi_verify::{CallOptions, Client, ClientOptions, ValidateOptions};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const KEY: &str = "0123456789abcdef0123456789abcdef01234567";
const CODE: &str = "123456";
const NUMBER: &str = "351-910000000";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [job, url, authority, at_once] = arguments.as_slice() else { return Err("JOB URL AUTHORITY AT_ONCE".into()) };
    let (validates, at_once) = (job == "validate", at_once.parse()?);
    let mut options = ClientOptions::new(KEY, "1234").base_url(url);
    if url.starts_with("https:") {
        options = options.ca_certificates(std::fs::read(authority)?);
    }
    let client = Client::new(options)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut done = 0;
    for line in stdin().lines() {
        let each = line?.parse::<usize>()? / at_once;
        run(&runtime, &client, validates, at_once, done..done + 2)?;
        done += 2;
        let (started, processor) = (Instant::now(), processor_ns());
        run(&runtime, &client, validates, at_once, done..done + each)?;
        done += each;
        println!("{} {}", started.elapsed().as_nanos(), processor_ns() - processor);
    }
    Ok(())
}

fn run(
    runtime: &Runtime,
    client: &Client,
    validates: bool,
    at_once: usize,
    each: Range<usize>,
) -> Result<(), Box<dyn Error>> {
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for i in 0..at_once {
            let (client, each) = (client.clone(), each.clone());
            tasks.spawn(async move {
                for job in each {
                    // No client takes a request for verified twice.
                    let id = format!("{:032x}", if validates { job * at_once + i } else { i });
                    if validates {
                        let outcome = client.validate(&id, CODE, ValidateOptions::default().number(NUMBER)).await?;
                        assert!(outcome.is_verified());
                    } else {
                        black_box(client.get(&id, CallOptions::default()).await?);
                    }
                }
                Ok::<(), egoi_verify::Error>(())
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok(())
    })
}

/// The process's processor time so far.
fn processor_ns() -> i64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec * 1_000_000_000 + spent.tv_nsec
}
