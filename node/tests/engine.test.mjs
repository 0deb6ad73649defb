import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import test from "node:test";
import { runInNewContext } from "node:vm";

import { EgoiSms, Engine, NotSent, Store } from "egoi-verify";
import { Sandbox, TestClock } from "egoi-verify/testing";

const NUMBER = "+351 910 000 000";

/** An engine whose SMS are kept. */
function engineOf(options) {
    const sent = [];
    const engine = new Engine({ send: async (sms) => void sent.push(sms), ...options });
    return { engine, sent, code: () => sent.at(-1).text.match(/[0-9]{6}/)[0] };
}

const wrong = (code) => (code === "000000" ? "000001" : "000000");

test("the function that sends may be synchronous", async () => {
    const { engine, sent } = engineOf({ send: (sms) => void sent.push(sms) });
    await engine.request(NUMBER);
    assert.equal(sent.length, 1);
});

test("a request waits until its SMS was handed over", async () => {
    let handOver;
    const { engine } = engineOf({ send: () => new Promise((resolve) => (handOver = resolve)) });
    let done = false;
    const call = engine.request(NUMBER).then(() => (done = true));
    while (handOver === undefined) {
        await new Promise(setImmediate);
    }
    assert.equal(done, false);
    handOver();
    await call;
});

/** How often the event loop comes round meanwhile. */
async function turnsDuring(work) {
    let turns = 0;
    let immediate;
    const count = () => {
        immediate = setImmediate(() => {
            turns += 1;
            count();
        });
    };
    count();
    await work();
    clearImmediate(immediate);
    return turns;
}

test("calls on a store in memory do not wait for the event loop", async () => {
    const { engine, code } = engineOf();
    const turns = await turnsDuring(async () => {
        const { id } = await engine.request(NUMBER);
        assert.equal((await engine.get(id)).state, "pending");
        assert.equal(await engine.validate(id, code()), "verified");
    });
    // It may have been asked to come round by the calls before.
    assert.ok(turns <= 1, `${turns} turns`);
});

test("64 loops of verifications in memory give the event loop back every few milliseconds", async (t) => {
    const codes = new Map();
    const send = ({ number, text }) => void codes.set(number, text.slice(0, 6));
    const engine = new Engine({ send, smsPerNumber: null, resendAfter: null, wrongCodesPerNumber: null });
    let isOver = false;
    async function loop(nth) {
        while (!isOver) {
            const number = `+3519100000${10 + nth}`;
            const { id } = await engine.request(number);
            assert.equal(await engine.validate(id, codes.get(number)), "verified");
        }
    }
    const loops = Array.from({ length: 64 }, (_, nth) => loop(nth));
    const holds = [];
    for (let turn = 0; turn < 100; turn += 1) {
        // Of processor time: whatever else the machine does is not the library's.
        const before = process.cpuUsage();
        await new Promise(setImmediate);
        const { user, system } = process.cpuUsage(before);
        holds.push((user + system) / 1000);
    }
    isOver = true;
    await Promise.all(loops);
    holds.sort((a, b) => a - b);
    t.diagnostic(`held for ${holds[50].toFixed(1)} ms in the middle, ${holds.at(-1).toFixed(1)} at the longest`);
    // The addon of a checkout is not optimised.
    assert.ok(holds[50] < 10, `${holds[50]} ms`);
});

test("a loop of calls on a store in memory lets the event loop come round", async () => {
    const { engine } = engineOf();
    const { id } = await engine.request(NUMBER);
    const turns = await turnsDuring(async () => {
        for (let done = 0; done < 1000; done += 1) {
            await engine.get(id);
        }
    });
    assert.ok(turns >= 7, `${turns} turns`);
});

test("the function that sends is not called before the call has returned", async () => {
    const { engine, sent } = engineOf();
    const call = engine.request(NUMBER);
    assert.equal(sent.length, 0);
    await call;
    assert.equal(sent.length, 1);
});

test("the function that sends may itself use the engine", async () => {
    const states = [];
    const { engine } = engineOf({ send: async ({ attemptId }) => states.push((await engine.get(attemptId)).state) });
    await engine.request(NUMBER);
    assert.deepEqual(states, ["pending"]);
});

test("an engine's own timeout ends the wait for a gateway function", async () => {
    const { engine } = engineOf({ send: () => new Promise(() => {}), timeout: 0.05 });
    await assert.rejects(engine.request(NUMBER), { code: "timeout", smsPossiblySent: true });
    assert.throws(() => engineOf({ timeout: 15_000 }), {
        code: "invalid_input",
        message: "`timeout` is 15000 s; the maximum is 600 s",
    });
});

