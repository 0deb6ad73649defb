//! A primary of Redis and its replica, which three real Sentinels watch.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::redis_server::RedisServer;

/// How long anything may take, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Watched {
    pub(crate) servers: [RedisServer; 2],
    pub(crate) sentinels: [RedisServer; 3],
    /// Which of the servers is the primary.
    primary: AtomicUsize,
}

/// What a Sentinel reports, from now on.
struct Events(TcpStream);

impl Events {
    fn of(sentinel: &RedisServer) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", sentinel.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"PSUBSCRIBE *\r\n").unwrap();
        Self(stream)
    }

    /// Awaits what is looked at again with each report.
    fn until(&mut self, is_so: impl Fn() -> bool) {
        let mut some = [0; 4096];
        while !is_so() {
            assert!(self.0.read(&mut some).unwrap() > 0, "it has ended");
        }
    }
}

impl Watched {
    pub(crate) fn start() -> Self {
        Self::start_by(RedisServer::start, |primary| RedisServer::start_sentinel(primary, 2, ""))
    }

    /// The same of Valkey.
    pub(crate) fn start_valkey() -> Self {
        Self::start_by(RedisServer::start_valkey, |primary| RedisServer::start_valkey_sentinel(primary, 2))
    }

    fn start_by(server: fn(&[&str]) -> RedisServer, sentinel: fn(u16) -> RedisServer) -> Self {
        let primary = server(&["--repl-diskless-sync-delay", "0"]);
        let replica = server(&["--replicaof", "127.0.0.1", &primary.port.to_string()]);
        assert_eq!(primary.cli(&["wait", "1", "60000"]), "1");
        let sentinels = [(); 3].map(|()| sentinel(primary.port));
        for sentinel in &sentinels {
            Events::of(sentinel).until(|| {
                let known = sentinel.cli(&["sentinel", "master", "main"]);
                let known: Vec<_> = known.lines().collect();
                let knows = |fact: &[&str]| known.windows(2).any(|two| two == fact);
                knows(&["num-slaves", "1"]) && knows(&["num-other-sentinels", "2"])
            });
        }
        Self { servers: [primary, replica], sentinels, primary: AtomicUsize::new(0) }
    }

    /// A URL under which nothing is kept yet.
    pub(crate) fn url(&self) -> String {
        let sentinels = self.sentinels.each_ref().map(|sentinel| format!("127.0.0.1:{}", sentinel.port)).join(",");
        let of_server = self.primary().url();
        let (_, prefix) = of_server.split_once('?').unwrap();
        format!("redis+sentinel://{sentinels}/main?{prefix}")
    }

    pub(crate) fn primary(&self) -> &RedisServer {
        &self.servers[self.primary.load(Ordering::SeqCst)]
    }

    pub(crate) fn replica(&self) -> &RedisServer {
        &self.servers[1 - self.primary.load(Ordering::SeqCst)]
    }

    /// Does this to the primary, and waits until all Sentinels name the other server.
    pub(crate) fn fail_over(&self, how: impl FnOnce(&RedisServer)) {
        let (primary, replica) = (self.primary(), self.replica());
        let mut events = self.sentinels.each_ref().map(Events::of);
        how(primary);
        for (sentinel, events) in self.sentinels.iter().zip(&mut events) {
            events.until(|| {
                sentinel.cli(&["sentinel", "get-master-addr-by-name", "main"]).ends_with(&replica.port.to_string())
            });
        }
        self.primary.fetch_xor(1, Ordering::SeqCst);
    }

    /// Kills the primary after the replica has all that was acknowledged.
    pub(crate) fn fail_over_without_loss(&self) {
        let replica = self.replica();
        self.fail_over(|primary| {
            assert_eq!(primary.cli(&["client", "pause", "60000", "write"]), "OK");
            while replica.replicated() != primary.replicated() {}
            primary.kill();
        });
    }

    /// Starts the server again that was killed, and waits until it is a replica that has everything.
    pub(crate) fn rejoin(&self) {
        self.replica().start_again();
        // Sentinel would do so after some seconds.
        self.replica().cli(&["replicaof", "127.0.0.1", &self.primary().port.to_string()]);
        // Sentinel closes the connections of a server that it has promoted.
        let started = Instant::now();
        while self.primary().cli(&["wait", "1", "60000"]) != "1" {
            assert!(started.elapsed() < PATIENCE, "it is no replica");
        }
    }
}
