//! A SOCKS5 proxy that connects to nothing but the service itself.

use std::net::SocketAddr;

use fast_socks5::ReplyError;
use fast_socks5::server::{Socks5ServerProtocol, SocksServerError};
use tokio::net::TcpStream;

use crate::tls::BEHIND_PROXY;

/// The connection, once its client has given `USER:PASSWORD`, if that is wanted, and named the service; none where it
/// named another host.
pub(crate) async fn through(
    stream: TcpStream,
    here: SocketAddr,
    wants: Option<&str>,
) -> Result<Option<TcpStream>, SocksServerError> {
    let client = match wants {
        None => Socks5ServerProtocol::accept_no_auth(stream).await?,
        Some(wants) => {
            let is_right = |user, password| format!("{user}:{password}") == wants;
            Socks5ServerProtocol::accept_password_auth(stream, is_right).await?.0
        }
    };
    let (client, _, target) = client.read_command().await?;
    if BEHIND_PROXY.iter().any(|host| target.to_string() == format!("{host}:443")) {
        return client.reply_success(here).await.map(Some);
    }
    client.reply_error(&ReplyError::ConnectionNotAllowed).await?;
    Ok(None)
}
