// Calls end under the fake timers of a test runner, and after them.

import assert from "node:assert/strict";
import test from "node:test";

import { run } from "./support/run.mjs";

const JEST = [
    "node_modules/jest/bin/jest.js",
    "--rootDir",
    "tests/support/fake-timers",
    "--testMatch",
    "**/jest.test.cjs",
];
const FOLDER = "tests/support/fake-timers";

for (const [name, ...args] of [
    ["Jest", ...JEST],
    ["Jest with enableGlobally", ...JEST, "--config", JSON.stringify({ fakeTimers: { enableGlobally: true } })],
    [
        "Vitest",
        "node_modules/vitest/vitest.mjs",
        "run",
        "--root",
        FOLDER,
        "--pool=threads",
        "--reporter=verbose",
        "vitest.test.mjs",
    ],
    ["node:test", "--test", `${FOLDER}/node-test.mjs`],
    ["Sinon", `${FOLDER}/sinon.mjs`],
    ["Sinon before the library is loaded", `${FOLDER}/sinon-first.cjs`],
]) {
    test(`calls end under the fake timers of ${name}`, async () => {
        const done = await run(process.execPath, args, { seconds: 120, env: { NODE_TEST_CONTEXT: undefined } });
        assert.equal(done.code, 0, done.output);
        assert.match(done.output, /fake timers/i);
    });
}
