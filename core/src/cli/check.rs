//! Checks everything that a verification needs.

use egoi_verify::{CallOptions, Error, SenderInfo};
use serde::Serialize;

use super::connection::Connection;
use super::exit::Exit;
use super::output::Output;

#[derive(Serialize)]
struct Checked<'a> {
    service: &'static str,
    key: &'static str,
    senders: Vec<Listed<'a>>,
    /// Whether `EGOI_SENDER` is one of the senders, if it is set.
    sender_is_listed: Option<bool>,
}

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    name: Option<&'a str>,
    number: Option<&'a str>,
    status: Option<&'a str>,
}

pub(crate) async fn run(output: &Output, connection: &Connection) -> Result<Exit, Error> {
    let connected = connection.connect()?;
    connected.client.ping(CallOptions::default()).await?;
    let senders = connected.client.senders(CallOptions::default()).await?;
    let ours = connected.sender.as_deref();
    let checked = Checked {
        service: "up",
        key: "good",
        sender_is_listed: ours.map(|ours| senders.iter().any(|sender| sender.id == ours)),
        senders: senders.iter().map(listed).collect(),
    };
    output.result(&checked, || in_words(&checked, ours))?;
    Ok(Exit::Done)
}

fn listed(sender: &SenderInfo) -> Listed<'_> {
    Listed {
        id: &sender.id,
        name: sender.name.as_deref(),
        number: sender.number.as_deref(),
        status: sender.status.as_deref(),
    }
}

fn in_words(checked: &Checked<'_>, ours: Option<&str>) -> String {
    let mut lines = vec!["service  up".to_owned(), "key      good".to_owned()];
    let width = |of: fn(&Listed<'_>) -> usize| checked.senders.iter().map(of).max().unwrap_or(0);
    let (ids, names) = (width(|sender| sender.id.len()), width(|sender| words(sender).chars().count()));
    for (place, sender) in checked.senders.iter().enumerate() {
        let title = if place == 0 { "senders" } else { "" };
        let mark = if Some(sender.id) == ours { "← EGOI_SENDER" } else { "" };
        let line = format!("{title:7}  {:ids$}  {:names$}  {mark}", sender.id, words(sender));
        lines.push(line.trim_end().to_owned());
    }
    if checked.senders.is_empty() {
        lines.push("senders  no sender: add one in E-goi, because a request needs it".to_owned());
    }
    match (ours, checked.sender_is_listed) {
        (Some(ours), Some(false)) => lines.push(format!("EGOI_SENDER is {ours}, which is not one of them")),
        (None, _) => lines.push("EGOI_SENDER is not set: a request needs the id of one of them".to_owned()),
        _ => {}
    }
    lines.join("\n")
}

fn words(sender: &Listed<'_>) -> String {
    [sender.name, sender.number, sender.status].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
