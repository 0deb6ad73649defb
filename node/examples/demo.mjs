// The story of E-goi's article, played over real HTTP against a sandbox: V1 with the article's own payloads, then V2.
// What is shown are the bodies between the library and the sandbox. It fails where anything is not as documented.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";

import { Client } from "egoi-verify";
import { Sandbox } from "egoi-verify/testing";

const NUMBER = "+351910000000";
// As E-goi has it on the wire.
const WIRE_NUMBER = "351-910000000";
const KEY = "1f5c9a0e7b3d48260c9e51d7a4b8f3620d5e7c19";
const REQUEST = { message: "Message text: {CODE}", codeType: "numeric", codeSize: 4, ttl: 60, group: "2FA" };

// The codes are the same in every run, so that no two are alike by chance; nobody waits for one to expire.
const sandbox = await Sandbox.start({ apiKey: KEY, seed: 2023, senders: ["1", "b2f8d1c4"] });
sandbox.clock.freeze();

/** Stands between the library and the sandbox, and keeps what goes through. */
const exchanges = [];
const recorder = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const { host, ...headers } = request.headers;
    const answer = await fetch(sandbox.url + request.url, { method: request.method, headers, body: body || undefined });
    const answered = await answer.text();
    exchanges.push({ method: request.method, path: request.url, asked: body, status: answer.status, answered });
    response.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type") }).end(answered);
});
recorder.listen(0, "127.0.0.1");
await once(recorder, "listening");

const say = (line = "") => console.log(line.replaceAll(KEY, "********"));
const json = (text) => (text === "" ? undefined : JSON.parse(text));
const shown = (text) =>
    text === ""
        ? ""
        : ` ${JSON.stringify(JSON.parse(text), null, 1).replace(/\n\s*/g, " ")}`
              .replace(/(.{1,90})( |$)/g, "$1\n       ")
              .trimEnd();

const count = { exchanges: 0, messages: 0, steps: 0 };

function step(title) {
    count.steps += 1;
    say(`\n${String(count.steps).padStart(2)}   ${title}`);
}

/** What went over the wire since the last time, shown. */
function wire(expected) {
    const taken = exchanges.splice(0);
    for (const { method, path, asked, status, answered } of taken) {
        say(`     → ${method} ${path}${shown(asked)}`);
        say(`     ← ${status}${shown(answered)}`);
    }
    count.exchanges += taken.length;
    assert.equal(taken.length, expected, "exchanges");
    return taken;
}

const meaning = (word, text) => say(`     ✓ ${word}: ${text}`);

/** The SMS that comes, and its code. */
async function sms(id) {
    const code = await sandbox.waitForCode(NUMBER);
    const [{ text, requestId, number }] = sandbox.messages(NUMBER);
    count.messages += 1;
    say(`       SMS to ${number}: ${text}`);
    assert.deepEqual([text, requestId], [`Message text: ${code}`, id]);
    assert.match(code, /^[0-9]{4}$/);
    return code;
}

const mistyped = (code) => code.slice(0, -1) + (code.endsWith("9") ? "0" : "9");

function clientOf(api) {
    const base = `http://127.0.0.1:${recorder.address().port}/api`;
    const of = { v1: { sender: "b2f8d1c4", baseUrl: `${base}/public` }, v2: { sender: "1", baseUrl: base } };
    return new Client({ apiKey: KEY, api, ...of[api] });
}

