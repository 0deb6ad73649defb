//! A service whose every byte a test decides, on a real socket.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egoi_verify::{Api, Client, ClientOptions};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What must never be seen where it does not belong.
pub const KEY: &str = "canary-key-7f3a";
pub const CODE: &str = "731902";
pub const NUMBER: &str = "351-910000000";
pub const ID: &str = "bcc3f46527d44408b434ebc24c229a49";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub method: String,
    pub path: String,
    pub head: String,
    pub body: String,
    /// Which connection it came on, from 0.
    pub connection: usize,
}

impl Arrived {
    /// A request that makes the service send an SMS.
    pub fn sends_sms(&self) -> bool {
        self.method == "POST" && (self.path.ends_with("/request") || self.path.ends_with("/resend"))
    }

    pub fn is_read(&self) -> bool {
        self.method == "GET" && self.path.contains("/verify/")
    }
}

/// What is done in response to a request, in this order; afterwards the connection is kept.
#[derive(Debug, Clone)]
pub enum Step {
    Send(Vec<u8>),
    /// So many bytes, or as many as the other side takes.
    Flood(usize),
    Close,
    /// RST instead of FIN.
    Reset,
    /// Nothing more, until the other side goes away.
    Stall,
}

/// A whole response with a JSON body.
pub fn json(status: u16, body: &str) -> Vec<Step> {
    response(status, "Content-Type: application/json\r\n", body.as_bytes())
}

pub fn response(status: u16, headers: &str, body: &[u8]) -> Vec<Step> {
    let mut bytes = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    vec![Step::Send(bytes)]
}

/// What is done as soon as somebody connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Greeting {
    Wait,
    Reset,
    /// A response before any request.
    Early(&'static str),
}

type Script = dyn Fn(&Arrived) -> Vec<Step> + Send + Sync;

pub struct Service {
    pub url: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    connections: Arc<AtomicUsize>,
    closed: Arc<AtomicUsize>,
    changed: Arc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Service {
    pub async fn start(script: impl Fn(&Arrived) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::greeting(Greeting::Wait, script).await
    }

    /// Responds in this order, and then with a 500 that no test expects.
    pub async fn responding(responses: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let responses = Mutex::new(responses.into_iter().collect::<VecDeque<_>>());
        Self::start(move |_| responses.lock().unwrap().pop_front().unwrap_or_else(|| json(500, "{}"))).await
    }

    pub async fn greeting(greeting: Greeting, script: impl Fn(&Arrived) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::with_tls(None, greeting, script).await
    }

    pub async fn with_tls(
        tls: Option<tokio_rustls::TlsAcceptor>,
        greeting: Greeting,
        script: impl Fn(&Arrived) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let script: Arc<Script> = Arc::new(script);
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let (connections, closed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let changed = Arc::new(Notify::new());
        let shared = (Arc::clone(&arrived), Arc::clone(&connections), Arc::clone(&closed), Arc::clone(&changed));
        let task = tokio::spawn(async move {
            let (arrived, connections, closed, changed) = shared;
            while let Ok((stream, _)) = listener.accept().await {
                let connection = connections.fetch_add(1, Ordering::SeqCst);
                changed.notify_waiters();
                let (tls, script, arrived) = (tls.clone(), Arc::clone(&script), Arc::clone(&arrived));
                let (closed, changed) = (Arc::clone(&closed), Arc::clone(&changed));
                tokio::spawn(async move {
                    let reset = socket2::SockRef::from(&stream).try_clone().unwrap();
                    if greeting == Greeting::Reset {
                        reset.set_linger(Some(Duration::ZERO)).unwrap();
                        return;
                    }
                    match tls {
                        None => serve(stream, reset, connection, greeting, &*script, &arrived, &changed).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, reset, connection, greeting, &*script, &arrived, &changed).await;
                            }
                        }
                    }
                    closed.fetch_add(1, Ordering::SeqCst);
                    changed.notify_waiters();
                });
            }
        });
        Self { url, arrived, connections, closed, changed, task }
    }

    pub fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    /// How many requests arrived that make the service send an SMS.
    pub fn sms(&self) -> usize {
        self.arrived().iter().filter(|arrived| arrived.sends_sms()).count()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until it is so; a test that waits for ever is stopped after 10 s.
    pub async fn until(&self, mut is_so: impl FnMut(&Self) -> bool) {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if is_so(self) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("what was waited for did not happen");
    }

    pub fn closed(&self) -> usize {
        self.closed.load(Ordering::SeqCst)
    }

    pub fn options(&self, api: Api) -> ClientOptions {
        ClientOptions::new(KEY, "1234").api(api).base_url(self.url.as_str()).timeout(Duration::from_secs(20))
    }

    pub fn client(&self, api: Api) -> Client {
        Client::new(self.options(api)).unwrap()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    reset: socket2::Socket,
    connection: usize,
    greeting: Greeting,
    script: &Script,
    arrived: &Mutex<Vec<Arrived>>,
    changed: &Notify,
) {
    if let Greeting::Early(early) = greeting {
        let _ = stream.write_all(early.as_bytes()).await;
    }
    while let Some(request) = request(&mut stream, connection).await {
        let steps = script(&request);
        arrived.lock().unwrap().push(request);
        changed.notify_waiters();
        for step in steps {
            match step {
                Step::Send(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                    let _ = stream.flush().await;
                }
                Step::Flood(bytes) => {
                    let chunk = vec![b' '; 64 * 1024];
                    for _ in 0..bytes / chunk.len() {
                        if stream.write_all(&chunk).await.is_err() {
                            return;
                        }
                    }
                }
                Step::Close => {
                    let _ = stream.shutdown().await;
                    return;
                }
                Step::Reset => {
                    reset.set_linger(Some(Duration::ZERO)).unwrap();
                    return;
                }
                Step::Stall => {
                    while !matches!(stream.read(&mut [0; 1024]).await, Ok(0) | Err(_)) {}
                    return;
                }
            }
        }
    }
}

async fn request(stream: &mut (impl AsyncRead + Unpin), connection: usize) -> Option<Arrived> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let length = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.trim().parse::<usize>().unwrap());
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    let mut words = text.split(' ');
    Some(Arrived {
        method: words.next().unwrap().to_owned(),
        path: words.next().unwrap().to_owned(),
        head: text.clone(),
        body: String::from_utf8(body).unwrap(),
        connection,
    })
}

/// A port on which nobody listens.
pub async fn closed_port() -> String {
    // Taken and never listened on, so that no other test's server comes to listen there. It is let go with the process.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let taken = socket.local_addr().unwrap().as_socket().unwrap();
    std::mem::forget(socket);
    format!("http://{taken}")
}

/// A listener with a full queue: connecting to it never ends. What it gives must be kept.
pub async fn full_port() -> (String, socket2::Socket, Vec<TcpStream>) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut held = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
        held.push(stream);
    }
    (format!("http://{address}"), socket, held)
}
