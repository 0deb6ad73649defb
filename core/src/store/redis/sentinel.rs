//! Which server is the primary, asked of Sentinels.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_stream::StreamExt as _;

use super::failure::{Again, Failure};
use super::server::{Host, Sentinel, Server};

/// How long a Sentinel may take, its connection included.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long it takes until a Sentinel is listened to again that could not be.
const PAUSE: Duration = Duration::from_secs(5);

/// What a Sentinel reports when it names another primary: the one that leads the failover, while other replicas turn to the new
/// primary, and each when it has ended.
const REPORTS: [&str; 2] = ["+promoted-slave", "+switch-master"];

/// The server that Sentinels name.
pub(super) struct Primary {
    pub(super) at: Host,
    /// Each ends when the Sentinel that it listens to names another.
    pub(super) listening: JoinSet<()>,
}

impl Server {
    /// The primary. All Sentinels are asked at once, and the one that knows of the latest failover is right: one that is cut off
    /// from the others still names the primary of before.
    pub(super) async fn primary(self: &Arc<Self>, sentinel: &Sentinel) -> Result<Primary, Failure> {
        let mut asked = JoinSet::new();
        for at in &self.hosts {
            let (server, sentinel, at) = (Arc::clone(self), sentinel.clone(), at.clone());
            asked.spawn(async move { server.ask(&at, &sentinel).await });
        }
        let (mut latest, mut final_failure) = (None, None);
        while let Some(response) = asked.join_next().await {
            match response {
                Ok(Ok(named)) => latest = latest.max(Some(named)),
                Ok(Err(failure)) if failure.again == Again::No => final_failure = Some(failure),
                _ => {}
            }
        }
        let (failover, primary) = latest.ok_or_else(|| final_failure.unwrap_or_else(Failure::no_sentinel))?;
        let mut listening = JoinSet::new();
        for at in &self.hosts {
            let (server, sentinel, at) = (Arc::clone(self), sentinel.clone(), at.clone());
            listening.spawn(async move {
                while server.listen(&at, &sentinel, failover).await.is_err() {
                    sleep(PAUSE).await;
                }
            });
        }
        Ok(Primary { at: primary, listening })
    }

    /// Since which failover this Sentinel names which server.
    async fn ask(&self, at: &Host, sentinel: &Sentinel) -> Result<(u64, Host), Failure> {
        let asked = async {
            let mut connected = self.commands(at, &sentinel.login, JoinSet::new()).await?;
            let ask = |what| {
                let mut command = redis::cmd("SENTINEL");
                command.arg(what).arg(&sentinel.master);
                command
            };
            // In this order: the address is never of an earlier failover.
            let facts: HashMap<String, String> = ask("MASTER").query_async(&mut connected.commands).await?;
            let at = ask("GET-MASTER-ADDR-BY-NAME").query_async(&mut connected.commands).await?;
            let failover = facts.get("config-epoch").and_then(|epoch| epoch.parse().ok());
            Ok((failover.ok_or_else(Failure::not_sentinel)?, at))
        };
        let response = timeout(RESPONSE_TIMEOUT, asked).await;
        response
            .unwrap_or_else(|_| Err(Failure::no_response(Again::Yes, RESPONSE_TIMEOUT)))
            .map_err(Failure::of_sentinel)
    }

    /// Waits until this Sentinel knows of a later failover.
    async fn listen(&self, at: &Host, sentinel: &Sentinel, failover: u64) -> Result<(), Failure> {
        let mut reports = self.reports(at, &sentinel.login, &REPORTS).await?;
        // There may have been one before it was listened to.
        while self.ask(at, sentinel).await?.0 <= failover {
            reports.next().await.ok_or_else(Failure::no_sentinel)?;
        }
        Ok(())
    }
}
