//! SQLite.

use std::path::{Path, PathBuf};

use egoi_verify::EngineOptions;
use rusqlite::{Connection, TransactionBehavior, params};
use tokio::runtime::Runtime;

use crate::rounds;
use crate::{AT_ONCE, LIMITS, Measured, Shared, Verifying, copied, note_size, options, pending};

/// As long a row as the store has, of what a validation cannot do without.
const TABLES: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE least (id INTEGER PRIMARY KEY, code BLOB, progress INTEGER, expires_at INTEGER, number BLOB, rest BLOB);
    CREATE TABLE numbers (number BLOB PRIMARY KEY, wrong_codes INTEGER) WITHOUT ROWID;";
const LEAST: &str =
    "UPDATE least SET progress = 1 WHERE id = ?1 AND code = ?2 AND progress = 0 AND expires_at > ?3 RETURNING id";
const LEAST_COUNTED: &str =
    "UPDATE least SET progress = 1 WHERE id = ?1 AND code = ?2 AND progress = 0 AND expires_at > ?3
    AND NOT EXISTS (SELECT 1 FROM numbers WHERE number = least.number AND wrong_codes >= 20) RETURNING id";

/// On the disk, as its waiting is the most of it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("egoi-bench-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> (PathBuf, String) {
        let path = self.0.join(name);
        let url = format!("sqlite:{}", path.display());
        (path, url)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(super) fn measure(runtime: &Runtime) {
    let folder = Folder::new();
    let measured = Measured { runtime, spent: &rounds::processor_ns_of_all, by_callers: &rounds::processor_ns };
    rounds::head("SQLite in a file on the disk, WAL and synchronous = FULL; processor time of the whole process");
    for (limits, are_limited) in LIMITS {
        let statement = if are_limited { LEAST_COUNTED } else { LEAST };
        for (callers, count, how) in
            [(1, rounds::scaled(300), "one at a time"), (AT_ONCE, rounds::scaled(12_800), "64 at once")]
        {
            let (_, url) = folder.file(&format!("{limits}, {how}"));
            let verifying = Verifying::on(&url, options(are_limited));
            let (least_path, _) = folder.file(&format!("least, {limits}, {how}"));
            let mut connection = Connection::open(least_path).unwrap();
            connection.execute_batch(TABLES).unwrap();
            let least = Box::new(|| least(&measured, &mut connection, statement, count, callers));
            let name = if callers == 1 { "one UPDATE a transaction" } else { "64 UPDATEs a transaction" };
            measured.compare_validations(
                &format!("SQLite, {limits}, {how}"),
                &verifying,
                (callers, count),
                (name, least),
            );
        }
    }
    let mut files = 0..;
    let mut url = || folder.file(&format!("requests {}", files.next().unwrap())).1;
    measured.compare_requests("SQLite, a request", rounds::scaled(6_400), &mut url);
    let [of_few, of_many] = pending().map(|count| {
        let (path, url) = folder.file(&count.to_string());
        let verifying = Verifying::on(&url, EngineOptions::default());
        runtime.block_on(verifying.request(0..1));
        note_size("SQLite", "disk", count, fill(&path, count - 1));
        (verifying, count)
    });
    measured.compare_pending("SQLite", (&of_few.0, of_few.1), (&of_many.0, of_many.1));
}

/// Uses so many codes up, so many in each transaction, which takes the lock before it looks.
fn least(
    measured: &Measured<'_>,
    connection: &mut Connection,
    statement: &str,
    count: usize,
    together: usize,
) -> Shared {
    let code = [7_u8; 32];
    connection.execute("DELETE FROM least", []).unwrap();
    let tx = connection.transaction().unwrap();
    for id in 0..count {
        let row = params![id as i64, code, 4_000_000_000_000_i64, (id as u64).to_be_bytes().repeat(4), [0_u8; 250]];
        tx.prepare_cached("INSERT INTO least VALUES (?1, ?2, 0, ?3, ?4, ?5)").unwrap().execute(row).unwrap();
    }
    tx.commit().unwrap();
    measured.cost(count, || {
        for first in (0..count).step_by(together) {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
            for id in first..count.min(first + together) {
                let row = params![id as i64, code, 1_700_000_000_000_i64];
                tx.prepare_cached(statement).unwrap().query_row(row, |row| row.get::<_, i64>(0)).unwrap();
            }
            tx.commit().unwrap();
        }
    })
}

/// Adds so many copies of the request that is there, and says how large the file is then.
fn fill(path: &Path, copies: usize) -> u64 {
    let connection = Connection::open(path).unwrap();
    // Room for the indexes, whose keys come in no order.
    connection.pragma_update(None, "cache_size", -4_000_000).unwrap();
    let columns = |table: &str| -> Vec<String> {
        let mut names = connection.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
        names.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let requests = copied(&columns("requests"), "r", "randomblob(16)", "randomblob(32)");
    let counters = copied(&columns("counters"), "c", "", "r.number");
    connection
        .execute_batch(&format!(
            "BEGIN;
             INSERT INTO requests WITH RECURSIVE copies(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM copies WHERE i < {copies})
                 SELECT {requests} FROM copies, (SELECT * FROM requests LIMIT 1) r;
             INSERT INTO counters SELECT {counters} FROM requests r, (SELECT * FROM counters LIMIT 1) c WHERE r.number <> c.subject;
             COMMIT;
             PRAGMA wal_checkpoint(TRUNCATE);"
        ))
        .unwrap();
    std::fs::metadata(path).unwrap().len()
}