test("a verification of an engine says when and how often it can be resent", async () => {
    const { engine } = engineOf({ resendAfter: 24, maxResends: 2 });
    const { createdAt, resendAt, resendsLeft } = await engine.request(NUMBER);
    assert.ok(resendAt instanceof Date);
    assert.deepEqual([resendAt - createdAt, resendsLeft], [24_000, 2]);
});

test("a timeout ends the wait for a function that sends, and the SMS may be sent", async () => {
    const { engine } = engineOf({ send: () => new Promise(() => {}) });
    const calls = ["0", "1"].map((last) => engine.request(`351-91000000${last}`, { timeout: 0.05 }));
    for (const call of calls) {
        await assert.rejects(call, { code: "timeout", smsPossiblySent: true });
    }
});

test("64 requests at once each hand over their own SMS", async () => {
    const { engine, sent } = engineOf();
    const numbers = Array.from({ length: 64 }, (_, n) => `351-9100000${String(n).padStart(2, "0")}`);
    const made = await Promise.all(numbers.map((number) => engine.request(number)));
    const texts = new Map(sent.map(({ number, text }) => [number, text]));
    for (const { id, number } of made) {
        assert.equal(await engine.validate(id, texts.get(number).slice(0, 6), { number }), "verified");
    }
});

test("the function that sends runs in the caller's AsyncLocalStorage", async () => {
    const trace = new AsyncLocalStorage();
    const seen = [];
    const { engine } = engineOf({ send: () => seen.push(trace.getStore()) });
    await Promise.all(["a", "b"].map((id, n) => trace.run(id, () => engine.request(`351-91000000${n}`))));
    assert.deepEqual(seen.sort(), ["a", "b"]);
});

test("what threw NotSent leaves no request and is not counted", async () => {
    let fail = true;
    const send = () => {
        if (fail) {
            throw new NotSent("no credit");
        }
    };
    const { engine } = engineOf({ send, smsPerNumber: { limit: 1, per: 3600 }, resendAfter: null });
    await assert.rejects(engine.request(NUMBER), { code: "delivery_failed", smsPossiblySent: false });
    fail = false;
    await engine.request(NUMBER);
});

test("what threw anything else may be sent, and its code counts", async () => {
    let text;
    const { engine } = engineOf({
        send: async (sms) => {
            text = sms.text;
            throw new Error("the answer was lost");
        },
    });
    const error = await engine.request(NUMBER).catch((error) => error);
    assert.deepEqual([error.code, error.smsPossiblySent, error.retryIsSafe], ["delivery_failed", true, false]);
    assert.equal(await engine.validate(error.requestId, text.slice(0, 6)), "verified");
});

for (const [what, returned, detail] of [
    ["a response that is not ok", new Response("", { status: 401 }), /a response with status 401/],
    ["false", false, /returned false/],
    ["an object that is not ok", { ok: false }, /an object whose `ok` is false/],
]) {
    test(`a gateway function that returns ${what} has failed, and its code counts`, async () => {
        const { engine } = engineOf({ send: async () => returned });
        const error = await engine.request(NUMBER).catch((error) => error);
        assert.deepEqual([error.code, error.smsPossiblySent], ["delivery_failed", true]);
        assert.match(error.cause.message, detail);
        assert.equal((await engine.get(error.requestId)).state, "pending");
    });
}

test("a gateway function that returns anything else has sent", async () => {
    const values = [
        undefined,
        null,
        0,
        "",
        true,
        { ok: true },
        { sid: "SM1" },
        new Response("{}"),
        Object.create(null),
    ];
    const { engine } = engineOf({ send: async () => values.shift(), smsPerNumber: null, resendAfter: null });
    for (const _ of [...values]) {
        assert.equal((await engine.request(NUMBER)).sms, "sent");
    }
});

test("the signal of a gateway function is aborted by the call's timeout, with its error", async () => {
    let signal;
    const { engine } = engineOf({
        send: (_sms, context) => {
            signal = context.signal;
            return new Promise(() => {});
        },
    });
    const error = await engine.request(NUMBER, { timeout: 0.05 }).catch((error) => error);
    assert.equal(error.code, "timeout");
    assert.equal(signal.aborted, true);
    assert.equal(signal.reason, error);
});

test("the signal of a gateway function is aborted by the call's signal, with its reason", async () => {
    const controller = new AbortController();
    const reason = new Error("the page was left");
    let context;
    const { engine } = engineOf({
        send: (_sms, given) => {
            context = given;
            controller.abort(reason);
            return new Promise(() => {});
        },
    });
    await assert.rejects(engine.request(NUMBER, { signal: controller.signal }), reason);
    assert.equal(context.signal.aborted, true);
    assert.equal(context.signal.reason, reason);
});

