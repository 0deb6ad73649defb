//! Requests of HTTP/1.1, read from a connection.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::world::Arrived;

/// The next request; none where the other side went away.
pub(crate) async fn arriving(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Arrived>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let mut body = bytes.split_off(end + 4);
    let head = String::from_utf8_lossy(&bytes);
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(Ok(0), |(_, length)| length.trim().parse())
        .map_err(io::Error::other)?;
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    let mut words = head.split(' ').map(str::to_owned);
    Ok(words.next().zip(words.next()).map(|(method, path)| Arrived { method, path, body }))
}
