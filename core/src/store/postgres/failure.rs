//! What a failure of PostgreSQL means, and what to do about it.

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use crate::Error;
use crate::store::storage;

/// A call that failed, and whether it may be made again.
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) again: Again,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It was not made, and another try may help.
    Yes,
    /// It may have been made.
    IfRepeatable,
    /// It does not help.
    No,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, again: Again::No }
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::of(&error, true),
            _ => storage("no connection to the database is free").into(),
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::of(&error, false)
    }
}

impl Failure {
    /// Of making a connection, or of a statement.
    fn of(error: &tokio_postgres::Error, is_connecting: bool) -> Self {
        let state = error.code();
        let is = |states: &[SqlState]| state.is_some_and(|state| states.contains(state));
        let goes_away = is(&[
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
        ]);
        let again = match state {
            _ if goes_away && is_connecting => Again::Yes,
            // The statement was undone, or the server ended before it said that it was not.
            _ if goes_away => Again::IfRepeatable,
            Some(_) => Again::No,
            None if is_connecting => Again::Yes,
            None => Again::IfRepeatable,
        };
        let detail = if is(&[SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION]) {
            "the database does not let this user in: check user and password of the `store`, and the server's pg_hba.conf"
        } else if is(&[SqlState::INVALID_CATALOG_NAME]) {
            "there is no such database: make it, or give another as `store`"
        } else if is(&[SqlState::INSUFFICIENT_PRIVILEGE]) {
            "this user may not do what the store needs: let it create tables and functions in its schema, once, and use them"
        } else if is(&[SqlState::INVALID_SCHEMA_NAME]) {
            "there is no schema in which tables could be made: create the one that `search_path` names"
        } else if is(&[SqlState::READ_ONLY_SQL_TRANSACTION]) {
            "the database cannot be written: give the primary server as `store`, not a standby"
        } else if is(&[SqlState::DISK_FULL]) {
            "the disk of the database is full: make room"
        } else if is(&[SqlState::TOO_MANY_CONNECTIONS]) {
            "the database takes no more connections: each process has up to 8; raise its `max_connections`"
        } else if state.is_some() && !goes_away {
            "the database refused a statement"
        } else if is_connecting {
            "the database cannot be reached: check host and port of the `store`, whether it runs, and its TLS (`sslmode`, \
             `sslrootcert`)"
        } else {
            "the connection to the database broke"
        };
        // What the server says of itself; it repeats no parameter, and no password.
        Self { error: storage(detail).with_cause(told(error)), again }
    }
}

/// The error with what is behind it, in words.
fn told(error: &tokio_postgres::Error) -> String {
    let mut told = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        told = format!("{told}: {cause}");
        source = cause.source();
    }
    told
}
