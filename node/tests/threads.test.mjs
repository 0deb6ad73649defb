// Worker threads that load the library, call, and are terminated in mid-call.

import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import { Worker } from "node:worker_threads";

import { Sandbox } from "egoi-verify/testing";

import { run, soak } from "./support/run.mjs";

const WORKERS = soak ? 500 : 50;

test("a worker thread has calls of its own", async (t) => {
    const sandbox = await Sandbox.start();
    t.after(() => sandbox.close());
    const source = `
    const { Client, VerifyError } = require("egoi-verify");
    const { parentPort, workerData } = require("node:worker_threads");
    const client = new Client({ apiKey: "k", sender: "1", baseUrl: workerData });
    client.request("+351 910 000 000").then(({ state }) => parentPort.postMessage(state));
  `;
    const workers = Array.from(
        { length: 4 },
        () => new Worker(source, { eval: true, workerData: `${sandbox.url}/api` }),
    );
    const states = await Promise.all(workers.map(async (worker) => (await once(worker, "message"))[0]));
    assert.deepEqual(states, Array(4).fill("pending"));
    assert.equal(sandbox.messages().length, 4);
    await Promise.all(workers.map((worker) => worker.terminate()));
});

test(`${WORKERS} worker threads are terminated in mid-call, and nothing crashes`, { timeout: 300_000 }, async () => {
    // In a process of its own, so that a crash is seen as one.
    const done = await run(process.execPath, ["tests/support/terminated-workers.mjs", String(WORKERS)], {
        seconds: 280,
    });
    assert.deepEqual({ code: done.code, signal: done.signal }, { code: 0, signal: null }, done.output);
    assert.match(done.output, new RegExp(`${WORKERS} terminated, and the main thread still calls`));
});
