//! The one connection of a process to the file, in a thread of its own, so that no caller's runtime waits for a disk.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{ErrorCode as Fault, OpenFlags, Transaction, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::super::per_process::PerProcess;
use super::super::sealed::Seal;
use super::super::{Clock, ClockShift, SWEPT_A_CALL, storage};
use crate::error::{Error, ErrorCode, Reason};
use crate::machine::Timestamp;

/// What the file says it is: `EGOI`.
const APPLICATION: i32 = i32::from_be_bytes(*b"EGOI");
/// The version of the schema, and how each is made of the one before.
const VERSION: usize = MIGRATIONS.len();
const MIGRATIONS: [&str; 1] = [include_str!("schema.sql")];

/// How long another process may hold the file.
const LOCKED: Duration = Duration::from_secs(5);
/// How many calls are written down together at most.
const MAX_AT_ONCE: usize = 256;
/// A connection that nobody needs is closed after this long: a process that forks then has none that its child could
/// not use.
const IDLE: Duration = Duration::from_secs(1);

/// Makes calls, in the order in which they come, in this process's thread.
pub(super) struct Connection {
    file: Arc<File>,
    thread: PerProcess<Sender<Box<dyn Job>>>,
}

struct File {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    seal: Arc<Seal>,
}

/// A call, and who waits for its result.
trait Job: Send {
    fn writes(&self) -> bool;
    /// Makes it, once more where what it did was undone.
    fn run(&mut self, tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()>;
    /// Answers, once it is written down or could not be.
    fn result(self: Box<Self>, written: Result<(), Error>);
}

struct Call<T, F> {
    writes: bool,
    call: F,
    result: Option<T>,
    caller: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Job for Call<T, F>
where
    T: Send,
    F: Fn(&Transaction<'_>, Timestamp) -> rusqlite::Result<T> + Send,
{
    fn writes(&self) -> bool {
        self.writes
    }

    fn run(&mut self, tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
        self.result = Some((self.call)(tx, now)?);
        Ok(())
    }

    fn result(self: Box<Self>, written: Result<(), Error>) {
        let Self { result, caller, .. } = *self;
        let made = || result.ok_or_else(|| storage("the call was not made"));
        // Who waits no longer needs no result.
        let _ = caller.send(written.and_then(|()| made()));
    }
}

impl Connection {
    /// Opens the file once, so that what is wrong with it is said at the start.
    pub(super) fn open(path: PathBuf, clock: Arc<dyn Clock>, seal: Arc<Seal>) -> Result<Self, Error> {
        let file = Arc::new(File { path, clock, seal });
        drop(file.open()?);
        Ok(Self { file, thread: PerProcess::new() })
    }

    /// Makes a call that reads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        call: impl Fn(&Transaction<'_>, Timestamp) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.call(false, call).await
    }

    /// Makes a call that writes too.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        call: impl Fn(&Transaction<'_>, Timestamp) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.call(true, call).await
    }

    async fn call<T: Send + 'static>(
        &self,
        writes: bool,
        call: impl Fn(&Transaction<'_>, Timestamp) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let (caller, result) = oneshot::channel();
        let job = Box::new(Call { writes, call, result: None, caller });
        let ended = || storage("the thread of the store has ended");
        self.thread.get_or_make(|| self.start())?.send(job).map_err(|_| ended())?;
        result.await.map_err(|_| ended())?
    }

