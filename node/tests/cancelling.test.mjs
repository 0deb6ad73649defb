import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import test, { after, before, beforeEach } from "node:test";

import { Client, Engine } from "egoi-verify";
import { setUpSandbox } from "egoi-verify/testing";

import { soak } from "./support/run.mjs";
import { silentServer } from "./support/silent-server.mjs";

const NUMBER = "+351 910 000 000";
const phones = setUpSandbox({ before, beforeEach, after });

const clientOf = (url) => new Client({ apiKey: "key", sender: "1", baseUrl: `${url}/api` });

test("an aborted call rejects at once, with the signal's own reason", async (t) => {
    const server = await silentServer(t);
    const controller = new AbortController();
    const call = clientOf(server.url).get("1", { signal: controller.signal });
    await server.asked;
    const reason = { any: "value" };
    controller.abort(reason);
    let given;
    // Rejected by the next microtasks: nothing of the event loop has to come round.
    call.catch((error) => (given = error));
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(given, reason);
});

test("an aborted call's HTTP request is dropped", async (t) => {
    const server = await silentServer(t);
    const controller = new AbortController();
    const call = clientOf(server.url).get("1", { signal: controller.signal });
    await server.asked;
    const closed = once(await server.connection, "close");
    controller.abort();
    await assert.rejects(call, { name: "AbortError" });
    await closed;
});

test("a signal that was aborted before the call sends nothing", async () => {
    const signal = AbortSignal.abort(new Error("too late"));
    await assert.rejects(phones.client.request(NUMBER, { signal }), { message: "too late" });
    const journal = await (await fetch(`${phones.sandbox.url}/sandbox/journal`)).json();
    assert.deepEqual(Object.values(journal)[0], []);
});

test("AbortSignal.timeout gives a call up", async () => {
    phones.sandbox.failNext({ call: "ping", delay: 60 });
    await assert.rejects(phones.client.ping({ signal: AbortSignal.timeout(20) }), (error) => {
        assert.ok(error instanceof DOMException);
        return error.name === "TimeoutError";
    });
});

test("AbortSignal.any gives a call up", async () => {
    phones.sandbox.failNext({ call: "ping", delay: 60 });
    const controller = new AbortController();
    const call = phones.client.ping({ signal: AbortSignal.any([controller.signal, AbortSignal.timeout(60_000)]) });
    controller.abort();
    await assert.rejects(call, { name: "AbortError" });
});

test("an engine's call can be given up while its SMS is handed over", async () => {
    const controller = new AbortController();
    const engine = new Engine({ send: () => new Promise(() => controller.abort(new Error("enough"))) });
    await assert.rejects(engine.request(NUMBER, { signal: controller.signal }), { message: "enough" });
});

test("starting a sandbox and waiting for a code can be given up", async () => {
    await assert.rejects(phones.sandbox.waitForCode(NUMBER, { signal: AbortSignal.timeout(5) }), {
        name: "TimeoutError",
    });
    await assert.rejects(phones.sandbox.waitForCode(NUMBER, { timeout: 0 }), { code: "timeout" });
});

test("the user's own onabort stays, and is called", async () => {
    phones.sandbox.failNext({ call: "ping", delay: 60 });
    const controller = new AbortController();
    let called = 0;
    controller.signal.onabort = () => (called += 1);
    const call = phones.client.ping({ signal: controller.signal });
    controller.abort();
    await assert.rejects(call);
    assert.equal(called, 1);
});

test("aborting after the call has ended does nothing", async () => {
    const controller = new AbortController();
    await phones.client.ping({ signal: controller.signal });
    controller.abort();
    await phones.client.ping();
});

test(`no listener is left behind after ${soak ? "10^5" : "10^4"} calls on one signal`, async () => {
    const engine = new Engine({ send: () => {} });
    const { id } = await engine.request(NUMBER);
    const { signal } = new AbortController();
    const warned = [];
    process.on("warning", (warning) => warned.push(warning));
    for (let done = 0; done < (soak ? 1e5 : 1e4); done += 100) {
        const calls = Array.from({ length: 100 }, () => engine.get(id, { signal }));
        assert.equal(getEventListeners(signal, "abort").length, 1);
        await Promise.all(calls);
    }
    assert.equal(getEventListeners(signal, "abort").length, 0);
    await new Promise(setImmediate);
    assert.deepEqual(warned, []);
});
