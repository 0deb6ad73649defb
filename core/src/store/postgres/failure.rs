//! What a failure of PostgreSQL means, and what to do about it.

use std::time::Duration;

use deadpool::managed::{PoolError, TimeoutType};
use tokio_postgres::error::{Severity, SqlState};

use crate::error::{Error, Reason};
use crate::store::storage;

/// A call that failed, and whether it may be made again.
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) again: Again,
    /// The connection is as good as it was.
    pub(super) keeps_the_connection: bool,
    /// The server only reads.
    pub(super) is_read_only: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It was not made, and another try may help.
    Yes,
    /// It was not made, and another server may take it, if there is one.
    Briefly,
    /// It may have been made.
    IfRepeatable,
    /// It does not help.
    No,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, again: Again::No, keeps_the_connection: true, is_read_only: false }
    }
}

impl From<PoolError<Self>> for Failure {
    fn from(error: PoolError<Self>) -> Self {
        match error {
            PoolError::Backend(failure) => failure,
            PoolError::Timeout(TimeoutType::Create) => Self::connecting_took_too_long(),
            _ => Self::no_connection_is_free(),
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::of(&error, false)
    }
}

/// What tokio-postgres says of a server that only reads, where it looks for one that can be written.
const NO_WRITES: &str = "database does not allow writes";

const READ_ONLY: &str = "the database cannot be written: give the primary server as `store`, not a standby, and see its \
                         `default_transaction_read_only`";

const NO_SCHEMA: &str = "there is no schema for the tables: create the schema that `schema` or `search_path` of \
                         the `store` names";

impl Failure {
    pub(super) fn no_schema() -> Self {
        misconfigured(Reason::NoDatabase, NO_SCHEMA).into()
    }

    /// A connection was not made.
    pub(super) fn connecting(error: &tokio_postgres::Error) -> Self {
        Self::of(error, true)
    }

    /// A connection was not made: with TLS or without it, and not the other way either. The first failure is the cause, unless
    /// the second way got past the login.
    pub(super) fn connecting_twice(first: &tokio_postgres::Error, second: &tokio_postgres::Error) -> Self {
        let is_past_login = second.as_db_error().is_some() && !is_refused_login(second);
        let failure = Self::connecting(if is_past_login { second } else { first });
        let both = format!("{}; with the fallback of `sslmode`: {}", words(first), words(second));
        Self { error: failure.error.with_cause(both), ..failure }
    }

    pub(super) fn connecting_took_too_long() -> Self {
        Self { again: Again::Yes, ..storage("the database cannot be reached: connecting to it took too long").into() }
    }

    /// The same where the URL names several servers: one of those that only read may be promoted soon.
    pub(super) fn of_several(self) -> Self {
        if self.is_read_only { Self { again: Again::Yes, ..self } } else { self }
    }

    /// Others had all connections until the end.
    pub(super) fn no_connection_is_free() -> Self {
        storage("no connection to the database is free: each process has as many as `connection_limit` of the `store` says, or 8")
            .into()
    }

    /// Nothing came in this time.
    pub(super) fn no_response(in_time: Duration) -> Self {
        let error = storage(format!("the database did not respond within {} s", in_time.as_secs()));
        Self { again: Again::IfRepeatable, keeps_the_connection: false, ..error.into() }
    }

    /// Of making a connection, or of a statement.
    fn of(error: &tokio_postgres::Error, is_connecting: bool) -> Self {
        let state = error.code();
        let is = |states: &[SqlState]| state.is_some_and(|state| states.contains(state));
        let words = words(error);
        let is_read_only = is(&[SqlState::READ_ONLY_SQL_TRANSACTION]) || words.contains(NO_WRITES);
        // After any other the connection is closed: by the server, or by a pooler, which says so for whatever happens there.
        let is_of_statement = error.as_db_error().is_some_and(|error| match error.parsed_severity() {
            Some(severity) => severity == Severity::Error,
            None => error.severity() == "ERROR",
        });
        let goes_away = is(&[
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::CONNECTION_FAILURE,
            SqlState::PROTOCOL_VIOLATION,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
        ]);
        let again = match state {
            _ if is_read_only => Again::Briefly,
            _ if goes_away && is_connecting => Again::Yes,
            // The statement was undone, or the server ended before it said that it was not.
            _ if goes_away => Again::IfRepeatable,
            Some(_) => Again::No,
            None if is_connecting => Again::Yes,
            None => Again::IfRepeatable,
        };
        let error = if is_read_only {
            misconfigured(Reason::ReadOnly, READ_ONLY)
        } else if is(&[SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION]) {
            misconfigured(
                Reason::WrongPassword,
                "the database does not let this user in: check user and password of the `store`, and the server's pg_hba.conf",
            )
        } else if is(&[SqlState::INVALID_CATALOG_NAME]) {
            misconfigured(Reason::NoDatabase, "there is no such database: make it, or give another as `store`")
        } else if is(&[SqlState::INVALID_SCHEMA_NAME]) {
            misconfigured(Reason::NoDatabase, NO_SCHEMA)
        } else if is(&[SqlState::INSUFFICIENT_PRIVILEGE]) {
            misconfigured(
                Reason::NoPermission,
                "this user may not do what the store needs: let it create tables and functions in its schema, once, and use \
                 them (docs/stores.md has the statements)",
            )
        } else if is(&[SqlState::UNDEFINED_FUNCTION, SqlState::UNDEFINED_TABLE]) {
            misconfigured(
                Reason::Missing,
                "the store's tables or functions are not there, or were changed by another program",
            )
        } else if is(&[SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::DUPLICATE_PSTATEMENT]) {
            misconfigured(
                Reason::Unsuitable,
                "a pooler is in front of the database and looks like the server: give the `store` `pgbouncer=true`",
            )
        } else if words.contains("startup parameter") {
            misconfigured(
                Reason::Unsuitable,
                "a pooler is in front of the database and takes no `options` of the `store`: give the schema as `schema=NAME`",
            )
        } else if is(&[SqlState::DISK_FULL]) {
            storage("the disk of the database is full: make room")
        } else if is(&[SqlState::TOO_MANY_CONNECTIONS]) {
            storage(
                "the database takes no more connections: raise its `max_connections`, or lower the `connection_limit` of the \
                 `store` (8 for each process)",
            )
        } else if state.is_some() && !goes_away {
            storage("the database refused a statement")
        } else if is_connecting {
            storage(
                "the database cannot be reached: check host and port of the `store`, whether it runs, and its TLS (`sslmode`, \
                 `sslrootcert`)",
            )
        } else {
            storage("the connection to the database broke")
        };
        // What the server says of itself; it repeats no parameter, and no password.
        Self {
            error: error.with_cause(words),
            again,
            keeps_the_connection: is_of_statement && !is_read_only,
            is_read_only,
        }
    }
}

fn misconfigured(reason: Reason, detail: &str) -> Error {
    Error::misconfigured("store", reason, detail)
}

/// What tokio-postgres says of a handshake that failed, a refused certificate included.
const NO_TLS: &str = "error performing TLS handshake";

/// Whether the same login may be let in with TLS, or without it: as libpq sees it.
pub(super) fn is_refused_login(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(state) => *state == SqlState::INVALID_PASSWORD || *state == SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        None => words(error).starts_with(NO_TLS),
    }
}

/// The error with what is behind it, in words.
fn words(error: &tokio_postgres::Error) -> String {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}
