//! A number in an engine's store: for a support desk, and for a person who asks you to delete their data.

use clap::Subcommand;
use egoi_verify::{CallOptions, Engine, EngineOptions, Error, OutgoingSms, Reason, SendError, Store, parse_number};
use serde::Serialize;

use super::connection::variable;
use super::exit::Exit;
use super::output::{Output, View, rfc3339};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show the requests of a number, and its default limits whose count is not zero
    Find {
        /// The number, as people write it: "+351 910 000 000"
        number: String,
    },
    /// Reset the limits of a number
    Unlock {
        /// The number
        number: String,
    },
    /// Remove everything about a number: its requests, its limits and its idempotency keys
    Erase {
        /// The number
        number: String,
    },
}

#[derive(Serialize)]
struct Found<'a> {
    number: &'a str,
    requests: Vec<View<'a>>,
    limits: Vec<Counted>,
}

#[derive(Serialize)]
struct Counted {
    limit: &'static str,
    count: u32,
    max: u32,
    ends_at: Option<String>,
}

#[derive(Serialize)]
struct Done {
    number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    erased: Option<u64>,
}

pub(crate) async fn run(output: &Output, command: Command) -> Result<Exit, Error> {
    let engine = engine()?;
    let options = CallOptions::default();
    match command {
        Command::Find { number } => {
            let record = engine.find(&number, options).await?;
            let counted = record.limits.iter().map(|limit| Counted {
                limit: limit.limit,
                count: limit.count,
                max: limit.max,
                ends_at: rfc3339(limit.ends_at),
            });
            let found = Found {
                number: &record.number,
                requests: record.requests.iter().map(View::of).collect(),
                limits: counted.collect(),
            };
            output.result(&found, || in_words(&found))?;
        }
        Command::Unlock { number } => {
            engine.unlock(&number, options).await?;
            let done = Done { number: parse_number(&number, None)?.e164(), erased: None };
            output.result(&done, || "the limits of this number are reset".to_owned())?;
        }
        Command::Erase { number } => {
            let erased = engine.erase(&number, options).await?;
            let done = Done { number: parse_number(&number, None)?.e164(), erased: Some(erased) };
            output.result(&done, || format!("everything about this number is removed, {erased} requests with it"))?;
        }
    }
    Ok(Exit::Done)
}

/// An engine on the store of the environment. It sends nothing.
fn engine() -> Result<Engine, Error> {
    let missing =
        |name| Error::invalid_input(name, Reason::Missing, "is not set; this environment variable is required");
    let url = variable("EGOI_STORE")?.ok_or_else(|| missing("EGOI_STORE"))?;
    let key = variable("EGOI_STORE_KEY")?.ok_or_else(|| missing("EGOI_STORE_KEY"))?;
    let store = Store::new(url.as_str()).key(key.as_bytes());
    let sends_nothing = |_: OutgoingSms| async { Err(SendError::NotSent("the command line sends nothing".into())) };
    Engine::new(sends_nothing, EngineOptions::default().store(store))
}

fn in_words(found: &Found<'_>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for request in &found.requests {
        let View { id, state, created_at, .. } = request;
        lines.push(format!("request  {id}  {state}  {}", created_at.as_deref().unwrap_or_default()));
    }
    for Counted { limit, count, max, ends_at } in &found.limits {
        lines.push(format!("limit    {limit}  {count} of {max}  until {}", ends_at.as_deref().unwrap_or_default()));
    }
    if lines.is_empty() { "nothing is kept of this number".to_owned() } else { lines.join("\n") }
}
