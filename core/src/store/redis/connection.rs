//! One connection for each server, process and runtime, over which all commands go at once, and which is made anew when it broke.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub, PubSubStream};
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, RedisConnectionInfo, RedisError, ServerErrorKind, Value};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::{Handle, Id};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use super::cluster::OfCluster;
use super::failure::{Again, Failure, NO_MORE_CLIENTS};
use super::script::{self, Call, LAYOUT};
use super::sentinel::Primary;
use super::server::{Host, Server};
use super::spread::Spread;
use crate::error::{Error, ErrorCode, Reason};
use crate::generate;
use crate::store::per_process::PerProcess;
use crate::store::sealed::Seal;

/// How long making a connection may take, what is asked over it first included.
pub(super) const CONNECT: Duration = Duration::from_millis(3100);

/// How long a server may take to turn a connection away.
const TURNED_AWAY: Duration = Duration::from_millis(200);

/// How long a response may take before the connection is dropped.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a call may take altogether; a caller's own deadline may end it before.
const WHOLE: Duration = Duration::from_secs(10);

/// The longest wait before a command is sent again, which is cut short at random.
const WAIT: Duration = Duration::from_millis(200);

/// How often a command is sent again to a server that there was no connection to yet, and how often another server is looked
/// for in the place of a replica.
const FEW: u32 = 3;

/// How long a connection may be idle before it is probed, how long a probe may take, and how many are lost before it is dead;
/// and how long what was sent may stay unacknowledged.
const IDLE: Duration = Duration::from_secs(30);
const PROBE: Duration = Duration::from_secs(5);
const PROBES: u32 = 3;
#[cfg(target_os = "linux")]
const SILENCE: Duration = Duration::from_secs(10);

/// Redis 6.2 is the first that takes what the scripts say.
const OLDEST: (u32, u32) = (6, 2);

pub(super) struct Connections {
    pub(super) server: Arc<Server>,
    pub(super) seal: Arc<Seal>,
    of_runtimes: PerProcess<Mutex<OfRuntimes>>,
    /// There was a connection: one that cannot be made now may be made again soon.
    pub(super) connected: AtomicBool,
    /// What is connected to is a cluster, as the URL says or the server did.
    is_cluster: AtomicBool,
}

type OfRuntimes = HashMap<Id, Arc<OfRuntime>>;

/// The connections of one runtime.
#[derive(Default)]
pub(super) struct OfRuntime {
    server: Connection,
    pub(super) cluster: OfCluster,
}

impl OfRuntime {
    fn is_driven(&self) -> bool {
        self.server.is_driven() || self.cluster.is_driven()
    }
}

/// The connection to one server.
#[derive(Default)]
pub(super) struct Connection {
    latest: Mutex<Latest>,
    /// Held by who connects, while the others wait for what comes of it.
    connecting: tokio::sync::Mutex<()>,
}

/// What came of the latest try to connect.
#[derive(Default, Clone)]
struct Latest {
    /// How many tries there were.
    tries: u64,
    /// None where the connection broke since.
    outcome: Option<Result<Connected, Failure>>,
}

/// A connection over which commands can be sent.
#[derive(Clone)]
pub(super) struct Connected {
    pub(super) commands: MultiplexedConnection,
    /// Gone when the task is that drives it, with its runtime at the latest.
    driver: Weak<()>,
}

/// What bytes go over.
enum Line {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long a call has been tried.
pub(super) struct Tries {
    pub(super) ends: Instant,
    few: std::ops::Range<u32>,
}

impl Tries {
    pub(super) fn new() -> Self {
        Self { ends: Instant::now() + WHOLE, few: 0..FEW }
    }

    /// What comes of one try, which may last as long as is left.
    pub(super) async fn once<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        timeout_at(self.ends, work).await.unwrap_or_else(|_| Err(Failure::no_response(Again::No, WHOLE)))
    }
}

impl Connections {
    /// Reads the URL; nobody is called yet.
    pub(super) fn new(url: &str, ca_certificates: &[u8], seal: Arc<Seal>) -> Result<Self, Error> {
        let server = Server::parse(url, ca_certificates)?;
        Ok(Self {
            is_cluster: AtomicBool::new(server.is_cluster),
            server: Arc::new(server),
            seal,
            of_runtimes: PerProcess::new(),
            connected: AtomicBool::new(false),
        })
    }

    /// What every key of a request begins with.
    pub(super) fn prefix(&self) -> Vec<u8> {
        format!("{}:{LAYOUT}:", self.server.prefix).into_bytes()
    }

