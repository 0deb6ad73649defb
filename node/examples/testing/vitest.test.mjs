// npx vitest run vitest.test.mjs

import { setUpSandbox } from "egoi-verify/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

const NUMBER = "+351 910 000 000";
const phones = setUpSandbox({ beforeAll, beforeEach, afterAll });

test("the code of the SMS proves the number", async () => {
    const { id } = await phones.client.request(NUMBER);
    const code = await phones.sandbox.waitForCode(NUMBER);
    expect(await phones.client.validate(id, code, { number: NUMBER })).toBe("verified");
});

test("a code that comes too late is expired", async () => {
    const { id } = await phones.client.request(NUMBER, { ttl: 60 });
    const code = await phones.sandbox.waitForCode(NUMBER);
    phones.sandbox.clock.advance(60);
    expect(await phones.client.validate(id, code)).toBe("expired");
});

test("the service is down for a moment", async () => {
    phones.sandbox.failNext({ call: "request", status: 503 });
    const error = await phones.client.request(NUMBER).catch((error) => error);
    expect(error.code).toBe("unavailable");
    expect(phones.sandbox.messages().length).toBe(0);
});
