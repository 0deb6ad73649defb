// What every framework's endpoints do: `story.mjs NAME…` plays it, and fails at what is not so.

import assert from "node:assert/strict";

import { Engine, NotSent } from "egoi-verify";
import { TestClock } from "egoi-verify/testing";

import { apps } from "./apps.mjs";

const NUMBER = "+351910000000";
const json = (body) => ({
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
});

async function play(name) {
    const clock = new TestClock();
    const proved = [];
    let code;
    let fails;
    const engine = new Engine({
        clock,
        send({ text }) {
            if (fails !== undefined) {
                throw fails;
            }
            code = text.split(" ")[0];
        },
    });
    const verified = async (request, number) => {
        assert.ok(request);
        if (number === "+351910000009") {
            throw new Error("of the application");
        }
        proved.push(number);
    };
    const app = await apps[name](engine, verified);
    try {
        const ask = app.visitor();

        // Without a request there is nothing to go on with.
        for (const path of ["/validate", "/resend"]) {
            const { status, body } = await ask(path, json({ code: "123456" }));
            assert.deepEqual([status, body.error.code, body.error.detail], [409, "conflict", "ask for a code first"]);
        }

        // The main story.
        const sent = await ask("/request", json({ number: "+351 910 000 000" }));
        assert.equal(sent.status, 202);
        assert.deepEqual(Object.keys(sent.body), ["expires_in", "resend_in", "resends_left"]);
        assert.ok(sent.body.expires_in > 590 && sent.body.expires_in <= 600);
        assert.ok(sent.body.resend_in > 25 && sent.body.resend_in <= 30);
        assert.equal(sent.body.resends_left, 3);
        const wrong = await ask("/validate", json({ code: code === "000000" ? "000001" : "000000" }));
        assert.deepEqual([wrong.status, wrong.body], [200, { outcome: "wrong_code", attempts_left: 4 }]);
        const stranger = await app.visitor()("/validate", json({ code }));
        assert.equal(stranger.status, 409);

        // Too early, and then in time; no body is needed.
        const early = await ask("/resend", { method: "POST" });
        assert.equal(early.status, 429);
        assert.ok(Number(early.headers.get("retry-after")) > 0);
        assert.deepEqual([early.body.error.code, early.body.error.limit], ["rate_limited", "resend_after"]);
        const double = await ask("/request", json({ number: NUMBER }));
        assert.deepEqual([double.status, double.body.error.limit], [429, "resend_after"]);
        clock.advance(31);
        const before = code;
        const resent = await ask("/resend", json({}));
        assert.deepEqual([resent.status, resent.body.resends_left], [202, 2]);
        assert.notEqual(code, before);

        // The double click before did not lose the request. A response that was lost is given again.
        for (let n = 0; n < 2; n += 1) {
            const right = await ask("/validate", json({ code }));
            assert.deepEqual([right.status, right.body], [200, { outcome: "verified" }]);
        }
        assert.deepEqual(proved, [NUMBER]);

        // Bodies that are missing or odd.
        const odd = [{ method: "POST" }, { method: "POST", headers: { "content-type": "application/json" } }];
        for (const body of ["{", "null", "[]", '"+351910000000"', "{}", '{"number":5}', '{"number":null}', "\0"]) {
            odd.push(json(body));
        }
        odd.push({ method: "POST", headers: { "content-type": "text/plain" }, body: '{"number":"+351910000000"}' });
        odd.push({ method: "POST", body: new URLSearchParams({ number: NUMBER }) });
        for (const init of odd) {
            const { status, body } = await ask("/request", init);
            assert.equal(status, 400, `${status} for ${JSON.stringify(init)}: ${JSON.stringify(body)}`);
            // `express.json()` refuses what is no JSON before the router sees it.
            if (typeof body.error !== "string") {
                assert.deepEqual([body.error.code, body.error.sms_possibly_sent], ["invalid_input", false]);
            }
        }
        assert.ok([400, 413].includes((await ask("/request", json({ number: "1".repeat(200_000) }))).status));

        // What cannot be used, and what is not there.
        const { status, body } = await ask("/request", json({ number: "12" }));
        assert.deepEqual(
            [status, body.error.code, body.error.field, body.error.reason],
            [422, "invalid_input", "number", "no_country_code"],
        );
        assert.equal((await ask("/validate", json({ code: "" }))).status, 200); // Verified already.
        assert.equal((await ask("/other", json({}))).status, 404);
        const get = await ask("/request");
        assert.deepEqual([get.status, get.headers.get("allow")], [405, "POST"]);

        // The gateway fails: certainly, or perhaps.
        fails = new NotSent("no credit");
        const none = await ask("/request", json({ number: "+351910000001" }));
        assert.equal(none.status, 502);
        assert.deepEqual(none.body.error, {
            code: "delivery_failed",
            detail: "Something went wrong. Try again later.",
            field: null,
            reason: null,
            limit: null,
            retry_after: null,
            sms_possibly_sent: false,
        });
        fails = new Error("broken");
        const perhaps = await ask("/request", json({ number: "+351910000001" }));
        assert.deepEqual([perhaps.status, perhaps.body.error.sms_possibly_sent], [502, true]);
        assert.match(perhaps.body.error.detail, /If a code reaches you, enter it/);
        assert.equal((await ask("/validate", json({ code: "00" }))).body.outcome, "wrong_code");
        fails = undefined;

        // What the application throws is its own.
        await ask("/request", json({ number: "+351910000009" }));
        assert.equal((await ask("/validate", json({ code }))).status, 500);
        assert.deepEqual(proved, [NUMBER]);
    } finally {
        await app.close();
    }
}

for (const name of process.argv.slice(2)) {
    await play(name);
    console.log(`${name}: as it should be`);
}
process.exit();
