//! The servers of a cluster: which has which part, and one connection to each.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _};
use redis::{ErrorKind, FromRedisValue as _, RedisError, ServerErrorKind, Value};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::connection::{
    CONNECT, Connected, Connection, Connections, OfRuntime, RESPONSE_TIMEOUT, Tries, check, check_layout,
    is_unknown_script, lock, send,
};
use super::failure::{Again, Failure};
use super::script::{self, Call, LAYOUT};
use super::server::{Host, Server};
use super::spread::{PARTS, Part, Spread, hash_tag, slot};
use crate::error::Error;
use crate::generate;
use crate::store::sealed::Secret;

/// How long a server may take to say who has which slot, its connection included.
const ASKED: Duration = Duration::from_secs(1);

/// How many servers are asked at once who has which slot.
const ASKED_AT_ONCE: usize = 9;

/// How often a command follows the cluster to another server before it waits.
const REDIRECTS: usize = 5;

/// The part in which the layout and the keys of the engine are.
const OPENED: Part = 0;

/// What a runtime knows of a cluster, and its connections.
#[derive(Default)]
pub(super) struct OfCluster {
    latest: Mutex<Latest>,
    /// Held by who asks, while the others wait for what comes of it.
    asking: tokio::sync::Mutex<()>,
    nodes: Mutex<HashMap<Host, Arc<Connection>>>,
}

#[derive(Default, Clone)]
struct Latest {
    /// How often it was asked who has which slot.
    asked: u64,
    owners: Option<Arc<Owners>>,
    failure: Option<Failure>,
    spread: Option<Arc<Spread>>,
    /// Who had the layout when it was checked.
    checked: Option<Host>,
}

/// Who has which part.
pub(super) struct Owners(Mutex<Vec<Option<Host>>>);

/// What a server of a cluster says: since which change of the cluster, and who has which slots.
type Said = (u64, Vec<(u16, u16, Host)>);

impl Owners {
    fn new(said: &[(u16, u16, Host)]) -> Self {
        let owner = |part| {
            let slot = slot(part);
            let mut with_it = said.iter().filter(|(first, last, _)| (*first..=*last).contains(&slot));
            with_it.next().map(|(_, _, host)| host.clone())
        };
        Self(Mutex::new((0..PARTS).map(owner).collect()))
    }

    fn of(&self, part: Part) -> Result<Host, Failure> {
        lock(&self.0).get(usize::from(part)).cloned().flatten().ok_or_else(Failure::no_master)
    }

    fn set(&self, part: Part, to: Host) {
        if let Some(owner) = lock(&self.0).get_mut(usize::from(part)) {
            *owner = Some(to);
        }
    }

    /// Each master that has a part, and one of its parts.
    fn masters(&self) -> HashMap<Host, Part> {
        (0..PARTS).zip(&*lock(&self.0)).filter_map(|(part, host)| Some((host.clone()?, part))).collect()
    }

    fn all(&self) -> Vec<Option<Host>> {
        lock(&self.0).clone()
    }
}

impl OfCluster {
    pub(super) fn is_driven(&self) -> bool {
        lock(&self.nodes).values().any(|node| node.is_driven())
    }

    fn node(&self, at: &Host) -> Arc<Connection> {
        Arc::clone(lock(&self.nodes).entry(at.clone()).or_default())
    }
}

impl Connections {
    /// Who has which part and how they are spread, asked if it is not known yet.
    pub(super) async fn known_cluster(&self, of: &OfRuntime) -> Result<(Arc<Owners>, Arc<Spread>), Failure> {
        let latest = lock(&of.cluster.latest).clone();
        match (latest.owners, latest.spread) {
            (Some(owners), Some(spread)) => Ok((owners, spread)),
            _ => self.ask_anew(of, latest.asked).await,
        }
    }

    /// The same, asked anew where nobody has since.
    async fn ask_anew(&self, of: &OfRuntime, asked: u64) -> Result<(Arc<Owners>, Arc<Spread>), Failure> {
        let _asking = of.cluster.asking.lock().await;
        let mut latest = lock(&of.cluster.latest).clone();
        if latest.asked == asked {
            latest.asked += 1;
            latest.failure = self.ask(of, &mut latest).await.err();
            *lock(&of.cluster.latest) = latest.clone();
        }
        match (latest.failure, latest.owners, latest.spread) {
            (None, Some(owners), Some(spread)) => Ok((owners, spread)),
            (failure, ..) => Err(failure.unwrap_or_else(Failure::no_node)),
        }
    }

