// No key, code, message or whole number in anything that the package prints, serialises or says of a failure: through every
// verb of every verifier, whatever the service repeats. What a value prints by itself is in secrets.test.mjs.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { tracingChannel } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer } from "node:http";
import test from "node:test";

import {
    Client,
    codeInSms,
    EgoiSms,
    Engine,
    generateCode,
    NotSent,
    parseNumber,
    Store,
    VerifyError,
} from "egoi-verify";
import { Sandbox, TestClock } from "egoi-verify/testing";

import { allSpellings, foundIn, given, hostile, Looked, secrets } from "./support/canaries.mjs";

const [KEY, CODE, LETTERS, NUMBER] = ["api_key", "code", "code_of_letters", "number"].map(given);
const MESSAGE = given("message");
const ENGINE_KEY = Buffer.from(given("engine_key"));

const options = (call, baseUrl, more = {}) => ({
    apiKey: KEY,
    sender: "1",
    api: call.slice(0, 2),
    baseUrl,
    store: new Store("memory:", { key: ENGINE_KEY }),
    ...more,
});

const VERBS = {
    request: (client) => client.request(NUMBER, { message: MESSAGE, codeSize: 12 }),
    validate: (client) => client.validate(secrets.id, LETTERS),
    cancel: (client) => client.cancel(secrets.id),
    resend: (client) => client.resend(secrets.id),
    get: (client) => client.get(secrets.id),
    ping: (client) => client.ping(),
    senders: (client) => client.senders(),
};

async function failure(row, call) {
    try {
        await call();
    } catch (error) {
        return error;
    }
    return assert.fail(`${row}: no error`);
}

/** Where nobody listens. */
async function nobody() {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return `http://127.0.0.1:${port}`;
}

test("whatever a service repeats, no call tells a secret", async (t) => {
    const service = await hostile(t);
    const looked = new Looked();
    const events = [];
    for (const verb of Object.keys(VERBS)) {
        const subscribers = { asyncEnd: ({ error: _, ...event }) => events.push(event) };
        tracingChannel(`egoi-verify:${verb}`).subscribe(subscribers);
        t.after(() => tracingChannel(`egoi-verify:${verb}`).unsubscribe(subscribers));
    }
    const codes = new Set();
    let exchanges = 0;
    for (const answer of secrets.answers) {
        for (const call of answer.calls ?? secrets.calls) {
            const row = `${call}, ${answer.name}`;
            service.answer = answer;
            service.isReadFirst = call === "v2 validate";
            const client = new Client(options(call, service.url));
            const error = await failure(row, () => VERBS[call.slice(3)](client));
            client.close();
            assert.equal(error.code, answer.code, row);
            looked.atError(row, error);
            codes.add(error.code);
            exchanges += 1;
        }
    }
    assert.ok(exchanges >= 200);
    assert.equal(events.length, exchanges);
    looked.at("events", JSON.stringify(events));
    assert.equal(codes.size, 10);
    looked.end(t, 11 * exchanges);
});

test("every code that every language shows comes without a secret", async (t) => {
    const service = await hostile(t);
    const looked = new Looked();
    const codes = new Set(secrets.answers.map((answer) => answer.code)); // Shown above.
    const fails = async (row, call) => {
        const error = await failure(row, call);
        assert.ok(error instanceof VerifyError, `${row}: ${error}`);
        codes.add(error.code);
        looked.atError(row, error);
    };
    const closedPort = await nobody();
    const proxy = `http://u:${given("proxy_password")}@${closedPort.slice("http://".length)}`;
    for (const call of secrets.calls) {
        const verb = VERBS[call.slice(3)];
        service.isReadFirst = call === "v2 validate";
        for (const [row, url, more, answer] of [
            ["nobody there", closedPort, { timeout: 0.05 }, "close"],
            ["no proxy", "https://nowhere.invalid", { timeout: 0.05, proxy }, "close"],
            ["closed", service.url, {}, "close"],
            ["silence", service.url, { timeout: 0.05 }, "stall"],
        ]) {
            service.answer = answer;
            await fails(`${call}, ${row}`, () => verb(new Client(options(call, url, more))));
        }
    }
    const first = new Client(options("v1", closedPort));
    for (const verb of ["resend", "get", "ping", "senders"]) {
        await fails(verb, () => VERBS[verb](first));
    }
    first.close();
    await fails("closed", () => first.get(secrets.id));
    const notSent = () => {
        throw new NotSent("the gateway is closed");
    };
    await fails("not sent", () =>
        new Engine({ send: notSent, store: new Store("memory:", { key: ENGINE_KEY }) }).request(NUMBER, {
            message: MESSAGE,
        }),
    );
    await fails("bad input", async () => new Client({ apiKey: `${KEY}\u0007`, sender: "1" }));
    assert.deepEqual(
        secrets.codes.filter((code) => !codes.has(code)),
        [],
    );
    looked.end(t, 450);
});

