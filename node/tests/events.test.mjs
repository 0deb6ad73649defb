import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { channel, tracingChannel } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer } from "node:http";
import test, { after, before, beforeEach } from "node:test";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Client, Engine } from "egoi-verify";
import { setUpSandbox } from "egoi-verify/testing";
import { Registry } from "prom-client";
import { traceCalls } from "../examples/opentelemetry.mjs";
import { measureCalls } from "../examples/prometheus.mjs";

const NUMBER = "+351 910 000 000";
const MASKED = "+35191*****00";

const phones = setUpSandbox({ before, beforeEach, after });

/** The events of a verb until the test ends, each with the channel that it came through. */
function listen(t, verb, started = () => {}) {
    const came = [];
    const subscribers = {
        start: (event) => {
            came.push("start");
            started(event);
        },
        end: () => came.push("end"),
        asyncStart: () => came.push("asyncStart"),
        asyncEnd: (event) => came.push("asyncEnd", event),
        error: () => came.push("error"),
    };
    const of = tracingChannel(`egoi-verify:${verb}`);
    of.subscribe(subscribers);
    t.after(() => of.unsubscribe(subscribers));
    return came;
}

test("a call goes through the channels of its verb, with what it did", async (t) => {
    const came = listen(t, "request");
    const { id } = await phones.client.request(NUMBER);
    const event = came.pop();
    assert.deepEqual(came, ["start", "end", "asyncStart", "asyncEnd"]);
    const { duration, result, ...facts } = event;
    assert.deepEqual(facts, {
        verb: "request",
        outcome: "pending",
        retries: 0,
        httpStatus: 201,
        requestId: id,
        number: MASKED,
        country: "PT",
    });
    assert.ok(duration > 0 && duration < 30);
    assert.equal(result.id, id);
});

test("a failure goes through the channel error, with its code and status", async (t) => {
    const came = listen(t, "request");
    phones.sandbox.failNext({ call: "request", status: 503 });
    await assert.rejects(phones.client.request(NUMBER));
    const event = came.pop();
    assert.deepEqual(came, ["start", "end", "error", "asyncStart", "asyncEnd"]);
    const { outcome, errorCode, httpStatus, error } = event;
    assert.deepEqual([outcome, errorCode, httpStatus], ["unavailable", "unavailable", 503]);
    assert.equal(error.code, "unavailable");
});

test("a call that was repeated says how often", async (t) => {
    const came = listen(t, "senders");
    phones.sandbox.failNext({ call: "senders", status: 503 });
    await phones.client.senders();
    const { outcome, retries, httpStatus } = came.pop();
    assert.deepEqual([outcome, retries, httpStatus], ["ok", 1, 200]);
});

test("a limit of an engine is named", async (t) => {
    const engine = new Engine({ send: async () => {}, resendAfter: null, smsPerNumber: { limit: 1, per: 60 } });
    t.after(() => engine.close());
    await engine.request(NUMBER);
    const came = listen(t, "request");
    await assert.rejects(engine.request(NUMBER));
    const { outcome, limit, number, country } = came.pop();
    assert.deepEqual([outcome, limit, number, country], ["rate_limited", "smsPerNumber", MASKED, "PT"]);
});

test("a code with details goes through the channel of validate, with the limit that stopped it", async (t) => {
    const engine = new Engine({ send: async () => {}, maxAttempts: 1 });
    t.after(() => engine.close());
    const { id } = await engine.request(NUMBER);
    await engine.validate(id, "WRONG");
    const came = listen(t, "validate");
    await engine.validateWithDetails(id, "WRONG");
    const { verb, outcome, limit } = came.pop();
    assert.deepEqual([verb, outcome, limit], ["validate", "too_many_attempts", "maxAttempts"]);
});

test("what is refused before it begins is an event without what was given", async (t) => {
    const came = listen(t, "get");
    await assert.rejects(phones.client.get("+351910000000"));
    await assert.rejects(phones.client.get(910000000));
    const events = came.filter((each) => typeof each === "object");
    assert.deepEqual(
        events.map(({ outcome, errorCode, requestId }) => [outcome, errorCode, requestId]),
        [
            ["invalid_input", "invalid_input", undefined],
            ["invalid_input", "invalid_input", undefined],
        ],
    );
});

test("an aborted call is an event", async (t) => {
    const came = listen(t, "request");
    phones.sandbox.failNext({ call: "request", delay: 30 });
    const controller = new AbortController();
    const call = phones.client.request(NUMBER, { signal: controller.signal });
    controller.abort(new Error("gone"));
    await assert.rejects(call, /gone/);
    assert.equal(came.pop().outcome, "aborted");
});

test("nothing is made of a call that nobody listens to", async (t) => {
    const came = listen(t, "cancel");
    const { id } = await phones.client.request(NUMBER);
    await phones.client.get(id);
    assert.deepEqual(came, []);
});

test("a subscriber of start gives the call's HTTP requests their traceparent", async (t) => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    listen(t, "ping", (event) => {
        event.traceparent = traceparent;
    });
    const { client, asked } = await service(t);
    await client.ping();
    assert.deepEqual(asked, [traceparent]);
});

test("subscribers are called in the context of the call", async (t) => {
    const storage = new AsyncLocalStorage();
    const seen = [];
    const note = () => seen.push(storage.getStore());
    for (const name of ["start", "asyncStart", "asyncEnd"]) {
        const each = channel(`tracing:egoi-verify:ping:${name}`);
        each.subscribe(note);
        t.after(() => each.unsubscribe(note));
    }
    await storage.run("mine", () => phones.client.ping());
    assert.deepEqual(seen, ["mine", "mine", "mine"]);
});

/** A service that remembers the header `traceparent` of each request. */
async function service(t) {
    const asked = [];
    const server = createServer((request, response) => {
        asked.push(request.headers.traceparent);
        response.end("{}");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const baseUrl = `http://127.0.0.1:${server.address().port}/api`;
    const client = new Client({ apiKey: "key", sender: "1", baseUrl });
    t.after(() => client.close());
    return { client, asked };
}

test("the example with OpenTelemetry: the service is told the span of the call", async (t) => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    t.after(traceCalls(provider.getTracer("test")));
    const { client, asked } = await service(t);
    await client.ping();
    await assert.rejects(client.get("of no request"));
    const [ping, get] = exporter.getFinishedSpans();
    const { traceId, spanId } = ping.spanContext();
    assert.deepEqual(asked, [`00-${traceId}-${spanId}-01`]);
    assert.deepEqual([ping.name, ping.attributes["egoi.outcome"]], ["egoi-verify ping", "ok"]);
    assert.equal(ping.attributes["http.response.status_code"], 200);
    assert.deepEqual([get.status.code, get.attributes["error.type"]], [2, "invalid_input"]);
});

test("the example with Prometheus counts calls by outcome and country, and measures them", async (t) => {
    const registry = new Registry();
    t.after(measureCalls(registry));
    const engine = new Engine({ send: async () => {} });
    t.after(() => engine.close());
    await engine.request(NUMBER);
    await assert.rejects(engine.request(NUMBER));
    const text = await registry.metrics();
    const labels = 'verb="request",outcome="rate_limited",limit="resendAfter",country="PT"';
    assert.ok(text.includes(`egoi_verify_calls_total{${labels}} 1`), text);
    assert.ok(text.includes('egoi_verify_call_seconds_count{verb="request"} 2'), text);
    assert.ok(!text.includes("910"), text);
});
