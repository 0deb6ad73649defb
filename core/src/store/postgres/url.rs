//! What the URL of a database says, TLS included.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, LoadBalanceHosts, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Error, Reason};
use crate::store::Store;
use crate::tls::{self, Trust};

/// How many connections a process has where neither the URL nor the store says.
const CONNECTIONS: usize = 8;
/// How long connecting to one address may take where the URL does not say.
const CONNECT: Duration = Duration::from_millis(3100);
/// What else a new connection may take: TLS, the login.
const GREETING: Duration = Duration::from_secs(2);
/// How long what was sent may stay without a sign of the other side, and how long a connection may be idle before it is
/// asked for one, where the URL does not say.
const SILENCE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(30);
const PROBE: Duration = Duration::from_secs(5);
const PROBES: u32 = 3;

/// PostgreSQL's, where the URL names none.
const PORT: u16 = 5432;

/// The options that name servers.
const PLACES: [&str; 3] = ["host", "hostaddr", "port"];
/// What tokio-postgres reads itself, beside what is read here.
const PASSED_ON: [&str; 15] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "user",
];
/// What URLs for other libraries carry. Only a name that is known is repeated: any other may be a part of a password.
const OF_OTHERS: [&str; 18] = [
    "client_encoding",
    "fallback_application_name",
    "gssencmode",
    "krbsrvname",
    "passfile",
    "pool_timeout",
    "prepareThreshold",
    "require_auth",
    "service",
    "socket_timeout",
    "ssl",
    "sslaccept",
    "sslcrl",
    "sslidentity",
    "sslnegotiation",
    "sslpassword",
    "statement_cache_size",
    "statement_timeout",
];

/// A database, and how to speak to it.
pub(super) struct Database {
    /// How to connect to each server that the URL names, in its order.
    pub(super) servers: Vec<Config>,
    /// What is tried where a login is refused, if `sslmode` leaves TLS open: with it, or without.
    pub(super) fallback: Option<SslMode>,
    /// The servers, and the addresses of each, are tried in a random order.
    pub(super) is_balanced: bool,
    pub(super) tls: MakeRustlsConnect,
    /// The schema of the tables; the first of the server's `search_path` where it is none.
    pub(super) schema: Option<String>,
    /// How many connections a process has at most.
    pub(super) connections: usize,
    /// How long making one to one address may take, and to any of the servers.
    pub(super) address_timeout: Duration,
    pub(super) connect_timeout: Duration,
    /// A pooler that gives each transaction another connection is in between.
    pub(super) is_pooled: bool,
}

fn fault(reason: Reason, fault: &str) -> Error {
    Error::invalid_input("store", reason, fault)
}

