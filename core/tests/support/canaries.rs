//! What must never be seen, from `tests/secrets`, and the looking for it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Secrets {
    pub(crate) id: String,
    pub(crate) canaries: BTreeMap<String, Canary>,
    pub(crate) calls: Vec<String>,
    pub(crate) before_a_v2_validation: Answer,
    pub(crate) answers: Vec<Answer>,
    pub(crate) codes: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Canary {
    pub(crate) given: String,
    pub(crate) spellings: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) code: String,
    pub(crate) calls: Option<Vec<String>>,
}

impl Secrets {
    pub(crate) fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/secrets/secrets.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// A canary as a program gives it.
    pub(crate) fn given(&self, name: &str) -> &str {
        &self.canaries[name].given
    }

    /// Which canaries are in a text, in whatever case, and how they are spelled there.
    pub(crate) fn found_in(&self, text: &str) -> Vec<String> {
        let text = text.to_lowercase();
        let spellings = self.canaries.iter().flat_map(|(name, canary)| {
            canary.spellings.iter().map(move |(spelling, written)| (format!("{name}, {spelling}"), written))
        });
        spellings.filter(|(_, written)| text.contains(&written.to_lowercase())).map(|(name, _)| name).collect()
    }
}

/// Everything that was looked at.
pub(crate) struct Looked<'a> {
    secrets: &'a Secrets,
    pub(crate) texts: usize,
    found: Vec<String>,
}

impl<'a> Looked<'a> {
    pub(crate) fn new(secrets: &'a Secrets) -> Self {
        Self { secrets, texts: 0, found: Vec::new() }
    }

    pub(crate) fn at(&mut self, place: &str, text: &str) {
        assert!(!text.is_empty(), "{place}: there is nothing to look at");
        self.texts += 1;
        let found = self.secrets.found_in(text);
        if !found.is_empty() {
            self.found.push(format!("{place} shows {found:?}: {text}"));
        }
    }

    /// At what `{:?}` and `{:#?}` make of a value.
    pub(crate) fn at_value(&mut self, place: &str, value: &impl Debug) {
        self.at(place, &format!("{value:?}"));
        self.at(place, &format!("{value:#?}"));
    }

    /// At an error with everything below it.
    pub(crate) fn at_error(&mut self, place: &str, error: &egoi_verify::Error) {
        self.at(place, error.detail());
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = next {
            self.at(place, &error.to_string());
            self.at(place, &format!("{error:?}"));
            next = error.source();
        }
    }

    /// Fails where anything was found, or where less was looked at than there is.
    #[track_caller]
    pub(crate) fn end(self, what: &str, at_least: usize) {
        use std::io::Write as _;
        assert_eq!(self.found, Vec::<String>::new());
        assert!(self.texts >= at_least, "{what}: looked at {} texts, expected {at_least} at least", self.texts);
        let _ = writeln!(std::io::stdout(), "{what}: looked at {} texts", self.texts);
    }
}
