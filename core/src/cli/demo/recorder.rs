//! A wire tap: what goes between the library and the sandbox, byte for byte.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egoi_verify::{Error, ErrorCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Stands in front of a server on this machine, and keeps what goes through.
pub(super) struct Recorder {
    address: SocketAddr,
    wire: Arc<Wire>,
    listening: JoinHandle<()>,
}

/// What went through, connection after connection: the calls of the demo are made one at a time.
#[derive(Default)]
struct Wire {
    asked: Mutex<Vec<u8>>,
    response: Mutex<Vec<u8>>,
}

/// A request and its response.
pub(super) struct Exchange {
    pub(super) method: String,
    pub(super) path: String,
    /// The value of the header `ApiKey`.
    pub(super) key: Option<String>,
    pub(super) asked: String,
    pub(super) status: u16,
    pub(super) response: String,
}

impl Recorder {
    /// A recorder in front of this address.
    pub(super) async fn start(server: SocketAddr) -> Result<Self, Error> {
        let cannot = |error: std::io::Error| Error::new(ErrorCode::Internal, format!("cannot record: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let wire = Arc::<Wire>::default();
        let listening = tokio::spawn(listen(listener, server, Arc::clone(&wire)));
        Ok(Self { address, wire, listening })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The exchanges since the last time. None where what went through is not whole HTTP/1.1.
    pub(super) fn take(&self) -> Option<Vec<Exchange>> {
        let asked = std::mem::take(&mut *lock(&self.wire.asked));
        let response = std::mem::take(&mut *lock(&self.wire.response));
        let (mut asked, mut response) = (&*asked, &*response);
        let mut exchanges = Vec::new();
        while !asked.is_empty() {
            let (ask, response) = (Part::of(&mut asked)?, Part::of(&mut response)?);
            let mut words = ask.first_line.split(' ');
            exchanges.push(Exchange {
                method: words.next()?.to_owned(),
                path: words.next()?.to_owned(),
                key: ask.header("apikey").map(str::to_owned),
                asked: ask.body,
                status: response.first_line.split(' ').nth(1)?.parse().ok()?,
                response: response.body,
            });
        }
        response.is_empty().then_some(exchanges)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// One direction of an exchange.
struct Part {
    first_line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Part {
    /// Takes one off the front.
    fn of(bytes: &mut &[u8]) -> Option<Self> {
        const END: &[u8] = b"\r\n\r\n";
        let end = bytes.windows(END.len()).position(|window| window == END)?;
        let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
        let mut lines = head.split("\r\n");
        let first_line = lines.next()?.to_owned();
        let header =
            |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
        let mut part = Self { first_line, headers: lines.filter_map(header).collect(), body: String::new() };
        let length = part.header("content-length").map_or(Some(0), |length| length.parse().ok())?;
        let (body, rest) = bytes.get(end + END.len()..)?.split_at_checked(length)?;
        part.body = String::from_utf8(body.to_vec()).ok()?;
        *bytes = rest;
        Some(part)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }
}

async fn listen(listener: TcpListener, server: SocketAddr, wire: Arc<Wire>) {
    while let Ok((client, _)) = listener.accept().await {
        let wire = Arc::clone(&wire);
        // A connection that cannot be made, or breaks, is the client's to tell of.
        tokio::spawn(async move {
            let server = TcpStream::connect(server).await?;
            client.set_nodelay(true)?;
            server.set_nodelay(true)?;
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::try_join!(carry(from_client, to_server, &wire.asked), carry(from_server, to_client, &wire.response),)
        });
    }
}

/// Writes down first and passes on then: once a response is there, all of it has been written down.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, record: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let length = from.read(&mut buffer).await?;
        let passing = buffer.get(..length).unwrap_or_default();
        if passing.is_empty() {
            return to.shutdown().await;
        }
        lock(record).extend_from_slice(passing);
        to.write_all(passing).await?;
    }
}

fn lock(record: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
