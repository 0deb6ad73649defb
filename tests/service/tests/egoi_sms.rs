//! Every row of `tests/egoi-sms/egoi-sms.json`: what E-goi's own SMS call sends.
#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::panic)]

#[path = "support/client.rs"]
mod client;

use client::{Opened, ask};
use egoi_verify::binding_options::{ClientSettings, EgoiSmsSettings};
use egoi_verify::{ClientOptions, EgoiSms, Engine, EngineOptions, Error, RequestOptions};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Table {
    number: String,
    sends: Vec<Row>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    client: Value,
    sms: Value,
    message: String,
    path: String,
    body: Value,
}

#[derive(Deserialize)]
struct Refused {
    sms: Value,
    field: String,
    reason: String,
}

fn table() -> Table {
    serde_json::from_str(include_str!("../../egoi-sms/egoi-sms.json")).unwrap()
}

fn egoi_sms(client: &Value, sms: &Value, base_url: &str) -> Result<EgoiSms, Error> {
    let client: ClientSettings = serde_json::from_value(client.clone()).unwrap();
    let sms: EgoiSmsSettings = serde_json::from_value(sms.clone()).unwrap();
    sms.set(EgoiSms::new(client.set(ClientOptions::new("key", "1234").base_url(base_url))?)?)
}

#[tokio::test]
async fn an_engine_sends_what_the_table_says() {
    let table = table();
    for Row { name, client, sms, message, path, body } in table.sends {
        let opened: Opened = ask("/open", &[]);
        let gateway = egoi_sms(&client, &sms, &opened.base_url).unwrap();
        let engine = Engine::new(gateway, EngineOptions::default()).unwrap();
        engine.request(&table.number, RequestOptions::default().message(message)).await.unwrap();
        let sent: Value = ask("/sms", &[("id", &opened.id.to_string())]);
        assert_eq!(sent["sms_calls"], json!([{"path": path, "body": body}]), "{name}");
    }
}

#[test]
fn what_is_no_option_is_refused() {
    for Refused { sms, field, reason } in table().refused {
        let error = egoi_sms(&json!({}), &sms, "http://127.0.0.1:9").err().unwrap();
        assert_eq!((error.field(), error.reason().map(|reason| reason.as_str())), (Some(&*field), Some(&*reason)));
    }
}