async function v1() {
    say("━━ V1, the interface of E-goi's article. Its paths are assumed: the article shows none.");
    const client = clientOf("v1");

    async function asked() {
        const { id, state } = await client.request(NUMBER, REQUEST);
        assert.equal(state, "pending");
        const [request] = wire(1);
        assert.deepEqual(json(request.asked), {
            apikey: KEY,
            number: WIRE_NUMBER,
            senderHash: "b2f8d1c4",
            codeType: "numeric",
            codeSize: "4",
            group: "2FA",
            codeTTL: "60",
            message: "Message text: {CODE}",
        });
        assert.match(id, /^[0-9a-f]{32}$/);
        assert.deepEqual(json(request.answered), { requestId: id, status: "Ok" });
        return { id, code: await sms(id) };
    }

    async function validated(id, code, outcome, word) {
        assert.equal(await client.validate(id, code), outcome);
        const [validation] = wire(1);
        assert.deepEqual(json(validation.asked), { apikey: KEY, requestId: id, code });
        assert.equal(json(validation.answered).status, word);
    }

    step("The business asks for a verification");
    const first = await asked();
    meaning("pending", "E-goi made a code, valid for 60 seconds. The business got only the id.");
    step("The person mistypes the code");
    await validated(first.id, mistyped(first.code), "wrong_code", "Not_Verified");
    meaning("wrong_code", "E-goi waits for the right code. (The article shows no word for this: it is assumed.)");
    step("The person gives the code of the SMS");
    await validated(first.id, first.code, "verified", "Verified");
    meaning("verified", "the number belongs to this person.");
    step("The person gives the same code again");
    await validated(first.id, first.code, "already_verified", "Already_Verified");
    meaning("already_verified", "a code proves a number only once.");

    step("Another request, which the business cancels, and whose code is given all the same");
    const cancelled = await asked();
    assert.equal(await client.cancel(cancelled.id), "cancelled");
    wire(1);
    await validated(cancelled.id, cancelled.code, "cancelled", "Cancelled");
    meaning("cancelled", "even the right code does not work now.");

    step("Another request, whose code comes 60 seconds later");
    const late = await asked();
    sandbox.clock.advance(60);
    await validated(late.id, late.code, "expired", "Expired");
    meaning("expired", "the right code is too late.");
}

async function v2() {
    say("\n━━ V2, the interface of E-goi's published clients, with the key in a header.");
    count.steps = 0;
    const client = clientOf("v2");

    async function asked() {
        const { id } = await client.request(NUMBER, REQUEST);
        const [request] = wire(1);
        assert.deepEqual(json(request.asked), {
            senderId: "1",
            to: WIRE_NUMBER,
            message: "Message text: {{ code }}",
            codeLength: 4,
            codeValidity: 60,
            codeType: "numeric",
        });
        assert.deepEqual([request.status, json(request.answered)], [201, { verifyId: id }]);
        return { id, code: await sms(id) };
    }

    async function validated(id, code, outcome, expected) {
        assert.equal(await client.validate(id, code, { number: NUMBER }), outcome);
        wire(expected);
    }

    step("The business asks for a verification");
    const { id, code } = await asked();
    step("The business reads the request");
    assert.equal((await client.get(id)).state, "pending");
    wire(1);
    meaning("pending", "the response shows the code itself. The library never returns it.");
    step("The person mistypes the code");
    await validated(id, mistyped(code), "wrong_code", 3);
    meaning("wrong_code", "V2's 200 does not tell whether the code was right: the library reads before and after.");
    step("The SMS is lost: the business asks for another one, and the person gives the code of the first");
    assert.equal((await client.resend(id)).state, "pending");
    wire(1);
    const second = await sms(id);
    await validated(id, code, "wrong_code", 3);
    meaning("wrong_code", "the new code replaced the old one.");
    step("The person gives the code of the second SMS");
    await validated(id, second, "verified", 3);
    meaning("verified", "it was pending before, and is verified now: the number belongs to this person.");
    step("The person gives the same code again");
    await validated(id, second, "already_verified", 1);
    meaning("already_verified", "the read shows it, and the library submits no code.");

    step("Another request, which the business cancels, and whose code is given all the same");
    const cancelled = await asked();
    assert.equal(await client.cancel(cancelled.id), "cancelled");
    wire(2);
    await validated(cancelled.id, cancelled.code, "cancelled", 1);
    meaning("cancelled", "even the right code does not work now.");

    step("Another request, whose code comes 60 seconds later");
    const late = await asked();
    sandbox.clock.advance(60);
    await validated(late.id, late.code, "expired", 1);
    meaning("expired", "the right code is too late.");
}

const started = Date.now();
await v1();
await v2();
const seconds = ((Date.now() - started) / 1000).toFixed(1);
say(
    `\n✓ All as the article and the published clients say: ${count.exchanges} exchanges over HTTP, ${count.messages} SMS, ${seconds} seconds.`,
);
recorder.closeAllConnections();
recorder.close();
await sandbox.close();
