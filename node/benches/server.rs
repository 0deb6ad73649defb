//! The other side of `run.mjs`: a process of its own on a processor of its own, the same for all clients, that answers from
//! a constant. With the argument `getrandom` it says instead what the bare system call takes.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio_rustls::TlsAcceptor;

const BODY: &str = r#"{"id":"9a7c0de1f2b34455a6b7c8d9e0f10213","messageId":"m1","senderId":"1234","recipientNumber":"351-910000000","codeTTL":600,"status":"pending","createDate":"2026-03-06T11:57:34Z"}"#;

fn main() {
    if std::env::args().any(|argument| argument == "getrandom") {
        return println!("{}", json!({ "ns": system_call() }));
    }
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let plain = listen(None).await;
        let tls = listen(Some(Arc::new(config).into())).await;
        println!(
            "{}",
            json!({ "plain": format!("http://{plain}"), "tls": format!("https://{tls}"), "pem": made.cert.pem() })
        );
        // Whoever started it closes its input to end it.
        let _ = tokio::io::stdin().read(&mut [0]).await;
    });
}

/// What `getrandom` of 32 bytes takes, in nanoseconds.
fn system_call() -> f64 {
    const CALLS: u32 = 100_000;
    let started = Instant::now();
    for _ in 0..CALLS {
        let mut bytes = [0; 32];
        rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).unwrap();
        black_box(bytes);
    }
    started.elapsed().as_nanos() as f64 / f64::from(CALLS)
}

async fn listen(tls: Option<TlsAcceptor>) -> std::net::SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let tls = tls.clone();
            tokio::spawn(async move {
                match tls {
                    None => answer_all(stream).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            answer_all(stream).await;
                        }
                    }
                }
            });
        }
    });
    address
}

/// Answers every request, none of which has a body, until the client closes.
async fn answer_all(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let length = BODY.len();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{BODY}");
    let mut request = Vec::with_capacity(4096);
    while let Ok(1..) = stream.read_buf(&mut request).await {
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            if stream.write_all(answer.as_bytes()).await.is_err() || stream.flush().await.is_err() {
                return;
            }
        }
    }
}
