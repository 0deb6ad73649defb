import assert from "node:assert/strict";
import { createRequire } from "node:module";
import test, { after, before, beforeEach } from "node:test";
import * as library from "egoi-verify";
import { Sandbox, setUpSandbox } from "egoi-verify/testing";

const require = createRequire(import.meta.url);
const { addon } = require("../dist/addon.js");
const { calls, call } = require("../dist/calls.js");
const { callNative } = require("../dist/errors.js");

const { Client, Engine, InternalError, InvalidInputError, NotFoundError, RateLimitedError, VerifyError } = library;
const NUMBER = "+351 910 000 000";

const phones = setUpSandbox({ before, beforeEach, after });

const className = (code) => `${code.replace(/(?:^|_)([a-z])/g, (_, letter) => letter.toUpperCase())}Error`;

test("every code of the core has a class below VerifyError, with that code", () => {
    const codes = Object.keys(addon.errorCodes());
    assert.equal(codes.length, 20);
    for (const code of codes) {
        const type = library[className(code)];
        assert.ok(type?.prototype instanceof VerifyError, className(code));
        assert.equal(new type({ detail: "" }).code, code);
        assert.equal(new type({ detail: "" }).name, className(code));
    }
});

test("an error knows the page of its code", () => {
    for (const code of Object.keys(addon.errorCodes())) {
        const { docsUrl } = new library[className(code)]({ detail: "" });
        assert.equal(docsUrl, `https://egoi-verify.example/errors/${code}.html`);
    }
});

test("there is no class for a code that the core does not have", () => {
    const classes = Object.keys(library).filter((name) => library[name].prototype instanceof VerifyError);
    assert.deepEqual(classes.sort(), Object.keys(addon.errorCodes()).map(className).sort());
});

for (const [status, code, smsPossiblySent] of [
    [301, "redirected", true],
    [400, "rejected", false],
    [401, "unauthorized", false],
    [403, "forbidden", false],
    [404, "not_found", false],
    [408, "timeout", true],
    [409, "conflict", false],
    [429, "rate_limited", false],
    [500, "unavailable", true],
]) {
    test(`a response ${status} to a request is ${code}`, async () => {
        phones.sandbox.failNext({ call: "request", status });
        await assert.rejects(phones.client.request(NUMBER), (error) => {
            assert.ok(error instanceof library[className(code)]);
            assert.deepEqual([error.code, error.httpStatus, error.smsPossiblySent], [code, status, smsPossiblySent]);
            return true;
        });
    });
}

test("a connection that breaks after the SMS is interrupted, and the SMS may be sent", async () => {
    phones.sandbox.failNext({ call: "request", cut: "after" });
    await assert.rejects(phones.client.request(NUMBER), {
        code: "interrupted",
        smsPossiblySent: true,
        retryIsSafe: false,
    });
});

test("a response that is not the contract is invalid_response", async () => {
    phones.sandbox.failNext({ call: "request", body: "malformed" });
    await assert.rejects(phones.client.request(NUMBER), { code: "invalid_response" });
});

test("a port on which nobody listens is unreachable, with the system's words as the cause", async () => {
    const client = new Client({ apiKey: "key", sender: "1", baseUrl: "http://127.0.0.1:1/api" });
    await assert.rejects(client.ping(), (error) => {
        assert.deepEqual([error.code, error.retryIsSafe, error.smsPossiblySent], ["unreachable", true, false]);
        let deepest = error;
        while (deepest.cause !== undefined) {
            deepest = deepest.cause;
        }
        assert.match(deepest.message, /refused/);
        return true;
    });
});

test("a call that takes longer than its timeout is timeout", async () => {
    phones.sandbox.failNext({ call: "ping", delay: 60 });
    await assert.rejects(phones.client.ping({ timeout: 0.05 }), { code: "timeout", name: "TimeoutError" });
});

test("a limit of an engine is rate_limited, with the seconds to wait", async () => {
    const engine = new Engine({ send: () => {}, smsPerNumber: { limit: 1, per: 60 }, resendAfter: null });
    await engine.request(NUMBER);
    await assert.rejects(engine.request(NUMBER), (error) => {
        assert.ok(error instanceof RateLimitedError);
        assert.ok(error.retryAfter > 58 && error.retryAfter <= 60, String(error.retryAfter));
        assert.equal(error.retryIsSafe, true);
        return true;
    });
});

