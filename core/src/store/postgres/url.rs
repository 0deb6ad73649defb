//! What the URL of a database says, TLS included.

use std::net::IpAddr;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::tls::{self, Trust};
use crate::{Error, Reason};

/// How long making a connection may take where the URL does not say.
const CONNECT: Duration = Duration::from_millis(3100);

/// A database, and how to speak to it.
pub(super) struct Database {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
}

/// `postgres://USER:PASSWORD@HOST:PORT/DATABASE?…` as libpq has it. TLS is required but to this machine, where it is off,
/// unless `sslmode` says otherwise; its certificate is always checked, against the bundled roots or those of the file
/// `sslrootcert`.
pub(super) fn parse(url: &str) -> Result<Database, Error> {
    // The cause is not passed on: it may repeat a part of the URL.
    let refuse = |_| {
        Error::invalid_input(
            "store",
            Reason::Malformed,
            "is not a URL of PostgreSQL, must be `postgres://USER:PASSWORD@HOST:PORT/DATABASE`",
        )
    };
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut mode = None;
    let mut roots = Vec::new();
    let mut others = Vec::new();
    for option in query.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("sslmode", given)) => mode = Some(ssl_mode(given)?),
            Some(("sslrootcert", path)) => roots = certificates(path)?,
            _ => others.push(option),
        }
    }
    let mut config: Config = format!("{base}?{}", others.join("&")).parse().map_err(refuse)?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(Error::invalid_input(
            "store",
            Reason::Missing,
            "names no host, must be `postgres://USER:PASSWORD@HOST:PORT/DATABASE`",
        ));
    }
    let is_here = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    config.ssl_mode(mode.unwrap_or(if is_here { SslMode::Disable } else { SslMode::Require }));
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_application_name().is_none() {
        config.application_name("egoi-verify");
    }
    let tls = MakeRustlsConnect::new(tls::config(Trust::Bundled, &roots, &[])?);
    Ok(Database { config, tls })
}

fn ssl_mode(given: &str) -> Result<SslMode, Error> {
    match given {
        "disable" => Ok(SslMode::Disable),
        "prefer" => Ok(SslMode::Prefer),
        "require" | "verify-ca" | "verify-full" => Ok(SslMode::Require),
        _ => Err(Error::invalid_input(
            "store",
            Reason::UnknownValue,
            "has an unknown `sslmode`, must be `disable`, `prefer`, `require`, `verify-ca` or `verify-full`",
        )),
    }
}

fn certificates(path: &str) -> Result<Vec<u8>, Error> {
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let pem = std::fs::read(&*path).map_err(|error| {
        Error::invalid_input("store", Reason::Unreadable, "names a file as `sslrootcert` that cannot be read")
            .with_cause(error)
    })?;
    if CertificateDer::pem_slice_iter(&pem).next().is_none_or(|first| first.is_err()) {
        return Err(Error::invalid_input(
            "store",
            Reason::Malformed,
            "names a file as `sslrootcert` that has no certificate in PEM",
        ));
    }
    Ok(pem)
}
