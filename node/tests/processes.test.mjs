// How a process lives and dies with the library in it. Each is a process of its own.

import assert from "node:assert/strict";
import test from "node:test";

import { run, script } from "./support/run.mjs";

const START = `
  import { Client, Engine } from "egoi-verify";
  import { Sandbox } from "egoi-verify/testing";
  const NUMBER = "+351 910 000 000";
  const sandbox = await Sandbox.start();
  const client = sandbox.client();
  const { id } = await client.request(NUMBER);
  const slow = () => sandbox.failNext({ call: "get", delay: 60, count: null });
`;

const ended = (code) => ({ code, signal: null });
const how = ({ code, signal }) => ({ code, signal });

test("an open client, engine and sandbox do not keep the process alive", async () => {
    const done = await script(
        `${START}
    globalThis.kept = [client, sandbox, new Engine({ send: () => {} })];
    console.log("the end of the program");
  `,
        { seconds: 20 },
    );
    assert.deepEqual(how(done), ended(0), done.output);
});

test("a call in flight keeps the process alive until it is settled", async () => {
    const done = await script(
        `${START}
    sandbox.failNext({ call: "get", delay: 0.3 });
    client.get(id).then(({ state }) => console.log("settled:", state));
  `,
        { seconds: 20 },
    );
    assert.deepEqual(how(done), ended(0));
    assert.match(done.output, /settled: pending/);
});

test("a call that was given up does not keep the process alive", async () => {
    const done = await script(
        `${START}
    slow();
    const controller = new AbortController();
    client.get(id, { signal: controller.signal }).catch((error) => console.log(error.name));
    controller.abort();
  `,
        { seconds: 20 },
    );
    assert.deepEqual(how(done), ended(0));
    assert.match(done.output, /AbortError/);
});

test("a call that waits for the next turn of the event loop keeps the process alive, whatever ends meanwhile", async () => {
    const done = await script(
        `
    import { Engine } from "egoi-verify";
    let release;
    const slow = new Engine({ send: () => new Promise((resolve) => { release = resolve; }), smsPerNumber: null, resendAfter: null });
    const quick = new Engine({ send: () => {} });
    const { id } = await quick.request("+351 910 000 000");
    // Of so many calls in a row the deferred one is at some time the one that waits.
    for (let n = 0; n < 200; n += 1) {
      const request = slow.request("+351 910 000 000");
      for (let m = 0; m < 40 + (n % 41); m += 1) await quick.get(id);
      const deferred = quick.get(id);
      release();
      await request;
      await quick.get(id);
      await deferred;
    }
    console.log("settled");
  `,
        { seconds: 60 },
    );
    assert.deepEqual(how(done), ended(0));
    assert.match(done.output, /settled/);
});

test("process.exit with calls in flight ends the process with its code", async () => {
    const done = await script(
        `${START}
    slow();
    for (let n = 0; n < 64; n += 1) client.get(id);
    setTimeout(() => process.exit(7), 50);
  `,
        { seconds: 20 },
    );
    assert.deepEqual(how(done), ended(7), done.output);
});

test("process.exit while the SMS of an engine is handed over ends the process with its code", async () => {
    const done = await script(
        `${START}
    const engine = new Engine({ send: () => new Promise(() => process.exit(8)) });
    engine.request(NUMBER);
  `,
        { seconds: 20 },
    );
    assert.deepEqual(how(done), ended(8), done.output);
});

test("an uncaught error with calls in flight ends the process with 1", async () => {
    const done = await script(
        `${START}
    slow();
    for (let n = 0; n < 64; n += 1) client.get(id);
    setTimeout(() => { throw new Error("uncaught"); }, 50);
  `,
        { seconds: 20 },
    );
    assert.deepEqual(how(done), ended(1));
    assert.match(done.output, /Error: uncaught/);
});

test("a rejected call that nobody catches ends the process with 1, and names its line", async () => {
    const done = await script(
        `${START}
    client.get("no-such-request");
  `,
        { seconds: 20 },
    );
    assert.deepEqual(how(done), ended(1));
    assert.match(done.output, /NotFoundError: /);
});

test("SIGTERM with calls in flight ends the process", async () => {
    const done = await script(
        `${START}
    slow();
    client.get(id);
    setTimeout(() => process.kill(process.pid, "SIGTERM"), 50);
  `,
        { seconds: 20 },
    );
    assert.deepEqual(how(done), { code: null, signal: "SIGTERM" });
});

test("a panic in a call does not end the process", async () => {
    const done = await run(
        process.execPath,
        [
            "--eval",
            `
    const { addon } = require("./dist/addon.js");
    const { calls, call } = require("./dist/calls.js");
    call({}, String, undefined, {}, (id) => addon.panicForTest(calls, id), String).catch(({ code }) => console.log("code:", code));
  `,
        ],
        { seconds: 20 },
    );
    assert.deepEqual(how(done), ended(0));
    assert.match(done.output, /code: internal/);
});
