// Engines and clients whose state is kept outside of the process, over every store that is.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, beforeEach, describe, test } from "node:test";
import { inspect } from "node:util";

import { Client, Engine, Store } from "egoi-verify";
import { Sandbox, TestClock } from "egoi-verify/testing";

import { here } from "./support/run.mjs";
import { server } from "./support/servers.mjs";

const NUMBER = "+351 910 000 000";
const OTHER = "+351 910 000 001";
const key = Buffer.from("the secret of the tests of stores");
const otherKey = Buffer.from("another secret of the tests, of 32");

const wrong = (code) => (code === "000000" ? "000001" : "000000");
const folder = mkdtempSync(join(tmpdir(), "egoi-"));
after(() => rmSync(folder, { recursive: true }));

/** For each kind the URL of a store with nothing in it, by a name; and how it ends. */
const kinds = {
    sqlite: async () => ({ empty: (name) => `sqlite:${join(folder, name)}.db`, stop: async () => undefined }),
    redis: async () => {
        const { url, stop } = await server("redis");
        return { empty: url && ((name) => `${url}?prefix=${name}`), stop };
    },
    postgres: async () => {
        const { url, stop } = await server("postgres");
        const empty = (name) => {
            execFileSync("psql", ["--quiet", "--dbname", url, "--command", `CREATE DATABASE "${name}"`]);
            return url.replace(/[^/]*$/, name);
        };
        return { empty: url && empty, stop };
    },
};

const racing = `
    import { Engine, Store } from "egoi-verify";
    const [store, key, id, code] = process.argv.slice(1);
    const engine = new Engine({ send: () => undefined, store: new Store(store, { key: Buffer.from(key, "hex") }) });
    await engine.ping();
    console.log("ready");
    process.stdin.once("data", async () => {
        console.log(JSON.stringify(await Promise.all(Array.from({ length: 16 }, () => engine.validate(id, code)))));
        process.exit();
    });
`;

