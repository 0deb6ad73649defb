//! A cluster of Redis or Valkey: three masters, each with a replica.

use std::time::{Duration, Instant};

use super::redis_server::RedisServer;
use super::server::free_port;

/// How long anything may take, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// After how many milliseconds a server is taken to be gone: on a busy machine one may stand still for some time.
pub(crate) const CALM: &str = "30000";
pub(crate) const WARY: &str = "3000";

const MASTERS: usize = 3;
const SLOTS: usize = 16_384;

pub(crate) struct Cluster {
    /// The first three were the masters, the others their replicas.
    pub(crate) servers: Vec<RedisServer>,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        Self::start_with(CALM, &RedisServer::start)
    }

    /// One whose replicas take over soon.
    pub(crate) fn start_wary() -> Self {
        Self::start_with(WARY, &RedisServer::start)
    }

    /// The same of Valkey.
    pub(crate) fn start_valkey() -> Self {
        Self::start_with(CALM, &RedisServer::start_valkey)
    }

    /// The same of servers that are started by this, with these options and others.
    pub(crate) fn start_with(node_timeout: &str, server: &dyn Fn(&[&str]) -> RedisServer) -> Self {
        let servers: Vec<_> = (0..2 * MASTERS)
            .map(|_| {
                let bus = free_port().to_string();
                let needed = [
                    "--cluster-enabled",
                    "yes",
                    "--cluster-node-timeout",
                    node_timeout,
                    "--cluster-port",
                    &bus,
                    "--repl-diskless-sync-delay",
                    "0",
                ];
                server(&needed)
            })
            .collect();
        let cluster = Self { servers };
        let (first, others) = cluster.servers.split_first().unwrap();
        for (i, master) in cluster.servers[..MASTERS].iter().enumerate() {
            let (from, to) = (i * SLOTS / MASTERS, (i + 1) * SLOTS / MASTERS - 1);
            assert_eq!(master.cli(&["cluster", "set-config-epoch", &(i + 1).to_string()]), "OK");
            assert_eq!(master.cli(&["cluster", "addslotsrange", &from.to_string(), &to.to_string()]), "OK");
        }
        let all_know_all =
            || cluster.servers.iter().all(|server| server.cli(&["cluster", "nodes"]).lines().count() == 2 * MASTERS);
        until(|| {
            let known = first.cli(&["cluster", "nodes"]);
            for other in others {
                let port = |name: &str| other.cli(&["config", "get", name]).lines().last().unwrap().to_owned();
                let own = Some(port("tls-port")).filter(|port| port != "0").unwrap_or_else(|| other.port.to_string());
                let bus = port("cluster-port");
                // Once more, if a busy machine let the handshake run out.
                if !known.contains(&format!("@{bus}")) {
                    assert_eq!(first.cli(&["cluster", "meet", "127.0.0.1", &own, &bus]), "OK");
                }
            }
            all_know_all()
        });
        for (master, replica) in cluster.servers.iter().zip(&cluster.servers[MASTERS..]) {
            until(|| replica.cli(&["cluster", "replicate", &id(master)]) == "OK");
        }
        until(|| cluster.is_whole());
        cluster
    }

    /// Whether every server knows all of them, and every replica has what its master has.
    pub(crate) fn is_whole(&self) -> bool {
        self.servers.iter().all(|server| {
            let nodes = server.cli(&["cluster", "nodes"]);
            let replication = server.cli(&["info", "replication"]);
            server.cli(&["cluster", "info"]).contains("cluster_state:ok")
                && nodes.matches(" slave ").count() + nodes.matches(",slave ").count() == MASTERS
                && !nodes.contains("fail")
                && (replication.contains("role:master") || replication.contains("master_link_status:up"))
        })
    }

    /// A URL under which nothing is kept yet.
    pub(crate) fn url(&self) -> String {
        let hosts: Vec<_> = self.servers[..2].iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
        format!("redis+cluster://{}?{}", hosts.join(","), self.prefix())
    }

    /// A URL that does not say that it is a cluster.
    pub(crate) fn plain_url(&self) -> String {
        self.servers[1].url()
    }

    fn prefix(&self) -> String {
        self.servers[0].url().split_once('?').unwrap().1.to_owned()
    }

    pub(crate) fn masters(&self) -> impl Iterator<Item = &RedisServer> {
        self.servers.iter().filter(|server| server.cli(&["role"]).starts_with("master"))
    }

    /// The replica of a master, by what that says.
    pub(crate) fn replica_of(&self, master: &RedisServer) -> &RedisServer {
        let replicas = master.cli(&["cluster", "replicas", &id(master)]);
        self.servers.iter().find(|server| replicas.contains(&format!(":{}@", server.port))).unwrap()
    }

    /// Does this to a master, and waits until its replica is the master and everybody alive knows.
    pub(crate) fn fail_over(&self, master: &RedisServer, how: impl FnOnce(&RedisServer, &RedisServer)) {
        let replica = self.replica_of(master);
        let promoted = id(replica);
        how(master, replica);
        let is_master = |server: &RedisServer| {
            let nodes = server.cli(&["cluster", "nodes"]);
            nodes.lines().any(|node| node.starts_with(&promoted) && node.contains("master"))
                && server.cli(&["cluster", "info"]).contains("cluster_state:ok")
        };
        until(|| self.servers.iter().filter(|server| server.listens()).all(is_master));
    }

    /// A master that has keys like this, as soon as one does, and the slot of one of them.
    pub(crate) fn with_keys(&self, pattern: &str) -> (&RedisServer, usize) {
        let find = || {
            self.masters().find_map(|master| {
                let tag = tags(master, pattern).pop()?;
                Some((master, slot(master, &tag)))
            })
        };
        until(|| find().is_some());
        find().unwrap()
    }

    /// Kills a master after its replica has all that was acknowledged.
    pub(crate) fn fail_over_without_loss(&self, master: &RedisServer) {
        self.fail_over(master, |master, replica| {
            assert_eq!(master.cli(&["client", "pause", "60000", "write"]), "OK");
            while replica.replicated() != master.replicated() {}
            master.kill();
        });
    }

    /// Starts the servers again that were killed, and waits until all of it is whole.
    pub(crate) fn rejoin(&self) {
        for server in self.servers.iter().filter(|server| !server.listens()) {
            server.start_again();
        }
        until(|| self.is_whole());
    }

    /// The slots of a master that have keys like this.
    pub(crate) fn slots_with_keys(&self, master: &RedisServer, pattern: &str) -> Vec<usize> {
        tags(master, pattern).iter().map(|tag| slot(master, tag)).collect()
    }

    /// Moves so many slots of one master to another, each as `redis-cli` does: key by key.
    pub(crate) fn move_slots(&self, from: &RedisServer, to: &RedisServer, slots: impl IntoIterator<Item = usize>) {
        let (source, target) = (id(from), id(to));
        for slot in slots {
            let slot = slot.to_string();
            assert_eq!(to.cli(&["cluster", "setslot", &slot, "importing", &source]), "OK");
            assert_eq!(from.cli(&["cluster", "setslot", &slot, "migrating", &target]), "OK");
            // Calls meet it half moved.
            loop {
                let keys = from.cli(&["eval", MOVE_SOME, "0", &slot, "127.0.0.1", &to.port.to_string()]);
                if keys == "0" {
                    break;
                }
            }
            for server in [to, from] {
                assert_eq!(server.cli(&["cluster", "setslot", &slot, "node", &target]), "OK");
            }
        }
    }
}

