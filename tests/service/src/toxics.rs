//! Paths to the service through toxiproxy, a program of its own.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

/// How long toxiproxy may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
pub(crate) struct Toxics {
    toxics: Vec<Path>,
}

#[derive(Deserialize)]
struct Path {
    name: String,
    toxics: Vec<Value>,
}

impl Toxics {
    pub(crate) fn read() -> serde_json::Result<Self> {
        serde_json::from_str(include_str!("../../faults/toxics.json"))
    }
}

/// A running toxiproxy.
pub(crate) struct Toxiproxy {
    program: Mutex<Child>,
    address: SocketAddr,
}

impl Toxiproxy {
    pub(crate) async fn start(program: &str) -> io::Result<Self> {
        // It does not say which port it took, so one is chosen for it.
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let program = Command::new(program)
            .args(["-host", &host, "-port", &port])
            .env("LOG_LEVEL", "fatal")
            .stdout(std::process::Stdio::null())
            .spawn()?;
        let listens = async {
            while TcpStream::connect(address).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, listens).await?;
        Ok(Self { program: Mutex::new(program), address })
    }

    /// The address of a path to there.
    pub(crate) async fn path(&self, id: u64, toxics: &Toxics, name: &str, to: SocketAddr) -> io::Result<String> {
        let path = toxics.toxics.iter().find(|path| path.name == name);
        let path = path.ok_or_else(|| io::Error::other("there are no such toxics"))?;
        let proxy =
            json!({"name": id.to_string(), "listen": "127.0.0.1:0", "upstream": to.to_string(), "enabled": true});
        let made = self.post("/proxies", &proxy).await?;
        for toxic in &path.toxics {
            self.post(&format!("/proxies/{id}/toxics"), toxic).await?;
        }
        made["listen"].as_str().map(str::to_owned).ok_or_else(|| io::Error::other(made.to_string()))
    }

    async fn post(&self, path: &str, body: &Value) -> io::Result<Value> {
        let body = body.to_string();
        let head = format!(
            "POST {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all((head + &body).as_bytes()).await?;
        let mut response = String::new();
        stream.read_to_string(&mut response).await?;
        let (_, body) = response.split_once("\r\n\r\n").ok_or_else(|| io::Error::other(response.clone()))?;
        Ok(serde_json::from_str(body)?)
    }

    pub(crate) async fn end(&self) -> io::Result<()> {
        self.program.lock().await.kill().await
    }
}
