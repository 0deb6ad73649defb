//! The stores that outlive a process, each against the least that its server must do for a validation: validations a second, what
//! a pending request takes, and what a lifecycle costs as more requests are pending.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rounds;

#[cfg(feature = "redis")]
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../tests/support/redis_server.rs"]
mod redis_server;
#[cfg(feature = "redis")]
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../tests/support/server.rs"]
mod server;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use egoi_verify::{
    CallOptions, Engine, EngineOptions, OutgoingSms, PhoneNumber, RequestOptions, SendError, ValidateOptions,
};
use rounds::Cost;
use tokio::runtime::{Builder, Runtime};

/// How many calls are under way at the same time.
const AT_ONCE: usize = 64;

fn main() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    #[cfg(feature = "redis")]
    redis::measure(&runtime);
}

/// An engine on a store, and the codes that it sent, by the number they went to.
#[derive(Clone)]
struct Verifying {
    engine: Engine,
    codes: Arc<Mutex<HashMap<PhoneNumber, String>>>,
}

/// A number that no other is like.
fn number(i: usize) -> PhoneNumber {
    PhoneNumber::parse(&format!("+3519{i:08}")).unwrap()
}

impl Verifying {
    fn on(url: &str, options: EngineOptions) -> Self {
        let codes = Arc::<Mutex<HashMap<_, _>>>::default();
        let sent = Arc::clone(&codes);
        let send = move |sms: OutgoingSms| {
            sent.lock().unwrap().insert(sms.number, sms.text[..6].to_owned());
            std::future::ready(Ok::<(), SendError>(()))
        };
        Self { engine: Engine::new(send, options.store_url(url).key([7; 32])).unwrap(), codes }
    }

    /// Pending requests, each to a number of its own.
    async fn request(&self, numbers: std::ops::Range<usize>) -> Vec<(String, String)> {
        let made = at_once(numbers.len(), {
            let verifying = self.clone();
            move |i| {
                let (verifying, number) = (verifying.clone(), number(numbers.start + i));
                async move {
                    let id = verifying.engine.request_to(number, RequestOptions::default()).await.unwrap().id;
                    (id, verifying.codes.lock().unwrap().remove(&number).unwrap())
                }
            }
        });
        made.await
    }

    async fn validate(&self, made: Vec<(String, String)>) {
        let (engine, made) = (self.engine.clone(), Arc::new(made));
        at_once(made.len(), move |i| {
            let (engine, made) = (engine.clone(), Arc::clone(&made));
            async move {
                let (id, code) = &made[i];
                assert!(engine.validate(id, code, ValidateOptions::default()).await.unwrap().is_verified());
            }
        })
        .await;
    }
}

/// Does this so many times, always some of it at once.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send>(
    count: usize,
    does: impl Fn(usize) -> F + Clone + Send + 'static,
) -> Vec<T> {
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|task| {
            let does = does.clone();
            tokio::spawn(async move {
                let mut done = Vec::with_capacity(count / AT_ONCE + 1);
                for i in (task..count).step_by(AT_ONCE) {
                    done.push(does(i).await);
                }
                done
            })
        })
        .collect();
    let mut all = Vec::with_capacity(count);
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all
}

/// Measures so many operations, with what the server takes for them.
type Measured<'a> = dyn Fn(usize, &mut dyn FnMut() -> Cost) -> Cost + 'a;

/// Validations by the engine against what does the least, each given how many to do.
fn compare_validations<'a>(
    runtime: &'a Runtime,
    what: &'a str,
    verifying: &'a Verifying,
    measured: &'a Measured<'a>,
    least: (&'a str, Box<dyn FnMut(usize) -> Cost + 'a>),
) {
    let count = rounds::scaled(20_000);
    let (name, mut does_least) = least;
    let mut numbers = (0..).step_by(count);
    let own = move || {
        let first = numbers.next().unwrap();
        let made = runtime.block_on(verifying.request(first..first + count));
        let mut made = Some(made);
        measured(count, &mut || Cost::of(count, || runtime.block_on(verifying.validate(made.take().unwrap()))))
    };
    let cost = rounds::compare(what, vec![("Engine", Box::new(own)), (name, Box::new(move || does_least(count)))]);
    println!("\n- {what}: {:.0} validations a second (goal: at most 1.25 times as long)\n", 1e9 / cost.time);
}

/// Lifecycles on a store with many pending requests against one with few.
fn compare_pending(runtime: &Runtime, what: &str, few: (&Verifying, usize), many: (&Verifying, usize)) {
    let count = rounds::scaled(10_000);
    let round = |verifying: &Verifying, first: usize| {
        Cost::of(count, || {
            runtime.block_on(async {
                let made = verifying.request(first..first + count).await;
                verifying.validate(made).await;
            });
        })
    };
    // Numbers that the pending ones are not for.
    let (mut of_few, mut of_many) = ((few.1..).step_by(count), (many.1..).step_by(count));
    rounds::compare(
        what,
        vec![
            (&*format!("{} pending", many.1), Box::new(|| round(many.0, of_many.next().unwrap()))),
            (&*format!("{} pending", few.1), Box::new(|| round(few.0, of_few.next().unwrap()))),
        ],
    );
}

