import assert from "node:assert/strict";
import test, { after, before, beforeEach } from "node:test";

import { Client, Store, Verification } from "egoi-verify";
import { Sandbox, setUpSandbox } from "egoi-verify/testing";

import { service } from "./support/service.mjs";

const NUMBER = "+351 910 000 000";
const ID = "9a7c0de1f2b34455a6b7c8d9e0f10213";
const phones = setUpSandbox({ before, beforeEach, after });

test("a verification is made for a unit test", () => {
    const verification = new Verification({ id: "1", state: "pending", number: "+351910000000", attemptsLeft: 5 });
    assert.deepEqual(
        [verification.id, verification.state, verification.number, verification.attemptsLeft, verification.sms],
        ["1", "pending", "+351910000000", 5, undefined],
    );
});

test("a verification has the times as Date, counted from before the request was sent", async () => {
    const before = Date.now();
    const verification = await phones.client.request(NUMBER, { ttl: 300 });
    assert.ok(verification instanceof Verification);
    assert.ok(verification.createdAt instanceof Date && verification.createdAt >= before);
    assert.equal(verification.expiresAt - verification.createdAt, 300_000);
    assert.equal(verification.sms, "sent");
});

test("a request for another number is not_found, and its code stays good", async () => {
    const { id } = await phones.client.request(NUMBER);
    const code = await phones.sandbox.waitForCode(NUMBER);
    await assert.rejects(phones.client.validate(id, code, { number: "+351 910 000 001" }), { code: "not_found" });
    assert.equal(await phones.client.validate(id, code, { number: NUMBER }), "verified");
});

for (const options of [{}, { v2Words: true }, { v2Wrong: 400 }, { v2Words: true, v2Wrong: 400 }]) {
    test(`a wrong code is wrong_code for a service with ${JSON.stringify(options)}`, async () => {
        const sandbox = await Sandbox.start({ ...options, code: "123456" });
        const client = sandbox.client();
        const { id } = await client.request(NUMBER);
        assert.equal(await client.validate(id, "654321"), "wrong_code");
        assert.equal(await client.validate(id, "123456"), "verified");
        await sandbox[Symbol.asyncDispose]();
    });
}

test("ping and senders answer", async () => {
    assert.equal(await phones.client.ping(), undefined);
    const [sender] = await phones.client.senders();
    assert.equal(typeof sender.id, "string");
});

test("retries of a call go before those of the client, and the error says how many there were", async () => {
    const { id } = await phones.client.request(NUMBER);
    const never = phones.sandbox.client("v2", { retries: 0 });
    for (const [client, options, retries] of [
        [phones.client, {}, 2],
        [phones.client, { retries: 1 }, 1],
        [never, {}, 0],
        [never, { retries: 2 }, 2],
    ]) {
        phones.sandbox.failNext({ call: "get", status: 503, count: 3 });
        const error = await client.get(id, options).catch((error) => error);
        assert.deepEqual([error.code, error.retries, error.toJSON().retries], ["unavailable", retries, retries]);
        phones.sandbox.reset();
    }
    for (const retries of [3, -1]) {
        await assert.rejects(phones.client.request(NUMBER, { retries }), { code: "invalid_input", field: "retries" });
        assert.throws(() => phones.sandbox.client("v2", { retries }), { code: "invalid_input", field: "retries" });
    }
});

test("every option of a request travels over V2", async (t) => {
    const server = await service(t, () => ({ status: 201, json: { verifyId: ID } }));
    const client = new Client({ apiKey: "key", sender: "1234", baseUrl: `${server.url}/api` });
    await client.request(NUMBER, { message: "Hi {CODE}", codeType: "hex", codeSize: 12, ttl: 90 });
    const [{ method, path, headers, body }] = server.asked;
    assert.deepEqual([method, path, headers.apikey], ["POST", "/api/v2/verify/request", "key"]);
    assert.deepEqual(JSON.parse(body), {
        senderId: "1234",
        to: "351-910000000",
        message: "Hi {{ code }}",
        codeType: "hexa",
        codeLength: 12,
        codeValidity: 90,
    });
});