test("a country that is not allowed is rejected", async () => {
    const engine = new Engine({ send: () => {}, countries: ["ES"] });
    await assert.rejects(engine.request(NUMBER), { code: "rejected" });
});

test("an idempotency key with another number is conflict", async () => {
    const engine = new Engine({ send: () => {} });
    await engine.request(NUMBER, { idempotencyKey: "sign-up 1" });
    await assert.rejects(engine.request("+351 910 000 001", { idempotencyKey: "sign-up 1" }), { code: "conflict" });
});

test("what V1 does not have is unsupported", async () => {
    await assert.rejects(phones.sandbox.client("v1").get("1"), { code: "unsupported", smsPossiblySent: false });
});

test("a call after close is closed", async () => {
    const client = phones.sandbox.client();
    client.close();
    client.close();
    await assert.rejects(client.request(NUMBER), { code: "closed", smsPossiblySent: false });
});

test("a sandbox is closed after close, and so is waiting for a code there", async () => {
    const sandbox = await Sandbox.start();
    const waiting = sandbox.waitForCode(NUMBER);
    await Promise.all([sandbox.close(), assert.rejects(waiting, { code: "closed" })]);
    assert.throws(() => sandbox.url, { code: "closed" });
    await sandbox.close();
});

test("an error that the service had with an engine's SMS is the cause, with its code", async () => {
    phones.sandbox.failNext({ call: "sms", status: 403 });
    const engine = new Engine({ send: phones.sandbox.egoiSms() });
    await assert.rejects(engine.request(NUMBER), (error) => {
        assert.deepEqual([error.code, error.smsPossiblySent], ["delivery_failed", false]);
        assert.ok(error.cause instanceof library.ForbiddenError);
        return true;
    });
});

test("an error names the request that it is about", async () => {
    const send = () => Promise.reject(new Error("the gateway broke"));
    const engine = new Engine({ send });
    const error = await engine.request(NUMBER).catch((error) => error);
    assert.equal(error.smsPossiblySent, true);
    assert.deepEqual([(await engine.get(error.requestId)).sms, error.cause.message], ["unknown", "the gateway broke"]);
});

test("the stack of a rejected call shows the line of the caller", async () => {
    async function theCaller() {
        return phones.client.get("no-such-request").then(undefined, (error) => error);
    }
    const error = await theCaller();
    assert.ok(error instanceof NotFoundError);
    assert.match(error.stack, /^NotFoundError: .*\n {4}at theCaller \(.*errors\.test\.mjs:\d+/);
});

test("the stack of a thrown error shows the line of the caller", () => {
    function theCaller() {
        library.parseNumber("351910000000");
    }
    assert.throws(theCaller, (error) => /at theCaller \(.*errors\.test\.mjs/.test(error.stack));
});

test("an error is an instance of its class in both module systems", async () => {
    const common = require("egoi-verify");
    assert.equal(common.VerifyError, VerifyError);
    await assert.rejects(phones.client.request("1"), (error) => error instanceof common.InvalidInputError);
    await assert.rejects(
        new common.Engine({ send: () => {} }).request("1"),
        (error) => error instanceof InvalidInputError && error instanceof Error,
    );
});

test("the name of an option is as in JavaScript", async () => {
    await assert.rejects(phones.client.request(NUMBER, { codeSize: 3 }), {
        message: "`codeSize` is 3 characters; the minimum is 4 characters",
    });
});

for (const [isAtHand, name] of [
    [false, "a panic in a call is a rejected promise, and the next call works"],
    [true, "a panic in a call that runs in this thread is one too"],
]) {
    test(name, async () => {
        const panicking = call({}, test, undefined, {}, (id) => addon.panicForTest(calls, id, isAtHand), String);
        await assert.rejects(panicking, InternalError);
        await phones.client.ping();
    });
}

test("a panic in a synchronous function is a thrown error, and the next one works", () => {
    assert.throws(() => callNative(() => addon.panicForTest()), InternalError);
    assert.equal(library.parseNumber(NUMBER).e164, "+351910000000");
});
