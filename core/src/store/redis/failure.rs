//! What a failing server means, in words that say what to do, and whether the command may be sent again.
//!
//! Of a server's own words those are left out that repeat a command, which may be the one with the password.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use redis::{ErrorKind, RedisError};

use crate::error::{Error, ErrorCode, Reason};
use crate::store::storage;

/// Why a command failed.
#[derive(Clone)]
pub(super) struct Failure {
    pub(super) again: Again,
    detail: Cow<'static, str>,
    /// What an operator must change, where that is the fault.
    misconfigured: Option<Reason>,
    /// What the server reported.
    words: Option<String>,
}

/// Whether the command may be sent again, over a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// The server may do it soon, or has done it: a script knows a command again.
    Yes,
    /// It did nothing, and another server may do it, if there is one.
    Briefly,
    /// It would fail again.
    No,
}

impl Failure {
    pub(super) fn new(again: Again, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { again, detail: detail.into(), misconfigured: None, words: None }
    }

    /// An operator must change something.
    pub(super) fn misconfigured(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { misconfigured: Some(reason), ..Self::new(Again::No, detail) }
    }

    pub(super) fn replica() -> Self {
        let detail = "the Redis server is a replica, which only reads: give the URL of the primary";
        Self { again: Again::Briefly, ..Self::misconfigured(Reason::ReadOnly, detail) }
    }

    pub(super) fn not_redis() -> Self {
        Self::misconfigured(Reason::Unsuitable, "what responds at the host and port of the URL is not Redis")
    }

    /// Sentinel may name any host.
    pub(super) fn no_certificate_for_host() -> Self {
        let detail =
            "Redis Sentinel names a host that no certificate can be for: let it announce a host name or an IP address";
        Self::misconfigured(Reason::Unsuitable, detail)
    }

    pub(super) fn no_sentinel() -> Self {
        let detail = "no Redis Sentinel responded: are they running, and at the hosts and ports of the URL?";
        Self::new(Again::Yes, detail)
    }

    pub(super) fn not_sentinel() -> Self {
        let detail = "what responds at a host and port of the URL is not Redis Sentinel: give the Sentinels' own ports, usually 26379";
        Self::misconfigured(Reason::Unsuitable, detail)
    }

    /// What a Sentinel said, and not the primary.
    pub(super) fn of_sentinel(self) -> Self {
        let failure = match (self.misconfigured, self.words.as_deref().unwrap_or_default()) {
            (Some(Reason::WrongPassword), _) => Self::misconfigured(
                Reason::WrongPassword,
                "Redis Sentinel refused the user name or password: it has its own, which are `sentinel_user` and \
                 `sentinel_password` in the URL",
            ),
            (Some(Reason::NoPermission), _) => Self::misconfigured(
                Reason::NoPermission,
                "the user of Redis Sentinel lacks the permission to ask `SENTINEL MASTER`",
            ),
            (_, words) if words.contains("No such master") => Self::misconfigured(
                Reason::Unsuitable,
                "Redis Sentinel knows no primary by the name in the URL: give the name in its `sentinel monitor`",
            ),
            (_, words) if words.contains("unknown command") => Self::not_sentinel(),
            _ => return self,
        };
        Self { words: self.words, ..failure }
    }

    /// The same where Sentinels name the primary: a replica was the primary until a failover, which is under way.
    pub(super) fn during_failover(self) -> Self {
        if self.misconfigured != Some(Reason::ReadOnly) {
            return self;
        }
        let detail =
            "the server that Redis Sentinel names is a replica: a failover is under way, try again when it has ended";
        Self { words: self.words, ..Self::new(Again::Yes, detail) }
    }

    /// The server turned the connection away, in these words.
    pub(super) fn no_more_clients() -> Self {
        let detail = "the Redis server takes no more connections: raise its `maxclients`";
        Self { words: Some(format!("ERR {NO_MORE_CLIENTS}")), ..Self::new(Again::Yes, detail) }
    }