/// `MIGRATE` of ten keys, whose names are bytes that no shell has to repeat.
const MOVE_SOME: &str = "local keys = redis.call('CLUSTER', 'GETKEYSINSLOT', ARGV[1], 10)
    if #keys > 0 then redis.call('MIGRATE', ARGV[2], ARGV[3], '', 0, 5000, 'KEYS', unpack(keys)) end
    return #keys";

/// The tags of a master's keys like this, each once.
fn tags(master: &RedisServer, pattern: &str) -> Vec<String> {
    let keys = master.cli(&["--scan", "--pattern", pattern]);
    // Behind the tag are bytes, of which some look like the beginning of another line or tag.
    let tag = |key: &str| {
        let tag = key.split_once(":{")?.1.split_once('}')?.0;
        (tag.len() == 4 && tag.bytes().all(|digit| digit.is_ascii_digit())).then(|| tag.to_owned())
    };
    let mut tags: Vec<_> = keys.lines().filter_map(tag).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

fn slot(master: &RedisServer, tag: &str) -> usize {
    master.cli(&["cluster", "keyslot", &format!("{{{tag}}}")]).parse().unwrap()
}

pub(crate) fn id(server: &RedisServer) -> String {
    server.cli(&["cluster", "myid"])
}

pub(crate) fn until(is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "it does not come");
        // Each look starts a process, and the servers need the processor.
        std::thread::sleep(Duration::from_millis(50));
    }
}
