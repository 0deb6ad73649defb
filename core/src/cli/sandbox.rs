//! E-goi's interface on this machine.

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr};

use clap::Args;
use egoi_verify::{Error, ErrorCode, Sandbox, SandboxOptions};
use serde::Serialize;

use super::exit::Exit;
use super::output::{Output, table};

#[derive(Args)]
pub(crate) struct Options {
    /// The address to listen on. Other machines can reach any address but a loopback address
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port [default: a free one]
    #[arg(long)]
    port: Option<u16>,
    /// Draw the same codes in every run
    #[arg(long)]
    seed: Option<u64>,
    /// The code of every request, also if a request asks for another size [default: a random code for each request]
    #[arg(long)]
    code: Option<String>,
    /// The only key that is accepted. Do not use a real key: every process on this machine can see it [default: any]
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
    /// V2's responses to a validation have a status word
    #[arg(long)]
    v2_words: bool,
    /// The status of V2's response to a wrong code [default: 200, as published]
    #[arg(long, value_name = "STATUS", value_parser = ["200", "400"])]
    v2_wrong: Option<String>,
    /// A sender of the account, V2's id or V1's hash. Can be given several times [default: 1]
    #[arg(long = "sender", value_name = "SENDER")]
    senders: Vec<String>,
    /// Switch off the library's own limits, which E-goi does not document
    #[arg(long)]
    without_own_limits: bool,
    /// Another host name that programs may use, for example `sandbox` for http://sandbox:8080. Can be given several times
    #[arg(long = "allow-host", value_name = "NAME")]
    allow_hosts: Vec<String>,
}

pub(crate) async fn run(output: &Output, asked: Options) -> Result<Exit, Error> {
    let mut options = SandboxOptions::default()
        .host(asked.host)
        .port(asked.port.unwrap_or(0))
        .v2_words(asked.v2_words)
        .v2_wrong(if asked.v2_wrong.as_deref() == Some("400") { 400 } else { 200 })
        .own_limits(!asked.without_own_limits)
        .allow_hosts(asked.allow_hosts);
    if !asked.senders.is_empty() {
        options = options.senders(asked.senders);
    }
    if let Some(seed) = asked.seed {
        options = options.seed(seed);
    }
    if let Some(code) = asked.code {
        options = options.code(code);
    }
    let key = asked.api_key.as_deref().unwrap_or("any");
    if let Some(key) = &asked.api_key {
        options = options.api_key(key);
    }
    // Listened for before the first line is out: whoever reads that may end it at once.
    let asked_to_end = end()?;
    let sandbox = Sandbox::start(options).await?;
    let url = sandbox.url();
    if !asked.host.is_loopback() {
        let _ = writeln!(io::stderr().lock(), "egoi-verify: other machines can reach this sandbox at {url}");
    }

    #[derive(Serialize)]
    struct Started<'a> {
        url: &'a str,
    }
    output.result(&Started { url: &url }, || {
        let settings = table(&[
            ("Inbox", Some(format!("{url}/"))),
            ("V2", Some(format!("EGOI_BASE_URL={url}/api"))),
            ("V1", Some(format!("EGOI_API=v1 EGOI_BASE_URL={url}/api/public"))),
            ("Key", Some(format!("EGOI_API_KEY={key} EGOI_SENDER=1"))),
        ]);
        format!("{settings}\n\nNothing sent here leaves this machine. Ctrl-C ends it.")
    })?;
    asked_to_end.await;
    sandbox.close().await;
    Ok(Exit::Done)
}

fn cannot(error: io::Error) -> Error {
    Error::new(ErrorCode::Internal, format!("cannot listen for signals: {error}")).with_cause(error)
}

/// Resolves at Ctrl-C or SIGTERM. It listens for both as soon as this returns.
#[cfg(unix)]
fn end() -> Result<impl Future<Output = ()>, Error> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves at Ctrl-C. It listens as soon as this returns.
#[cfg(windows)]
fn end() -> Result<impl Future<Output = ()>, Error> {
    let mut interrupt = tokio::signal::windows::ctrl_c().map_err(cannot)?;
    Ok(async move {
        interrupt.recv().await;
    })
}