const store = `x://:${given("store_password")}@x`;
const password = given("proxy_password");
const client = (more) => new Client({ apiKey: KEY, sender: "1", ...more });
const engine = (more) => new Engine({ send() {}, ...more });
const refused = {
    "a key with a control character": () => client({ apiKey: `${KEY}\u0007` }),
    "a key that is no text": () => client({ apiKey: [KEY] }),
    "a timeout that is text": () => client({ timeout: KEY }),
    "an API that is none": () => client({ api: KEY }),
    "a proxy that is none": () => client({ proxy: `socks9://u:${password}@x` }),
    "a base URL with a password": () => client({ baseUrl: `https://u:${password}@x` }),
    "a base URL with a query": () => client({ baseUrl: `https://x/?key=${KEY}` }),
    "a client's store": () => client({ store: new Store(store, { key: ENGINE_KEY }) }),
    "an engine's store": () => engine({ store: new Store(store, { key: ENGINE_KEY }) }),
    "an engine key that is too short": () => engine({ store: new Store("memory:", { key: ENGINE_KEY.subarray(2) }) }),
    "a store that is a URL": () => engine({ store }),
    "a previous key that is not in a list": () => new Store(store, { previousKeys: ENGINE_KEY.toString() }),
    "a limit that is text": () => engine({ maxAttempts: CODE }),
    "a number without a calling code": () => parseNumber(NUMBER.replace("+351 ", "")),
    "a number that is too long": () => parseNumber(`${NUMBER}000`),
    "a number in a list": () => parseNumber([NUMBER]),
    "a code that is too long": () => client().validate(secrets.id, LETTERS.repeat(6)),
    "a code that is a number": () => client().validate(secrets.id, Number(CODE)),
    "a code in an id": () => client().get(`${secrets.id} ${CODE}`),
    "a message without a place": () => client().request(NUMBER, { message: MESSAGE.replace("{CODE}", CODE) }),
    "a message that is too long": () => client().request(NUMBER, { message: MESSAGE.repeat(40) }),
    "a size that is a code": () => client().request(NUMBER, { codeSize: CODE }),
    "a code type that is a code": () => client().request(NUMBER, { codeType: LETTERS }),
    "an idempotency key": () => client().request(NUMBER, { idempotencyKey: KEY.repeat(9) }),
};

for (const [what, call] of Object.entries(refused)) {
    test(`${what} is refused and not repeated`, async (t) => {
        const looked = new Looked();
        const error = await failure(what, async () => call());
        assert.equal(error.code, "invalid_input");
        looked.atError(what, error);
        looked.end(t, 11);
    });
}

async function everything(looked, verifier, code) {
    looked.atValue("a verifier", verifier);
    const made = await verifier.request(NUMBER, { message: MESSAGE, codeSize: 12 });
    // The number as it is, where the hooks for printing are switched off, is the user's to read.
    const printed = (verification) => ({ toJSON: () => verification.toJSON(), verification: `${verification}` });
    for (const each of [made, await verifier.get(made.id)]) {
        looked.atValue("a verification", printed(each));
        looked.at("a verification", String(JSON.stringify(each)));
    }
    looked.atValue("validate", await verifier.validate(made.id, LETTERS));
    looked.atValue("validate", await verifier.validate(made.id, code()));
    looked.atValue("cancel", await verifier.cancel(made.id));
}

