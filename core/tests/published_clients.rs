//! What E-goi's published clients of V2 send, byte for byte, against the sandbox: `tests/published-clients` has the calls of
//! each, as its source says, and the types that its decoder expects in the responses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::Path;

use egoi_verify::{Sandbox, SandboxOptions};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

struct Received {
    status: u64,
    content_type: String,
    body: Value,
}

async fn send(sandbox: &Sandbox, call: &Value, fill: impl Fn(&str) -> String) -> Received {
    let text = |name: &str| fill(call[name].as_str().unwrap_or_default());
    let address = sandbox.url().trim_start_matches("http://").to_owned();
    let body = text("body");
    let mut request =
        format!("{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n", text("method"), text("path"));
    for (name, value) in call["headers"].as_object().unwrap() {
        request += &format!("{name}: {}\r\n", value.as_str().unwrap());
    }
    if call.get("body").is_some() {
        request += &format!("Content-Length: {}\r\n", body.len());
    }
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let content_type = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default();
    Received {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        content_type: content_type.to_owned(),
        body: serde_json::from_str(body).unwrap(),
    }
}

/// Whether a response has the fields of the expected type, and no other.
fn is_of(expected: &Value, given: &Value) -> bool {
    match (expected, given) {
        (Value::String(kind), given) if kind == "text" => given.is_string(),
        (Value::String(kind), given) if kind == "integer" => given.is_u64(),
        (Value::Array(each), Value::Array(list)) => !list.is_empty() && list.iter().all(|item| is_of(&each[0], item)),
        (Value::Object(fields), Value::Object(object)) => {
            fields.len() == object.len()
                && fields.iter().all(|(name, kind)| object.get(name).is_some_and(|value| is_of(kind, value)))
        }
        _ => false,
    }
}

async fn the_whole_story_of(client: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/published-clients/{client}.json"));
    let file: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let sandbox = Sandbox::start(SandboxOptions::default().api_key("key")).await.unwrap();
    let mut id = String::new();
    for call in file["calls"].as_array().unwrap() {
        // The newest message is the one of the latest resend.
        let code = sandbox.messages(None).unwrap().first().map(|message| message.code.clone()).unwrap_or_default();
        let response = send(&sandbox, call, |text| text.replace("<id>", &id).replace("<code>", &code)).await;
        let about = format!("{client}: {}: {}", call["call"], response.body);
        assert_eq!(response.status, call["status"].as_u64().unwrap(), "{about}");
        assert_eq!(response.content_type, "application/json", "{about}");
        assert!(is_of(&call["gives"], &response.body), "{about}, must be {}", call["gives"]);
        if let Some(kept) = call["keeps"].as_str() {
            id = response.body[kept].as_str().unwrap().to_owned();
        }
        if let Some(state) = call["call"].as_str().unwrap().strip_prefix("read what is ") {
            assert_eq!(response.body["status"], state, "{about}");
        }
    }
    assert_eq!(sandbox.messages(None).unwrap().len(), 4, "{client}: the requests, the resend and the SMS");
}

#[tokio::test]
async fn the_go_client_plays_the_whole_story() {
    the_whole_story_of("go").await;
}

#[tokio::test]
async fn the_java_client_plays_the_whole_story() {
    the_whole_story_of("java").await;
}

#[tokio::test]
async fn the_csharp_client_plays_the_whole_story() {
    the_whole_story_of("csharp").await;
}

#[tokio::test]
async fn the_php_client_plays_the_whole_story() {
    the_whole_story_of("php").await;
}