    /// The same in a cluster.
    pub(super) fn during_failover_of_cluster(self) -> Self {
        if self.misconfigured != Some(Reason::ReadOnly) {
            return self;
        }
        let detail = "a master of the Redis cluster is a replica now: try again soon";
        Self { words: self.words, ..Self::new(Again::Yes, detail) }
    }

    pub(super) fn cluster() -> Self {
        Self::misconfigured(Reason::Unsuitable, CLUSTER)
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.detail == CLUSTER
    }

    pub(super) fn not_cluster() -> Self {
        let detail =
            "what responds at a host and port of the URL is not part of a Redis cluster: give it as `redis://HOST`";
        Self::misconfigured(Reason::Unsuitable, detail)
    }

    pub(super) fn prefix_with_braces() -> Self {
        let detail = "the `prefix` of the URL has a brace, which would put all keys into one slot of the Redis cluster";
        Self::misconfigured(Reason::Unsuitable, detail)
    }

    pub(super) fn no_node() -> Self {
        Self::new(
            Again::Yes,
            "no server of the Redis cluster responded: are they running, and at the hosts and ports of the URL?",
        )
    }

    pub(super) fn no_master() -> Self {
        Self::new(Again::Yes, "no master of the Redis cluster has the slot: try again when the failover has ended")
    }

    pub(super) fn moving() -> Self {
        Self::new(Again::Yes, MOVING)
    }

    pub(super) fn is_moving(&self) -> bool {
        self.detail == MOVING
    }

    pub(super) fn damaged() -> Self {
        let detail = "the secret of the Redis database is not readable: it was changed by somebody else";
        Self::new(Again::No, detail)
    }

    pub(super) fn redirected_too_often() -> Self {
        Self::new(Again::Yes, "the servers of the Redis cluster do not agree on who has the slot: try again soon")
    }

    /// The cluster does not serve the slot now, or moves it.
    pub(super) fn of_slot(error: &RedisError) -> Self {
        let detail = match error.kind() {
            ErrorKind::Server(redis::ServerErrorKind::TryAgain) => MOVING,
            _ => "the Redis cluster is down: try again when its failover has ended",
        };
        Self { words: words(error), ..Self::new(Again::Yes, detail) }
    }

    pub(super) fn is_of_a_broken_connection(&self) -> bool {
        self.detail == BROKE
    }

    /// The server's words too, if this is not in them.
    pub(super) fn without(mut self, secret: &str) -> Self {
        self.words = self.words.filter(|words| !words.contains(secret));
        self
    }

    /// Nothing came in this time.
    pub(super) fn no_response(again: Again, in_time: Duration) -> Self {
        Self::new(again, format!("the Redis server did not respond within {} ms", in_time.as_millis()))
    }