test("whole verifications of a client tell no secret", async (t) => {
    const sandbox = await Sandbox.start({ code: CODE, apiKey: KEY });
    t.after(() => sandbox.close());
    const looked = new Looked();
    looked.atValue("a sandbox", sandbox);
    await everything(looked, sandbox.client(), () => CODE);
    looked.atValue("senders", await sandbox.client().senders());
    looked.at("a message", `${JSON.stringify(sandbox.messages())}`);
    looked.end(t, 50);
});

test("whole verifications of an engine tell no secret", async (t) => {
    const looked = new Looked();
    const texts = [];
    const send = (sms) => {
        texts.push(sms.text);
    };
    const clock = new TestClock();
    await everything(looked, new Engine({ send, store: new Store("memory:", { key: ENGINE_KEY }), clock }), () =>
        codeInSms(texts.at(-1), undefined, 12),
    );
    looked.atValue("E-goi's SMS", new EgoiSms(options("v2", "http://127.0.0.1:9")));
    looked.atValue("a clock", clock);
    assert.equal(texts.length, 1);
    looked.end(t, 50);
});

test("a sender is printed and made JSON of with its number masked", async (t) => {
    const service = await hostile(t);
    const body = '[{"id":"1","name":"Shop","phoneNumber":"+351917305826","senderStatus":"active"}]';
    service.answer = { status: 200, headers: { "Content-Type": "application/json" }, body };
    const [sender] = await new Client(options("v2", service.url)).senders();
    assert.equal(sender.number, "+351917305826");
    assert.deepEqual(foundIn(JSON.stringify(sender)), []);
});

test("nothing is written to the console, with every switch of NODE_DEBUG and under --trace-warnings", () => {
    const program = `
        import { Client, Engine } from "egoi-verify";
        import { Sandbox } from "egoi-verify/testing";
        const sandbox = await Sandbox.start({ apiKey: process.argv[1] });
        const client = sandbox.client();
        const { id } = await client.request(process.argv[2], { message: process.argv[3] });
        await client.validate(id, process.argv[4]);
        sandbox.failNext({ status: 503 });
        await client.cancel(id).catch(() => {});
        await new Engine({ send() {} }).request(process.argv[2]);
        client.close();
        await sandbox.close();
        console.log("done");
    `;
    const said = spawnSync(
        process.execPath,
        ["--trace-warnings", "--input-type=module", "-e", program, KEY, NUMBER, MESSAGE, LETTERS],
        { encoding: "utf8", env: { ...process.env, NODE_DEBUG: "*", RUST_LOG: "trace" }, cwd: import.meta.dirname },
    );
    assert.equal(said.status, 0, said.stderr);
    assert.equal(said.stdout, "done\n");
    // What Node says itself of its own arguments is before the program.
    const ours = said.stderr.split("\n").filter((line) => !/^(MODULE|ESM|WORKER|TIMER|.*process\.argv)/.test(line));
    assert.deepEqual(foundIn(ours.join("\n")), []);
});

test("a canary is found in every spelling", () => {
    for (const [name, written] of allSpellings()) {
        for (const text of [`<${written}>`, written.toUpperCase()]) {
            assert.ok(foundIn(text).includes(name), name);
        }
    }
    assert.ok(allSpellings().length >= 70);
    assert.deepEqual(foundIn("the key +35191*****26 was refused, 3 of 5"), []);
});

test("a leak is found in a field, a buffer, JSON, a cause and a stack", (t) => {
    const stacked = new Error("it failed");
    stacked.stack += `\n    at validate (${LETTERS})`;
    for (const leak of [
        { apiKey: KEY },
        { hidden: ENGINE_KEY },
        { toJSON: () => [...ENGINE_KEY] },
        new Error("it failed", { cause: new Error(`code ${generateCode("hex", 4)} is not ${CODE}`) }),
        stacked,
        Object.defineProperty({}, "number", { value: NUMBER, enumerable: false }),
    ]) {
        const looked = new Looked();
        looked.atError("it", leak);
        assert.throws(() => looked.end(t, 0), /shows/);
    }
});
