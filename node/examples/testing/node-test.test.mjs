// node --test node-test.test.mjs

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { setUpSandbox } from "egoi-verify/testing";

const NUMBER = "+351 910 000 000";
const phones = setUpSandbox({ before, beforeEach, after });

test("the code of the SMS proves the number", async () => {
    const { id } = await phones.client.request(NUMBER);
    const code = await phones.sandbox.waitForCode(NUMBER);
    assert.equal(await phones.client.validate(id, code, { number: NUMBER }), "verified");
});

test("a code that comes too late is expired", async () => {
    const { id } = await phones.client.request(NUMBER, { ttl: 60 });
    const code = await phones.sandbox.waitForCode(NUMBER);
    phones.sandbox.clock.advance(60);
    assert.equal(await phones.client.validate(id, code), "expired");
});

test("the service is down for a moment", async () => {
    phones.sandbox.failNext({ call: "request", status: 503 });
    const error = await phones.client.request(NUMBER).catch((error) => error);
    assert.equal(error.code, "unavailable");
    assert.equal(phones.sandbox.messages().length, 0);
});
