// Every row of tests/egoi-sms/egoi-sms.json: what E-goi's own SMS call sends.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { after, before } from "node:test";

import { EgoiSms, Engine } from "egoi-verify";
import { Sandbox } from "egoi-verify/testing";

import { scriptedService } from "./support/scripted-service.mjs";

const TABLE = JSON.parse(readFileSync(new URL("../../tests/egoi-sms/egoi-sms.json", import.meta.url)));

let service;
before(async () => (service = await scriptedService()));
after(() => service.close());

const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

/** Options with JavaScript's names. */
const named = (options) =>
    Object.fromEntries(
        Object.entries(options).map(([name, value]) => [camel(name), value instanceof Object ? named(value) : value]),
    );

for (const { name, client, sms, message, path, body } of TABLE.sends) {
    test(`an engine sends what the table says: ${name}`, async () => {
        const opened = await service.open({});
        const options = { apiKey: "key", sender: "1234", baseUrl: opened.base_url, ...named(client), ...named(sms) };
        const engine = new Engine({ send: new EgoiSms(options) });
        await engine.request(TABLE.number, { message });
        await engine.close();
        assert.deepEqual(await service.smsCalls(opened), [{ path, body }]);
    });
}

for (const { sms, field, reason } of TABLE.refused) {
    test(`${JSON.stringify(sms)} is refused`, () => {
        assert.throws(() => new EgoiSms({ apiKey: "key", sender: "1234", ...named(sms) }), {
            code: "invalid_input",
            field: camel(field),
            reason,
        });
    });
}

test("it says whether the service is up and which senders there are", async (t) => {
    const sandbox = await Sandbox.start({ apiKey: "right", senders: ["1", "2"] });
    t.after(() => sandbox.close());
    const options = { sender: "1", baseUrl: `${sandbox.url}/api` };
    const [right, wrong] = ["right", "wrong"].map((apiKey) => new EgoiSms({ ...options, apiKey }));
    assert.equal(await right.ping(), undefined);
    await wrong.ping({ timeout: 5 });
    assert.deepEqual(
        (await right.senders({ timeout: 5 })).map(({ id }) => id),
        ["1", "2"],
    );
    await assert.rejects(wrong.senders(), { code: "unauthorized" });
    await assert.rejects(right.senders({ timeout: "5" }), { code: "invalid_input", field: "timeout" });
    await assert.rejects(right.ping({ signal: AbortSignal.abort() }), { name: "AbortError" });
});

test("a wrong type is named", () => {
    const make = (more) => () => new EgoiSms({ apiKey: "key", sender: "1234", ...more });
    assert.throws(make({ urgent: "yes" }), { detail: "`urgent` is a string; it must be a boolean" });
    assert.throws(make({ encoding: 7 }), { detail: "`encoding` is a number; it must be a string" });
    assert.throws(make({ maxParts: 1.5 }), { detail: "`maxParts` is 1.5; it must be a whole number" });
});