test("the signal of a gateway function that has sent is never aborted", async () => {
    let context;
    const { engine } = engineOf({
        send: (_sms, given) => {
            context = given;
        },
    });
    await engine.request(NUMBER);
    assert.equal(context.signal.aborted, false);
});

test("await using waits for the calls in flight", async () => {
    let finish;
    const { engine } = engineOf({
        send: () =>
            new Promise((resolve) => {
                finish = resolve;
            }),
    });
    const other = engineOf().engine;
    const events = [];
    const call = engine.request(NUMBER).then(() => events.push("sent"));
    const closing = engine[Symbol.asyncDispose]().then(() => events.push("closed"));
    await other.request(NUMBER);
    await other[Symbol.asyncDispose]();
    assert.deepEqual(events, []);
    await assert.rejects(engine.request(NUMBER), { code: "closed" });
    finish();
    await Promise.all([call, closing]);
    assert.deepEqual(events, ["sent", "closed"]);
});

test("what threw undefined is a failure too", async () => {
    const { engine } = engineOf({ send: () => Promise.reject() });
    await assert.rejects(
        engine.request(NUMBER),
        (error) => error.code === "delivery_failed" && error.cause === undefined,
    );
});

test("wrong codes for a number are counted across requests", async () => {
    const { engine, code } = engineOf({ wrongCodesPerNumber: { limit: 1, per: 3600 }, resendAfter: null });
    const first = await engine.request(NUMBER);
    assert.equal(await engine.validate(first.id, wrong(code())), "wrong_code");
    const second = await engine.request(NUMBER);
    assert.equal(await engine.validate(second.id, code()), "too_many_attempts");
});

test("a resend too soon is rate_limited, and later gives a new code", async () => {
    const clock = new TestClock();
    const { engine, sent } = engineOf({ clock, resendAfter: 30 });
    const { id } = await engine.request(NUMBER, { codeSize: 20, message: "{CODE}" });
    await assert.rejects(engine.resend(id), { code: "rate_limited" });
    clock.advance(30);
    assert.equal((await engine.resend(id)).state, "pending");
    assert.equal(await engine.validate(id, sent[0].text), "wrong_code");
    assert.equal(await engine.validate(id, sent[1].text), "verified");
});

test("null switches a limit off", async () => {
    const { engine, code } = engineOf({
        maxAttempts: null,
        wrongCodesPerNumber: null,
        smsPerNumber: null,
        maxResends: null,
        resendAfter: null,
        countries: null,
        callingCodes: null,
    });
    const { id, attemptsLeft } = await engine.request(NUMBER);
    assert.equal(attemptsLeft, undefined);
    for (let n = 0; n < 30; n += 1) {
        assert.equal(await engine.validate(id, wrong(code())), "wrong_code");
    }
    for (let n = 0; n < 8; n += 1) {
        await engine.resend(id);
    }
    assert.equal(await engine.validate(id, code()), "verified");
});

test("an engine is full at maxRequests", async () => {
    const { engine } = engineOf({ maxRequests: 1 });
    await engine.request(NUMBER);
    await assert.rejects(engine.request("+351 910 000 001"), { code: "rate_limited" });
});

test("a test clock stands still when it is frozen", () => {
    const clock = new TestClock();
    clock.freeze();
    const then = clock.now();
    clock.advance(61.5);
    assert.equal(clock.now() - then, 61_500);
    clock.freeze(false);
    assert.throws(() => clock.advance(-1), { code: "invalid_input" });
});

test("a key may be a Uint8Array of another realm", async () => {
    const key = runInNewContext("new Uint8Array(32).fill(7)");
    assert.ok(!(key instanceof Uint8Array));
    const { engine, code } = engineOf({ store: new Store("memory:", { key, previousKeys: [key] }) });
    const { id } = await engine.request(NUMBER);
    assert.equal(await engine.validate(id, code()), "verified");
    assert.throws(() => new Store("memory:", { key: { [Symbol.toStringTag]: "Uint8Array", length: 32 } }), {
        code: "invalid_input",
    });
});

test("a key may be any Uint8Array of 32 bytes or more", async () => {
    const key = new Uint8Array(64).fill(1).subarray(16, 48);
    const { engine, code } = engineOf({
        store: new Store("memory:", { key, previousKeys: [Buffer.alloc(32, 2)], retention: 60 }),
    });
    const { id } = await engine.request(NUMBER);
    assert.equal(await engine.validate(id, code()), "verified");
});