#[cfg(feature = "redis")]
mod redis {
    use super::*;

    use ::redis::aio::MultiplexedConnection;
    use ::redis::{AsyncConnectionConfig, Script};

    use crate::redis_server::{self, RedisServer};

    /// The least that uses a code up: the time, the record, and one conditional write.
    const LEAST: &str = "
        local time = redis.call('TIME')
        local record = redis.call('GET', KEYS[1])
        if record and record:byte() == 48 and time[1] + 0 < tonumber(ARGV[2]) and record:sub(2, 33) == ARGV[1] then
          redis.call('SET', KEYS[1], '1' .. record:sub(2), 'KEEPTTL')
          return 'verified'
        end
        return 'wrong_code'";

    pub(super) fn measure(runtime: &Runtime) {
        if !redis_server::is_here() {
            return;
        }
        let (server, few, many) = (RedisServer::start(&[]), RedisServer::start(&[]), RedisServer::start(&[]));
        // After the servers, which would stay there too.
        rounds::stay_on(0);
        rounds::head(
            "Redis on loopback, 64 calls at once over one connection; the processor time is the client's and that of the server's scripts",
        );
        let url = format!("redis://127.0.0.1:{}", server.port);
        let connection = runtime.block_on(async {
            let client = ::redis::Client::open(&*url).unwrap();
            let config = AsyncConnectionConfig::new().set_response_timeout(None);
            client.get_multiplexed_async_connection_with_config(&config).await.unwrap()
        });
        for (what, options) in [
            ("Redis, limits off", EngineOptions::default().without_limits()),
            ("Redis, all limits on", EngineOptions::default()),
        ] {
            let verifying = Verifying::on(&server.url(), options);
            let measured = |count, does: &mut dyn FnMut() -> Cost| with_the_servers(&server, count, does);
            let least = Box::new(|count| least(runtime, &connection, count, &measured));
            compare_validations(runtime, what, &verifying, &measured, ("a bare script", least));
            server.cli(&["flushall"]);
        }
        pending(runtime, &few, &many);
    }

    /// As many records as the engine had, and as long.
    fn least(runtime: &Runtime, connection: &MultiplexedConnection, count: usize, measured: &Measured<'_>) -> Cost {
        let script = Arc::new(Script::new(LEAST));
        let record = [&b"0"[..], &[7; 32], &[0; 300]].concat();
        let key = |i: usize| format!("egoi-verify:1:r:{i:016}");
        runtime.block_on(async {
            for i in 0..count {
                let mut set = ::redis::cmd("SET");
                set.arg(key(i)).arg(&record).arg("EX").arg(87_000);
                let () = set.query_async(&mut connection.clone()).await.unwrap();
            }
        });
        let validates = {
            let connection = connection.clone();
            move |i| {
                let (script, mut connection) = (Arc::clone(&script), connection.clone());
                async move {
                    let mut call = script.key(key(i));
                    call.arg(&[7_u8; 32][..]).arg(4_000_000_000_u64);
                    let said: String = call.invoke_async(&mut connection).await.unwrap();
                    assert_eq!(said, "verified");
                }
            }
        };
        measured(count, &mut || Cost::of(count, || drop(runtime.block_on(at_once(count, validates.clone())))))
    }

    fn pending(runtime: &Runtime, few: &RedisServer, many: &RedisServer) {
        let (few_pending, many_pending) = (10_000, rounds::scaled(1_000_000));
        let of_few = Verifying::on(&few.url(), EngineOptions::default());
        let of_many = Verifying::on(&many.url(), EngineOptions::default());
        let fill = |server: &RedisServer, verifying: &Verifying, count: usize| {
            runtime.block_on(verifying.engine.ping(CallOptions::default())).unwrap();
            let before = used_memory(server);
            runtime.block_on(verifying.request(0..count));
            let taken = (used_memory(server) - before) as f64 / count as f64;
            println!("- {count} pending: {taken:.0} bytes a request, with what is counted for a number of its own");
            rounds::figure(&format!("a pending request in Redis, of {count}"), "memory", "bytes", &[taken]);
        };
        println!("\nMemory of the Redis server");
        fill(few, &of_few, few_pending);
        fill(many, &of_many, many_pending);
        rounds::head(
            "A request and its validation, with more and with fewer pending (goal: at most 1.3 times as long)",
        );
        compare_pending(runtime, "Redis", (&of_few, few_pending), (&of_many, many_pending));
    }

    /// What it takes, with the processor time of the server's scripts beside the client's.
    fn with_the_servers(server: &RedisServer, count: usize, does: impl FnOnce() -> Cost) -> Cost {
        server.cli(&["config", "resetstat"]);
        let cost = does();
        let said = server.cli(&["info", "commandstats"]);
        let scripts = said.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:")).unwrap();
        let usec = scripts.split(',').find_map(|part| part.strip_prefix("usec=")).unwrap();
        Cost { processor: cost.processor + usec.parse::<f64>().unwrap() * 1000.0 / count as f64, ..cost }
    }

    fn used_memory(server: &RedisServer) -> u64 {
        let said = server.cli(&["info", "memory"]);
        said.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap().trim().parse().unwrap()
    }
}
