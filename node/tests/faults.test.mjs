// Every fault of tests/faults/faults.json, and random runs of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { after, before, describe } from "node:test";

import { Client, VerifyError } from "egoi-verify";

import { soak } from "./support/run.mjs";
import { scriptedService } from "./support/scripted-service.mjs";

const TABLE = JSON.parse(readFileSync(new URL("../../tests/faults/faults.json", import.meta.url)));
const { key: apiKey, number: NUMBER, code: CODE, id: ID } = TABLE;

/** Most of the time is waiting. */
const AT_ONCE = 64;

let service;
before(async () => (service = await scriptedService()));
after(() => service.close());

function* rows() {
    for (const fault of TABLE.faults) {
        const expect = typeof fault.expect === "string" ? TABLE.patterns[fault.expect] : fault.expect;
        for (const expectation of expect) {
            for (const of of expectation.of) {
                for (const name of TABLE.groups[of] ?? [of]) {
                    yield { fault, expectation, name, call: TABLE.calls[name] };
                }
            }
        }
    }
}

const client = (opened, api, timeout, connectTimeout) =>
    new Client({
        apiKey,
        sender: "1234",
        api,
        baseUrl: opened.base_url,
        caCertificates: opened.ca_certificates,
        ...(opened.proxy && { proxy: opened.proxy, allowHttp: true }),
        timeout,
        connectTimeout,
    });

const OUTCOMES = {
    request: (made) => made.state,
    resend: (made) => made.state,
    get: (made) => made.state,
    ping: () => "up",
    senders: () => "listed",
    validate: (outcome) => outcome,
    cancel: (state) => state,
};

/** Makes a call: its outcome in a word or its error, and the id of the request there is now. */
async function make(client, verb, id, code) {
    const given = { request: [NUMBER], validate: [id, code], ping: [], senders: [] }[verb] ?? [id];
    try {
        const made = await client[verb](...given);
        return { word: OUTCOMES[verb](made), id: verb === "request" ? made.id : id };
    } catch (error) {
        assert.ok(error instanceof VerifyError, error);
        return { error, id };
    }
}

/** What must never be, whatever happened. */
function assertNever(verb, { word, error }, seen, where) {
    const told = `${where}: ${word ?? error}, ${JSON.stringify(seen)}`;
    assert.ok(seen.sms <= 1, `more than one SMS, ${told}`);
    assert.ok(seen.submits <= 1, `a code submitted twice, ${told}`);
    assert.ok(error === undefined || error.smsPossiblySent || seen.sms === 0, `an SMS that was denied, ${told}`);
    const isBelieved = word === "verified" && (verb === "validate" || verb === "get");
    assert.ok(!isBelieved || seen.verified > 0, `verified without the service's word, ${told}`);
}

function assertSays({ detail }, { says = [] }) {
    // Options have JavaScript's names.
    const named = (words) => words.replace(/_([a-z])(?=[a-z_]*`)/g, (_, letter) => letter.toUpperCase());
    const unsaid = says.filter((words) => !detail.includes(named(words)));
    assert.deepEqual(unsaid, [], detail);
}

function assertError(error, { fault, expectation, call }) {
    const { code, httpStatus, reason, smsPossiblySent, retryIsSafe, requestId, retryAfter } = error;
    assert.deepEqual(
        { code, httpStatus, reason, smsPossiblySent, retryIsSafe, requestId },
        {
            code: expectation.code ?? fault.code,
            httpStatus: fault.http_status,
            reason: fault.reason,
            smsPossiblySent: expectation.sms,
            retryIsSafe: expectation.safe,
            requestId: ["request", "ping", "senders"].includes(call.verb) ? undefined : ID,
        },
        String(error),
    );
    assertSays(error, fault);
    const [from, to] = fault.retry_after ?? [];
    const isRight = from === undefined ? retryAfter === undefined : from <= retryAfter && retryAfter <= to;
    assert.ok(isRight, `retryAfter is ${retryAfter}`);
    const shown = `${error} ${error.stack} ${JSON.stringify(error)}`;
    assert.deepEqual(
        [apiKey, CODE, NUMBER].filter((secret) => shown.includes(secret)),
        [],
    );
}

async function play(row) {
    const { fault, expectation, name, call } = row;
    const opened = await service.open({ fault: fault.name, call: name });
    const made = client(opened, call.api, fault.timeout ?? TABLE.timeout, fault.connect_timeout);
    const done = await make(made, call.verb, ID, CODE);
    const seen = await service.seen(opened);
    if (expectation.code === null) {
        assert.equal(done.word, expectation.gives ?? call.gives, done.error);
    } else {
        assert.ok(done.error, `it gave ${done.word}`);
        assertError(done.error, row);
    }
    assert.equal(seen.tries, expectation.tries, "how often it was tried");
    assertNever(call.verb, done, seen, name);
}

/** Makes the calls that this seed draws. */
async function run(seed) {
    const opened = await service.open({ seed });
    const random = client(opened, opened.api, 0.5);
    let id = ID;
    for (const [at, { verb, code = "" }] of opened.calls.entries()) {
        const done = await make(random, verb, id, code);
        const where = `seed ${seed}, call ${at}, ${verb}`;
        assertNever(verb, done, await service.seen(opened), where);
        assert.ok(verb !== "validate" || done.word !== "verified" || code === CODE, `a wrong code verified, ${where}`);
        id = done.id;
    }
}

describe("a fault is told as the table says", { concurrency: AT_ONCE }, () => {
    for (const row of rows()) {
        test(`${row.fault.name}: ${row.name}`, () => play(row));
    }
});

for (const row of TABLE.environment) {
    const variables = Object.entries(row.variables);
    test(`${variables.map((variable) => variable.join("=")).join(" ")} is named where it cannot be used`, () => {
        Object.assign(process.env, row.variables);
        try {
            assert.throws(
                () => new Client({ apiKey, sender: "1234" }),
                (error) => {
                    const { code, field, reason } = error;
                    assert.deepEqual([code, field, reason], ["invalid_input", row.field, row.reason]);
                    assertSays(error, row);
                    return true;
                },
            );
        } finally {
            for (const [name] of variables) {
                delete process.env[name];
            }
        }
    });
}

const RUNS = soak ? 10_000 : 200;

test(`${RUNS} random runs never send twice, deny an SMS or verify`, { timeout: 3_600_000 }, async () => {
    const seeds = Array.from({ length: RUNS }, (_, seed) => seed).values();
    await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
            for (const seed of seeds) {
                await run(seed);
            }
        }),
    );
});