/// `postgres://USER:PASSWORD@HOST:PORT/DATABASE?…` as libpq has it. TLS is required except to this machine, where it is off,
/// unless `sslmode` says otherwise; its certificate is always checked, against the bundled roots and those of the file
/// `sslrootcert`.
pub(super) fn parse(url: &str) -> Result<Database, Error> {
    // The cause is not passed on: it may repeat a part of the URL.
    let refuse = |_| {
        fault(Reason::Malformed, "is not a URL of PostgreSQL; it must be `postgres://USER:PASSWORD@HOST:PORT/DATABASE`")
    };
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut given = Given::default();
    let mut passed_on = Vec::new();
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        if PASSED_ON.contains(&name) {
            passed_on.push(option);
            given.names.push(name);
        } else {
            let value = percent_decode_str(value)
                .decode_utf8()
                .map_err(|_| fault(Reason::Malformed, "has an option that is not UTF-8"))?;
            given.read(name, &value)?;
        }
    }
    let named: Config = format!("{base}?{}", passed_on.join("&")).parse().map_err(refuse)?;
    // tokio-postgres does not take the option `host` apart.
    let hosts = named.get_hosts().iter().flat_map(|host| match host {
        Host::Tcp(names) => names.split(',').map(|name| Host::Tcp(name.to_owned())).collect(),
        #[cfg(unix)]
        Host::Unix(_) => vec![host.clone()],
    });
    let hosts: Vec<Host> = hosts.collect();
    let (addresses, ports) = (named.get_hostaddrs(), named.get_ports());
    let count = hosts.len().max(addresses.len());
    if count == 0 {
        return Err(fault(Reason::Missing, "names no host; it must be `postgres://USER:PASSWORD@HOST:PORT/DATABASE`"));
    }
    if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
        return Err(fault(
            Reason::Conflicting,
            "has another number of `hostaddr` than of hosts; each host must have one",
        ));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(fault(
            Reason::Conflicting,
            "has another number of ports than of hosts; give one for all, or one for each",
        ));
    }
    let is_here = hosts.iter().all(|host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }) && addresses.iter().all(IpAddr::is_loopback);
    passed_on.retain(|option| !PLACES.contains(&option.split('=').next().unwrap_or_default()));
    let mut config: Config = format!("{}?{}", without_hosts(base), passed_on.join("&")).parse().map_err(refuse)?;
    let tls_use = given.tls_use.unwrap_or(if is_here { TlsUse::Off } else { TlsUse::Required });
    config.ssl_mode(match tls_use {
        TlsUse::Off | TlsUse::Allowed => SslMode::Disable,
        TlsUse::Preferred => SslMode::Prefer,
        TlsUse::Required => SslMode::Require,
    });
    // Of several servers, or addresses of one, that which can be written.
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_application_name().is_none() {
        config.application_name("egoi-verify");
    }
    config.tcp_user_timeout(given.tcp_user_timeout.unwrap_or(SILENCE));
    let is_given = |name| given.names.contains(&name);
    if !is_given("keepalives_idle") {
        config.keepalives_idle(IDLE);
    }
    if !is_given("keepalives_interval") {
        config.keepalives_interval(PROBE);
    }
    if !is_given("keepalives_retries") {
        config.keepalives_retries(PROBES);
    }
    let fallback = match tls_use {
        TlsUse::Allowed => Some(SslMode::Require),
        TlsUse::Preferred => Some(SslMode::Disable),
        TlsUse::Off | TlsUse::Required => None,
    };
    let address_timeout = config.get_connect_timeout().copied().unwrap_or(CONNECT) + GREETING;
    let tries = count * if fallback.is_some() { 2 } else { 1 };
    let servers = (0..count).map(|i| {
        let mut server = config.clone();
        let address = addresses.get(i);
        match hosts.get(i) {
            Some(Host::Tcp(name)) => server.host(name),
            #[cfg(unix)]
            Some(Host::Unix(folder)) => server.host_path(folder),
            // It is the name that a certificate must have.
            None => server.host(address.map(IpAddr::to_string).unwrap_or_default()),
        };
        if let Some(address) = address {
            server.hostaddr(*address);
        }
        server.port(ports.get(i).or(ports.first()).copied().unwrap_or(PORT));
        server
    });
    Ok(Database {
        servers: servers.collect(),
        fallback,
        is_balanced: named.get_load_balance_hosts() == LoadBalanceHosts::Random,
        address_timeout,
        connect_timeout: address_timeout * u32::try_from(tries).unwrap_or(1),
        tls: MakeRustlsConnect::new(given.tls()?),
        schema: given.schema,
        connections: given.connections.unwrap_or(CONNECTIONS),
        is_pooled: given.is_pooled,
    })
}

/// The URL without the part that names hosts and ports.
fn without_hosts(base: &str) -> String {
    let (scheme, rest) = base.split_once("://").unwrap_or((base, ""));
    let (login, place) = match rest.split_once('@') {
        Some((login, place)) => (format!("{login}@"), place),
        None => (String::new(), rest),
    };
    let database = place.find('/').map_or("", |at| &place[at..]);
    format!("{scheme}://{login}{database}")
}

/// What `sslmode` says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TlsUse {
    Off,
    /// Where the login without it is refused.
    Allowed,
    /// Unless the server has none, or refuses the login with it.
    Preferred,
    Required,
}

/// The options that are read here.
#[derive(Default)]
struct Given<'a> {
    /// The names of the others.
    names: Vec<&'a str>,
    tls_use: Option<TlsUse>,
    trust: Trust,
    roots: Vec<u8>,
    certificate: Option<Vec<CertificateDer<'static>>>,
    key: Option<PrivateKeyDer<'static>>,
    tcp_user_timeout: Option<Duration>,
    schema: Option<String>,
    connections: Option<usize>,
    is_pooled: bool,
}