    /// Whether the server is still one that keeps what it is given.
    pub(super) async fn check(&self) -> Result<(), Error> {
        let asked = async {
            let of = self.of_this_runtime()?;
            if self.is_cluster.load(Ordering::Relaxed) {
                return self.check_cluster(&of).await;
            }
            let (_, mut connected) = of.server.get(self.server.connect(&self.seal)).await?;
            check(&redis::cmd("INFO").query_async::<String>(&mut connected.commands).await?, false)
        };
        let checked = timeout(RESPONSE_TIMEOUT, asked)
            .await
            .unwrap_or_else(|_| Err(Failure::no_response(Again::No, RESPONSE_TIMEOUT)));
        checked.map_err(|failure| self.error(self.seen(failure)))
    }

    /// How what is kept is spread over a cluster; None where there is one server.
    pub(super) async fn spread(&self) -> Result<Option<Arc<Spread>>, Error> {
        let is_cluster = || self.is_cluster.load(Ordering::Relaxed);
        if self.server.sentinel.is_some() || (!is_cluster() && self.connected.load(Ordering::Relaxed)) {
            return Ok(None);
        }
        let of = self.of_this_runtime()?;
        let mut tries = Tries::new();
        loop {
            let failure = if is_cluster() {
                match tries.once(self.known_cluster(&of)).await {
                    Ok((_, spread)) => return Ok(Some(spread)),
                    Err(failure) => failure,
                }
            } else {
                match tries.once(of.server.get(self.server.connect(&self.seal))).await {
                    Ok(_) => return Ok(None),
                    Err(failure) if failure.is_cluster() => {
                        self.is_cluster.store(true, Ordering::Relaxed);
                        continue;
                    }
                    Err(failure) => failure,
                }
            };
            self.may_help(&mut tries, failure).await?;
        }
    }

    /// What the script returns. Over a new connection it is called again where that may help: a script knows a command
    /// again.
    pub(super) async fn run(&self, call: Call) -> Result<Value, Error> {
        let of = self.of_this_runtime()?;
        let mut tries = Tries::new();
        let mut asked = None;
        loop {
            let tried = match call.part() {
                None => tries.once(self.once(&of.server, &call)).await,
                Some(part) => tries.once(self.once_in_part(&of, part, &call, &mut asked)).await,
            };
            match tried {
                Ok(response) => return Ok(response),
                Err(failure) => self.may_help(&mut tries, failure).await?,
            }
        }
    }

    /// Waits until a new try may help; the failure where none may.
    pub(super) async fn may_help(&self, tries: &mut Tries, failure: Failure) -> Result<(), Error> {
        let failure = self.seen(failure);
        let may_help = match failure.again {
            Again::Yes => self.connected.load(Ordering::Relaxed) || tries.few.next().is_some(),
            Again::Briefly => tries.few.next().is_some(),
            Again::No => false,
        };
        let wait = generate::up_to(WAIT);
        if !may_help || Instant::now() + wait >= tries.ends {
            return Err(self.error(failure));
        }
        sleep(wait).await;
        Ok(())
    }

    pub(super) fn seen(&self, failure: Failure) -> Failure {
        if self.server.sentinel.is_some() {
            failure.during_failover()
        } else if self.is_cluster.load(Ordering::Relaxed) {
            failure.during_failover_of_cluster()
        } else {
            failure
        }
    }

    pub(super) fn error(&self, failure: Failure) -> Error {
        self.server.passwords().fold(failure, Failure::without).into()
    }

    async fn once(&self, connection: &Connection, call: &Call) -> Result<Value, Failure> {
        let (made, Connected { mut commands, .. }) = connection.get(self.server.connect(&self.seal)).await?;
        self.connected.store(true, Ordering::Relaxed);
        let response = timeout(RESPONSE_TIMEOUT, async {
            match send(&mut commands, call.by_hash()).await {
                Err(error) if is_unknown_script(&error) => send(&mut commands, &call.by_code()).await,
                response => response,
            }
        });
        let failure = match response.await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(error)) => error.into(),
            Err(_) => Failure::no_response(Again::Yes, RESPONSE_TIMEOUT),
        };
        if failure.again != Again::No {
            connection.forget(made);
        }
        Err(failure)
    }

    pub(super) fn of_this_runtime(&self) -> Result<Arc<OfRuntime>, Error> {
        let id = Handle::try_current()
            .map_err(|_| Error::new(ErrorCode::Internal, "the store was called outside of a Tokio runtime"))?
            .id();
        let mut of_runtimes = lock(self.of_runtimes.get_or_make(|| Ok::<_, Error>(Mutex::default()))?);
        if let Some(known) = of_runtimes.get(&id) {
            return Ok(Arc::clone(known));
        }
        // Those of runtimes that are gone are forgotten as others come.
        of_runtimes.retain(|_, connection| Arc::strong_count(connection) > 1 || connection.is_driven());
        let connection = Arc::<OfRuntime>::default();
        of_runtimes.insert(id, Arc::clone(&connection));
        Ok(connection)
    }
}

