// The facts that hold in every language: tests/vectors of the repository.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import * as library from "egoi-verify";
import { codeInSms, Engine, InvalidInputError, parseNumber, smsParts, withAppHash, withOrigin } from "egoi-verify";
import { Sandbox } from "egoi-verify/testing";

import { here } from "./support/run.mjs";

const NUMBER = "+351 910 000 000";

const read = (name) => JSON.parse(readFileSync(`${here}../tests/vectors/${name}.json`, "utf8"));
const joined = (pieces) => pieces.map(([piece, times]) => piece.repeat(times)).join("");

/** What refuses an input names the field first, and then the fault. */
const refusal = (field, fault) => (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.ok(error.detail.startsWith(`\`${field}\``), error.detail);
    assert.ok(error.detail.includes(fault), error.detail);
    return true;
};

for (const { name, status } of read("suggested_statuses").vectors) {
    test(`status: ${name}`, () => {
        const types = Object.values(library).filter((type) => type.prototype instanceof library.VerifyError);
        const error = types.map((type) => new type({ detail: "" })).find(({ code }) => code === name);
        assert.equal(error.suggestedStatus, status);
    });
}

const numbers = read("numbers");
for (const { name, number, masked, country, type, spellings, national = [] } of numbers.accepted) {
    test(`number: ${name}`, () => {
        for (const spelling of spellings) {
            assert.equal(parseNumber(spelling).e164, number);
        }
        for (const { text, default_region: region } of national) {
            assert.equal(parseNumber(text, region).e164, number);
        }
        const read = parseNumber(number);
        assert.deepEqual([read.masked, read.country ?? null, read.type], [masked, country, type]);
    });
}
for (const { name, text, default_region: region, reason, fault } of numbers.refused) {
    test(`no number: ${name}`, () => {
        assert.throws(
            () => parseNumber(text, region),
            (error) => error.reason === reason && refusal("number", fault)(error),
        );
    });
}
test("the number of a verification is printed masked", async () => {
    const [{ number, masked }] = numbers.accepted;
    const engine = new Engine({ send: () => {} });
    assert.equal(JSON.parse(JSON.stringify(await engine.request(number))).number, masked);
});

for (const { name, text, ...parts } of read("sms_parts").vectors) {
    test(`SMS parts: ${name}`, () => {
        assert.deepEqual(smsParts(joined(text)), {
            encoding: parts.encoding,
            characters: parts.characters,
            parts: parts.parts,
        });
    });
}

for (const { name, call, message, argument, text, error } of read("autofill").vectors) {
    test(`autofill: ${name}`, () => {
        const autofill = () => ({ with_origin: withOrigin, with_app_hash: withAppHash })[call](message, argument);
        if (error === undefined) {
            assert.equal(autofill(), text);
        } else {
            assert.throws(autofill, refusal(error.field, error.detail));
        }
    });
}

for (const { name, text, code_type, code_size, code } of read("code_in_sms").vectors) {
    test(`code in SMS: ${name}`, () => {
        assert.equal(codeInSms(text, code_type ?? undefined, code_size ?? undefined), code ?? undefined);
    });
}

const codes = read("codes");
for (const { name, given, code } of codes.accepted) {
    test(`code: ${name}`, async (t) => {
        const sandbox = await Sandbox.start({ code });
        t.after(() => sandbox.close());
        const client = sandbox.client();
        const { id } = await client.request(NUMBER);
        assert.equal(await client.validate(id, given), "verified");
    });
}
for (const { name, given, fault } of codes.refused) {
    test(`no code: ${name}`, async () => {
        const engine = new Engine({ send: () => {} });
        const { id } = await engine.request(NUMBER);
        await assert.rejects(engine.validate(id, given), refusal("code", fault));
    });
}

const messages = read("messages");
for (const { name, message, code_size, code, text } of messages.accepted) {
    test(`message: ${name}`, async (t) => {
        const sandbox = await Sandbox.start({ code });
        t.after(() => sandbox.close());
        await sandbox
            .client("v1")
            .request(NUMBER, { message: joined(message), codeType: "alphanumeric", codeSize: code_size });
        assert.equal(sandbox.messages()[0].text, joined(text));
    });
}
for (const { name, message, code_size, fault } of messages.refused) {
    test(`no message: ${name}`, async () => {
        const engine = new Engine({ send: () => {} });
        await assert.rejects(
            engine.request(NUMBER, { message: joined(message), codeSize: code_size }),
            refusal("message", fault),
        );
    });
}
