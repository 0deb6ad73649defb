// The code of the guides in `docs/guides`, run. The site shows the sections between two markers.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a reader sends SMS with. */
class Gateway {
    texts = [];

    constructor(refuses = false) {
        this.refuses = refuses;
    }

    async deliver(_number, text, _reference) {
        if (this.refuses) {
            throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
        }
        this.texts.push(text);
    }

    /** The code of the last SMS: "123456 is your verification code." */
    code() {
        return this.texts.at(-1).slice(0, 6);
    }
}

// --8<-- [start:first]
import { isVerified } from "egoi-verify";
import { Sandbox } from "egoi-verify/testing";

async function prove(number) {
    const sandbox = await Sandbox.start();
    const client = sandbox.client();

    const { id } = await client.request(number);
    const code = await sandbox.waitForCode(number);
    const outcome = await client.validate(id, code, { number });

    sandbox.close();
    return isVerified(outcome);
}

// --8<-- [end:first]

// --8<-- [start:client]
import { Client } from "egoi-verify";

/** Once, when your server starts: the client holds the pool of connections. */
function connect(apiKey, sender) {
    return new Client({ apiKey, sender });
}
// --8<-- [end:client]

// --8<-- [start:outcomes]
/** What to tell the person. `id` and `number` come from your session, `given` from the form. */
async function check(verifier, id, number, given) {
    switch (await verifier.validate(id, given, { number })) {
        case "verified":
            return "the number is proved";
        case "wrong_code":
            return "not that code; try again";
        case "expired":
        case "cancelled":
        case "too_many_attempts":
            return "ask for a new code";
        case "already_verified":
            return "verified before, which proves nothing now";
    }
}

// --8<-- [end:outcomes]

// --8<-- [start:engine]
import { Engine, NotSent } from "egoi-verify";

function engineOf(gateway) {
    return new Engine({
        async send({ number, text, attemptId }) {
            try {
                await gateway.deliver(number, text, attemptId);
            } catch (cause) {
                // Only if it is certain that nothing was sent.
                throw cause.code === "ECONNREFUSED" ? new NotSent("refused", { cause }) : cause;
            }
        },
    });
}

// --8<-- [end:engine]

// --8<-- [start:store]
import { Store } from "egoi-verify";

/** `url` is `sqlite:PATH`, `postgres://…` or `redis://…`. Make the key once: `openssl rand -hex 32`. */
async function withAStore(send, url, key) {
    const engine = new Engine({ send, store: new Store(url, { key }) });
    await engine.ping(); // Rejects if the store cannot be used.
    return engine;
}
// --8<-- [end:store]

// --8<-- [start:limits]
const DAY = 24 * 60 * 60;

function forProduction(send) {
    return new Engine({
        send,
        countries: ["PT", "ES"],
        smsPerClient: { limit: 5, per: DAY },
        wrongCodesPerClient: { limit: 20, per: DAY },
        smsPerPrefix: { limit: 20, per: DAY, lastDigits: 4 },
    });
}

/** `caller` is an address, a session or a device. */
function requestFor(engine, caller, number) {
    return engine.request(number, { client: caller });
}
// --8<-- [end:limits]

// --8<-- [start:resend]
/** For "Send again in 24 s". At 0 the button works. */
function secondsUntilResend({ resendAt }) {
    return resendAt ? Math.max(0, Math.ceil((resendAt.getTime() - Date.now()) / 1000)) : 0;
}

/** The old code stops working, and the validity starts again. */
function sendAgain(verifier, id) {
    return verifier.resend(id);
}

/** "cancelled"; "verified" or "expired" if it was too late. */
function giveUp(verifier, id) {
    return verifier.cancel(id);
}

// --8<-- [end:resend]

// --8<-- [start:errors]
import { InvalidInputError, RejectedError } from "egoi-verify";

/** What to do after a `request` failed. */
function advice(error) {
    if (error instanceof InvalidInputError || error instanceof RejectedError) {
        return `correct the number: ${error.detail}`;
    }
    if (error.retryIsSafe) {
        return error.retryAfter === undefined ? "try again" : `try again in ${Math.ceil(error.retryAfter)} s`;
    }
    if (error.smsPossiblySent) {
        return "an SMS may arrive: wait for it before you try again";
    }
    return `tell an operator: ${error.code}: ${error.detail}`;
}
// --8<-- [end:errors]

// --8<-- [start:log]
/** One line for your log. It contains no key, no code and no full number. */
function logLine({ code, reason = "", limit = "", httpStatus = "", requestId = "", smsPossiblySent }) {
    return `code=${code} reason=${reason} limit=${limit} status=${httpStatus} request_id=${requestId} sms_possibly_sent=${smsPossiblySent}`;
}

// --8<-- [end:log]

