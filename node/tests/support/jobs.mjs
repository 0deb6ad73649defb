// The main jobs, for every way of loading the library and every runtime: each module system and each runtime runs these same
// ones. Needs nothing of a test runner.

import assert from "node:assert/strict";

const NUMBER = "+351 910 000 000";
const WHOLE = "+351910000000";

const other = (code) => code.replace(/.$/, (last) => (last === "0" ? "1" : "0"));

/** Names of jobs, each with what it does. */
export function jobs(
    { Client, Engine, EgoiSms, NotSent, VerifyError, isVerified, generateCode, parseNumber, smsParts },
    testing,
) {
    const { Sandbox, TestClock } = testing;

    async function withSandbox(options, work) {
        const sandbox = await Sandbox.start(options);
        try {
            await work(sandbox);
        } finally {
            await sandbox.close();
        }
    }

    return {
        "V2: the code of the SMS proves the number, once": () =>
            withSandbox({}, async (sandbox) => {
                const client = sandbox.client();
                const { id, state, number } = await client.request(NUMBER, {
                    message: "Your code is {CODE}",
                    codeSize: 8,
                    ttl: 60,
                });
                assert.equal(state, "pending");
                assert.equal(number, WHOLE);
                const code = await sandbox.waitForCode(NUMBER);
                assert.match(code, /^[0-9]{8}$/);
                assert.equal(await client.validate(id, other(code), { number: NUMBER }), "wrong_code");
                assert.equal(await client.validate(id, code, { number: NUMBER }), "verified");
                assert.equal(await client.validate(id, code, { number: NUMBER }), "already_verified");
            }),

        "V1: the code of the SMS proves the number, once": () =>
            withSandbox({}, async (sandbox) => {
                const client = sandbox.client("v1");
                const { id } = await client.request(NUMBER);
                const code = await sandbox.waitForCode(NUMBER);
                assert.equal(await client.validate(id, other(code)), "wrong_code");
                const outcome = await client.validate(id, code);
                assert.equal(isVerified(outcome), true);
                assert.equal(await client.validate(id, code), "already_verified");
            }),

        "a request that was cancelled takes no code any more": () =>
            withSandbox({}, async (sandbox) => {
                const client = sandbox.client();
                const { id } = await client.request(NUMBER);
                assert.equal(await client.cancel(id), "cancelled");
                assert.equal(await client.validate(id, await sandbox.waitForCode(NUMBER)), "cancelled");
            }),

        "a code is good until its validity ends": () =>
            withSandbox({}, async (sandbox) => {
                const client = sandbox.client();
                const { id } = await client.request(NUMBER, { ttl: 60 });
                const code = await sandbox.waitForCode(NUMBER);
                sandbox.clock.advance(60);
                assert.equal(await client.validate(id, code), "expired");
            }),

        "a resend replaces the code": () =>
            withSandbox({}, async (sandbox) => {
                const client = sandbox.client();
                const { id } = await client.request(NUMBER, { codeSize: 20 });
                const first = await sandbox.waitForCode(NUMBER);
                await client.resend(id);
                const second = await sandbox.waitForCode(NUMBER);
                assert.equal(await client.validate(id, first), "wrong_code");
                assert.equal(await client.validate(id, second), "verified");
                assert.equal((await client.get(id)).state, "verified");
            }),

        "an engine sends by a function and counts wrong codes": async () => {
            const sent = [];
            const engine = new Engine({ send: async (sms) => sent.push(sms), maxAttempts: 2 });
            const { id, attemptsLeft } = await engine.request(NUMBER, { message: "{CODE} it is" });
            assert.equal(attemptsLeft, 2);
            const [{ number, text, attemptId }] = sent;
            assert.equal(number, WHOLE);
            assert.match(text, /^[0-9]{6} it is$/);
            assert.match(attemptId, /^[0-9a-f]{32}$/);
            const code = text.slice(0, 6);
            assert.equal(await engine.validate(id, other(code)), "wrong_code");
            assert.equal(await engine.validate(id, other(code)), "wrong_code");
            assert.equal(await engine.validate(id, code), "too_many_attempts");
            engine.close();
        },

        "an engine's code expires by a test clock": async () => {
            const clock = new TestClock();
            let text;
            const send = (sms) => {
                text = sms.text;
            };
            const engine = new Engine({ send, clock });
            const { id } = await engine.request(NUMBER, { message: "{CODE}", ttl: 10 });
            clock.advance(10);
            assert.equal(await engine.validate(id, text), "expired");
            engine.close();
        },

        "an engine sends by E-goi's SMS call": () =>
            withSandbox({}, async (sandbox) => {
                const engine = new Engine({ send: sandbox.egoiSms() });
                const { id } = await engine.request(NUMBER);
                const [message] = sandbox.messages(NUMBER);
                assert.equal(await engine.validate(id, message.text.slice(0, 6)), "verified");
                engine.close();
            }),

        "what the sending function throws is the cause": async () => {
            const gone = new NotSent("no gateway");
            const engine = new Engine({
                send: () => {
                    throw gone;
                },
            });
            await assert.rejects(engine.request(NUMBER), (error) => {
                assert.ok(error instanceof VerifyError);
                assert.equal(error.code, "delivery_failed");
                assert.equal(error.smsPossiblySent, false);
                assert.equal(error.retryIsSafe, true);
                assert.equal(error.cause, gone);
                return true;
            });
            engine.close();
        },

        "a refused key is an error with a code": () =>
            withSandbox({ apiKey: "right" }, async (sandbox) => {
                const client = new Client({ apiKey: "wrong", sender: "1", baseUrl: `${sandbox.url}/api` });
                await assert.rejects(client.request(NUMBER), (error) => {
                    assert.ok(error instanceof VerifyError);
                    assert.deepEqual(
                        [error.code, error.httpStatus, error.smsPossiblySent],
                        ["unauthorized", 401, false],
                    );
                    return true;
                });
            }),

        "a number is refused before anything is sent": () =>
            withSandbox({}, async (sandbox) => {
                await assert.rejects(sandbox.client().request("351910000000"), { code: "invalid_input" });
                assert.deepEqual(sandbox.messages(), []);
            }),

        "an aborted call rejects with the reason": () =>
            withSandbox({}, async (sandbox) => {
                sandbox.failNext({ call: "get", delay: 60 });
                const client = sandbox.client();
                const { id } = await client.request(NUMBER);
                const controller = new AbortController();
                const call = client.get(id, { signal: controller.signal });
                const reason = new Error("the page was left");
                setTimeout(() => controller.abort(reason), 10);
                await assert.rejects(call, reason);
            }),

        "the functions work without a verifier": () => {
            assert.match(generateCode("hex", 12), /^[0-9A-F]{12}$/);
            assert.equal(parseNumber(NUMBER).e164, WHOLE);
            assert.deepEqual(smsParts("olá"), { encoding: "ucs2", characters: 3, parts: 1 });
            assert.equal(typeof EgoiSms, "function");
        },
    };
}

/** Runs all of them where there is no test runner, and says how many there were. */
export async function runAll(library, testing) {
    const all = Object.entries(jobs(library, testing));
    for (const [name, run] of all) {
        try {
            await run();
        } catch (error) {
            console.error(`not so: ${name}`);
            throw error;
        }
    }
    console.log(`${all.length} jobs`);
}
