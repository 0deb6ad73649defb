//! A real Redis or Valkey server of a test's own.

use std::io::{Read as _, Write as _};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::server::{self, Server};

static PROGRAM: LazyLock<Option<PathBuf>> =
    LazyLock::new(|| server::program("redis-server", &[], "THE STORE IN REDIS"));

static VALKEY: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    // Where tools/setup-debian.sh puts it on a Debian that has no package of it.
    let trees = std::env::var_os("EGOI_TREES").unwrap_or_else(|| "/opt/egoi-verify".into());
    server::program("valkey-server", &[Path::new(&trees).join("valkey")], "THE STORE IN VALKEY")
});

pub(crate) struct RedisServer(Server);

/// Whether it is installed; a line in capitals says where it is not.
pub(crate) fn is_here() -> bool {
    PROGRAM.is_some()
}

/// The same of Valkey.
pub(crate) fn valkey_is_here() -> bool {
    VALKEY.is_some()
}

impl RedisServer {
    /// A server with these options beside those that it needs. Without others it keeps nothing on its disk.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_program(PROGRAM.as_deref().unwrap(), options)
    }

    /// The same of Valkey.
    pub(crate) fn start_valkey(options: &[&str]) -> Self {
        Self::start_program(VALKEY.as_deref().unwrap(), options)
    }

    /// A Sentinel that watches the primary at this port under the name `main`, and agrees with `quorum` that it is gone after
    /// three seconds: on a busy machine a server may stand still for less. `lines` are more of its configuration.
    pub(crate) fn start_sentinel(primary: u16, quorum: usize, lines: &str) -> Self {
        Self::start_sentinel_program(PROGRAM.as_deref().unwrap(), primary, quorum, lines)
    }

    /// The same of Valkey.
    pub(crate) fn start_valkey_sentinel(primary: u16, quorum: usize) -> Self {
        Self::start_sentinel_program(VALKEY.as_deref().unwrap(), primary, quorum, "")
    }

    fn start_sentinel_program(program: &Path, primary: u16, quorum: usize, lines: &str) -> Self {
        let (folder, port) = (server::folder("sentinel"), server::free_port());
        let configuration = folder.join("sentinel.conf");
        let text = format!(
            "bind 127.0.0.1\nport {port}\n{lines}\n\
             sentinel monitor main 127.0.0.1 {primary} {quorum}\n\
             sentinel down-after-milliseconds main 3000\n\
             sentinel failover-timeout main 2000\n"
        );
        std::fs::write(&configuration, text).unwrap();
        server::give(&configuration);
        let command = [program, &configuration, Path::new("--sentinel")];
        Self(Server::start(folder, port, &command.map(|part| part.to_str().unwrap()), "KILL", answers))
    }

    fn start_program(program: &Path, options: &[&str]) -> Self {
        let (folder, port) = (server::folder("redis"), server::free_port());
        let (dir, port_option) = (folder.to_str().unwrap().to_owned(), port.to_string());
        let needed =
            [program.to_str().unwrap(), "--bind", "127.0.0.1", "--port", &port_option, "--dir", &dir, "--save", ""];
        let command = [&needed, options].concat();
        Self(Server::start(folder, port, &command, "KILL", answers))
    }

    /// A URL under which nothing is kept yet.
    pub(crate) fn url(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        format!("redis://127.0.0.1:{}?prefix={prefix}", self.port)
    }

    /// What the server answers, as `redis-cli` prints it.
    pub(crate) fn cli(&self, arguments: &[&str]) -> String {
        let output = Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// How far the stream of changes is that a primary sends or a replica has.
    pub(crate) fn replicated(&self) -> String {
        let said = self.cli(&["info", "replication"]);
        said.lines().find_map(|line| line.strip_prefix("master_repl_offset:")).unwrap().trim().to_owned()
    }

    /// How many connections it took so far, that of this question included.
    pub(crate) fn connections(&self) -> u32 {
        let said = self.cli(&["info", "stats"]);
        let said = said.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
        said.unwrap().trim().parse().unwrap()
    }
}

impl Deref for RedisServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

/// Whether it answers, be it with an error: it may want a password, or have data to load first.
fn answers(server: &Server) -> bool {
    let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", server.port)) else { return false };
    let mut answer = [0; 5];
    stream.write_all(b"PING\r\n").and_then(|()| stream.read_exact(&mut answer)).is_ok()
        && (answer == *b"+PONG" || answer == *b"-NOAU")
}
