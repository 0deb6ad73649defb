import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";

import { Client, Engine } from "egoi-verify";
import { Sandbox } from "egoi-verify/testing";

import { memory } from "./support/memory.mjs";
import { soak } from "./support/run.mjs";

const NUMBER = "+351 910 000 000";

/** Calls in batches: by itself each is waited for, together they show a leak sooner. */
async function calls(count, call) {
    for (let done = 0; done < count; done += 50) {
        await Promise.all(Array.from({ length: 50 }, call));
    }
}

/** Fails where memory grows with the number of calls: what a warm-up takes is not counted. */
async function assertNoGrowth(count, call, warmUp = 2_000) {
    await calls(Math.max(count / 5, warmUp), call);
    const before = await memory();
    await calls(count, call);
    const after = await memory();
    const grown = { rss: after.rss - before.rss, heapUsed: after.heapUsed - before.heapUsed };
    // A leak of one object or one allocation a call would be 100 bytes a call at least.
    assert.ok(grown.heapUsed < 1e6 + count * 10, `the heap grew by ${grown.heapUsed} bytes`);
    assert.ok(grown.rss < 32e6 + count * 10, `the process grew by ${grown.rss} bytes`);
    return grown;
}

test(`${soak ? "10^6" : "10^4"} calls of a client do not grow the process`, { timeout: 600_000 }, async (t) => {
    const sandbox = await Sandbox.start();
    t.after(() => sandbox.close());
    const client = sandbox.client();
    const grown = await assertNoGrowth(soak ? 1e6 : 1e4, () => client.ping());
    t.diagnostic(JSON.stringify(grown));
});

test(`${soak ? "10^6" : "10^4"} failed calls do not grow the process`, { timeout: 600_000 }, async (t) => {
    const client = new Client({ apiKey: "k", sender: "1", api: "v1", baseUrl: "http://127.0.0.1:1" });
    const grown = await assertNoGrowth(soak ? 1e6 : 1e4, () => client.get("1").catch(() => {}));
    t.diagnostic(JSON.stringify(grown));
});

test(`${soak ? "10^5" : "10^4"} calls that are given up do not grow the process`, { timeout: 600_000 }, async (t) => {
    const engine = new Engine({ send: () => {} });
    const { id } = await engine.request(NUMBER);
    const givenUp = () => {
        const controller = new AbortController();
        const call = engine.get(id, { signal: controller.signal }).catch(() => {});
        controller.abort();
        return call;
    };
    // From Node 24 on the process stays as it is only after some ten thousand signals.
    const grown = await assertNoGrowth(soak ? 1e5 : 1e4, givenUp, 20_000);
    t.diagnostic(JSON.stringify(grown));
});

test(`${soak ? "10^4" : "10^3"} clients that nobody closes are collected, and their connections with them`, {
    timeout: 600_000,
}, async (t) => {
    const sandbox = await Sandbox.start();
    t.after(() => sandbox.close());
    const connections = () => readdirSync("/proc/self/fd").length;
    const ping = () => sandbox.client().ping();
    await calls(200, ping);
    await memory();
    const before = connections();
    for (let done = 0; done < (soak ? 1e4 : 1e3); done += 100) {
        await calls(100, ping);
        await memory();
    }
    const most = before + 64;
    for (let n = 0; n < 100 && connections() > most; n += 1) {
        await memory();
    }
    assert.ok(connections() <= most, `${connections()} file descriptors, ${before} before`);
});