/** A process that validates 16 times at once when it is told to. */
async function racer(store, id, code) {
    const options = ["--input-type=module", "--eval", racing, store, key.toString("hex"), id, code];
    const child = spawn(process.execPath, options, { cwd: here, stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    assert.deepEqual(await once(lines, "line"), ["ready"]);
    return async () => {
        const told = once(lines, "line");
        child.stdin.write("go\n");
        return JSON.parse((await told)[0]);
    };
}

// All of them before the first test, which begins when the module waits.
const started = await Promise.all(Object.entries(kinds).map(async ([kind, start]) => ({ kind, ...(await start()) })));
after(() => Promise.all(started.map(({ stop }) => stop())));

for (const { kind, empty } of started) {
    describe(kind, { skip: empty === undefined && `${kind} is not installed` }, () => {
        let store;
        let sent;
        let count = 0;
        beforeEach(() => {
            count += 1;
            store = empty(`test-${count}`);
            sent = [];
        });

        /** Another engine on the store, as another process would have it. */
        const engine = ({ storeOptions, ...options } = {}) =>
            new Engine({
                send: (sms) => void sent.push(sms),
                store: new Store(store, { key, ...storeOptions }),
                ...options,
            });
        const code = () => sent.at(-1).text.match(/[0-9]{6}/)[0];

        test("what one engine began another ends", async () => {
            const { id } = await engine().request(NUMBER);
            assert.equal(await engine().validate(id, code(), { number: NUMBER }), "verified");
            assert.equal((await engine().get(id)).state, "verified");
        });

        test("wrong codes count across engines", async () => {
            const { id } = await engine({ maxAttempts: 2 }).request(NUMBER);
            for (let n = 0; n < 2; n += 1) {
                assert.equal(await engine({ maxAttempts: 2 }).validate(id, wrong(code())), "wrong_code");
            }
            assert.equal(await engine({ maxAttempts: 2 }).validate(id, code()), "too_many_attempts");
        });

        test("SMS count across engines", async () => {
            const withoutPause = () => engine({ resendAfter: null });
            for (let n = 0; n < 5; n += 1) {
                await withoutPause().request(NUMBER);
            }
            await assert.rejects(withoutPause().request(NUMBER), { code: "rate_limited", limit: "smsPerNumber" });
            await withoutPause().request(OTHER);
        });

        test("an idempotency key is known across engines", async () => {
            const first = await engine().request(NUMBER, { idempotencyKey: "order 1" });
            assert.equal((await engine().request(NUMBER, { idempotencyKey: "order 1" })).id, first.id);
            assert.equal(sent.length, 1);
            await assert.rejects(engine().request(OTHER, { idempotencyKey: "order 1" }), { code: "conflict" });
        });

        test("an idempotency key is known across clients", async () => {
            const sandbox = await Sandbox.start();
            const client = () =>
                new Client({
                    apiKey: "key",
                    sender: "1",
                    baseUrl: `${sandbox.url}/api`,
                    store: new Store(store, { key }),
                });
            const first = await client().request(NUMBER, { idempotencyKey: "order 1" });
            assert.equal((await client().request(NUMBER, { idempotencyKey: "order 1" })).id, first.id);
            assert.equal(sandbox.messages(NUMBER).length, 1);
            await sandbox.close();
        });

        test("a test clock moves the store's time", async () => {
            const clock = new TestClock();
            const { id } = await engine({ clock }).request(NUMBER, { ttl: 60 });
            clock.advance(61);
            assert.equal(await engine({ clock }).validate(id, code()), "expired");
            clock.advance(25 * 3600);
            await assert.rejects(engine({ clock }).get(id), { code: "not_found" });
        });

        test("keys change by previousKeys", async () => {
            const { id } = await engine().request(NUMBER);
            const changed = engine({ storeOptions: { key: otherKey, previousKeys: [key] } });
            assert.equal(await changed.validate(id, code(), { number: NUMBER }), "verified");
        });

        test("another key is a failure that says what to do", async () => {
            await engine().request(NUMBER);
            // A file is opened, and its key looked at, when the engine is made.
            await assert.rejects(async () => engine({ storeOptions: { key: otherKey } }).ping(), {
                code: "misconfigured",
                field: "key",
                reason: "wrong_key",
                message: /`previousKeys`/,
            });
        });

        test("a store that outlives the process needs a key", () => {
            assert.throws(() => engine({ storeOptions: { key: undefined } }), {
                code: "invalid_input",
                message: /`key`/,
            });
        });

        test("the workers of a cluster share it", {
            skip: kind === "sqlite" && "the example is for a server",
        }, async () => {
            const sandbox = await Sandbox.start();
            const environment = {
                ...{ EGOI_STORE: store, EGOI_STORE_KEY: key.toString("hex"), PORT: "0" },
                ...{ EGOI_API_KEY: "key", EGOI_SENDER: "1", EGOI_BASE_URL: `${sandbox.url}/api` },
            };
            const env = { ...process.env, ...environment };
            const child = spawn(process.execPath, ["examples/cluster.mjs"], {
                cwd: here,
                env,
                stdio: ["ignore", "pipe", "inherit"],
            });
            try {
                const [line] = await once(createInterface({ input: child.stdout }), "line");
                const url = line.match(/http:.*/)[0];
                const workers = new Set();
                // A connection of its own each time, which any worker may take.
                const post = async (path, body) => {
                    const headers = { "Content-Type": "application/json", Connection: "close" };
                    const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
                    const told = await answer.json();
                    workers.add(told.worker);
                    return told;
                };
                const { id } = await post("/verifications", { number: NUMBER });
                const given = { number: NUMBER, code: await sandbox.waitForCode(NUMBER) };
                const told = await Promise.all(Array.from({ length: 16 }, () => post(`/verifications/${id}`, given)));
                const outcomes = told.map(({ outcome }) => outcome).sort();
                assert.deepEqual(outcomes, [...Array(15).fill("already_verified"), "verified"]);
                assert.ok(workers.size > 1);
                assert.equal(sandbox.messages(NUMBER).length, 1);
            } finally {
                child.kill();
                await once(child, "exit");
                await sandbox.close();
            }
        });

        test("of many processes with the right code one is told verified", async () => {
            const { id } = await engine().request(NUMBER);
            const racers = await Promise.all(Array.from({ length: 4 }, () => racer(store, id, code())));
            const told = (await Promise.all(racers.map((go) => go()))).flat();
            assert.equal(told.length, 64);
            assert.equal(told.filter((outcome) => outcome === "verified").length, 1);
            assert.equal(told.filter((outcome) => outcome === "already_verified").length, 63);
        });
    });
}

test("a URL that is none is refused and not repeated", () => {
    for (const store of ["mysql://user:hunter2@localhost/db", "redis:/hunter2", "postgres://u:hunter2@h:port/d"]) {
        assert.throws(
            () => new Engine({ send: () => undefined, store: new Store(store, { key }) }),
            (error) =>
                error.code === "invalid_input" && /`store`/.test(error.message) && !/hunter2/.test(inspect(error)),
        );
    }
});

test("a server that is not there is said by ping without its password", async () => {
    for (const scheme of ["redis", "postgres"]) {
        // Port 1 is nobody's.
        const engine = new Engine({
            send: () => undefined,
            store: new Store(`${scheme}://user:hunter2@127.0.0.1:1/0`, { key }),
        });
        await assert.rejects(
            engine.ping({ timeout: 20 }),
            (error) => error.code === "storage" && !/hunter2/.test(inspect(error)),
        );
    }
});

test("nothing is verified when the store fails", async () => {
    const engine = new Engine({ send: () => undefined, store: new Store("redis://127.0.0.1:1", { key }) });
    await assert.rejects(engine.validate("0".repeat(32), "123456", { timeout: 20 }), { code: "storage" });
});
