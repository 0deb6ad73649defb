// Calls through toxiproxy, under load: none outlives its deadline, and nothing is left when they are over.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Client } from "egoi-verify";

import { memory } from "./support/memory.mjs";
import { soak } from "./support/run.mjs";
import { hasToxiproxy, scriptedService } from "./support/scripted-service.mjs";

const TOXICS = JSON.parse(readFileSync(new URL("../../tests/faults/toxics.json", import.meta.url)));
const ROUNDS = soak ? 100 : 1;

const atOnce = (call) => Promise.all(Array.from({ length: TOXICS.at_once }, call));

/** How many seconds after its deadline a call ended, and how it failed. */
async function timed(call) {
    const started = performance.now();
    const error = await call().then(
        () => undefined,
        (error) => error,
    );
    return { late: (performance.now() - started) / 1000 - TOXICS.timeout, error };
}

const latest = (ended) => Math.max(0, ...ended.map(({ late }) => late));

async function load(service, { name, fails = false }) {
    const opened = await service.open({ toxics: name });
    const client = new Client({ apiKey: "key", sender: "1", baseUrl: opened.base_url, timeout: TOXICS.timeout });
    const [ended, timers] = await Promise.all([
        atOnce(() => timed(() => client.request("351-910000000"))),
        // What a timer of this process is late by is the machine's doing.
        atOnce(() => timed(() => sleep(TOXICS.timeout * 1000))),
    ]);
    client.close();
    const allowed = latest(timers) + TOXICS.late;
    assert.ok(latest(ended) <= allowed, `${name}: ${latest(ended)} s late, ${allowed} are allowed`);
    const sent = ended.filter(({ error }) => error === undefined || error.smsPossiblySent).length;
    const { sms } = await service.seen(opened);
    assert.ok(sms <= sent, `${name}: ${sms} SMS, and ${sent} calls that say so`);
    assert.ok(!fails || ended.every(({ error }) => error !== undefined), `${name}: a call succeeded`);
}

const held = () => ({
    descriptors: readdirSync("/proc/self/fd").length,
    threads: readdirSync("/proc/self/task").length,
});

test(`${ROUNDS} rounds of calls through toxiproxy: none outlives its deadline, nothing is left`, {
    skip: !hasToxiproxy && "THERE IS NO TOXIPROXY: `make test-programs` BUILDS IT",
    timeout: 1_800_000,
}, async (t) => {
    const service = await scriptedService();
    t.after(() => service.close());
    let before;
    for (let round = 0; round <= ROUNDS; round += 1) {
        for (const path of TOXICS.toxics) {
            await load(service, path);
        }
        // What connections that fail leave to the allocator has its size after some rounds.
        if (round === Math.floor(ROUNDS / 3)) {
            before = { ...held(), ...(await memory()) };
        }
    }
    const isMore = () => held().descriptors > before.descriptors || held().threads > before.threads;
    for (const end = Date.now() + 10_000; isMore() && Date.now() < end; ) {
        await sleep(10);
    }
    assert.ok(!isMore(), `${JSON.stringify(held())} are left, ${JSON.stringify(before)} before`);
    const after = await memory();
    const grown = { rss: after.rss - before.rss, heapUsed: after.heapUsed - before.heapUsed };
    t.diagnostic(`the process grew by ${grown.rss} bytes, JavaScript's heap by ${grown.heapUsed}`);
    assert.ok(grown.rss < 32e6, `the process grew by ${grown.rss} bytes`);
    assert.ok(grown.heapUsed < 4e6, `JavaScript's heap grew by ${grown.heapUsed} bytes`);
});
