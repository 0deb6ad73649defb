//! A real PostgreSQL server of a test's own.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::server::{self, Server};

/// Debian keeps the programs of each version apart, and out of the path.
static PROGRAM: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    server::program("initdb", &folders, "THE STORE IN POSTGRESQL")
});

pub(crate) const PASSWORD: &str = "tortoise";

pub(crate) struct PostgresServer(Server);

/// A transaction, undone when it is dropped.
pub(crate) struct Transaction {
    psql: Child,
    _typed: ChildStdin,
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let _ = self.psql.kill();
        let _ = self.psql.wait();
    }
}

/// Whether it is installed; a line in capitals says where it is not.
pub(crate) fn is_here() -> bool {
    PROGRAM.is_some()
}

/// The schema that a URL of ours names.
pub(crate) fn schema_of(url: &str) -> &str {
    url.rsplit_once("search_path%3D").unwrap().1
}

fn program(name: &str) -> PathBuf {
    PROGRAM.as_ref().unwrap().with_file_name(name)
}

impl PostgresServer {
    /// A server with these settings beside those that it needs, which lets everybody in: to check a password takes a build
    /// for tests longer than all else.
    pub(crate) fn start(settings: &[&str]) -> Self {
        Self::letting_in("trust", settings)
    }

    /// The same, which asks for the password.
    pub(crate) fn asking_for_the_password() -> Self {
        Self::letting_in("scram-sha-256", &[])
    }

    fn letting_in(whom: &str, settings: &[&str]) -> Self {
        let (folder, port) = (server::folder("postgres"), server::free_port());
        let password = folder.join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        let data = folder.join("data");
        let made = server::command(&program("initdb"))
            .args(["--username=egoi", "--auth", whom, "--encoding=UTF8", "--locale=C", "--no-sync"])
            .arg("--pwfile")
            .arg(password)
            .arg("--pgdata")
            .arg(&data)
            .current_dir(&folder)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success(), "initdb failed");
        Self::on(folder, port, settings)
    }

    /// What this server holds now, on another that is a standby until `pg_promote()`. It hears of nothing that comes later.
    pub(crate) fn standby(&self) -> Self {
        let (folder, port) = (server::folder("postgres"), server::free_port());
        copy(&folder, self.port, &[]);
        std::fs::write(folder.join("data/standby.signal"), "").unwrap();
        Self::on(folder, port, &[])
    }

    /// A standby that follows what listens on this port.
    pub(crate) fn following(primary: u16) -> Self {
        let (folder, port) = (server::folder("postgres"), server::free_port());
        copy(&folder, primary, &["--write-recovery-conf"]);
        Self::on(folder, port, &[])
    }

    /// Starts it again, after it was killed, as a standby that follows what listens on this port.
    pub(crate) fn follow(&self, primary: u16) {
        std::fs::remove_dir_all(self.folder.join("data")).unwrap();
        copy(&self.folder, primary, &["--write-recovery-conf"]);
        self.start_again();
    }

    /// A server on the files in `data` of this folder.
    fn on(folder: PathBuf, port: u16, settings: &[&str]) -> Self {
        let data = folder.join("data");
        let postgres = program("postgres");
        let port_option = port.to_string();
        let needed = [
            postgres.to_str().unwrap(),
            "-D",
            data.to_str().unwrap(),
            "-k",
            folder.to_str().unwrap(),
            "-p",
            &port_option,
            "-c",
            "listen_addresses=127.0.0.1",
            // The machine is not to lose its power.
            "-c",
            "fsync=off",
            "-c",
            "max_connections=200",
        ];
        let settings = settings.iter().flat_map(|setting| ["-c", setting]);
        let command: Vec<&str> = needed.into_iter().chain(settings).collect();
        Self(Server::start(folder.clone(), port, &command, "INT", is_ready))
    }

    /// A URL by this port under which nothing is kept yet.
    pub(crate) fn url_by(&self, port: u16) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let schema = format!("s{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE SCHEMA {schema}"));
        format!("postgres://egoi:{PASSWORD}@127.0.0.1:{port}/postgres?options=-csearch_path%3D{schema}")
    }

    pub(crate) fn url(&self) -> String {
        self.url_by(self.port)
    }

    /// Removes what a store under this URL of ours keeps.
    pub(crate) fn empty(&self, url: &str) {
        let schema = schema_of(url);
        let tables = ["requests", "counters", "idempotency_keys"].map(|table| format!("{schema}.egoi_verify_{table}"));
        let said = self.sql(&tables.map(|table| format!("DELETE FROM {table};")).concat());
        assert!(said.is_empty(), "{said}");
    }

    fn psql(&self) -> Command {
        let mut psql = server::command(&program("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "egoi", "-h", "127.0.0.1", "postgres"])
            .args(["-p", &self.port.to_string()])
            .env("PGPASSWORD", PASSWORD)
            .env("PGSSLMODE", "disable")
            .current_dir(&self.folder);
        psql
    }

    /// A transaction in which this was done.
    pub(crate) fn begin(&self, statements: &str) -> Transaction {
        let mut psql = self.psql().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut typed = psql.stdin.take().unwrap();
        writeln!(typed, "BEGIN; {statements}; SELECT 'done';").unwrap();
        let mut said = String::new();
        BufReader::new(psql.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "done\n");
        Transaction { psql, _typed: typed }
    }

    /// What the server answers, unaligned, as `psql` prints it.
    pub(crate) fn sql(&self, statements: &str) -> String {
        let output = self.psql().args(["-c", statements]).output().unwrap();
        let mut said = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        let _ = write!(said, "{}", String::from_utf8_lossy(&output.stderr));
        said
    }
}

impl Deref for PostgresServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

/// Copies what the server on this port holds.
fn copy(into: &Path, port: u16, options: &[&str]) {
    let copied = server::command(&program("pg_basebackup"))
        .args(["--no-sync", "--checkpoint=fast", "--username=egoi", "--host=127.0.0.1"])
        .args(["--port", &port.to_string()])
        .args(options)
        .arg("--pgdata")
        .arg(into.join("data"))
        .current_dir(into)
        .status()
        .unwrap();
    assert!(copied.success(), "pg_basebackup failed");
}

fn is_ready(server: &Server) -> bool {
    let asked = server::command(&program("pg_isready"))
        .args(["-q", "-h", "127.0.0.1", "-p", &server.port.to_string()])
        .current_dir(&server.folder)
        .status();
    asked.is_ok_and(|status| status.success())
}
