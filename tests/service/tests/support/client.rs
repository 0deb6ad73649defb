//! A client of the scripted service, and what the service says of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use egoi_verify::{Api, CallOptions, Client, ClientOptions, Error, RequestOptions, ValidateOptions};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The program, which ends with its standard input: that is, with this process.
struct Program {
    address: String,
    _process: Child,
    _input: ChildStdin,
}

fn program() -> &'static Program {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        #[derive(Deserialize)]
        struct First {
            url: String,
        }
        let mut process = Command::new(env!("CARGO_BIN_EXE_scripted-service"))
            .args(Toxiproxy::is_here().then_some(Toxiproxy::PROGRAM))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let First { url } = serde_json::from_str(&first).unwrap();
        let address = url.trim_start_matches("http://").to_owned();
        Program { address, _input: process.stdin.take().unwrap(), _process: process }
    })
}

/// The program that `make test-programs` builds.
pub(crate) struct Toxiproxy;

impl Toxiproxy {
    const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../bin/toxiproxy-server");

    pub(crate) fn is_here() -> bool {
        std::path::Path::new(Self::PROGRAM).exists()
    }
}

/// The response of the service below its URL.
pub(crate) fn ask<T: DeserializeOwned>(path: &str, query: &[(&str, &str)]) -> T {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let mut stream = TcpStream::connect(&program().address).unwrap();
    write!(stream, "GET {path}?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{path}?{query}: {response}");
    serde_json::from_str(body).unwrap()
}

#[derive(Debug, Deserialize)]
pub(crate) struct Opened {
    pub(crate) id: u64,
    pub(crate) base_url: String,
    pub(crate) ca_certificates: Option<String>,
    pub(crate) proxy: Option<String>,
    /// Where calls are drawn: over which version, and which.
    #[serde(default)]
    pub(crate) api: String,
    #[serde(default)]
    pub(crate) calls: Vec<Planned>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Planned {
    pub(crate) verb: String,
    pub(crate) code: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Seen {
    pub(crate) tries: u32,
    pub(crate) submits: u32,
    pub(crate) sms: u32,
    pub(crate) verified: u32,
}

impl Opened {
    pub(crate) fn options(&self, key: &str, api: &str, timeout: f64) -> ClientOptions {
        let api = if api == "v1" { Api::V1 } else { Api::V2 };
        let options = ClientOptions::new(key, "1234").api(api).base_url(self.base_url.as_str());
        let mut options = options.timeout(Duration::from_secs_f64(timeout));
        if let Some(proxy) = &self.proxy {
            options = options.proxy(proxy.as_str()).allow_http(true);
        }
        match &self.ca_certificates {
            Some(pem) => options.ca_certificates(pem.as_bytes()),
            None => options,
        }
    }

    /// What the service saw since it was last asked.
    pub(crate) fn seen(&self) -> Seen {
        ask("/seen", &[("id", &self.id.to_string())])
    }
}

/// Makes a call, and gives its outcome in a word; a request's id comes with it.
pub(crate) async fn call(
    client: &Client,
    verb: &str,
    number: &str,
    id: &str,
    code: &str,
) -> Result<(String, Option<String>), Error> {
    let options = CallOptions::default();
    let word = match verb {
        "request" => {
            let made = client.request(number, RequestOptions::default()).await?;
            return Ok((made.state.to_string(), Some(made.id.to_string())));
        }
        "validate" => client.validate(id, code, ValidateOptions::default()).await?.to_string(),
        "cancel" => client.cancel(id, options).await?.to_string(),
        "resend" => client.resend(id, options).await?.state.to_string(),
        "get" => client.get(id, options).await?.state.to_string(),
        "ping" => client.ping(options).await.map(|()| "up".to_owned())?,
        "senders" => client.senders(options).await.map(|_| "listed".to_owned())?,
        unknown => panic!("no verb {unknown}"),
    };
    Ok((word, None))
}