pub(super) fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

pub(super) async fn send(connected: &mut MultiplexedConnection, command: &Cmd) -> Result<Value, RedisError> {
    match connected.send_packed_command(command).await? {
        Value::ServerError(error) => Err(error.into()),
        response => Ok(response),
    }
}

impl Connection {
    /// The connection and which one it is, made if there is none. Who waited for another's try gets what came of that.
    pub(super) async fn get(
        &self,
        connect: impl Future<Output = Result<Connected, Failure>>,
    ) -> Result<(u64, Connected), Failure> {
        let before = lock(&self.latest).clone();
        if let Some(Ok(connected)) = before.outcome {
            return Ok((before.tries, connected));
        }
        let _connecting = self.connecting.lock().await;
        let latest = lock(&self.latest).clone();
        match latest.outcome {
            Some(Ok(connected)) => return Ok((latest.tries, connected)),
            Some(Err(failure)) if latest.tries != before.tries => return Err(failure),
            _ => {}
        }
        let connected = timeout(CONNECT, connect).await;
        let outcome = connected.unwrap_or_else(|_| Err(Failure::no_response(Again::Yes, CONNECT)));
        let tries = latest.tries + 1;
        *lock(&self.latest) = Latest { tries, outcome: Some(outcome.clone()) };
        outcome.map(|connected| (tries, connected))
    }

    /// Whether it is connected, and its runtime is there.
    pub(super) fn is_driven(&self) -> bool {
        matches!(&lock(&self.latest).outcome, Some(Ok(connected)) if connected.driver.strong_count() > 0)
    }

    /// The connection that this try made is not used any more.
    pub(super) fn forget(&self, tries: u64) {
        let mut latest = lock(&self.latest);
        if latest.tries == tries {
            latest.outcome = None;
        }
    }
}

impl Server {
    /// A connection to a server that can be used.
    async fn connect(self: &Arc<Self>, seal: &Seal) -> Result<Connected, Failure> {
        let Primary { at, listening } = match &self.sentinel {
            Some(sentinel) => self.primary(sentinel).await?,
            None => {
                let at = self.hosts.first().cloned().ok_or_else(Failure::not_redis)?;
                Primary { at, listening: JoinSet::new() }
            }
        };
        match self.greet(&at, seal, listening).await {
            Err(failure) if failure.is_of_a_broken_connection() && self.tls.is_none() => {
                Err(turned_away(&at).await.unwrap_or(failure))
            }
            greeted => greeted,
        }
    }

    async fn greet(&self, at: &Host, seal: &Seal, until: JoinSet<()>) -> Result<Connected, Failure> {
        let mut connected = self.commands(at, &self.login, until).await?;
        let info: String = redis::cmd("INFO").query_async(&mut connected.commands).await?;
        check(&info, false)?;
        self.check_layout_and_key(&mut connected.commands, seal).await?;
        Ok(connected)
    }

    /// A connection to a master of a cluster.
    pub(super) async fn connect_to_master(&self, at: &Host) -> Result<Connected, Failure> {
        let mut connected = self.commands(at, &self.login, JoinSet::new()).await?;
        let info: String = redis::cmd("INFO").query_async(&mut connected.commands).await?;
        check(&info, true)?;
        Ok(connected)
    }

    /// A connection to whatever is there, until one of these ends.
    pub(super) async fn commands(
        &self,
        at: &Host,
        login: &RedisConnectionInfo,
        until: JoinSet<()>,
    ) -> Result<Connected, Failure> {
        match self.dial(at).await? {
            Line::Plain(stream) => drive(stream, login, until).await,
            Line::Tls(stream) => drive(*stream, login, until).await,
        }
    }

    /// What is published there in these channels.
    pub(super) async fn reports(
        &self,
        at: &Host,
        login: &RedisConnectionInfo,
        channels: &[&str],
    ) -> Result<PubSubStream, Failure> {
        let mut subscribed = match self.dial(at).await? {
            Line::Plain(stream) => PubSub::new(login, stream).await?,
            Line::Tls(stream) => PubSub::new(login, *stream).await?,
        };
        subscribed.subscribe(channels).await?;
        Ok(subscribed.into_on_message())
    }

    async fn dial(&self, (host, port): &Host) -> Result<Line, Failure> {
        let unreachable = |error| Failure::unreachable(&error, self.sentinel.is_some());
        let stream = TcpStream::connect((&**host, *port)).await.map_err(unreachable)?;
        // Small commands, each of which is waited for.
        let _ = stream.set_nodelay(true);
        look_after(&stream);
        let Some(connector) = &self.tls else { return Ok(Line::Plain(stream)) };
        let name = ServerName::try_from(host.clone()).map_err(|_| Failure::no_certificate_for_host())?;
        Ok(Line::Tls(Box::new(connector.connect(name, stream).await.map_err(unreachable)?)))
    }