test("every option of a request travels over V1", async (t) => {
    const server = await service(t, () => ({ json: { requestId: ID, status: "Ok" } }));
    const options = { apiKey: "key", sender: "b2f8", api: "v1", baseUrl: server.url, v1Paths: { request: "ask" } };
    await new Client(options).request(NUMBER, { group: "sign-up", codeType: "alpha", codeSize: 4, ttl: 60 });
    const [{ path, body }] = server.asked;
    assert.equal(path, "/ask");
    assert.deepEqual(JSON.parse(body), {
        apikey: "key",
        number: "351-910000000",
        senderHash: "b2f8",
        codeType: "alpha",
        codeSize: "4",
        group: "sign-up",
        codeTTL: "60",
        message: "{CODE} is your verification code.",
    });
});

test("User-Agent names the library, the runtime and the application", async (t) => {
    const server = await service(t, () => ({ json: [] }));
    const client = new Client({ apiKey: "key", sender: "1", baseUrl: `${server.url}/api`, appName: "shop 2.0" });
    await client.senders();
    assert.equal(server.asked[0].headers["user-agent"], `egoi-verify/0.1.0 (node ${process.versions.node}) shop 2.0`);
});

test("paths and status words of V2 can be given", async (t) => {
    const server = await service(t, ({ method }) =>
        method === "GET" ? { json: { id: ID, status: "waiting" } } : { json: [{ verifyId: ID, status: "validated" }] },
    );
    const client = new Client({
        apiKey: "key",
        sender: "1",
        baseUrl: server.url,
        v2Paths: { get: "read/{id}", validate: "check/{id}" },
        statusWords: { validated: "verified", waiting: "pending" },
    });
    assert.equal(await client.validate(ID, "123456"), "verified");
    assert.deepEqual(
        server.asked.map(({ path }) => path),
        [`/read/${ID}`, `/check/${ID}`],
    );
});

test("an idempotency key gives the same request and no second SMS", async () => {
    const client = phones.sandbox.client("v2", { store: new Store("memory:", { key: "k".repeat(32) }) });
    const [first, second] = [
        await client.request(NUMBER, { idempotencyKey: "a" }),
        await client.request(NUMBER, { idempotencyKey: "a" }),
    ];
    assert.equal(first.id, second.id);
    assert.equal(phones.sandbox.messages().length, 1);
});

test("an idempotency key without a store is unsupported", async () => {
    await assert.rejects(phones.client.request(NUMBER, { idempotencyKey: "a" }), { code: "unsupported" });
});

test("a client is made from the environment, with options before it", async () => {
    Object.assign(process.env, { EGOI_API_KEY: "k", EGOI_SENDER: "1", EGOI_BASE_URL: `${phones.sandbox.url}/api` });
    await Client.fromEnv().ping();
    assert.throws(() => Client.fromEnv({ timeout: -1 }), { code: "invalid_input" });
    delete process.env.EGOI_API_KEY;
    assert.throws(() => Client.fromEnv(), { message: /EGOI_API_KEY.*is not set/ });
});

test("a client's own timeout ends a call", async () => {
    phones.sandbox.failNext({ call: "ping", delay: 60 });
    await assert.rejects(phones.sandbox.client("v2", { timeout: 0.05 }).ping(), { code: "timeout" });
});

test("closing a client lets the calls in flight end", async () => {
    const client = phones.sandbox.client();
    const call = client.ping();
    client[Symbol.dispose]();
    await call;
    await assert.rejects(client.ping(), { code: "closed" });
});

test("64 calls at once each get their own answer", async () => {
    const numbers = Array.from({ length: 64 }, (_, n) => `+3519100000${String(n).padStart(2, "0")}`);
    const made = await Promise.all(numbers.map((number) => phones.client.request(number)));
    const read = await Promise.all(made.map(({ id }) => phones.client.get(id)));
    assert.deepEqual(
        read.map(({ number }) => number),
        numbers,
    );
});

