//! A fault's steps, from its words to bytes on a connection.

use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::sleep;

use crate::table::{Step, Table, Word};

/// What is done to a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Send(Vec<u8>),
    /// Byte by byte, with so much time between them.
    Trickle(Vec<u8>, Duration),
    Wait(Duration),
    /// Waits for a byte of the other side.
    Hear,
    /// So many bytes, or as many as the other side takes.
    Flood(usize),
    Close,
    /// RST instead of FIN.
    Reset,
    /// Nothing more, until the other side goes away.
    Stall,
}

/// What stands for what in the texts of a fault.
pub(crate) struct Texts<'a> {
    table: &'a Table,
    status: u16,
    good: String,
    url: &'a str,
}

impl<'a> Texts<'a> {
    pub(crate) fn new(table: &'a Table, status: u16, good: &Value, url: &'a str) -> Self {
        Self { table, status, good: good.to_string(), url }
    }

    fn filled(&self, text: &str) -> String {
        let mut text = text
            .replace("{problem}", r#"{"title":"No","detail":"code {code} for {number} with {key}"}"#)
            .replace("{good}", &self.good)
            .replace("{length}", &format!("{:x}", self.good.len()))
            .replace("{here}", self.url)
            .replace("{key}", &self.table.key)
            .replace("{code}", &self.table.code)
            .replace("{number}", &self.table.number)
            .replace("{id}", &self.table.id);
        if let Some((before, rest)) = text.split_once("{date+")
            && let Some((seconds, after)) = rest.split_once('}')
            && let Ok(seconds) = seconds.parse()
        {
            let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds));
            text = format!("{before}{date}{after}");
        }
        text
    }

    fn response(&self, status: u16, headers: &str, body: &str) -> Action {
        let (headers, body) = (self.filled(headers), self.filled(body));
        Action::Send(format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into())
    }
}

const JSON: &str = "Content-Type: application/json\r\n";

/// What the steps come to; without any, the right response.
pub(crate) fn actions(steps: &[Step], texts: &Texts<'_>) -> Vec<Action> {
    let good = || texts.response(texts.status, JSON, "{good}");
    if steps.is_empty() {
        return vec![good()];
    }
    let action = |step: &Step| match step {
        Step::Word(Word::Good) => good(),
        Step::Word(Word::Hear) => Action::Hear,
        Step::Word(Word::Close) => Action::Close,
        Step::Word(Word::Reset) => Action::Reset,
        Step::Word(Word::Stall) => Action::Stall,
        Step::Raw { raw, every: None } => Action::Send(texts.filled(&raw.whole()).into()),
        Step::Raw { raw, every: Some(every) } => {
            Action::Trickle(texts.filled(&raw.whole()).into(), Duration::from_millis(*every))
        }
        Step::Response { response, headers: None, body } => texts.response(*response, JSON, &body.whole()),
        Step::Response { response, headers: Some(headers), body } => {
            let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            texts.response(*response, &headers, &body.whole())
        }
        Step::Wait { wait } => Action::Wait(Duration::from_millis(*wait)),
        Step::Flood { flood } => Action::Flood(*flood),
    };
    steps.iter().map(action).collect()
}

/// How a connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Keep,
    End,
    Reset,
}

/// Does it. An error is the other side's going away.
pub(crate) async fn perform(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    actions: Vec<Action>,
) -> std::io::Result<Then> {
    for action in actions {
        match action {
            Action::Send(bytes) => stream.write_all(&bytes).await?,
            Action::Trickle(bytes, every) => {
                for byte in bytes {
                    stream.write_all(&[byte]).await?;
                    stream.flush().await?;
                    sleep(every).await;
                }
            }
            Action::Wait(wait) => {
                stream.flush().await?;
                sleep(wait).await;
            }
            Action::Hear => {
                stream.read_u8().await?;
            }
            Action::Flood(bytes) => {
                let chunk = vec![b' '; 64 * 1024];
                for _ in 0..bytes / chunk.len() {
                    stream.write_all(&chunk).await?;
                }
            }
            Action::Close => {
                stream.shutdown().await?;
                return Ok(Then::End);
            }
            Action::Reset => return Ok(Then::Reset),
            Action::Stall => {
                while stream.read(&mut [0; 1024]).await? > 0 {}
                return Ok(Then::End);
            }
        }
    }
    stream.flush().await?;
    Ok(Then::Keep)
}
