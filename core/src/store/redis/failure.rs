//! What a failing server means, in words that say what to do, and whether the command may be sent again.
//!
//! A server's own words are never repeated: one that does not know a command repeats what it was called with, which may be
//! the password.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use redis::{ErrorKind, RedisError};

use crate::store::storage;
use crate::{Error, ErrorCode, Reason};

/// Why a command failed.
#[derive(Clone)]
pub(super) struct Failure {
    pub(super) again: Again,
    detail: Cow<'static, str>,
    /// What an operator must change, where that is the fault.
    misconfigured: Option<Reason>,
}

/// Whether the command may be sent again, over a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// The server did nothing, and may do it soon.
    Yes,
    /// It may have been done: where doing it twice is doing it once.
    IfRepeatable,
    /// It would fail again.
    No,
}

impl Failure {
    pub(super) fn new(again: Again, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { again, detail: detail.into(), misconfigured: None }
    }

    /// Nothing came in this time.
    pub(super) fn no_answer(again: Again, in_time: Duration) -> Self {
        Self::new(again, format!("the Redis server gave no answer in {} ms", in_time.as_millis()))
    }

    /// The same while the connection was made: of the command nothing was sent.
    pub(super) fn before_the_command(self) -> Self {
        let again = if self.again == Again::IfRepeatable { Again::Yes } else { self.again };
        Self { again, ..self }
    }

    /// No connection was made.
    pub(super) fn unreachable(error: &io::Error) -> Self {
        if let Some(refused) = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
            return Self::new(
                Again::No,
                format!(
                    "TLS with the Redis server failed ({refused}): its certificate must be signed by an authority that is \
                     trusted, or whose certificate is in the file that SSL_CERT_FILE names, and be for the host of the URL"
                ),
            );
        }
        let kind = error.kind();
        Self::new(
            Again::Yes,
            format!(
                "the Redis server could not be reached ({kind}): is it running, and at the host and port of the URL?"
            ),
        )
    }
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        use redis::ServerErrorKind::{
            Ask, BusyLoading, ClusterDown, CrossSlot, MasterDown, Moved, NoPerm, ReadOnly, TryAgain,
        };
        let (again, detail) = match error.kind() {
            ErrorKind::AuthenticationFailed => (Again::No, REFUSED),
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => {
                (Again::No, "what answers at the host and port of the URL is not Redis")
            }
            ErrorKind::Server(BusyLoading) => {
                (Again::Yes, "the Redis server is still loading its data: try again soon")
            }
            ErrorKind::Server(MasterDown | TryAgain) => {
                (Again::Yes, "the Redis server has lost its primary: try again when the failover has ended")
            }
            ErrorKind::Server(ReadOnly) => (Again::Yes, REPLICA),
            ErrorKind::Server(Moved | Ask | CrossSlot | ClusterDown) => (Again::No, CLUSTER),
            ErrorKind::Server(NoPerm) => (
                Again::No,
                "the Redis user lacks a permission: it needs `+@read +@write +@scripting +info +select +time` and the keys \
                 that begin with the prefix",
            ),
            ErrorKind::Io => (Again::IfRepeatable, "the connection to the Redis server broke"),
            _ => match error.code() {
                Some("WRONGPASS" | "NOAUTH") => (Again::No, REFUSED),
                Some("BUSY") => (Again::Yes, "the Redis server is busy with somebody's script"),
                Some("OOM") => (
                    Again::No,
                    "the Redis server is out of memory: give it more (`maxmemory`); what is kept here goes away by itself \
                     when its time is over",
                ),
                Some("MISCONF") => (
                    Again::No,
                    "the Redis server cannot write to its disk, and refuses to change anything: see its log",
                ),
                Some("NOREPLICAS") => {
                    (Again::Yes, "the Redis server has fewer replicas than it must have (`min-replicas-to-write`)")
                }
                Some("WRONGTYPE") => (
                    Again::No,
                    "somebody else keeps something under our keys in the Redis server: give the URL a `prefix`",
                ),
                code => {
                    let code = code.unwrap_or("no code");
                    return Self::new(Again::No, format!("the Redis server failed ({code}): see its log"));
                }
            },
        };
        Self::new(again, detail)
    }
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
        match failure.misconfigured {
            Some(reason) => Self::misconfigured("store", reason, failure.detail),
            None => storage(failure.detail),
        }
    }
}

const REFUSED: &str = "the Redis server refused the user name or password: check those of the URL";
pub(super) const REPLICA: &str = "the Redis server is a replica, which only reads: give the URL of the primary";
pub(super) const CLUSTER: &str = "the Redis server is part of a cluster, over which no script can count for a request and for its \
                                  number at once: use one server, with replicas if you like, or PostgreSQL";

/// An answer that no script of ours gives.
pub(super) fn unexpected() -> Error {
    storage(
        "the Redis server answered what it was not asked: is it Redis or Valkey, and does nobody else write its keys?",
    )
}