for (const [name, make, message] of [
    ["a missing key", () => new Client({ sender: "1" }), "`apiKey` is missing; it must be a string"],
    [
        "a key that is a number",
        () => new Client({ apiKey: 1, sender: "1" }),
        "`apiKey` is a number; it must be a string",
    ],
    ["no options at all", () => new Client(), "`apiKey` is missing; it must be a string"],
    [
        "an option that there is not",
        () => new Client({ apiKey: "k", sender: "1", baseURL: "x" }),
        /^`baseURL` is not an option/,
    ],
    [
        "another version",
        () => new Client({ apiKey: "k", sender: "1", api: "v3" }),
        "`api` is unknown; it must be `v1` or `v2`",
    ],
    [
        "another trust",
        () => new Client({ apiKey: "k", sender: "1", trust: "me" }),
        /^`trust` is unknown; it must be `bundled`/,
    ],
    [
        "plain HTTP",
        () => new Client({ apiKey: "k", sender: "1", baseUrl: "http://example.com" }),
        /^`baseUrl` is plain HTTP/,
    ],
    [
        "a timeout that is no number",
        () => new Client({ apiKey: "k", sender: "1", timeout: NaN }),
        /^`timeout` is NaN; it must be a number of seconds/,
    ],
    [
        "a word that means nothing",
        () => new Client({ apiKey: "k", sender: "1", statusWords: { ok: "fine" } }),
        /status_?words/i,
    ],
    [
        "a word that is no string",
        () => new Client({ apiKey: "k", sender: "1", statusWords: { ok: 1 } }),
        /^`statusWords.ok` is a number/,
    ],
    [
        "a path that there is not",
        () => new Client({ apiKey: "k", sender: "1", v1Paths: { get: "x" } }),
        /^`v1Paths.get` is not an option/,
    ],
    [
        "a certificate that is none",
        () => new Client({ apiKey: "k", sender: "1", caCertificates: "x" }),
        /^`caCertificates` has no certificate/,
    ],
    ["an array for the options", () => new Client([]), "`options` is an array; it must be an object"],
]) {
    test(`${name} is thrown as invalid_input`, () => {
        assert.throws(make, { code: "invalid_input", message });
    });
}

for (const [name, call, message] of [
    ["a number that is a number", (c) => c.request(351910000000), "`number` is a number; it must be a string"],
    [
        "another code type",
        (c) => c.request(NUMBER, { codeType: "octal" }),
        /^`codeType` is unknown; it must be `numeric`/,
    ],
    [
        "a code size that is a string",
        (c) => c.request(NUMBER, { codeSize: "6" }),
        "`codeSize` is a string; it must be a whole number",
    ],
    [
        "a code size with a fraction",
        (c) => c.request(NUMBER, { codeSize: 6.5 }),
        "`codeSize` is 6.5; it must be a whole number",
    ],
    [
        "a code size below 0",
        (c) => c.request(NUMBER, { codeSize: -6 }),
        "`codeSize` is -6 characters; the minimum is 4 characters",
    ],
    [
        "a validity with a fraction",
        (c) => c.request(NUMBER, { ttl: 1.5 }),
        "`ttl` is 1.5 s; it must be a whole number of seconds",
    ],
    [
        "an endless validity",
        (c) => c.request(NUMBER, { ttl: Infinity }),
        /^`ttl` is Infinity; it must be a number of seconds/,
    ],
    ["null for an option", (c) => c.request(NUMBER, { message: null }), "`message` is null; it must be a string"],
    [
        "a misspelt option",
        (c) => c.request(NUMBER, { codetype: "hex" }),
        /^`codetype` is not an option; the options are message, codeType/,
    ],
    ["a code that is a number", (c) => c.validate(ID, 123456), "`code` is a number; it must be a string"],
    ["an id that is missing", (c) => c.get(), "`id` is missing; it must be a string"],
    ["a signal that is none", (c) => c.get(ID, { signal: "now" }), "`signal` is a string; it must be an AbortSignal"],
    ["a timeout below 0", (c) => c.get(ID, { timeout: -1 }), /^`timeout` is -1 s; the minimum is 0 s/],
]) {
    test(`${name} rejects with invalid_input`, async () => {
        await assert.rejects(call(phones.client), { code: "invalid_input", message, smsPossiblySent: false });
        assert.deepEqual(phones.sandbox.messages(), []);
    });
}