    async fn ask(&self, of: &OfRuntime, latest: &mut Latest) -> Result<(), Failure> {
        if self.server.prefix.contains(['{', '}']) {
            return Err(Failure::prefix_with_braces());
        }
        let mut hosts: Vec<_> = latest.owners.iter().flat_map(|owners| owners.masters().into_keys()).collect();
        hosts.extend(self.server.hosts.iter().filter(|host| !hosts.contains(host)).cloned().collect::<Vec<_>>());
        hosts.truncate(ASKED_AT_ONCE);
        let owners = Arc::new(Owners::new(&self.server.who_has_what(&hosts).await?));
        latest.owners = Some(Arc::clone(&owners));
        lock(&of.cluster.nodes).retain(|host, _| owners.masters().contains_key(host));
        let has_layout = owners.of(OPENED).ok();
        if latest.spread.is_none() || latest.checked != has_layout {
            match self.open_cluster(of, &owners).await {
                Ok(spread) => (latest.spread, latest.checked) = (Some(spread), has_layout),
                // It is checked when its master is there again. The others can go on.
                Err(failure) if failure.again != Again::No && latest.spread.is_some() => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Whether every master keeps what it is given, and the secret is the one that is known.
    pub(super) async fn check_cluster(&self, of: &OfRuntime) -> Result<(), Failure> {
        let (owners, _) = self.known_cluster(of).await?;
        let spread = self.open_cluster(of, &owners).await?;
        lock(&of.cluster.latest).spread = Some(spread);
        for at in owners.masters().keys() {
            let (_, Connected { mut commands, .. }) =
                of.cluster.node(at).get(self.server.connect_to_master(at)).await?;
            check(&redis::cmd("INFO").query_async::<String>(&mut commands).await?, true)?;
        }
        Ok(())
    }

    /// One part of each master.
    pub(super) async fn a_part_of_each(&self) -> Result<Vec<Part>, Error> {
        let (owners, _) = self.cluster().await?;
        Ok(owners.masters().into_values().collect())
    }

    async fn cluster(&self) -> Result<(Arc<Owners>, Arc<Spread>), Error> {
        let of = self.of_this_runtime()?;
        self.known_cluster(&of).await.map_err(|failure| self.error(failure))
    }

    /// What the script returns that is called once, with what to do so that the next try may go better.
    pub(super) async fn once_in_part(
        &self,
        of: &OfRuntime,
        part: Part,
        call: &Call,
        asked: &mut Option<Host>,
    ) -> Result<Value, Failure> {
        let (owners, _) = self.known_cluster(of).await?;
        let seen = lock(&of.cluster.latest).asked;
        let failure = match self.send_to_part(of, &owners, part, call, asked).await {
            Ok(response) => return Ok(response),
            Err(failure) => failure,
        };
        // While a slot is moved its masters stay the same.
        if failure.again != Again::No && !failure.is_moving() {
            // What comes of it the next try finds out.
            let _ = self.ask_anew(of, seen).await;
        }
        Err(failure)
    }

    async fn send_to_part(
        &self,
        of: &OfRuntime,
        owners: &Owners,
        part: Part,
        call: &Call,
        asked: &mut Option<Host>,
    ) -> Result<Value, Failure> {
        for _ in 0..REDIRECTS {
            let (at, is_asked) = match asked.take() {
                Some(at) => (at, true),
                None => (owners.of(part)?, false),
            };
            let node = of.cluster.node(&at);
            let (made, Connected { mut commands, .. }) = node.get(self.server.connect_to_master(&at)).await?;
            self.connected.store(true, Ordering::Relaxed);
            let mut send = async |command: &redis::Cmd| {
                if !is_asked {
                    return send(&mut commands, command).await;
                }
                let mut both = redis::pipe();
                both.cmd("ASKING").add_command(command.clone());
                match commands.send_packed_commands(&both, 1, 1).await?.pop() {
                    Some(Value::ServerError(error)) => Err(error.into()),
                    Some(response) => Ok(response),
                    None => Err(RedisError::from((ErrorKind::Parse, "nothing came"))),
                }
            };
            let response = timeout(RESPONSE_TIMEOUT, async {
                match send(call.by_hash()).await {
                    Err(error) if is_unknown_script(&error) => send(&call.by_code()).await,
                    response => response,
                }
            });
            let failure = match response.await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(error)) => match (error.kind(), redirected(&error, &at)) {
                    (ErrorKind::Server(ServerErrorKind::Moved), Some(to)) => {
                        owners.set(part, to);
                        continue;
                    }
                    (ErrorKind::Server(ServerErrorKind::Ask), to @ Some(_)) => {
                        *asked = to;
                        continue;
                    }
                    (ErrorKind::Server(ServerErrorKind::TryAgain | ServerErrorKind::ClusterDown), _) => {
                        return Err(Failure::of_slot(&error));
                    }
                    _ => error.into(),
                },
                Err(_) => Failure::no_response(Again::Yes, RESPONSE_TIMEOUT),
            };
            if failure.again != Again::No {
                node.forget(made);
            }
            return Err(failure);
        }
        Err(Failure::redirected_too_often())
    }

    /// That what is kept there is readable, and noting it down where nothing is kept yet.
    async fn open_cluster(&self, of: &OfRuntime, owners: &Owners) -> Result<Arc<Spread>, Failure> {
        let tag = hash_tag(OPENED);
        let names = ["layout", "keys"].map(|name| format!("{}:{tag}:{name}", self.server.prefix));
        let mut known: Option<Vec<(Vec<u8>, Vec<u8>)>> = None;
        loop {
            let mut added = Vec::new();
            if let Some(known) = &known {
                let checks: Vec<_> = known.iter().map(|(check, _)| check).collect();
                let unknown = self.seal.check(&checks)?;
                let secret = match self.seal.open_secret(known) {
                    Some(secret) => secret,
                    None if known.is_empty() => new_secret()?,
                    None => return Err(Failure::damaged()),
                };
                if unknown.is_none() {
                    let secret = Hmac::new_from_slice(&*secret).map_err(|_| Failure::damaged())?;
                    return Ok(Arc::new(Spread::new(secret)));
                }
                let (check, sealed) = self.seal.seal_secret(&secret)?;
                added = vec![check.to_vec(), sealed];
            }
            let call = Call::new(&script::OPEN_CLUSTER, Some(OPENED), &names)
                .arg("+0")
                .arg("")
                .arg(LAYOUT.to_string())
                .arg(known.map_or(0, |known| known.len()).to_string())
                .list(&added);
            let response = self.send_to_part(of, owners, OPENED, &call, &mut None).await?;
            let (written, kept): (u32, Vec<Vec<u8>>) = redis::from_redis_value(response).map_err(RedisError::from)?;
            check_layout(written)?;
            let (pairs, _) = kept.as_chunks::<2>();
            known = Some(pairs.iter().map(|[check, sealed]| (check.clone(), sealed.clone())).collect());
        }
    }

    // What looks at all keys

    /// The keys that match, of the master that has this part.
    pub(super) async fn keys_beside(&self, part: Part, pattern: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let (owners, _) = self.cluster().await?;
        let at = owners.of(part).map_err(|failure| self.error(failure))?;
        self.keys_of(&at, pattern).await
    }

    pub(super) async fn keys_of(&self, at: &Host, pattern: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let of = self.of_this_runtime()?;
        let scan = async {
            let (_, Connected { mut commands, .. }) =
                of.cluster.node(at).get(self.server.connect_to_master(at)).await?;
            let (mut all, mut cursor) = (Vec::new(), 0_u64);
            loop {
                let mut scan = redis::cmd("SCAN");
                scan.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(1000);
                let some = timeout(RESPONSE_TIMEOUT, scan.query_async::<(u64, Vec<Vec<u8>>)>(&mut commands)).await;
                let (next, keys) = some.map_err(|_| Failure::no_response(Again::Yes, RESPONSE_TIMEOUT))??;
                all.extend(keys);
                cursor = next;
                if cursor == 0 {
                    return Ok::<_, Failure>(all);
                }
            }
        };
        scan.await.map_err(|failure| self.error(self.seen(failure)))
    }

    /// Who has which part, when no slot is being moved.
    pub(super) async fn settled(&self) -> Result<Vec<Option<Host>>, Error> {
        let of = self.of_this_runtime()?;
        let mut tries = Tries::new();
        loop {
            let asked = lock(&of.cluster.latest).asked;
            let settled = tries.once(async {
                let (owners, _) = self.ask_anew(&of, asked).await?;
                for at in owners.masters().keys() {
                    let (_, Connected { mut commands, .. }) =
                        of.cluster.node(at).get(self.server.connect_to_master(at)).await?;
                    let nodes: String = redis::cmd("CLUSTER").arg("NODES").query_async(&mut commands).await?;
                    // `[SLOT->-NODE]` or `[SLOT-<-NODE]`, of itself alone.
                    if nodes.contains('[') {
                        return Err(Failure::moving());
                    }
                }
                Ok(owners.all())
            });
            match settled.await {
                Ok(owners) => return Ok(owners),
                Err(failure) => self.may_help(&mut tries, failure).await?,
            }
        }
    }

    pub(super) async fn masters(&self) -> Result<Vec<Host>, Error> {
        let (owners, _) = self.cluster().await?;
        Ok(owners.masters().into_keys().collect())
    }
}

fn new_secret() -> Result<Secret, Failure> {
    let mut secret = Secret::default();
    generate::fill(&mut rand::rngs::SysRng, &mut *secret)?;
    Ok(secret)
}

/// Where the server of this host says that the slot is. Without a host it is the same one.
fn redirected(error: &RedisError, from: &Host) -> Option<Host> {
    let (to, _) = error.redirect_node()?;
    let (host, port) = to.rsplit_once(':')?;
    let host = if host.is_empty() { &from.0 } else { host };
    Some((host.to_owned(), port.parse().ok()?))
}

impl Server {
    /// Who has which slots, as more than half of these say or all that respond: the one that knows of the latest change is right.
    async fn who_has_what(self: &Arc<Self>, hosts: &[Host]) -> Result<Vec<(u16, u16, Host)>, Failure> {
        let mut asked = JoinSet::new();
        for at in hosts {
            let (server, at) = (Arc::clone(self), at.clone());
            asked.spawn(async move {
                let said = timeout(ASKED, server.slots_by(&at)).await;
                said.unwrap_or_else(|_| Err(Failure::no_response(Again::Yes, ASKED)))
            });
        }
        let (mut latest, mut responses, mut final_failure) = (None::<Said>, 0, None);
        while let Some(response) = asked.join_next().await {
            match response {
                Ok(Ok(said)) => {
                    responses += 1;
                    if latest.as_ref().is_none_or(|(change, _)| said.0 > *change) {
                        latest = Some(said);
                    }
                }
                Ok(Err(failure)) if failure.again == Again::No => final_failure = Some(failure),
                _ => {}
            }
            if 2 * responses > hosts.len() {
                break;
            }
        }
        let (_, slots) = latest.ok_or_else(|| final_failure.unwrap_or_else(Failure::no_node))?;
        Ok(slots)
    }

