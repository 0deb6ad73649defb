//! The output of the demo.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use egoi_verify::{Error, Message};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};

use super::recorder::Exchange;
use crate::cli::output;

/// A width that every terminal has.
const WIDTH: usize = 80;
const MARGIN: &str = "     ";

/// The key of the demo. It is not a real key, and is still shown as [`MASK`].
pub(super) const KEY: &str = "1f5c9a0e7b3d48260c9e51d7a4b8f3620d5e7c19";
const MASK: &str = "********";

#[derive(Clone, Copy)]
pub(super) enum Style {
    Plain,
    Bold,
    Dim,
    Sent,
    Answered,
    Good,
    Bad,
    Phone,
}

impl Style {
    const fn escape(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "\x1b[1m",
            Self::Dim => "\x1b[2m",
            Self::Sent => "\x1b[36m",
            Self::Answered => "\x1b[35m",
            Self::Good => "\x1b[1;32m",
            Self::Bad => "\x1b[1;31m",
            Self::Phone => "\x1b[33m",
        }
    }
}

/// The output of the demo: lines on the terminal, or JSON at the end.
pub(super) struct Printer {
    json: bool,
    coloured: bool,
    /// The error of writing, if there was one.
    failed: Option<Error>,
    parts: Vec<Value>,
    steps: usize,
    exchanges: usize,
    messages: usize,
}

/// The part of an exchange that is shown.
#[derive(Clone, Copy)]
pub(super) enum Show {
    /// All of it.
    Whole,
    /// Not the request's payload, which is as before.
    SamePayload,
    /// Only the status word of the response.
    StatusWord,
}

