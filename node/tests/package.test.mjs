// The packed tarballs, installed in an empty project as a user installs them.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";

import { platforms } from "../scripts/platforms.mjs";
import { emptyProject, tarball, tarballs } from "./support/project.mjs";
import { here, run } from "./support/run.mjs";

let project;

before(async () => {
    project = await emptyProject(...tarballs);
    cpSync(`${here}tests/support/jobs.mjs`, `${project}/jobs.mjs`);
    cpSync(`${here}tests/types`, `${project}/types`, { recursive: true });
    // What a TypeScript user has besides.
    for (const name of ["@types/node", "undici-types"]) {
        mkdirSync(path.dirname(`${project}/node_modules/${name}`), { recursive: true });
        cpSync(`${here}node_modules/${name}`, `${project}/node_modules/${name}`, { recursive: true });
    }
});

after(() => rmSync(project, { recursive: true, force: true }));

const runAll = {
    "run.mjs": `import * as library from "egoi-verify";
import * as testing from "egoi-verify/testing";
import { runAll } from "./jobs.mjs";
await runAll(library, testing);
`,
    "run.cjs": `const library = require("egoi-verify");
const testing = require("egoi-verify/testing");
import("./jobs.mjs").then(({ runAll }) => runAll(library, testing));
`,
};

/** Runs a program of the project. */
async function works(command, args) {
    const done = await run(command, args, { cwd: project });
    assert.deepEqual({ code: done.code, signal: done.signal }, { code: 0, signal: null }, done.output);
    assert.match(done.output, /\b13 jobs\b/);
}

function write(name) {
    writeFileSync(`${project}/${name}`, runAll[name]);
    return name;
}

test("it runs as an ES module", () => works(process.execPath, [write("run.mjs")]));

test("it runs as CommonJS", () => works(process.execPath, [write("run.cjs")]));

test("it runs as CommonJS with the condition `browser`, as Jest with jsdom asks for it", () =>
    works(process.execPath, ["--conditions=browser", write("run.cjs")]));

test("it runs in Bun", () => works(`${here}node_modules/@oven/bun-linux-x64/bin/bun`, [write("run.mjs")]));

test("it runs in Deno", () =>
    works(`${here}node_modules/@deno/linux-x64-glibc/deno`, [
        "run",
        "--no-remote",
        "--allow-ffi",
        "--allow-read",
        "--allow-env",
        "--allow-sys",
        write("run.mjs"),
    ]));

const tsc = (...args) => run(process.execPath, [`${here}node_modules/typescript/bin/tsc`, ...args], { cwd: project });
const STRICT = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--isolatedModules"];

test("it runs from TypeScript", async () => {
    writeFileSync(
        `${project}/run.ts`,
        `import * as library from "egoi-verify";
import * as testing from "egoi-verify/testing";
// @ts-expect-error: JavaScript
import { runAll } from "./jobs.mjs";
await runAll(library, testing);
`,
    );
    const done = await tsc(...STRICT, "--module", "nodenext", "--target", "es2022", "--types", "node", "run.ts");
    assert.equal(done.code, 0, done.output);
    await works(process.execPath, ["run.js"]);
});

for (const [module, ...more] of [["nodenext"], ["esnext", "--moduleResolution", "bundler"]]) {
    test(`right uses compile and wrong ones do not, with --module ${module}`, async () => {
        const options = [...STRICT, "--noEmit", "--module", module, ...more, "--target", "es2022", "--types", "node"];
        const done = await tsc(...options, "--lib", "es2023,esnext.disposable", "types/right.ts", "types/wrong.ts");
        assert.equal(done.code, 0, done.output);
    });
}

test("the file of wrong uses fails where a use is right", async () => {
    const wrong = readFileSync(`${here}tests/types/wrong.ts`, "utf8");
    writeFileSync(`${project}/types/mended.ts`, wrong.replace('"octal"', '"hex"'));
    const options = ["--noEmit", "--module", "nodenext", "--target", "es2022", "--types", "node", "types/mended.ts"];
    const done = await tsc(...STRICT, ...options);
    assert.notEqual(done.code, 0);
    assert.match(done.output, /Unused '@ts-expect-error' directive/);
});

test("its command line is installed", async () => {
    const done = await run(`${project}/node_modules/.bin/egoi-verify`, ["demo"], { cwd: project });
    assert.equal(done.code, 0, done.output);
    assert.match(done.output, /is verified/);
});

test("publint has nothing to say about it", async () => {
    const args = [`${here}node_modules/publint/src/cli.js`, "--strict", tarball("egoi-verify")];
    const done = await run(process.execPath, args);
    assert.equal(done.code, 0, done.output);
});

test("are the types wrong? No", async () => {
    const args = [`${here}node_modules/@arethetypeswrong/cli/dist/index.js`, tarball("egoi-verify")];
    const done = await run(process.execPath, args);
    assert.equal(done.code, 0, done.output);
});

test("it has no dependencies, and no script runs when it is installed", () => {
    for (const name of ["egoi-verify", "@egoi-verify/linux-x64-gnu"]) {
        const { dependencies, peerDependencies, scripts } = JSON.parse(
            readFileSync(`${project}/node_modules/${name}/package.json`, "utf8"),
        );
        assert.deepEqual([dependencies, peerDependencies, scripts], [undefined, undefined, undefined]);
    }
});

test("the native package has the licences of the software in it", () => {
    const text = readFileSync(`${project}/node_modules/@egoi-verify/linux-x64-gnu/THIRD-PARTY-LICENSES.txt`, "utf8");
    for (const part of [
        "- tokio ",
        "- rustls ",
        "- SQLite: ",
        "- Rust's standard library",
        "Permission is hereby granted",
    ]) {
        assert.ok(text.includes(part), part);
    }
});

test("as it is published it names its repository, and one native package for each system in the same version", async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), "egoi-verify-published-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const env = { GITHUB_SERVER_URL: "https://git.example", GITHUB_REPOSITORY: "team/egoi-verify" };
    const packed = await run(process.execPath, ["scripts/pack.mjs", "--out", folder], { env });
    assert.equal(packed.code, 0, packed.output);
    const read = (name) => JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8"));
    const library = read("egoi-verify");
    const native = read("egoi-verify-linux-x64-gnu");
    assert.deepEqual(
        library.optionalDependencies,
        Object.fromEntries(Object.keys(platforms).map((name) => [`@egoi-verify/${name}`, library.version])),
    );
    for (const { repository, homepage, bugs, keywords, license } of [library, native]) {
        assert.deepEqual(repository, {
            type: "git",
            url: "git+https://git.example/team/egoi-verify.git",
            directory: "node",
        });
        assert.equal(homepage, "https://git.example/team/egoi-verify/tree/main/node#readme");
        assert.equal(bugs, "https://git.example/team/egoi-verify/issues");
        assert.ok(keywords.includes("2fa"));
        assert.equal(license, "MIT OR Apache-2.0");
    }
});

test("without its platform package it says which one is missing and what to do", async () => {
    const bare = await emptyProject(tarball("egoi-verify"));
    const done = await run(process.execPath, ["--eval", 'require("egoi-verify")'], { cwd: bare });
    rmSync(bare, { recursive: true, force: true });
    assert.equal(done.code, 1);
    assert.match(done.output, /the package @egoi-verify\/linux-x64-gnu is missing/);
    assert.match(done.output, /npm install @egoi-verify\/linux-x64-gnu/);
    assert.match(done.output, /--omit=optional/);
});