    /// That what is kept there is readable, and noting it down where nothing is kept yet.
    async fn check_layout_and_key(&self, connection: &mut MultiplexedConnection, seal: &Seal) -> Result<(), Failure> {
        let (layout, keys) = (format!("{}:layout", self.prefix), format!("{}:keys", self.prefix));
        let mut known: Option<Vec<Vec<u8>>> = None;
        loop {
            let add = match &known {
                None => None,
                Some(known) => match seal.check(known)? {
                    None => return Ok(()),
                    add => add,
                },
            };
            let call = Call::new(&script::OPEN, None, &[layout.as_bytes(), keys.as_bytes()])
                .arg("+0")
                .arg("")
                .arg(LAYOUT.to_string())
                .arg(known.map_or(0, |known| known.len()).to_string())
                .list(add.as_slice());
            let response = send(connection, &call.by_code()).await?;
            let (written, checks): (u32, Vec<Vec<u8>>) = redis::from_redis_value(response).map_err(RedisError::from)?;
            check_layout(written)?;
            known = Some(checks);
        }
    }
}

/// Whether this version of the library can read what another one wrote.
pub(super) fn check_layout(written: u32) -> Result<(), Failure> {
    if written == LAYOUT {
        return Ok(());
    }
    Err(Failure::misconfigured(
        Reason::NewerVersion,
        format!(
            "the Redis database was written by a version of this library that lays it out otherwise (layout {written}, this \
             version writes {LAYOUT}): use the newest of the versions in every process, or give the URL another `prefix`"
        ),
    ))
}

/// What a server says that hangs up at once: of a connection over which it was greeted meanwhile that may be lost.
async fn turned_away((host, port): &Host) -> Option<Failure> {
    let stream = TcpStream::connect((&**host, *port)).await.ok()?;
    timeout(TURNED_AWAY, stream.readable()).await.ok()?.ok()?;
    let mut response = [0; 128];
    let length = stream.try_read(&mut response).ok()?;
    let response = String::from_utf8_lossy(response.get(..length)?);
    response.contains(NO_MORE_CLIENTS).then(Failure::no_more_clients)
}

/// Logs in.
async fn drive<S>(stream: S, login: &RedisConnectionInfo, mut until: JoinSet<()>) -> Result<Connected, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // Each command has a deadline of its own.
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let (commands, driver) = MultiplexedConnection::new_with_config(login, stream, config).await?;
    let driven = Arc::new(());
    let is_driven = Arc::downgrade(&driven);
    until.spawn(driver);
    tokio::spawn(async move {
        until.join_next().await;
        drop((until, driven));
    });
    Ok(Connected { commands, driver: is_driven })
}

/// Whether a server that says this of itself keeps what it is given, and is of a cluster or is not.
pub(super) fn check(info: &str, of_cluster: bool) -> Result<(), Failure> {
    let says = |name: &str| {
        info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim).unwrap_or_default()
    };
    let refuse = |why: &'static str| Err(Failure::misconfigured(Reason::Unsuitable, why));
    let version = says("redis_version");
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    let (Some(Some(major)), Some(Some(minor))) = (parts.next(), parts.next()) else {
        return Err(Failure::not_redis());
    };
    if (major, minor) < OLDEST {
        return Err(Failure::misconfigured(
            Reason::Unsuitable,
            format!("the Redis server is too old ({version}); it must be 6.2 or newer"),
        ));
    }
    // Valkey calls it otherwise.
    match [says("redis_mode"), says("server_mode")].concat().as_str() {
        "cluster" if !of_cluster => return Err(Failure::cluster()),
        "sentinel" => {
            return refuse(
                "this is a Redis Sentinel, which keeps nothing: the URL must be like `redis+sentinel://HOST/MASTER`",
            );
        }
        "cluster" => {}
        _ if of_cluster => return Err(Failure::not_cluster()),
        _ => {}
    }
    if says("role") == "slave" {
        return Err(Failure::replica());
    }
    if !matches!(says("maxmemory"), "" | "0") && says("maxmemory_policy") != "noeviction" {
        return refuse(
            "the Redis server drops keys when its memory is full, and would forget limits and idempotency keys: \
             set its `maxmemory-policy` to `noeviction`",
        );
    }
    Ok(())
}

/// Has the system notice that the other side is gone, and keeps what is in between from forgetting the connection.
fn look_after(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let probes = TcpKeepalive::new().with_time(IDLE).with_interval(PROBE).with_retries(PROBES);
    // Without it each command has its deadline still.
    let _ = socket.set_tcp_keepalive(&probes);
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_user_timeout(Some(SILENCE));
}
