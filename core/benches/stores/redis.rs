//! Redis.

use std::sync::Arc;

use egoi_verify::EngineOptions;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Script};
use tokio::runtime::Runtime;

use crate::redis_server::{self, RedisServer};
use crate::rounds;
use crate::{AT_ONCE, LIMITS, Measured, Shared, Verifying, at_once, note_size, options, pending};

/// The least that uses a code up: the time, the record, what is counted for its number where that is limited, and one
/// conditional write.
const LEAST: &str = "
    local time = redis.call('TIME')
    local record = redis.call('GET', KEYS[1])
    local wrong_codes = KEYS[2] and redis.call('GET', KEYS[2])
    if record and not wrong_codes and record:byte() == 48 and time[1] + 0 < tonumber(ARGV[2])
      and record:sub(2, 33) == ARGV[1] then
      redis.call('SET', KEYS[1], '1' .. record:sub(2), 'KEEPTTL')
      return 'verified'
    end
    return 'wrong_code'";

/// So many copies of the request that is there, and of what is counted for its number.
const COPY: &str = "
    local request, sms = redis.call('KEYS', '*:r:*')[1], redis.call('KEYS', '*:s:*')[1]
    for i = 1, ARGV[1] do
      redis.call('COPY', request, request:sub(1, -17) .. struct.pack('>I8I8', 0, i))
      redis.call('COPY', sms, sms:sub(1, -33) .. struct.pack('>I8I8I8I8', 0, 0, 0, i))
    end";

pub(super) fn measure(runtime: &Runtime) {
    if !redis_server::is_here() {
        return;
    }
    let (server, few, many) = (RedisServer::start(&[]), RedisServer::start(&[]), RedisServer::start(&[]));
    // After the servers, which would stay there too.
    rounds::stay_on(0);
    rounds::head("Redis on loopback, 64 calls at once over one connection; processor time of client and server");
    let spent = || rounds::processor_ns_of_all() + server.processor_ns();
    let measured = Measured { runtime, spent: &spent, by_callers: &rounds::processor_ns_of_all };
    let url = format!("redis://127.0.0.1:{}", server.port);
    let connection = runtime.block_on(async {
        let client = ::redis::Client::open(&*url).unwrap();
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        client.get_multiplexed_async_connection_with_config(&config).await.unwrap()
    });
    let count = rounds::scaled(20_000);
    for (limits, are_limited) in LIMITS {
        let verifying = Verifying::on(&server.url(), options(are_limited));
        let least = Box::new(|| least(&measured, &connection, count, are_limited));
        measured.compare_validations(
            &format!("Redis, {limits}"),
            &verifying,
            (AT_ONCE, count),
            ("a bare script", least),
        );
        server.cli(&["flushall"]);
    }
    measured.compare_requests("Redis, a request", rounds::scaled(12_800), &mut || server.url());
    server.cli(&["flushall"]);
    let spent = || rounds::processor_ns_of_all() + few.processor_ns() + many.processor_ns();
    let [of_few, of_many] = [(&few, pending()[0]), (&many, pending()[1])].map(|(server, count)| {
        let verifying = Verifying::on(&server.url(), EngineOptions::default());
        runtime.block_on(verifying.request(0..1));
        let before = used_memory(server);
        server.cli(&["eval", COPY, "0", &(count - 1).to_string()]);
        note_size("Redis", "memory", count - 1, used_memory(server) - before);
        (verifying, count)
    });
    Measured { spent: &spent, ..measured }.compare_pending("Redis", (&of_few.0, of_few.1), (&of_many.0, of_many.1));
}

/// As many records as the engine had, and as long.
fn least(measured: &Measured<'_>, connection: &MultiplexedConnection, count: usize, are_limited: bool) -> Shared {
    let script = Arc::new(Script::new(LEAST));
    let record = [&b"0"[..], &[7; 32], &[0; 300]].concat();
    let key = |kind: char, i: usize| format!("egoi-verify:1:{kind}:{i:016}");
    measured.runtime.block_on(async {
        for i in 0..count {
            let mut set = ::redis::cmd("SET");
            set.arg(key('r', i)).arg(&record).arg("EX").arg(87_000);
            let () = set.query_async(&mut connection.clone()).await.unwrap();
        }
    });
    let validates = {
        let connection = connection.clone();
        move |i| {
            let (script, mut connection) = (Arc::clone(&script), connection.clone());
            async move {
                let mut call = script.key(key('r', i));
                if are_limited {
                    call.key(key('w', i));
                }
                call.arg(&[7_u8; 32][..]).arg(4_000_000_000_u64);
                let said: String = call.invoke_async(&mut connection).await.unwrap();
                assert_eq!(said, "verified");
            }
        }
    };
    measured.cost(count, || drop(measured.runtime.block_on(at_once(AT_ONCE, count, validates))))
}

fn used_memory(server: &RedisServer) -> u64 {
    let said = server.cli(&["info", "memory"]);
    said.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap().trim().parse().unwrap()
}