    async fn slots_by(&self, at: &Host) -> Result<Said, Failure> {
        let connected = timeout(CONNECT, self.commands(at, &self.login, JoinSet::new())).await;
        let Connected { mut commands, .. } =
            connected.unwrap_or_else(|_| Err(Failure::no_response(Again::Yes, CONNECT)))?;
        let info: String = redis::cmd("CLUSTER").arg("INFO").query_async(&mut commands).await?;
        let change = info.lines().find_map(|line| line.strip_prefix("cluster_current_epoch:")?.trim().parse().ok());
        let slots: Vec<Vec<Value>> = redis::cmd("CLUSTER").arg("SLOTS").query_async(&mut commands).await?;
        let range = |range: Vec<Value>| {
            let [first, last, Value::Array(master), ..] = &*range else { return None };
            let [host, port, ..] = &**master else { return None };
            // A server that does not know its own name is where it was asked.
            let host = String::from_redis_value(host.clone()).ok().filter(|host| !matches!(&**host, "" | "?"));
            let number = |value: &Value| u16::from_redis_value(value.clone()).ok();
            Some((number(first)?, number(last)?, (host.unwrap_or_else(|| at.0.clone()), number(port)?)))
        };
        let slots: Option<_> = slots.into_iter().map(range).collect();
        change.zip(slots).ok_or_else(Failure::not_cluster)
    }
}
