//! A verification service for tests of clients in any language. It does what the wire contract says but for the faults of
//! `tests/faults/faults.json`, each of which it plays where it is asked to, and it counts what it saw and the SMS that it
//! would have sent.
//!
//! Its first line on standard output is `{"url":…}`; it ends with its standard input. Below that URL,
//! `GET /open?fault=NAME&call=CALL` gives the `base_url` of a client that meets that fault in that call (with
//! `ca_certificates` where it is HTTPS), `GET /open?seed=N` one that may meet any, with the `api` and the `calls` to make,
//! `GET /open?toxics=NAME` one that comes through toxiproxy with the toxics of `tests/faults/toxics.json`, if the path of that
//! program was given, and `GET /open` one that meets nothing. Each has an `id`, with which `GET /seen?id=ID` says what the service saw since it was
//! last asked, and `GET /sms?id=ID` what it was asked to send by E-goi's SMS call.

mod http;
mod service;
mod session;
mod socks;
mod steps;
mod table;
mod tls;
mod toxics;
mod world;

use std::error::Error;
use std::io::Write as _;

use tokio::io::AsyncReadExt as _;

use service::Service;

// One thread, so that what a client sent before it asked has been read when it is answered.
#[tokio::main(flavor = "local")]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = Service::start(std::env::args().nth(1)).await?;
    writeln!(std::io::stdout(), "{}", serde_json::json!({"url": service.url()}))?;
    let mut input = tokio::io::stdin();
    while input.read(&mut [0; 64]).await? > 0 {}
    service.end().await?;
    // A thread still waits in that read where it did not end by itself.
    std::process::exit(0)
}
