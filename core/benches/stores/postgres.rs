//! PostgreSQL.

use std::sync::Arc;

use deadpool_postgres::tokio_postgres::{Config, NoTls};
use deadpool_postgres::{GenericClient as _, Manager, Pool};
use egoi_verify::EngineOptions;
use tokio::runtime::Runtime;

use crate::pgbouncer::{self, PgBouncer};
use crate::postgres_server::{self, PostgresServer};
use crate::rounds;
use crate::{AT_ONCE, LIMITS, Measured, Shared, Verifying, at_once, copied, note_size, options, pending};

/// As many as the store has.
const CONNECTIONS: usize = 8;

/// As long a row as the store has, of what a validation cannot do without.
const TABLES: &str = "
    CREATE TABLE least (id bytea PRIMARY KEY, code bytea NOT NULL, progress smallint NOT NULL DEFAULT 0,
        expires_at bigint NOT NULL, number bytea NOT NULL, rest bytea NOT NULL) WITH (fillfactor = 80);
    CREATE TABLE counted (number bytea PRIMARY KEY, wrong_codes bigint NOT NULL)";
const LEAST: &str = "UPDATE least SET progress = 1 WHERE id = $1 AND code = $2 AND progress = 0
    AND expires_at > extract(epoch FROM clock_timestamp()) * 1000 RETURNING progress";
const LEAST_COUNTED: &str = "UPDATE least SET progress = 1 WHERE id = $1 AND code = $2 AND progress = 0
    AND expires_at > extract(epoch FROM clock_timestamp()) * 1000
    AND NOT EXISTS (SELECT 1 FROM counted WHERE number = least.number AND wrong_codes >= 20) RETURNING progress";

pub(super) fn measure(runtime: &Runtime) {
    if !postgres_server::is_here() {
        return;
    }
    // As it is by default: what is answered is on the disk.
    let server = PostgresServer::start(&["fsync=on"]);
    // After the server, which would stay there too.
    rounds::stay_on(0);
    rounds::head(
        "PostgreSQL on loopback, what is answered on its disk; 64 calls at once over 8 connections; processor time of client \
         and server",
    );
    let spent = || rounds::processor_ns_of_all() + server.processor_ns();
    let measured = Measured { runtime, spent: &spent, by_callers: &rounds::processor_ns_of_all };
    server.sql(TABLES);
    let pool = runtime.block_on(async {
        let config: Config = format!("postgres://egoi@127.0.0.1:{}/postgres", server.port).parse().unwrap();
        Pool::builder(Manager::new(config, NoTls)).max_size(CONNECTIONS).build().unwrap()
    });
    let count = rounds::scaled(3_200);
    for (limits, are_limited) in LIMITS {
        let verifying = Verifying::on(&server.url(), options(are_limited));
        let statement = if are_limited { LEAST_COUNTED } else { LEAST };
        let least = Box::new(|| least(&measured, &server, &pool, statement, count));
        measured.compare_validations(
            &format!("PostgreSQL, {limits}"),
            &verifying,
            (AT_ONCE, count),
            ("a bare UPDATE … RETURNING", least),
        );
    }
    measured.compare_requests("PostgreSQL, a request", rounds::scaled(3_200), &mut || server.url());
    if pgbouncer::is_here() {
        compare_poolers(&measured, &server);
    }
    let [of_few, of_many] = pending().map(|count| {
        let url = server.url();
        let verifying = Verifying::on(&url, EngineOptions::default());
        runtime.block_on(verifying.request(0..1));
        note_size("PostgreSQL", "disk", count, fill(&server, &url, count - 1));
        (verifying, count)
    });
    measured.compare_pending("PostgreSQL", (&of_few.0, of_few.1), (&of_many.0, of_many.1));
}