    /// No connection was made.
    pub(super) fn unreachable(error: &io::Error, is_named_by_sentinel: bool) -> Self {
        if let Some(refused) = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
            return Self::new(
                Again::No,
                format!(
                    "TLS with the Redis server failed ({refused}): its certificate must be signed by an authority that is \
                     trusted or whose certificate was given (`ca_certificates` of the store, SSL_CERT_FILE), and be for the host of \
                     the URL"
                ),
            );
        }
        let kind = error.kind();
        let hint = if is_named_by_sentinel {
            "can the address that Sentinel names be reached from here?"
        } else {
            "is it running, and at the host and port of the URL?"
        };
        Self::new(Again::Yes, format!("the Redis server could not be reached ({kind}): {hint}"))
    }
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        use redis::ServerErrorKind::{
            Ask, BusyLoading, ClusterDown, CrossSlot, MasterDown, Moved, NoPerm, ReadOnly, TryAgain,
        };
        let failure = match error.kind() {
            ErrorKind::AuthenticationFailed => Self::misconfigured(Reason::WrongPassword, REFUSED),
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => Self::not_redis(),
            ErrorKind::Server(BusyLoading) => {
                Self::new(Again::Yes, "the Redis server is still loading its data: try again soon")
            }
            ErrorKind::Server(MasterDown | TryAgain) => {
                Self::new(Again::Yes, "the Redis server has lost its primary: try again when the failover has ended")
            }
            ErrorKind::Server(ReadOnly) => Self::replica(),
            ErrorKind::Server(Moved | Ask | CrossSlot | ClusterDown) => Self::cluster(),
            ErrorKind::Server(NoPerm) => Self::misconfigured(
                Reason::NoPermission,
                "the Redis user lacks a permission: it needs `+@read +@write +@scripting +info +select +time` (in a cluster \
                 `+asking +cluster|info +cluster|slots +cluster|nodes` too) and the keys that begin with the prefix",
            ),
            ErrorKind::Io => Self::new(Again::Yes, BROKE),
            _ => match error.code() {
                Some("WRONGPASS" | "NOAUTH") => Self::misconfigured(Reason::WrongPassword, REFUSED),
                Some("BUSY") => Self::new(Again::Yes, "the Redis server is busy with a script of another program"),
                Some("OOM") => Self::new(
                    Again::No,
                    "the Redis server is out of memory: give it more (`maxmemory`); the entries of this \
                     store expire by themselves",
                ),
                Some("MISCONF") => Self::new(
                    Again::No,
                    "the Redis server cannot write to its disk, and refuses to change anything: see its log",
                ),
                Some("NOREPLICAS") => Self::new(
                    Again::Yes,
                    "the Redis server has fewer replicas than it must have (`min-replicas-to-write`)",
                ),
                Some("WRONGTYPE") => Self::misconfigured(
                    Reason::Unsuitable,
                    "another program has values under the keys of the store in the Redis server: give the URL a `prefix`",
                ),
                _ if error.detail().is_some_and(|detail| detail.contains("not allowed in cluster mode")) => {
                    Self::misconfigured(
                        Reason::Unsuitable,
                        "a Redis cluster has only the database 0: leave the number out of the URL",
                    )
                }
                _ if error.detail().is_some_and(|detail| detail.contains("cluster support disabled")) => {
                    Self::not_cluster()
                }
                _ if error.detail() == Some(NO_MORE_CLIENTS) => Self::no_more_clients(),
                _ => Self::new(Again::No, "the Redis server failed: see its log"),
            },
        };
        Self { words: words(&error), ..failure }
    }
}

/// What the server reported, as far as it can be repeated.
fn words(error: &RedisError) -> Option<String> {
    let (code, detail) = (error.code()?, error.detail().unwrap_or_default());
    // What follows is the command.
    let detail = if detail.starts_with("unknown command") { "unknown command" } else { detail };
    let words: String = format!("{code} {detail}").chars().filter(|c| !c.is_control()).take(200).collect();
    Some(words.trim_end().to_owned())
}

/// What the seal refuses, it refuses again.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let misconfigured = error.reason().filter(|_| error.code() == ErrorCode::Misconfigured);
        Self { misconfigured, ..Self::new(Again::No, error.detail().to_owned()) }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let Failure { detail, misconfigured, words, .. } = failure;
        let detail = match &words {
            Some(words) => format!("{detail} (the server: `{words}`)"),
            None => detail.into_owned(),
        };
        match misconfigured {
            Some(reason @ Reason::WrongKey) => Self::misconfigured("key", reason, detail),
            Some(reason) => Self::misconfigured("store", reason, detail),
            None => storage(detail),
        }
    }
}

const REFUSED: &str = "the Redis server refused the user name or password: check both in the URL";
const MOVING: &str = "the Redis cluster is moving slots: try again when it has moved them";
const BROKE: &str = "the connection to the Redis server broke";
pub(super) const NO_MORE_CLIENTS: &str = "max number of clients reached";
const CLUSTER: &str = "the Redis server is part of a cluster: give the URL as `redis+cluster://HOST,HOST`";

/// A response that no script of ours gives.
pub(super) fn unexpected() -> Error {
    storage(
        "the Redis server sent an unexpected reply: is it Redis or Valkey, and does no other program write its keys?",
    )
}