for (const [name, options, message] of [
    ["no function that sends", { send: undefined }, "`send` is missing; it must be a function or an EgoiSms"],
    ["a function that is none", { send: "sms" }, "`send` is a string; it must be a function or an EgoiSms"],
    [
        "a short key",
        () => ({ store: new Store("memory:", { key: new Uint8Array(31) }) }),
        "`key` has 31 bytes; the minimum is 32 bytes",
    ],
    [
        "a key that is a list",
        () => ({ store: new Store("memory:", { key: [1] }) }),
        "`key` is an array; it must be a string or a Uint8Array",
    ],
    [
        "a store that is a URL",
        { store: "memory:" },
        "`store` is a string; it must be a Store: `new Store(url, { key })`",
    ],
    ["a store without a URL", () => ({ store: new Store() }), "`url` is missing; it must be a string"],
    [
        "a pool of no connection",
        () => ({ store: new Store("memory:", { poolSize: 4 }) }),
        /^`poolSize` is given for another store; it is an option of PostgreSQL only/,
    ],
    [
        "a gateway that is an engine",
        () => ({ send: new Engine({ send: () => {} }) }),
        "`send` is an Engine; it must be a function or an EgoiSms",
    ],
    [
        "a gateway that is a class",
        { send: EgoiSms },
        "`send` is the class EgoiSms; it must be a function or an EgoiSms",
    ],
    [
        "a gateway that was called",
        () => ({ send: (async () => {})() }),
        "`send` is a Promise; it must be a function or an EgoiSms",
    ],
    ["no gateway", { send: null }, "`send` is null; it must be a function or an EgoiSms"],
    [
        "another store",
        () => ({ store: new Store("mysql://localhost", { key: "k".repeat(32) }) }),
        /^`store` is not a known URL/,
    ],
    ["a limit of nought", { maxAttempts: 0 }, "`maxAttempts` is 0; the minimum is 1"],
    ["a limit below nought", { maxResends: -1 }, /^`maxResends` is -1; the minimum is 0/],
    ["a quota without a window", { smsPerNumber: { limit: 5, per: 0 } }, /^`smsPerNumber` has a window of 0 s/],
    ["a quota that is a number", { smsPerNumber: 5 }, "`smsPerNumber` is 5; it must be an object"],
    ["half a quota", { smsPerNumber: { limit: 5 } }, "`smsPerNumber.per` is missing; it must be a number of seconds"],
    [
        "a calling code that is a string",
        { callingCodes: ["351"] },
        "`callingCodes[0]` is a string; it must be a whole number",
    ],
    ["a calling code for a country", { countries: [351] }, "`countries[0]` is a number; it must be a string"],
    [
        "a clock that is none",
        { clock: {} },
        "`clock` is an object; it must be a TestClock of egoi-verify/testing or the clock of a Sandbox",
    ],
]) {
    test(`${name} is thrown as invalid_input`, () => {
        assert.throws(() => engineOf(typeof options === "function" ? options() : options), {
            code: "invalid_input",
            message,
        });
    });
}

test("an engine takes the clock of a sandbox", async () => {
    const sandbox = await Sandbox.start();
    const { engine } = engineOf({ clock: sandbox.clock });
    const { id } = await engine.request(NUMBER);
    sandbox.clock.advance(601);
    assert.equal((await engine.get(id)).state, "expired");
    await sandbox.close();
});

test("ping asks E-goi whether the key of its SMS call is right", async () => {
    const sandbox = await Sandbox.start({ apiKey: "right" });
    const engineWith = (apiKey) =>
        new Engine({ send: new EgoiSms({ apiKey, sender: "1", baseUrl: `${sandbox.url}/api` }) });
    await engineWith("right").ping();
    await assert.rejects(engineWith("another").ping(), { code: "unauthorized" });
    await sandbox.close();
});

test("a number is found, unlocked and erased", async () => {
    const { engine, code } = engineOf({});
    const { id } = await engine.request(NUMBER);
    await engine.validate(id, wrong(code()));
    const record = await engine.find(NUMBER);
    assert.equal(record.number, "+351910000000");
    assert.deepEqual(
        record.requests.map((request) => [request.id, request.attemptsLeft]),
        [[id, 4]],
    );
    assert.deepEqual(
        record.limits.map(({ limit, count, max }) => [limit, count, max]),
        [
            ["wrongCodesPerNumber", 1, 20],
            ["smsPerNumber", 1, 5],
            ["resendAfter", 1, 1],
        ],
    );
    assert.ok(record.limits[0].endsAt > new Date());
    assert.ok(!JSON.stringify(record).includes("910000000"));
    await engine.unlock(NUMBER);
    assert.deepEqual((await engine.find(NUMBER)).limits, []);
    assert.equal(await engine.erase(NUMBER), 1);
    assert.deepEqual((await engine.find(NUMBER)).requests, []);
    await assert.rejects(engine.get(id), { code: "not_found" });
    await assert.rejects(engine.find("x"), { code: "invalid_input" });
});
