//! One HTTP exchange of the client, a V2 read, against the same exchange with reqwest alone and with hyper alone.
//!
//! The server is a thread of its own on another processor, the same for all, and responds from a constant. The clients
//! run on one thread, whose processor time is all of the client side.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

mod rounds;

use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread;

use bytes::Bytes;
use egoi_verify::{CallOptions, Client, ClientOptions};
use http_body_util::{BodyExt as _, Empty};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rounds::Cost;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

const ID: &str = "9a7c0de1f2b34455a6b7c8d9e0f10213";
const KEY: &str = "0123456789abcdef0123456789abcdef01234567";
const AGENT: &str = concat!("egoi-verify/", env!("CARGO_PKG_VERSION"), " (rust 1.95)");
const BODY: &str = r#"{"id":"9a7c0de1f2b34455a6b7c8d9e0f10213","messageId":"m1","senderId":"1234","recipientNumber":"351-910000000","codeTTL":600,"status":"pending","createDate":"2026-03-06T11:57:34Z"}"#;

fn main() {
    rounds::stay_on(0);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    rounds::head("An HTTP exchange (goal: at most 1.12 times reqwest one at a time, 1.08 times with 64)");
    for tls in [None, Some(Tls::new())] {
        let address = serve(tls.as_ref().map(|tls| tls.server.clone()));
        let base = format!("{}://{address}", if tls.is_some() { "https" } else { "http" });
        let over = if tls.is_some() { "TLS" } else { "plain" };
        for (at_once, each) in [(1, 2_000), (64, 64)] {
            let (client, reqwest, hyper) = runtime.block_on(async { clients(&base, tls.as_ref()) });
            let each = rounds::scaled(each);
            let runtime = &runtime;
            rounds::compare(
                &format!("{over}, {}", if at_once == 1 { "one at a time" } else { "64 at once" }),
                vec![
                    ("Client", Box::new(move || exchanges(runtime, &client, at_once, each))),
                    ("reqwest", Box::new(move || exchanges(runtime, &reqwest, at_once, each))),
                    ("hyper", Box::new(move || exchanges(runtime, &hyper, at_once, each))),
                ],
            );
        }
    }
}

/// `at_once` tasks that make `each` exchanges, one after the other.
fn exchanges<W: Way>(runtime: &Runtime, way: &W, at_once: usize, each: usize) -> Cost {
    Cost::of(at_once * each, || {
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for _ in 0..at_once {
                let way = way.clone();
                tasks.spawn(async move {
                    for _ in 0..each {
                        way.exchange().await;
                    }
                });
            }
            while let Some(ended) = tasks.join_next().await {
                ended.unwrap();
            }
        });
    })
}

/// Makes an exchange and has its whole response.
trait Way: Clone + Send + 'static {
    fn exchange(&self) -> impl Future<Output = ()> + Send;
}

impl Way for Client {
    async fn exchange(&self) {
        black_box(self.get(ID, CallOptions::default()).await.unwrap());
    }
}

#[derive(Clone)]
struct Reqwest {
    http: reqwest::Client,
    base: String,
}

impl Way for Reqwest {
    async fn exchange(&self) {
        let request = self.http.get(format!("{}/v2/verify/{ID}", self.base)).header("apikey", KEY);
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        black_box(response.bytes().await.unwrap());
    }
}

#[derive(Clone)]
struct Hyper {
    http: hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    base: String,
}

impl Way for Hyper {
    async fn exchange(&self) {
        let request = hyper::Request::get(format!("{}/v2/verify/{ID}", self.base))
            .header("accept", "application/json")
            .header("user-agent", AGENT)
            .header("apikey", KEY)
            .body(Empty::new())
            .unwrap();
        let response = self.http.request(request).await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        black_box(response.into_body().collect().await.unwrap().to_bytes());
    }
}

/// The three ways, each with connections of its own.
fn clients(base: &str, tls: Option<&Tls>) -> (Client, Reqwest, Hyper) {
    let mut options = ClientOptions::new(KEY, "1234").base_url(base);
    let mut roots = RootCertStore::empty();
    if let Some(tls) = tls {
        options = options.ca_certificates(tls.pem.clone());
        roots.add(tls.certificate.clone()).unwrap();
    }
    let client = Client::new(options).unwrap();

    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let accept = (reqwest::header::ACCEPT, reqwest::header::HeaderValue::from_static("application/json"));
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(config.clone())
        .http1_only()
        .no_proxy()
        .user_agent(AGENT)
        .default_headers([accept].into_iter().collect())
        .build()
        .unwrap();
    let reqwest = Reqwest { http, base: base.to_owned() };

    let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build();
    let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
    (client, reqwest, Hyper { http, base: base.to_owned() })
}

struct Tls {
    pem: String,
    certificate: CertificateDer<'static>,
    server: TlsAcceptor,
}

impl Tls {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        Self { pem: made.cert.pem(), certificate, server: Arc::new(config).into() }
    }
}

/// Serves on a thread of its own until the process ends.
fn serve(tls: Option<TlsAcceptor>) -> SocketAddr {
    let (ready, address) = mpsc::channel();
    thread::spawn(move || {
        rounds::stay_on(1);
        Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            ready.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let tls = tls.clone();
                tokio::spawn(async move {
                    match tls {
                        None => respond_to_all(stream).await,
                        Some(tls) => respond_to_all(tls.accept(stream).await.unwrap()).await,
                    }
                });
            }
        });
    });
    address.recv().unwrap()
}

/// Responds to every request, none of which has a body, until the client closes.
async fn respond_to_all(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let length = BODY.len();
    let response =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{BODY}");
    let mut request = Vec::with_capacity(4096);
    while let Ok(1..) = stream.read_buf(&mut request).await {
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            if stream.write_all(response.as_bytes()).await.is_err() || stream.flush().await.is_err() {
                return;
            }
        }
    }
}
