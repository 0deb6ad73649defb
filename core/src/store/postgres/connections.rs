//! The connections of a process, in a thread of their own: they serve every runtime, and outlive each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Object, Pool};
use tokio::runtime::Handle;
use tokio::sync::{OnceCell, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_postgres::Row;

use super::Parameters;
use super::connection::{Connection, Connector};
use super::failure::{Again, Failure};
use super::schema::Schema;
use super::url::Database;
use crate::error::Error;
use crate::generate;
use crate::store::per_process::PerProcess;
use crate::store::sealed::Seal;
use crate::store::storage;

/// How long a response may take before the connection is dropped.
const RESPONSE: Duration = Duration::from_secs(4);
/// How long a call may take altogether; a caller's own deadline may end it before.
const WHOLE: Duration = Duration::from_secs(10);
/// The longest wait before a call is made again, which is cut short at random.
const WAIT: Duration = Duration::from_millis(200);

/// How often another server is looked for, in the place of one that only reads.
const OTHER_SERVERS: u32 = 3;

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
    pool: Pool<Connector>,
    /// The database was found, or made, to be as it has to be.
    prepared: OnceCell<Schema>,
    /// There was a connection: one that cannot be made now may be made again soon.
    connected: AtomicBool,
}

impl Connections {
    pub(super) fn new(database: Database, seal: Arc<Seal>) -> Self {
        Self { shared: Arc::new(Shared { database, seal }), thread: PerProcess::new() }
    }

    /// What the statement returns. It is made again, over a new connection, where that is safe and may help.
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
        let pool = Pool::builder(Connector::new(&shared.database))
            .max_size(shared.database.connections)
            .create_timeout(Some(shared.database.connect_timeout))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| failed(error.to_string()))?;
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
        let mut others = 0..OTHER_SERVERS;
        loop {
            let failure = match self.once(statement, parameters, ends).await {
                Ok(rows) => return Ok(rows),
                Err(failure) => failure,
            };
            let may_help = match failure.again {
                Again::Yes => self.connected.load(Ordering::Relaxed),
                Again::Briefly => others.next().is_some(),
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

    async fn once(&self, statement: &str, parameters: &Parameters, ends: Instant) -> Result<Vec<Row>, Failure> {
        let Ok(connection) = timeout_at(ends, self.pool.get()).await else {
            return Err(Failure::no_connection_is_free());
        };
        let mut lent = Lent(Some(connection?));
        self.connected.store(true, Ordering::Relaxed);
        let began = Instant::now();
        let asked = timeout_at(ends.min(began + RESPONSE), async {
            let connection = lent.connection()?;
            let Shared { database, seal } = &*self.shared;
            let schema =
                self.prepared.get_or_try_init(|| Schema::prepare(connection, database.schema.as_deref(), seal)).await?;
            let statement = schema.qualify(statement);
            lent.connection()?.query(&statement, parameters).await.map_err(Failure::from)
        });
        match asked.await {
            Ok(Ok(rows)) => {
                lent.give_back();
                Ok(rows)
            }
            Ok(Err(failure)) => {
                if failure.keeps_the_connection {
                    lent.give_back();
                }
                if failure.is_read_only {
                    // They are to the same server, which was the primary.
                    self.pool.retain(|_, _| false);
                }
                Err(failure)
            }
            Err(_) => {
                // Those that lie idle are likely to be as dead, but for those that were of use since.
                self.pool.retain(|_, metrics| metrics.last_used() < began.elapsed());
                self.cancel(&mut lent);
                Err(Failure::no_response(RESPONSE))
            }
        }
    }

    /// Asks the server, over another connection, not to go on with what nobody waits for any more: behind a lock that is held
    /// for long there would be more and more of it.
    fn cancel(&self, lent: &mut Lent) {
        let Ok(connection) = lent.connection() else { return };
        let (token, tls) = (connection.client.cancel_token(), self.shared.database.tls.clone());
        tokio::spawn(timeout(self.shared.database.connect_timeout, async move { token.cancel_query(tls).await }));
    }
}

/// A connection of the pool, which closes unless it is given back: a query may be under way on it.
struct Lent(Option<Object<Connector>>);

impl Lent {
    fn connection(&mut self) -> Result<&mut Connection, Failure> {
        self.0.as_deref_mut().ok_or_else(Failure::no_connection_is_free)
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}
