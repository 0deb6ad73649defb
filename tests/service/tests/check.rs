//! Every cause of the fault table that `egoi-verify check` can meet, in its own words.
#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::panic)]

#[path = "support/client.rs"]
mod client;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use client::{Opened, ask};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Table {
    key: String,
    patterns: BTreeMap<String, Vec<Expectation>>,
    groups: BTreeMap<String, Vec<String>>,
    faults: Vec<Fault>,
    environment: Vec<Environment>,
}

#[derive(Deserialize)]
struct Fault {
    name: String,
    #[serde(default)]
    timeout: Option<f64>,
    reason: Option<String>,
    #[serde(default)]
    says: Vec<String>,
    expect: Value,
}

#[derive(Deserialize)]
struct Expectation {
    of: Vec<String>,
}

#[derive(Deserialize)]
struct Environment {
    variables: BTreeMap<String, String>,
    field: String,
    reason: String,
    says: Vec<String>,
}

fn table() -> Table {
    serde_json::from_str(include_str!("../../faults/faults.json")).unwrap()
}

/// The program is another package's: `cargo test --workspace` builds it, but not where `--test` chooses this test alone.
fn check() -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_scripted-service")).with_file_name("egoi-verify");
    assert!(program.exists(), "there is no {}: `cargo build --workspace --all-features` makes it", program.display());
    let mut check = Command::new(program);
    check.args(["check", "--json"]).env("EGOI_SENDER", "1234");
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "EGOI_API"] {
        check.env_remove(name).env_remove(name.to_lowercase());
    }
    check
}

fn error(done: &Output) -> Value {
    let line: Value = serde_json::from_slice(&done.stderr).unwrap();
    line["error"].clone()
}

fn unsaid<'a>(error: &Value, says: &'a [String]) -> Vec<&'a String> {
    says.iter().filter(|words| !error["detail"].as_str().unwrap().contains(*words)).collect()
}

#[test]
fn check_tells_each_cause_and_its_remedy() {
    let table = table();
    let meets = |fault: &Fault, call: &str| {
        let expectations = match &fault.expect {
            Value::String(pattern) => table.patterns[pattern].iter().flat_map(|each| each.of.clone()).collect(),
            list => {
                let list: Vec<Expectation> = serde_json::from_value(list.clone()).unwrap();
                list.into_iter().flat_map(|each| each.of).collect::<Vec<_>>()
            }
        };
        expectations
            .iter()
            .any(|of| of == call || table.groups.get(of).is_some_and(|of| of.iter().any(|of| of == call)))
    };
    let mut played = 0;
    // `check` pings first.
    for fault in table.faults.iter().filter(|fault| !fault.says.is_empty() && meets(fault, "V2 ping")) {
        let opened: Opened = ask("/open", &[("fault", &fault.name), ("call", "V2 ping")]);
        let mut check = check();
        check.env("EGOI_API_KEY", &table.key).env("EGOI_BASE_URL", &opened.base_url).env("EGOI_ALLOW_HTTP", "1");
        check.args(["--timeout", &fault.timeout.unwrap_or(30.0).to_string()]);
        if let Some(proxy) = &opened.proxy {
            check.env("HTTPS_PROXY", proxy).env("HTTP_PROXY", proxy);
        }
        let pem = std::env::temp_dir().join(format!("egoi-check-{}.pem", std::process::id()));
        if let Some(roots) = &opened.ca_certificates {
            std::fs::write(&pem, roots).unwrap();
            check.env("SSL_CERT_FILE", &pem);
        }
        let error = error(&check.output().unwrap());
        assert_eq!(unsaid(&error, &fault.says), Vec::<&String>::new(), "{}: {error}", fault.name);
        assert_eq!(error["reason"].as_str(), fault.reason.as_deref(), "{}: {error}", fault.name);
        played += 1;
        let _ = std::fs::remove_file(pem);
    }
    assert!(played > 25, "{played}");
}

#[test]
fn check_tells_which_variable_cannot_be_used() {
    for Environment { variables, field, reason, says } in table().environment {
        let mut check = check();
        check.env("EGOI_API_KEY", "key").env("EGOI_BASE_URL", "https://127.0.0.1:9").envs(&variables);
        let error = error(&check.output().unwrap());
        assert_eq!(unsaid(&error, &says), Vec::<&String>::new(), "{error}");
        assert_eq!((&error["field"], &error["reason"]), (&Value::from(field), &Value::from(reason)));
    }
}
