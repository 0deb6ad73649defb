// A day of verifications through one process: memory stays as it is, and what was kept is forgotten.

import assert from "node:assert/strict";
import test from "node:test";

import { Engine, Store } from "egoi-verify";
import { Sandbox, TestClock } from "egoi-verify/testing";

import { memory } from "./support/memory.mjs";
import { soak } from "./support/run.mjs";

const NUMBER = "+351 910 000 000";
const DAY = 24 * 60 * 60;
const VERIFICATIONS = soak ? 1_000_000 : 10_000;
const OVER_HTTP = soak ? 50_000 : 1_000;

/** Fails where the process grew since then by more than a leak of a few bytes a call would make it. */
async function assertSame(t, before, calls) {
    const grown = (await memory()).rss - before.rss;
    t.diagnostic(`the process grew by ${grown} bytes`);
    assert.ok(grown < 32e6 + 10 * calls, `the process grew by ${grown} bytes`);
}

test(`${VERIFICATIONS} verifications of a day leave the memory as it is`, { timeout: 3_600_000 }, async (t) => {
    const clock = new TestClock();
    clock.freeze();
    const codes = new Map();
    const engine = new Engine({
        send: ({ number, text }) => void codes.set(number, text.split(" ")[0]),
        clock,
        // What is kept is an hour's traffic and not a day's, so that the store is as large at the end as after the warm-up.
        store: new Store("memory:", { retention: 50 * 60 }),
        smsPerNumber: null,
        resendAfter: null,
        wrongCodesPerNumber: null,
    });
    const first = await engine.request(NUMBER);
    let before, last;
    for (let each = 0; each < VERIFICATIONS; each += 1) {
        const number = `+35191${String(each % 1e7).padStart(7, "0")}`;
        last = await engine.request(number);
        const outcome = await engine.validate(last.id, codes.get(last.number), { number });
        assert.equal(outcome, "verified");
        codes.delete(last.number);
        clock.advance(DAY / VERIFICATIONS);
        if (each === VERIFICATIONS / 5) {
            before = await memory();
        }
    }
    await assertSame(t, before, VERIFICATIONS);
    await assert.rejects(engine.get(first.id), { code: "not_found" });
    assert.equal((await engine.get(last.id)).state, "verified");
    clock.advance(60 * 60 + 1);
    await assert.rejects(engine.get(last.id), { code: "not_found" });
});

test(`${OVER_HTTP} verifications over HTTP leave the memory as it is`, { timeout: 3_600_000 }, async (t) => {
    const sandbox = await Sandbox.start();
    t.after(() => sandbox.close());
    const client = sandbox.client();
    let before;
    for (let each = 0; each < OVER_HTTP; each += 1) {
        const { id } = await client.request(NUMBER);
        const [{ code }] = await sandbox.messages(NUMBER);
        assert.equal(await client.validate(id, code, { number: NUMBER }), "verified");
        if (each % 100 === 0) {
            sandbox.reset(); // it forgets nothing by itself
        }
        if (each === OVER_HTTP / 5) {
            before = await memory();
        }
    }
    await assertSame(t, before, OVER_HTTP);
});