impl Given<'_> {
    fn read(&mut self, name: &str, value: &str) -> Result<(), Error> {
        match name {
            "sslmode" => {
                self.tls_use = Some(match value {
                    "disable" => TlsUse::Off,
                    "allow" => TlsUse::Allowed,
                    "prefer" => TlsUse::Preferred,
                    "require" | "verify-ca" | "verify-full" => TlsUse::Required,
                    _ => {
                        return Err(fault(
                            Reason::UnknownValue,
                            "has an unknown `sslmode`; it must be `disable`, `allow`, `prefer`, `require`, `verify-ca` or \
                             `verify-full`",
                        ));
                    }
                });
            }
            "sslrootcert" if value == "system" => self.trust = Trust::Platform,
            "sslrootcert" => {
                self.roots = file(name, value)?;
                certificates(name, &self.roots)?;
            }
            "sslcert" => self.certificate = Some(certificates(name, &file(name, value)?)?),
            "sslkey" => {
                let pem = zeroize::Zeroizing::new(file(name, value)?);
                let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
                    fault(
                        Reason::Malformed,
                        "names a file as `sslkey` without a private key; it must be PEM without a password",
                    )
                })?;
                self.key = Some(key);
            }
            // Milliseconds, as libpq has it.
            "tcp_user_timeout" => {
                let millis = value.parse().map_err(|_| {
                    fault(Reason::Malformed, "has a `tcp_user_timeout` that is not a number; it must be milliseconds")
                })?;
                self.tcp_user_timeout = Some(Duration::from_millis(millis));
            }
            "target_session_attrs" if matches!(value, "any" | "read-write" | "primary") => {}
            "target_session_attrs" => {
                return Err(fault(
                    Reason::UnknownValue,
                    "has an unknown `target_session_attrs`; it must be `any`, `read-write` or `primary`",
                ));
            }
            "schema" if (1..=63).contains(&value.len()) && !value.contains('\0') => {
                self.schema = Some(value.to_owned())
            }
            "schema" => {
                return Err(fault(Reason::TooLong, "has a `schema` of a wrong length; it must have 1 to 63 bytes"));
            }
            "connection_limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=Store::MAX_POOL_SIZE).contains(limit));
                self.connections = Some(limit.ok_or_else(|| {
                    fault(Reason::TooLarge, "has a `connection_limit` outside its range; it must be 1 to 1000")
                })?);
            }
            "pgbouncer" if matches!(value, "true" | "false") => self.is_pooled = value == "true",
            "pgbouncer" => {
                return Err(fault(Reason::UnknownValue, "has an unknown `pgbouncer`; it must be `true` or `false`"));
            }
            _ => {
                return Err(match OF_OTHERS.iter().find(|known| **known == name) {
                    Some(name) => Error::invalid_input(
                        "store",
                        Reason::UnknownValue,
                        format_args!("has the option `{name}`, which is not supported; leave it out"),
                    ),
                    None => fault(Reason::UnknownValue, "has an unknown option; docs/stores.md lists the options"),
                });
            }
        }
        Ok(())
    }

    fn tls(&mut self) -> Result<ClientConfig, Error> {
        let mut config = match self.tls_use {
            // As libpq: encrypted where the server can, and against nobody who changes what goes over the line.
            Some(TlsUse::Allowed | TlsUse::Preferred) if self.roots.is_empty() && self.trust == Trust::Bundled => {
                tls::unchecked()?
            }
            _ => tls::config(self.trust, &self.roots, &[])?,
        };
        match (self.certificate.take(), self.key.take()) {
            (None, None) => {}
            (Some(certificate), Some(key)) => {
                let certified =
                    CertifiedKey::from_der(certificate, key, config.crypto_provider()).map_err(|error| {
                        fault(
                            Reason::Unreadable,
                            "has an `sslkey` that cannot be used, or that does not belong to `sslcert`",
                        )
                        .with_cause(error)
                    })?;
                config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(certified));
            }
            _ => {
                return Err(fault(
                    Reason::Conflicting,
                    "has one of `sslcert` and `sslkey`; both or neither must be given",
                ));
            }
        }
        Ok(config)
    }
}

fn file(option: &str, path: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| {
        Error::invalid_input(
            "store",
            Reason::Unreadable,
            format_args!("names a file as `{option}` that cannot be read"),
        )
        .with_cause(error)
    })
}

fn certificates(option: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().unwrap_or_default();
    if found.is_empty() {
        return Err(Error::invalid_input(
            "store",
            Reason::Malformed,
            format_args!("names a file as `{option}` that has no certificate in PEM"),
        ));
    }
    Ok(found)
}
