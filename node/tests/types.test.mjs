// The public types, compiled by every minor version of TypeScript that is supported.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import test, { after, before, describe } from "node:test";

import { here, run } from "./support/run.mjs";

const compilers = `${here}tests/types/compilers/node_modules/`;
const versions = readdirSync(compilers).filter((name) => name.startsWith("typescript-"));
assert.equal(versions.length, 12);

let project;

before(() => {
    project = mkdtempSync(`${tmpdir()}/egoi-verify-types-`);
    mkdirSync(`${project}/node_modules/egoi-verify`, { recursive: true });
    cpSync(`${here}package.json`, `${project}/node_modules/egoi-verify/package.json`);
    cpSync(`${here}dist`, `${project}/node_modules/egoi-verify/dist`, { recursive: true });
    cpSync(`${here}tests/types/oldest.ts`, `${project}/oldest.ts`);
});

after(() => rmSync(project, { recursive: true, force: true }));

const STRICT = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom", "--skipDefaultLibCheck"];

describe("the types compile", { concurrency: 2 }, () => {
    for (const [name, tsc] of [
        ...versions.map((name) => [name, `${compilers}${name}/bin/tsc`]),
        ["the newest", `${here}node_modules/typescript/bin/tsc`],
    ]) {
        test(`with ${name}`, async () => {
            const args = [tsc, ...STRICT, "--module", "node16", "--moduleResolution", "node16", "oldest.ts"];
            const done = await run(process.execPath, args, { cwd: project });
            assert.equal(done.code, 0, done.output);
        });
    }
});
