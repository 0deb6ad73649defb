//! One connection: how it is made, and asked.

use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use deadpool_postgres::{ClientWrapper, ManagerConfig, RecyclingMethod};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::lookup_host;
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Parameters;
use super::failure::{Failure, is_refused_login};
use super::url::Database;
use crate::generate;

/// Makes connections for a pool.
pub(super) struct Connector {
    servers: Vec<Config>,
    fallback: Option<SslMode>,
    is_balanced: bool,
    address_timeout: Duration,
    tls: MakeRustlsConnect,
    is_pooled: bool,
}

/// A connection to the database, or to a pooler in front of it.
pub(super) struct Connection {
    pub(super) client: ClientWrapper,
    /// The server is at the other end: what is prepared over this connection is there in its next call. A pooler may give
    /// each call another connection of its own, with what somebody else prepared over it.
    is_direct: bool,
}

impl Connector {
    pub(super) fn new(database: &Database) -> Self {
        Self {
            servers: database.servers.clone(),
            fallback: database.fallback,
            is_balanced: database.is_balanced,
            address_timeout: database.address_timeout,
            tls: database.tls.clone(),
            is_pooled: database.is_pooled,
        }
    }

    /// To the first server that can be written. tokio-postgres takes several too, but waits at the first that takes a connection
    /// and says nothing for as long as there is time, so each address has its own try here.
    async fn connect(&self) -> Result<ClientWrapper, Failure> {
        let mut failed: Option<Failure> = None;
        for server in self.in_turn(self.servers.clone()) {
            for address in self.in_turn(addresses(server).await) {
                let failure = match timeout(self.address_timeout, self.connect_to(address)).await {
                    Ok(Ok(client)) => return Ok(client),
                    Ok(Err(failure)) => failure,
                    Err(_) => Failure::connecting_took_too_long(),
                };
                // That one only reads says nothing of why there is none that can be written.
                if failed.as_ref().is_none_or(|before| before.is_read_only && !failure.is_read_only) {
                    failed = Some(failure);
                }
            }
        }
        let failed = failed.unwrap_or_else(Failure::connecting_took_too_long);
        Err(if self.servers.len() > 1 { failed.of_several() } else { failed })
    }

    fn in_turn(&self, mut servers: Vec<Config>) -> Vec<Config> {
        if self.is_balanced {
            // Without randomness any order is as good.
            servers.sort_by_cached_key(|_| generate::draw_bits().unwrap_or_default());
        }
        servers
    }

    async fn connect_to(&self, server: Config) -> Result<ClientWrapper, Failure> {
        let manager = |config: Config| {
            let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
            deadpool_postgres::Manager::from_config(config, self.tls.clone(), recycling)
        };
        let first = match manager(server.clone()).create().await {
            Ok(client) => return Ok(client),
            Err(error) => error,
        };
        match self.fallback {
            Some(mode) if is_refused_login(&first) => {
                let second = manager(server.clone().ssl_mode(mode).clone()).create().await;
                second.map_err(|second| Failure::connecting_twice(&first, &second))
            }
            _ => Err(Failure::connecting(&first)),
        }
    }
}

/// The server by each address that its name has.
async fn addresses(server: Config) -> Vec<Config> {
    let found = match (server.get_hosts(), server.get_hostaddrs(), server.get_ports()) {
        ([Host::Tcp(name)], [], [port]) => lookup_host((name.as_str(), *port)).await.map(Vec::from_iter),
        _ => return vec![server],
    };
    match found {
        Ok(found) => found.iter().map(|address| server.clone().hostaddr(address.ip()).clone()).collect(),
        // Connecting says what is wrong with the name.
        Err(_) => vec![server],
    }
}

impl Manager for Connector {
    type Type = Connection;
    type Error = Failure;

    async fn create(&self) -> Result<Connection, Failure> {
        let client = self.connect().await?;
        let is_direct = !self.is_pooled && is_direct(&client).await.map_err(|error| Failure::connecting(&error))?;
        Ok(Connection { client, is_direct })
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<Failure> {
        if connection.client.is_closed() { Err(RecycleError::message("closed")) } else { Ok(()) }
    }
}

impl Connection {
    /// What the statement returns. It is prepared only over a direct connection, which saves the server a third of a short
    /// call; else it is sent as a whole each time.
    pub(super) async fn query(
        &self,
        statement: &str,
        parameters: &Parameters,
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        if self.is_direct {
            let statement = self.client.prepare_cached(statement).await?;
            let values: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|one| &**one as _).collect();
            self.client.query(&statement, &values).await
        } else {
            let typed: Vec<(&(dyn ToSql + Sync), Type)> =
                parameters.iter().map(|one| (&**one as _, one.kind())).collect();
            self.client.query_typed(statement, &typed).await
        }
    }
}

/// Whether the server is at the other end. It names the process that serves the connection when it greets, and responds to the
/// same process when it is asked; a pooler's greeting is its own.
async fn is_direct(client: &Client) -> Result<bool, tokio_postgres::Error> {
    let asked: i32 = client.query_typed_one("SELECT pg_catalog.pg_backend_pid()", &[]).await?.try_get(0)?;
    Ok(greeted_by(client).await == Some(asked))
}

/// The process that the other side named in its greeting. The library keeps it for cancelling alone, so a cancellation is
/// written here, and not sent.
async fn greeted_by(client: &Client) -> Option<i32> {
    let mut written = Written::default();
    client.cancel_token().cancel_query_raw(&mut written, Unencrypted).await.ok()?;
    // Length, code, process, secret.
    let (_, cancellation) = written.0.split_last_chunk::<16>()?;
    let [.., a, b, c, d, _, _, _, _] = *cancellation;
    Some(i32::from_be_bytes([a, b, c, d]))
}

/// Keeps what is written, and says `S` to the question whether it speaks TLS.
#[derive(Default)]
struct Written(Vec<u8>);

/// No TLS, where it would be spoken.
struct Unencrypted;

impl AsyncRead for Written {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        into.put_slice(b"S");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Written {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl TlsStream for &mut Written {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<'a> TlsConnect<&'a mut Written> for Unencrypted {
    type Stream = &'a mut Written;
    type Error = io::Error;
    type Future = Ready<io::Result<&'a mut Written>>;

    fn connect(self, stream: &'a mut Written) -> Self::Future {
        ready(Ok(stream))
    }
}