impl Printer {
    pub(super) fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb");
        Self {
            json,
            coloured: wanted && io::stdout().is_terminal(),
            failed: None,
            parts: Vec::new(),
            steps: 0,
            exchanges: 0,
            messages: 0,
        }
    }

    fn painted(&self, style: Style, text: &str) -> String {
        match style {
            Style::Plain => text.to_owned(),
            _ if !self.coloured => text.to_owned(),
            _ => format!("{}{text}\x1b[0m", style.escape()),
        }
    }

    /// A line. The key is masked.
    fn line(&mut self, line: &str) {
        if self.json || self.failed.is_some() {
            return;
        }
        let line = format!("{}\n", line.trim_end().replace(KEY, MASK));
        self.failed = output::write(line.as_bytes()).err();
    }

    pub(super) fn gap(&mut self) {
        self.line("");
    }

    /// Text that is broken into lines.
    pub(super) fn text(&mut self, style: Style, margin: &str, text: &str) {
        for line in wrapped(text, WIDTH - margin.chars().count()) {
            let painted = self.painted(style, &line);
            self.line(&format!("{margin}{painted}"));
        }
    }

    /// The beginning of a part.
    pub(super) fn part(&mut self, name: &str, title: &str, about: &str) {
        self.steps = 0;
        self.parts.push(json!({ "api": name, "steps": [] }));
        let rule = "━".repeat(WIDTH.saturating_sub(title.chars().count() + 4));
        let line = self.painted(Style::Bold, &format!("━━ {title} {rule}"));
        self.gap();
        self.line(&line);
        self.aside(about);
    }

    fn note(&mut self, name: &str, value: Value) {
        let step = self.parts.last_mut().and_then(|part| part["steps"].as_array_mut()?.last_mut());
        match step.and_then(|step| step.get_mut(name)) {
            Some(Value::Array(list)) => list.push(value),
            Some(place) => *place = value,
            None => {}
        }
    }

    /// The beginning of a step.
    pub(super) fn step(&mut self, title: &str) {
        self.steps += 1;
        let step = json!({ "title": title, "exchanges": [], "messages": [], "meaning": null });
        if let Some(steps) = self.parts.last_mut().and_then(|part| part["steps"].as_array_mut()) {
            steps.push(step);
        }
        let title = self.painted(Style::Bold, &format!("{:>2}   {title}", self.steps));
        self.gap();
        self.line(&title);
    }

    /// The exchanges on the wire.
    pub(super) fn exchange(&mut self, exchange: &Exchange, show: Show) {
        self.exchanges += 1;
        let value = |body: &str| serde_json::from_str::<Value>(&body.replace(KEY, MASK)).unwrap_or(Value::Null);
        self.note(
            "exchanges",
            json!({
                "method": exchange.method,
                "path": exchange.path,
                "status": exchange.status,
                "request": value(&exchange.asked),
                "response": value(&exchange.response),
            }),
        );

        let arrow = self.painted(Style::Sent, "→");
        let mut line = format!("{MARGIN}{arrow} {} {}", exchange.method, exchange.path);
        if matches!(show, Show::SamePayload) {
            line.push_str(&self.painted(Style::Dim, "  the payload as before"));
        }
        self.line(&line);
        if matches!(show, Show::Whole) {
            if let Some(key) = &exchange.key {
                let header = self.painted(Style::Dim, "ApiKey:");
                self.line(&format!("{MARGIN}  {header} {key}"));
            }
            self.body(&format!("{MARGIN}  "), &exchange.asked, false);
        }
        let arrow = self.painted(Style::Answered, "←");
        let status =
            self.painted(if exchange.status < 400 { Style::Plain } else { Style::Bad }, &exchange.status.to_string());
        self.body(&format!("{MARGIN}{arrow} {status} "), &exchange.response, matches!(show, Show::StatusWord));
    }

    /// A payload after its heading: on one line, or with one line for each field if it is too long.
    fn body(&mut self, before: &str, body: &str, status_word: bool) {
        if body.is_empty() {
            return;
        }
        let masked = body.replace(KEY, MASK);
        let (open, fields, close) = match serde_json::from_str::<Ordered>(&masked) {
            Ok(Ordered(fields)) => ("{", fields, "}"),
            Err(_) => match serde_json::from_str::<[Ordered; 1]>(&masked) {
                Ok([Ordered(fields)]) => ("[{", fields, "}]"),
                Err(_) => return self.line(&format!("{before}{masked}")),
            },
        };
        if status_word && let Some((name, word)) = fields.iter().find(|(name, _)| name == "status") {
            let name = self.painted(Style::Dim, &format!("\"{name}\":"));
            let field = format!("{name} {}", self.painted(Style::Bold, word));
            return self.line(&format!("{before}{open} …, {field}, … {close}"));
        }
        let names: Vec<_> = fields.iter().map(|(name, _)| format!("\"{name}\":")).collect();
        let indent = visible(before);
        let one_line = indent
            + open.len()
            + close.len()
            + 2
            + names
                .iter()
                .zip(&fields)
                .map(|(name, (_, value))| name.chars().count() + value.chars().count() + 3)
                .sum::<usize>();
        let is_short = one_line <= WIDTH;
        let width = if is_short { 0 } else { names.iter().map(|name| name.chars().count()).max().unwrap_or(0) };
        let painted: Vec<_> = names
            .iter()
            .zip(&fields)
            .map(|(name, (_, value))| {
                let space = " ".repeat(width.saturating_sub(name.chars().count()));
                let style = if is_shown(name) { Style::Bold } else { Style::Plain };
                format!("{}{space} {}", self.painted(Style::Dim, name), self.painted(style, value))
            })
            .collect();
        let between = if is_short { ", ".to_owned() } else { format!(",\n{}", " ".repeat(indent + open.len() + 1)) };
        self.line(&format!("{before}{open} {} {close}", painted.join(&between)));
    }

    /// The SMS on its phone.
    pub(super) fn phone(&mut self, message: &Message) {
        self.messages += 1;
        self.note("messages", json!({ "number": message.number, "text": message.text, "parts": message.parts }));
        let time = message.sent_at.get(11..16).unwrap_or_default();
        let head = format!("SMS to {}", message.number);
        let mut lines = wrapped(&message.text, 44);
        let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0).max(head.len() + time.len() + 3);
        lines.insert(0, format!("{head}{time:>space$}", space = width - head.len()));
        self.line(&self.painted(Style::Phone, &format!("{MARGIN}  ╭{}╮", "─".repeat(width + 2))));
        let side = self.painted(Style::Phone, "│");
        for (place, line) in lines.iter().enumerate() {
            let space = " ".repeat(width - line.chars().count());
            let line = self.painted(if place == 0 { Style::Dim } else { Style::Bold }, line);
            self.line(&format!("{MARGIN}  {side} {line}{space} {side}"));
        }
        self.line(&self.painted(Style::Phone, &format!("{MARGIN}  ╰─◥{}╯", "─".repeat(width))));
    }

    /// The result of the step and its meaning.
    pub(super) fn meaning(&mut self, word: &str, meaning: &str) {
        self.note("meaning", json!(format!("{word}: {meaning}")));
        let head = format!("✓ {word}: ");
        let space = " ".repeat(head.chars().count());
        for (place, line) in wrapped(meaning, WIDTH - MARGIN.len() - space.len()).iter().enumerate() {
            let before = if place == 0 { self.painted(Style::Good, head.trim_end()) + " " } else { space.clone() };
            self.line(&format!("{MARGIN}{before}{line}"));
        }
    }

    /// An aside.
    pub(super) fn aside(&mut self, text: &str) {
        self.text(Style::Dim, MARGIN, text);
    }

    /// How many exchanges and messages there were.
    pub(super) const fn counted(&self) -> (usize, usize) {
        (self.exchanges, self.messages)
    }

    /// Writes the JSON, if it was asked for. Returns the error of writing, if there was one.
    pub(super) fn finish(mut self, fault: Option<&str>) -> Result<(), Error> {
        if self.json {
            let whole = json!({ "ok": fault.is_none(), "fault": fault, "parts": std::mem::take(&mut self.parts) });
            output::write(format!("{whole}\n").replace(KEY, MASK).as_bytes())?;
        }
        self.failed.map_or(Ok(()), Err)
    }
}

/// Whether the story is about this field.
fn is_shown(name: &str) -> bool {
    matches!(name, "\"code\":" | "\"status\":")
}

/// The fields of an object in the order on the wire.
struct Ordered(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Ordered;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    fields.push((name, value.to_string()));
                }
                Ok(Ordered(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// The number of visible characters, without those of the colours.
fn visible(text: &str) -> usize {
    let mut pieces = text.split('\x1b');
    let first = pieces.next().map_or(0, |piece| piece.chars().count());
    first + pieces.map(|piece| piece.split_once('m').map_or(0, |(_, seen)| seen.chars().count())).sum::<usize>()
}

/// Broken between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            }
            let _ = write!(line, "{}{word}", if line.is_empty() { "" } else { " " });
        }
        lines.push(line);
    }
    lines
}
