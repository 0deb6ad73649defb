import assert from "node:assert/strict";
import { Writable } from "node:stream";
import test, { after, before, beforeEach } from "node:test";
import { setImmediate } from "node:timers/promises";
import { inspect } from "node:util";

import { Client, EgoiSms, Engine, parseNumber, RateLimitedError, Store } from "egoi-verify";
import { setUpSandbox, TestClock } from "egoi-verify/testing";

import { service } from "./support/service.mjs";

const NUMBER = "+351910000000";
const KEY = "k3y-of-the-account";
const SECRET = Buffer.alloc(32, "s3cret");
const CODE = "482193";
const WORDS = "the words of the message";

const phones = setUpSandbox({ before, beforeEach, after }, { apiKey: KEY, code: CODE });

/** Everything that a program or a logger makes of a value. */
function printed(value) {
    const depths = [
        {},
        { depth: Infinity, showHidden: true },
        { depth: Infinity, customInspect: false, getters: true },
    ];
    return [
        ...depths.map((options) => inspect(value, options)),
        String(value),
        `${value?.stack}`,
        String(JSON.stringify(value)),
    ];
}

function assertNone(
    value,
    secrets = [KEY, CODE, WORDS, NUMBER, "910000000", SECRET.toString(), SECRET.toString("hex")],
) {
    for (const text of printed(value)) {
        for (const secret of secrets) {
            assert.ok(!text.includes(secret), `${secret} is in ${text}`);
        }
    }
}

const masked = (value) => [inspect(value), JSON.stringify(value)];

test("a client, an engine, a sandbox and E-goi's SMS call print no secret", async () => {
    const options = { apiKey: KEY, sender: "1", store: new Store("memory:", { key: SECRET }) };
    assertNone(options.store);
    assertNone(new Client(options));
    assertNone(new EgoiSms(options));
    assertNone(new Engine({ send: () => WORDS, store: new Store("memory:", { key: SECRET }), clock: new TestClock() }));
    await phones.client.request(NUMBER, { message: `${WORDS} {CODE}` });
    assertNone(phones.client);
    assertNone(phones.sandbox);
});

test("a verification is printed with its number masked", async () => {
    const verification = await phones.client.request(NUMBER, { message: `${WORDS} {CODE}` });
    assert.equal(verification.number, NUMBER);
    for (const text of masked(verification)) {
        assert.match(text, /\+35191\*{5}00/);
        assert.ok(!text.includes(NUMBER));
    }
});

/** What loggers and programs make of a value: pino and winston copy its own properties. */
function copies(value) {
    const { id, ...rest } = value;
    return [
        { ...value },
        Object.assign({}, value),
        Object.assign({ level: "info" }, value),
        rest,
        structuredClone(value),
        Object.fromEntries(Object.entries(value)),
        Object.getOwnPropertyDescriptors(value),
    ];
}

test("a copy of a verification, of a message and of a sender has no number", async (t) => {
    const verification = await phones.client.request(NUMBER, { message: `${WORDS} {CODE}` });
    const [message] = phones.sandbox.messages();
    const server = await service(t, () => ({ json: [{ id: "1", phoneNumber: NUMBER }] }));
    const [sender] = await new Client({ apiKey: KEY, sender: "1", baseUrl: server.url }).senders();
    for (const value of [verification, message, sender, parseNumber(NUMBER)]) {
        assert.equal(typeof (value.number ?? value.e164), "string");
        assertNone(value, [CODE, WORDS, NUMBER, "910000000"]);
        for (const copy of copies(value)) {
            assertNone(copy, [CODE, WORDS, NUMBER, "910000000"]);
        }
    }
});

for (const [logger, log] of [
    ["pino", async (value, stream) => (await import("pino")).default(stream).info(value, "a request")],
    [
        "winston",
        async (value, stream) => {
            const { createLogger, transports } = (await import("winston")).default;
            createLogger({ transports: [new transports.Stream({ stream })] }).info("a request", value);
        },
    ],
]) {
    test(`${logger} writes no number of a verification`, async () => {
        const verification = await phones.client.request(NUMBER);
        let written = "";
        const stream = new Writable({
            write(chunk, _encoding, done) {
                written += chunk;
                done();
            },
        });
        await log(verification, stream);
        await log({ verification }, stream);
        await setImmediate();
        assert.match(written, /a request/);
        assert.match(written, new RegExp(verification.id));
        assert.ok(!written.includes("910000000"), written);
    });
}

test("what a read gives holds neither code nor message, which the service shows", async () => {
    const { id } = await phones.client.request(NUMBER, { message: `${WORDS} {CODE}` });
    const read = await phones.client.get(id);
    for (const value of Object.values(read)) {
        assert.ok(![CODE, WORDS].some((secret) => String(value).includes(secret)));
    }
});

test("a message of the inbox is printed without text and code, its number masked", async () => {
    await phones.client.request(NUMBER, { message: `${WORDS} {CODE}` });
    const [message] = phones.sandbox.messages();
    assert.equal(message.code, CODE);
    for (const text of masked(message)) {
        assert.match(text, /\+35191\*{5}00/);
        for (const secret of [CODE, WORDS, NUMBER]) {
            assert.ok(!text.includes(secret));
        }
    }
});

test("an error shows no secret that the service repeats", async (t) => {
    const server = await service(t, ({ headers, body }) => ({
        status: 400,
        json: { title: "Bad", detail: `${headers.apikey} ${body} +351910000000 ${CODE}` },
    }));
    const client = new Client({ apiKey: KEY, sender: "1", baseUrl: `${server.url}/api`, checkStateFirst: false });
    for (const call of [client.request(NUMBER, { message: `${WORDS} {CODE}` }), client.validate("1", CODE)]) {
        assertNone(await call.catch((error) => error), [KEY, WORDS, NUMBER, "351910000000"]);
    }
    assertNone(await client.validate("1", CODE).catch((error) => error), [CODE]);
});

test("an error about a wrong type does not repeat a string", async () => {
    for (const make of [
        () => new Client({ apiKey: KEY, sender: "1", timeout: KEY }),
        () => new Store(KEY, { key: [KEY] }),
        () => new Client(KEY),
    ]) {
        assert.throws(make, (error) => {
            assertNone(error, [KEY]);
            return error.code === "invalid_input";
        });
    }
});

test("an error as JSON has what it says and its fields", () => {
    const error = new RateLimitedError({ detail: "too many SMS", retryAfter: 3, retryIsSafe: true });
    assert.deepEqual(JSON.parse(JSON.stringify(error)), {
        name: "RateLimitedError",
        code: "rate_limited",
        detail: "too many SMS",
        retryAfter: 3,
        retryIsSafe: true,
        smsPossiblySent: false,
        retries: 0,
    });
});
