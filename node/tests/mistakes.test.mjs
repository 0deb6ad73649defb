// Plays tests/mistakes/mistakes.json: wrong arguments are refused in the words of the user.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { after, before, beforeEach } from "node:test";

import * as library from "egoi-verify";
import * as testing from "egoi-verify/testing";

const file = new URL("../../tests/mistakes/mistakes.json", import.meta.url);
const { mistakes } = JSON.parse(readFileSync(file, "utf8"));
const phones = testing.setUpSandbox({ before, beforeEach, after });

/** Runs code with everything that the package exports. */
function evaluate(source) {
    const names = { ...library, ...testing, sandbox: phones.sandbox };
    return new Function(...Object.keys(names), `return ${source};`)(...Object.values(names));
}

const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

for (const { name, field, node } of mistakes.filter(({ node }) => node !== "cannot be made")) {
    test(name, async () => {
        await assert.rejects(
            async () => evaluate(node.do),
            (error) => {
                const { field: said } = error;
                assert.deepEqual(
                    { error: error.constructor.name, says: error.message },
                    { error: node.error, says: node.says },
                );
                assert.equal(error.code, "invalid_input");
                // Of an object or a list the part is named: `statusWords.validated`.
                assert.ok(node.field === said || said.split(/[.[]/).includes(camel(field)), `the field is ${said}`);
                return true;
            },
        );
    });
}

test("there are forty mistakes and more", () => assert.ok(mistakes.length >= 40));
