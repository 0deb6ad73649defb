// The packed tarballs of an addon that was built to be published: `make test-packages`.

import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import test from "node:test";

import { here } from "../support/run.mjs";

const { version } = JSON.parse(readFileSync(`${here}package.json`, "utf8"));
const PLATFORM = "egoi-verify-linux-x64-gnu";
const MIB = 1024 * 1024;

test("the addon has at most 8 MiB and the tarballs 4 MiB", (t) => {
    const addon = statSync(`${here}build/${PLATFORM}/egoi-verify.node`).size;
    const packed = [PLATFORM, "egoi-verify"].map((name) => statSync(`${here}build/${name}-${version}.tgz`).size);
    t.diagnostic(
        `addon ${(addon / MIB).toFixed(2)} MiB, tarballs ${packed.map((size) => (size / MIB).toFixed(2)).join(" and ")} MiB`,
    );
    assert.ok(addon <= 8 * MIB);
    assert.ok(packed.every((size) => size <= 4 * MIB));
});
