// The public types, compiled by every minor version of TypeScript that is supported.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import test, { after, before, describe } from "node:test";

import { here, run } from "./support/run.mjs";

const compilers = `${here}tests/types/compilers/node_modules/`;
const versions = readdirSync(compilers).filter((name) => /^typescript-\d/.test(name));
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

test("the lint rules of the README find a call without await and an outcome taken for its truth", async () => {
    const [rules] = /^```js\n(.*?)^```$/ms.exec(readFileSync(`${here}README.md`, "utf8"))?.slice(1) ?? [];
    const folder = `${project}/lint`;
    mkdirSync(folder);
    symlinkSync(compilers, `${folder}/node_modules`);
    mkdirSync(`${project}/node_modules/@types`, { recursive: true });
    cpSync(`${here}tests/types/lint.ts`, `${folder}/lint.ts`);
    writeFileSync(`${folder}/eslint.config.mjs`, rules);
    const options = { strict: true, target: "es2022", module: "node16", lib: ["es2022", "dom"] };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions: options, include: ["lint.ts"] }));
    const eslint = [`${compilers}eslint/bin/eslint.js`, "--format", "json", "lint.ts"];
    const done = await run(process.execPath, eslint, { cwd: folder });
    const [{ messages }] = JSON.parse(done.output);
    assert.deepEqual(
        messages.map(({ ruleId, line }) => [ruleId.replace("@typescript-eslint/", ""), line]),
        [
            ["no-misused-promises", 9],
            ["strict-boolean-expressions", 9],
            ["strict-boolean-expressions", 11],
            ["no-floating-promises", 13],
        ],
    );
});