/// Validations by PgBouncer, and over the same connections as ever with nothing prepared, against those of the store as it is.
fn compare_poolers(measured: &Measured<'_>, server: &PostgresServer) {
    let pooler = PgBouncer::before(server, 8);
    let spent = || (measured.spent)() + pooler.processor_ns();
    rounds::head("PostgreSQL behind PgBouncer in transaction mode; processor time of client, PgBouncer and server");
    let count = rounds::scaled(3_200);
    let direct = server.url();
    let (pooled, unprepared) =
        (direct.replace(&server.port.to_string(), &pooler.port.to_string()), server.url() + "&pgbouncer=true");
    let verifying = [pooled.replace("options=-csearch_path%3D", "schema="), direct, unprepared]
        .map(|url| Verifying::on(&url, EngineOptions::default()));
    let numbers = std::cell::RefCell::new((0..).step_by(count));
    let round = |verifying: &Verifying| {
        let first = numbers.borrow_mut().next().unwrap();
        let made = measured.runtime.block_on(verifying.request(first..first + count));
        rounds::Cost::of_all(count, &spent, || measured.runtime.block_on(verifying.validate(AT_ONCE, made)))
    };
    let [pooled, direct, unprepared] = &verifying;
    rounds::compare(
        "a validation, all limits on",
        vec![
            ("behind PgBouncer", Box::new(|| round(pooled))),
            ("direct", Box::new(|| round(direct))),
            ("direct, nothing prepared", Box::new(|| round(unprepared))),
        ],
    );
}

/// As many records as the engine had, and as long.
fn least(
    measured: &Measured<'_>,
    server: &PostgresServer,
    pool: &Pool,
    statement: &'static str,
    count: usize,
) -> Shared {
    let id = |i: usize| (i as u128).to_be_bytes().to_vec();
    server.sql(&format!(
        "TRUNCATE least;
         INSERT INTO least SELECT decode(lpad(to_hex(i), 32, '0'), 'hex'), decode(repeat('07', 32), 'hex'), 0, 4000000000000,
             decode(lpad(to_hex(i), 64, '0'), 'hex'), decode(repeat('00', 250), 'hex')
         FROM generate_series(0, {count} - 1) i"
    ));
    let (pool, code) = (pool.clone(), Arc::new(vec![7_u8; 32]));
    let validates = move |i| {
        let (pool, code) = (pool.clone(), Arc::clone(&code));
        async move {
            let client = pool.get().await.unwrap();
            let statement = client.prepare_cached(statement).await.unwrap();
            let said = client.query(&statement, &[&id(i), &*code]).await.unwrap();
            assert_eq!(said.len(), 1);
        }
    };
    measured.cost(count, || drop(measured.runtime.block_on(at_once(AT_ONCE, count, validates))))
}

/// Adds so many copies of the request that is there, and says how much of the disk all of it takes then.
fn fill(server: &PostgresServer, url: &str, copies: usize) -> u64 {
    let schema = postgres_server::schema_of(url);
    let sql = |statements: &str| server.sql(&format!("SET search_path = {schema}; {statements}"));
    let columns = |table: &str| -> Vec<String> {
        let names = format!(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = '{schema}' AND table_name = '{table}'
             ORDER BY ordinal_position"
        );
        sql(&names).lines().map(str::to_owned).collect()
    };
    let random = "uuid_send(gen_random_uuid())";
    let requests = copied(&columns("egoi_verify_requests"), "r", random, &format!("{random} || {random}"));
    let counters = copied(&columns("egoi_verify_counters"), "c", "", "r.number");
    let failed = sql(&format!(
        "INSERT INTO egoi_verify_requests SELECT {requests}
             FROM (SELECT * FROM egoi_verify_requests LIMIT 1) r, generate_series(1, {copies});
         INSERT INTO egoi_verify_counters SELECT {counters}
             FROM egoi_verify_requests r, (SELECT * FROM egoi_verify_counters LIMIT 1) c WHERE r.number <> c.subject"
    ));
    assert_eq!(failed, "");
    // What would happen by itself some time later, and be measured then.
    server.sql("VACUUM ANALYZE");
    server.sql("CHECKPOINT");
    let tables = "('egoi_verify_requests'), ('egoi_verify_counters'), ('egoi_verify_idempotency_keys')";
    sql(&format!("SELECT sum(pg_total_relation_size(name::regclass)) FROM (VALUES {tables}) AS tables(name)"))
        .parse()
        .unwrap()
}
