//! The connections of a process, in a thread of their own: they serve every runtime, and outlive each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{GenericClient as _, Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio::runtime::Handle;
use tokio::sync::{OnceCell, oneshot};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::Parameters;
use super::failure::{Again, Failure};
use super::url::Database;
use crate::store::per_process::PerProcess;
use crate::store::sealed::Seal;
use crate::store::storage;
use crate::{Error, generate};

/// The version of the schema, and how each is made of the one before.
const VERSION: usize = MIGRATIONS.len();
const MIGRATIONS: [&str; 1] = [include_str!("schema.sql")];
/// What processes that migrate at once wait for: `egoiveri`.
const MIGRATING: i64 = i64::from_be_bytes(*b"egoiveri");

/// How many connections a process has at most.
const MAX: usize = 8;
/// How long a call may take altogether; a caller's own deadline may end it before.
const WHOLE: Duration = Duration::from_secs(10);
/// The longest wait before a call is made again, which is cut short at random.
const WAIT: Duration = Duration::from_millis(200);

pub(super) struct Connections {
    shared: Arc<Shared>,
    thread: PerProcess<Thread>,
}

/// What a process's thread needs, which may outlive the store for as long as a call takes.
struct Shared {
    database: Database,
    seal: Arc<Seal>,
}

/// A thread with its runtime, which ends when this is dropped.
struct Thread {
    runtime: Handle,
    served: Arc<Served>,
    _ends: oneshot::Sender<()>,
}

struct Served {
    shared: Arc<Shared>,
    pool: Pool,
    /// The database was found, or made, to be as it has to be.
    prepared: OnceCell<()>,
    /// There was a connection: one that cannot be made now may be made again soon.
    connected: AtomicBool,
}

impl Connections {
    pub(super) fn new(database: Database, seal: Arc<Seal>) -> Self {
        Self { shared: Arc::new(Shared { database, seal }), thread: PerProcess::new() }
    }

    /// What the statement answers. It is made again, over a new connection, where that is safe and may help.
    pub(super) async fn call(&self, statement: &'static str, parameters: Parameters) -> Result<Vec<Row>, Error> {
        let thread = self.thread.get_or_make(|| Thread::start(Arc::clone(&self.shared)))?;
        let served = Arc::clone(&thread.served);
        let made = thread.runtime.spawn(async move { served.call(statement, &parameters).await });
        made.await.map_err(|_| storage("the thread of the store has ended"))?
    }
}

impl Thread {
    fn start(shared: Arc<Shared>) -> Result<Self, Error> {
        let failed = |error: String| storage("no thread could be started for the store").with_cause(error);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| failed(error.to_string()))?;
        let (ends, ended) = oneshot::channel();
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(shared.database.config.clone(), shared.database.tls.clone(), config);
        let pool = Pool::builder(manager).max_size(MAX).build().map_err(|error| failed(error.to_string()))?;
        let served = Served { shared, pool, prepared: OnceCell::new(), connected: AtomicBool::new(false) };
        let handle = runtime.handle().clone();
        std::thread::Builder::new()
            .name("egoi-verify postgres".to_owned())
            .spawn(move || {
                // It is never sent: that its sender is gone is what ends it.
                let _ = runtime.block_on(ended);
            })
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self { runtime: handle, served: Arc::new(served), _ends: ends })
    }
}

impl Served {
    async fn call(&self, statement: &str, parameters: &Parameters) -> Result<Vec<Row>, Error> {
        let ends = Instant::now() + WHOLE;
        loop {
            let failure = match timeout_at(ends, self.once(statement, parameters)).await {
                Ok(Ok(rows)) => return Ok(rows),
                Ok(Err(failure)) => failure,
                Err(_) => return Err(storage(format!("the database gave no answer in {} s", WHOLE.as_secs()))),
            };
            let may_help = match failure.again {
                Again::Yes => self.connected.load(Ordering::Relaxed),
                Again::IfRepeatable => true,
                Again::No => false,
            };
            let wait = generate::up_to(WAIT);
            if !may_help || Instant::now() + wait >= ends {
                return Err(failure.error);
            }
            sleep(wait).await;
        }
    }

    async fn once(&self, statement: &str, parameters: &Parameters) -> Result<Vec<Row>, Failure> {
        let mut client = self.pool.get().await?;
        self.connected.store(true, Ordering::Relaxed);
        self.prepared.get_or_try_init(|| self.prepare(&mut client)).await?;
        let statement = client.prepare_cached(statement).await?;
        let parameters: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|one| &**one as _).collect();
        Ok(client.query(&statement, &parameters).await?)
    }

    async fn prepare(&self, client: &mut deadpool_postgres::Client) -> Result<(), Failure> {
        if version(&*client).await?.is_none_or(|version| version < VERSION) {
            let tx = client.transaction().await?;
            // Of several processes that come at once one does it, and the others find it done.
            tx.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATING]).await?;
            let version = version(&tx).await?.unwrap_or(0);
            for migration in MIGRATIONS.iter().skip(version) {
                tx.batch_execute(migration).await?;
            }
            tx.commit().await?;
        }
        let rows = client.query("SELECT key_check FROM egoi_verify_keys", &[]).await?;
        let known = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<Vec<u8>>, _>>()?;
        if let Some(check) = self.shared.seal.check(&known)? {
            let add = "INSERT INTO egoi_verify_keys VALUES ($1) ON CONFLICT DO NOTHING";
            client.execute(add, &[&check.as_slice()]).await?;
        }
        Ok(())
    }
}

/// The version of the schema; none where there is none. A newer version's is refused.
async fn version(client: &impl deadpool_postgres::GenericClient) -> Result<Option<usize>, Failure> {
    // Not `to_regclass`, which remembers that there was none before another process made it.
    let there = "SELECT count(*) > 0 FROM pg_class WHERE relname = 'egoi_verify_version' AND pg_table_is_visible(oid)";
    let there = client.query_one(there, &[]).await?;
    if !there.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let version: i32 = client.query_one("SELECT version FROM egoi_verify_version", &[]).await?.try_get(0)?;
    match usize::try_from(version) {
        Ok(version) if version <= VERSION => Ok(Some(version)),
        _ => Err(storage(
            "the database's tables were made by a newer version of this library: use that version, or another database",
        )
        .into()),
    }
}
