// A sign-up by phone with better-auth's own endpoints, over the example.

import assert from "node:assert/strict";

import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { Engine } from "egoi-verify";

import { phoneVerification } from "./better-auth.mjs";

const NUMBER = "+351910000000";
let code;
const engine = new Engine({
    send({ text }) {
        code = text.split(" ")[0];
    },
});
const tables = { user: [], session: [], account: [], verification: [] };
const auth = betterAuth({
    baseURL: "https://shop.example",
    secret: "a secret of a test that is long enough",
    database: memoryAdapter(tables),
    plugins: [phoneVerification(engine)],
    logger: { disabled: true },
});

async function ask(path, body) {
    const headers = { "content-type": "application/json", origin: "https://shop.example" };
    const request = new Request(`https://shop.example/api/auth/phone-number/${path}`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
    });
    const response = await auth.handler(request);
    return { status: response.status, body: await response.json(), cookie: response.headers.get("set-cookie") };
}

assert.equal((await ask("send-otp", { phoneNumber: "910 000 000" })).status, 400);
assert.equal((await ask("verify", { phoneNumber: NUMBER, code: "123456" })).status, 400);

assert.equal((await ask("send-otp", { phoneNumber: NUMBER })).status, 200);
assert.match(code, /^[0-9]{6}$/);
const soon = await ask("send-otp", { phoneNumber: NUMBER });
assert.deepEqual([soon.status, soon.body.code], [429, "RATE_LIMITED"]);

const wrong = await ask("verify", { phoneNumber: NUMBER, code: code === "000000" ? "000001" : "000000" });
assert.deepEqual([wrong.status, wrong.body.code, wrong.cookie], [400, "INVALID_OTP", null]);
assert.equal((await ask("verify", { phoneNumber: "+351910000001", code })).status, 400);
assert.deepEqual(tables.user, []);

const right = await ask("verify", { phoneNumber: NUMBER, code });
assert.equal(right.status, 200, JSON.stringify(right.body));
assert.equal(right.body.user.phoneNumber, NUMBER);
assert.match(right.cookie, /session_token=/);
assert.equal(tables.user[0].phoneNumberVerified, true);

const again = await ask("verify", { phoneNumber: NUMBER, code });
assert.equal(again.status, 400);
console.log("a number is proved");
