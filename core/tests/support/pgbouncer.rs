//! A real PgBouncer of a test's own.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::LazyLock;

use super::postgres_server::PostgresServer;
use super::server::{self, Server};

static PROGRAM: LazyLock<Option<PathBuf>> =
    LazyLock::new(|| server::program("pgbouncer", &["/usr/sbin".into()], "POSTGRESQL BEHIND A POOLER"));

pub(crate) struct PgBouncer(Server);

/// Whether it is installed; a line in capitals says where it is not.
pub(crate) fn is_here() -> bool {
    PROGRAM.is_some()
}

impl PgBouncer {
    /// One in front of this server in transaction mode, with so many connections to it.
    pub(crate) fn before(server: &PostgresServer, connections: u32) -> Self {
        let (folder, port) = (server::folder("pgbouncer"), server::free_port());
        let settings = folder.join("settings.ini");
        let text = format!(
            "[databases]\n\
             * = host=127.0.0.1 port={}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             auth_type = trust\n\
             auth_file = {}\n\
             pool_mode = transaction\n\
             default_pool_size = {connections}\n",
            server.port,
            folder.join("users").display(),
        );
        std::fs::write(folder.join("users"), "\"egoi\" \"\"\n").unwrap();
        std::fs::write(&settings, text).unwrap();
        let command = [PROGRAM.as_ref().unwrap().to_str().unwrap(), settings.to_str().unwrap()];
        Self(Server::start(folder.clone(), port, &command, "INT", Server::listens))
    }
}

impl Deref for PgBouncer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}
