//! What the URL of a store in Redis says.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use redis::RedisConnectionInfo;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use url::Url;
use zeroize::Zeroizing;

use crate::error::{Error, Reason};
use crate::tls::{self, Trust};

/// A host and its port.
pub(super) type Host = (String, u16);

/// A server, or the Sentinels that know which one it is, or some servers of a cluster.
pub(super) struct Server {
    pub(super) hosts: Vec<Host>,
    pub(super) sentinel: Option<Sentinel>,
    /// Whether the URL says that it is a cluster.
    pub(super) is_cluster: bool,
    pub(super) tls: Option<TlsConnector>,
    pub(super) login: RedisConnectionInfo,
    /// What all keys begin with.
    pub(super) prefix: String,
}

/// How Sentinels are asked for a primary.
#[derive(Clone)]
pub(super) struct Sentinel {
    /// What they call it.
    pub(super) master: String,
    pub(super) login: RedisConnectionInfo,
}

const FORM: &str = "`redis://USER:PASSWORD@HOST:PORT/DATABASE?prefix=NAME`";
const SENTINEL_FORM: &str = "`redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/MASTER/DATABASE?prefix=NAME`";

const CLUSTER_FORM: &str = "`redis+cluster://USER:PASSWORD@HOST:PORT,HOST:PORT?prefix=NAME`";

impl Server {
    pub(super) fn parse(url: &str, ca_certificates: &[u8]) -> Result<Self, Error> {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        let kind = scheme.strip_suffix("+sentinel");
        let of_cluster = scheme.strip_suffix("+cluster");
        let form = if kind.is_some() {
            SENTINEL_FORM
        } else if of_cluster.is_some() {
            CLUSTER_FORM
        } else {
            FORM
        };
        let fault = |fault: &str| {
            Error::invalid_input("store", Reason::Malformed, format_args!("{fault}; it must be like {form}"))
        };
        let parsed = |url: &str| Url::parse(url).map_err(|_| fault("is not a URL"));
        // No parser of URLs takes several hosts: the first stands for all of them.
        let rest = rest.strip_prefix("//").ok_or_else(|| fault("has no host"))?;
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (login, names) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let mut names = names.split(',');
        let first = names.next().unwrap_or_default();
        let url = parsed(&Zeroizing::new(format!("{scheme}://{login}{first}{tail}")))?;
        let default_port = if kind.is_some() { 26379 } else { 6379 };
        let mut hosts = vec![host(&url, default_port).ok_or_else(|| fault("has no host"))?];
        for name in names {
            if kind.is_none() && of_cluster.is_none() {
                return Err(fault("has more than one host, as only Sentinels and the servers of a cluster may be"));
            }
            let name = parsed(&format!("{scheme}://{name}"))?;
            hosts.push(host(&name, default_port).ok_or_else(|| fault("has an empty host"))?);
        }
        let decoded = |text: &str| {
            let decoded = percent_decode_str(text).decode_utf8();
            decoded.map(|text| text.into_owned()).map_err(|_| fault("has a user, password or name that is not UTF-8"))
        };
        let login_of = || RedisConnectionInfo::default().set_skip_set_lib_name();
        let mut path = url.path().trim_start_matches('/');
        let mut sentinel = None;
        if kind.is_some() {
            let (master, database) = path.split_once('/').unwrap_or((path, ""));
            if master.is_empty() {
                return Err(fault("has no `MASTER`, the name of the primary in the configuration of Sentinel"));
            }
            sentinel = Some(Sentinel { master: decoded(master)?, login: login_of() });
            path = database;
        }
        let database = match path {
            "" => 0,
            number => number.parse::<u16>().map_err(|_| fault("has a database that is not a number"))?,
        };
        if of_cluster.is_some() && database != 0 {
            return Err(fault("has a database, of which a cluster has 0 alone"));
        }
        let mut prefix = "egoi-verify".to_owned();
        for (name, value) in url.query_pairs() {
            match (&*name, &mut sentinel) {
                ("prefix", _) if (1..=64).contains(&value.len()) && !value.chars().any(char::is_control) => {
                    prefix = value.into_owned();
                }
                ("prefix", _) => {
                    return Err(fault("has a `prefix` that is empty, longer than 64 bytes or has control characters"));
                }
                ("sentinel_user", Some(sentinel)) => sentinel.login = sentinel.login.clone().set_username(value),
                ("sentinel_password", Some(sentinel)) => sentinel.login = sentinel.login.clone().set_password(value),
                _ => return Err(fault("has an unknown option")),
            }
        }
        if of_cluster.is_some() && prefix.contains(['{', '}']) {
            return Err(fault("has a `prefix` with a brace, which would put all keys into one slot of the cluster"));
        }
        if url.fragment().is_some() {
            return Err(fault("has a fragment (`#`; in a password it is written `%23`)"));
        }
        let mut login = login_of().set_db(database.into());
        if !url.username().is_empty() {
            login = login.set_username(decoded(url.username())?);
        }
        if let Some(password) = url.password() {
            login = login.set_password(decoded(password)?);
        }
        let tls = if matches!(kind.or(of_cluster).unwrap_or(scheme), "rediss" | "valkeys") {
            if hosts.iter().any(|(host, _)| ServerName::try_from(&**host).is_err()) {
                return Err(fault("has a host that no certificate can be for"));
            }
            Some(TlsConnector::from(Arc::new(tls::config(Trust::Bundled, ca_certificates, &[])?)))
        } else {
            None
        };
        Ok(Self { hosts, sentinel, is_cluster: of_cluster.is_some(), tls, login, prefix })
    }

    /// What of it is in no text that is shown.
    pub(super) fn passwords(&self) -> impl Iterator<Item = &str> {
        let of_sentinel = self.sentinel.as_ref().and_then(|sentinel| sentinel.login.password());
        self.login.password().into_iter().chain(of_sentinel)
    }
}

fn host(url: &Url, default_port: u16) -> Option<Host> {
    let host = match url.host()? {
        url::Host::Domain(name) => name.to_owned(),
        url::Host::Ipv4(address) => address.to_string(),
        url::Host::Ipv6(address) => address.to_string(),
    };
    Some((host, url.port().unwrap_or(default_port)))
}