    fn start(&self) -> Result<Sender<Box<dyn Job>>, Error> {
        let (jobs, todo) = channel();
        let file = Arc::clone(&self.file);
        std::thread::Builder::new()
            .name("egoi-verify sqlite".to_owned())
            .spawn(move || file.serve(&todo))
            .map_err(|error| storage("no thread could be started for the store").with_cause(error))?;
        Ok(jobs)
    }
}

impl File {
    fn serve(&self, todo: &Receiver<Box<dyn Job>>) {
        let mut opened = None;
        let mut pace = Pace::default();
        loop {
            let wait = if opened.is_some() { IDLE } else { Duration::MAX };
            let first = match todo.recv_timeout(wait) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => {
                    opened = None;
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let mut jobs: Vec<_> = std::iter::once(first).chain(todo.try_iter()).take(MAX_AT_ONCE).collect();
            let connection = match &mut opened {
                Some(connection) => Ok(connection),
                None => self.open().map(|connection| opened.insert(connection)),
            };
            let written = connection.and_then(|connection| match self.write_down(connection, &mut jobs, &mut pace) {
                // All were undone for one: each by itself then, so that it fails alone.
                Err(Unwritten::Call(_)) if jobs.len() > 1 => {
                    for mut job in jobs.drain(..) {
                        let written = self.write_down(connection, std::slice::from_mut(&mut job), &mut pace);
                        job.result(written.map_err(Error::from));
                    }
                    Ok(())
                }
                written => written.map_err(Error::from),
            });
            for job in jobs {
                job.result(match &written {
                    Ok(()) => Ok(()),
                    Err(failed) => Err(once_more(failed)),
                });
            }
        }
    }

    /// One transaction for all of them.
    fn write_down(&self, connection: &mut Opened, jobs: &mut [Box<dyn Job>], pace: &mut Pace) -> Result<(), Unwritten> {
        let writes = jobs.iter().any(|job| job.writes());
        let behavior = if writes { TransactionBehavior::Immediate } else { TransactionBehavior::Deferred };
        let tx = Transaction::new(&mut connection.connection, behavior)?;
        // Read under the lock, so that nothing was written at a later time.
        let stored = tx.prepare_cached("SELECT latest FROM clock")?.query_row([], |row| row.get(0))?;
        let now = self.now(stored, pace);
        for job in &mut *jobs {
            job.run(&tx, now).map_err(Unwritten::Call)?;
        }
        if writes {
            let max = i64::try_from(jobs.len() * SWEPT_A_CALL).unwrap_or(i64::MAX);
            for delete in [
                "DELETE FROM requests WHERE rowid IN
                 (SELECT rowid FROM requests WHERE until <= ?1 ORDER BY until LIMIT ?2)",
                "DELETE FROM counters WHERE subject IN
                 (SELECT subject FROM counters WHERE until <= ?1 ORDER BY until LIMIT ?2)",
                "DELETE FROM idempotency_keys WHERE idempotency_key IN
                 (SELECT idempotency_key FROM idempotency_keys WHERE until <= ?1 ORDER BY until LIMIT ?2)",
            ] {
                tx.prepare_cached(delete)?.execute(params![now, max])?;
            }
            if now > stored {
                tx.prepare_cached("UPDATE clock SET latest = ?1")?.execute([now])?;
            }
        }
        Ok(tx.commit()?)
    }

    /// The machine's time; where that is behind what was reached already, as after it was set ahead for a moment, the time
    /// goes on from there.
    fn now(&self, stored: Timestamp, pace: &mut Pace) -> Timestamp {
        let (machine, reached) = match self.clock.shift() {
            ClockShift::To(at) => (at, pace.at),
            ClockShift::By(by) => {
                let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                let machine = Timestamp(Timestamp::default().after(since_epoch).0.saturating_add_signed(by));
                (machine, pace.at.after(pace.since.elapsed()))
            }
        };
        let now = machine.max(stored).max(reached);
        if now > reached {
            *pace = Pace { at: now, since: Instant::now() };
        }
        now
    }

    fn open(&self) -> Result<Opened, Error> {
        self.open_now().map_err(|error| {
            // Of a file that is there, but beside which none can be made.
            let is_there = error.reason() == Some(Reason::Missing) && self.path.exists();
            if is_there { misconfigured(Reason::ReadOnly, READ_ONLY) } else { error }
        })
    }

    fn open_now(&self) -> Result<Opened, Error> {
        let using = InUse::begin()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = rusqlite::Connection::open_with_flags(&self.path, flags).map_err(|error| fault(&error))?;
        self.prepare(&mut connection)?;
        Ok(Opened { connection, _using: using })
    }

    fn prepare(&self, connection: &mut rusqlite::Connection) -> Result<(), Error> {
        let failed = |error| fault(&error);
        connection.busy_timeout(LOCKED).map_err(failed)?;
        // Each call has its statements ready.
        connection.set_prepared_statement_cache_capacity(64);
        if version(connection)?.is_none_or(|version| version < VERSION) {
            self.migrate(connection)?;
        }
        // Safe against the loss of power: what was acknowledged is on the disk. Calls that come together share that wait.
        connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        connection.pragma_update(None, "cache_size", -16_384).map_err(failed)?;
        if connection.is_readonly("main").map_err(failed)? {
            return Err(misconfigured(Reason::ReadOnly, READ_ONLY));
        }
        if self.seal.check(&known_keys(connection).map_err(failed)?)?.is_some() {
            // Under the lock: of several first keys one counts.
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
            if let Some(check) = self.seal.check(&known_keys(&tx).map_err(failed)?)? {
                tx.execute("INSERT INTO keys VALUES (?1)", [check]).map_err(failed)?;
            }
            tx.commit().map_err(failed)?;
        }
        Ok(())
    }

    fn migrate(&self, connection: &mut rusqlite::Connection) -> Result<(), Error> {
        let failed = |error| fault(&error);
        // Of several processes that find a new file one may find it locked by another that does the same.
        let started = Instant::now();
        loop {
            let mode: rusqlite::Result<String> =
                connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
            match mode {
                Ok(mode) if mode == "wal" => break,
                Ok(_) => {
                    return Err(misconfigured(
                        Reason::Unsuitable,
                        "the store's file is on a file system that SQLite's WAL does not work on",
                    ));
                }
                Err(error) if is_locked(&error) && started.elapsed() < LOCKED => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(error) => return Err(failed(error)),
            }
        }
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let version = version(&tx)?.unwrap_or(0);
        for migration in MIGRATIONS.iter().skip(version) {
            tx.execute_batch(migration).map_err(failed)?;
        }
        tx.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
        tx.pragma_update(None, "user_version", VERSION as i64).map_err(failed)?;
        tx.commit().map_err(failed)
    }
}

/// The version of the schema; none of a file that is empty. Another program's file, or a newer version's, is refused.
fn version(connection: &rusqlite::Connection) -> Result<Option<usize>, Error> {
    let read = |what: &str| connection.query_row(what, [], |row| row.get::<_, i64>(0)).map_err(|error| fault(&error));
    if read("PRAGMA application_id")? == i64::from(APPLICATION) {
        let version = usize::try_from(read("PRAGMA user_version")?).unwrap_or(usize::MAX);
        if version > VERSION {
            return Err(misconfigured(
                Reason::NewerVersion,
                "the store's file was written by a newer version of this library: use that version, or another file",
            ));
        }
        return Ok(Some(version));
    }
    if read("SELECT count(*) FROM sqlite_schema")? > 0 {
        return Err(misconfigured(
            Reason::Unsuitable,
            "the store's file is the database of another program: give the path of another file",
        ));
    }
    Ok(None)
}

fn known_keys(connection: &rusqlite::Connection) -> rusqlite::Result<Vec<Vec<u8>>> {
    connection.prepare("SELECT key_check FROM keys")?.query_map([], |row| row.get(0))?.collect()
}

fn is_locked(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(Fault::DatabaseBusy | Fault::DatabaseLocked))
}

const READ_ONLY: &str =
    "the store's file cannot be written: this user must be allowed to write to the file and to its folder";

fn fault(error: &rusqlite::Error) -> Error {
    let error_of_ours = match error.sqlite_error_code() {
        Some(Fault::DatabaseBusy | Fault::DatabaseLocked) => {
            storage("the store's file was locked by another process for 5 s")
        }
        Some(Fault::ReadOnly | Fault::PermissionDenied) => misconfigured(Reason::ReadOnly, READ_ONLY),
        Some(Fault::DiskFull) => storage("the disk that the store's file is on is full: make room"),
        Some(Fault::CannotOpen) => misconfigured(
            Reason::Missing,
            "the store's file cannot be opened: its folder must be there, and this user must be allowed to write in it",
        ),
        Some(Fault::NotADatabase) => {
            misconfigured(Reason::Unsuitable, "the store's file is no SQLite database: give another")
        }
        Some(Fault::DatabaseCorrupt) => storage("the store's file is damaged: put a copy of before in its place"),
        _ => storage("the store's file could not be read or written"),
    };
    error_of_ours.with_cause(error.to_string())
}

/// The same for another caller.
fn once_more(failed: &Error) -> Error {
    let error = match (failed.code(), failed.reason()) {
        (ErrorCode::Misconfigured, Some(reason)) => misconfigured(reason, failed.detail()),
        (code, _) => Error::new(code, failed.detail()),
    };
    match std::error::Error::source(failed) {
        Some(cause) => error.with_cause(cause.to_string()),
        None => error,
    }
}

fn misconfigured(reason: Reason, detail: &str) -> Error {
    Error::misconfigured("store", reason, detail)
}

/// Why nothing was written down.
enum Unwritten {
    /// A call failed.
    Call(rusqlite::Error),
    /// What they all need did.
    All(rusqlite::Error),
}

impl From<rusqlite::Error> for Unwritten {
    fn from(error: rusqlite::Error) -> Self {
        Self::All(error)
    }
}

impl From<Unwritten> for Error {
    fn from(unwritten: Unwritten) -> Self {
        match unwritten {
            Unwritten::Call(error) | Unwritten::All(error) => fault(&error),
        }
    }
}

/// Where the time stood, and since when it has been going on from there.
struct Pace {
    at: Timestamp,
    since: Instant,
}

impl Default for Pace {
    fn default() -> Self {
        Self { at: Timestamp::default(), since: Instant::now() }
    }
}

/// An open connection.
struct Opened {
    connection: rusqlite::Connection,
    /// Dropped after it.
    _using: InUse,
}

/// SQLite keeps what a process has locked in memory, and a child that is forked in the meantime would believe that it had
/// locked the same. So it is counted how many connections are open: above the process, below how many.
static IN_USE: AtomicU64 = AtomicU64::new(0);

struct InUse;

impl InUse {
    fn begin() -> Result<Self, Error> {
        let process = u64::from(std::process::id()) << 32;
        let more = |in_use: u64| match (in_use & !u64::from(u32::MAX), in_use & u64::from(u32::MAX)) {
            (of, _) if of == process => Some(in_use + 1),
            (_, 0) => Some(process + 1),
            _ => None,
        };
        IN_USE.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).map(|_| Self).map_err(|_| {
            Error::new(
                ErrorCode::Forked,
                "this process was forked while the other used SQLite, which cannot be used here any more: fork before the \
                 first call or a second after the last, or use a store on a server",
            )
        })
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        IN_USE.fetch_sub(1, Ordering::SeqCst);
    }
}