// --8<-- [start:testing]
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { setUpSandbox } from "egoi-verify/testing";

const phones = setUpSandbox({ before, beforeEach, after });

test("a code that comes too late is expired", async () => {
    const { id } = await phones.client.request("+351 910 000 000", { ttl: 60 });
    const code = await phones.sandbox.waitForCode("+351 910 000 000");

    phones.sandbox.clock.advance(60); // Nobody waits.

    assert.equal(await phones.client.validate(id, code), "expired");
});

// --8<-- [end:testing]

// --8<-- [start:autofill]
import { withOrigin } from "egoi-verify";

/** The last line of the SMS names your site, and the phone fills the code in there only. */
function requestWithAutofill(verifier, number) {
    return verifier.request(number, { message: withOrigin("{CODE} is your code.", "example.com") });
}

// --8<-- [end:autofill]

import { TestClock } from "egoi-verify/testing";

const NUMBER = "+351 910 000 000";
const nothing = async () => {};

test("first: proves a number", async () => {
    assert.ok(await prove(NUMBER));
});

test("client: connects without a call", () => {
    connect("key", "1234").close();
});

test("outcomes: say what to do", async () => {
    const { id } = await phones.client.request(NUMBER);
    const code = await phones.sandbox.waitForCode(NUMBER);
    assert.equal(await check(phones.client, id, NUMBER, "no"), "not that code; try again");
    assert.equal(await check(phones.client, id, NUMBER, code), "the number is proved");
    assert.equal(await check(phones.client, id, NUMBER, code), "verified before, which proves nothing now");
});

test("engine: sends by the gateway", async () => {
    const gateway = new Gateway();
    const engine = engineOf(gateway);
    const { id } = await engine.request(NUMBER);
    assert.equal(await engine.validate(id, gateway.code()), "verified");
});

test("engine: says that nothing was sent", async () => {
    const expected = { code: "delivery_failed", smsPossiblySent: false };
    await assert.rejects(engineOf(new Gateway(true)).request(NUMBER), expected);
});

test("store: outlives the engine", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "egoi-verify-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const [url, key] = [`sqlite:${folder}/verify.db`, "0".repeat(64)];
    const before = await withAStore(nothing, url, key);
    const { id } = await before.request(NUMBER);
    before.close();
    const engine = await withAStore(nothing, url, key);
    assert.equal((await engine.get(id)).state, "pending");
    engine.close();
});

test("limits: stop a caller and a country", async () => {
    const engine = forProduction(nothing);
    for (let last = 0; last < 5; last += 1) {
        await requestFor(engine, "203.0.113.1", `+35191000000${last}`);
    }
    await assert.rejects(requestFor(engine, "203.0.113.1", "+351910000005"), { limit: "smsPerClient" });
    await assert.rejects(requestFor(engine, "203.0.113.2", "+447911123456"), { code: "rejected" });
});

test("resend: counts down and sends a new code", async () => {
    const [gateway, clock] = [new Gateway(), new TestClock()];
    const engine = new Engine({ send: ({ text }) => gateway.deliver("", text, ""), clock });
    const verification = await engine.request(NUMBER);
    const wait = secondsUntilResend(verification);
    assert.ok(20 < wait && wait <= 30, wait);
    clock.advance(30);
    const again = await sendAgain(engine, verification.id);
    assert.equal(await engine.validate(again.id, gateway.code()), "verified");
    assert.equal(await giveUp(engine, again.id), "verified");
    assert.equal(secondsUntilResend({ resendAt: new Date(0) }), 0);
});

const failureOf = (call) => call.then(assert.fail, (error) => error);

test("errors: say what to do", async () => {
    const engine = engineOf(new Gateway());
    assert.match(advice(await failureOf(engine.request("12"))), /^correct the number: /);
    await engine.request(NUMBER);
    const early = await failureOf(engine.request(NUMBER));
    assert.equal(advice(early), "try again in 30 s");
    assert.match(logLine(early), /^code=rate_limited reason= limit=resendAfter status= request_id=/);
    assert.doesNotMatch(logLine(early), /910000000/);

    phones.sandbox.failNext({ status: 500 });
    const broken = await failureOf(phones.client.request(NUMBER));
    assert.equal(advice(broken), "an SMS may arrive: wait for it before you try again");
    phones.sandbox.failNext({ status: 401 });
    assert.match(advice(await failureOf(phones.client.request(NUMBER))), /^tell an operator: unauthorized: /);
});

test("autofill: ends the message with the site", async () => {
    await requestWithAutofill(phones.client, NUMBER);
    const code = await phones.sandbox.waitForCode(NUMBER);
    const [{ text }] = phones.sandbox.messages(NUMBER);
    assert.ok(text.endsWith(`@example.com #${code}`), text);
});
