// The endpoints in the frameworks that mount them, installed in an empty project as users install them.

import assert from "node:assert/strict";
import { cpSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import test, { after, before } from "node:test";

import { emptyProject, tarballs } from "./support/project.mjs";
import { here, run } from "./support/run.mjs";

const frameworks = `${here}tests/frameworks`;
let project;

before(async () => {
    project = await emptyProject(...tarballs);
    for (const name of readdirSync(`${frameworks}/node_modules`).filter((name) => !name.startsWith("."))) {
        symlinkSync(`${frameworks}/node_modules/${name}`, `${project}/node_modules/${name}`);
    }
    for (const name of ["apps.mjs", "story.mjs", "better-auth-story.mjs", "types.mts"]) {
        cpSync(`${frameworks}/${name}`, `${project}/${name}`);
    }
    cpSync(`${here}examples/better-auth.mjs`, `${project}/better-auth.mjs`);
});

after(() => rmSync(project, { recursive: true, force: true }));

async function plays(command, args, ...names) {
    const done = await run(command, [...args, "story.mjs", ...names], { cwd: project });
    assert.deepEqual(
        { code: done.code, output: done.output },
        { code: 0, output: names.map((name) => `${name}: as it should be\n`).join("") },
    );
}

const FRAMEWORKS = ["Express", "Express with express.json()", "Express 4", "Fastify", "Hono", "Request and Response"];

for (const name of FRAMEWORKS) {
    test(`the endpoints in Node: ${name}`, () => plays(process.execPath, [], name));
}

test("the endpoints in Bun: all", () => plays(`${here}node_modules/@oven/bun-linux-x64/bin/bun`, [], ...FRAMEWORKS));

test("the endpoints in Deno: Express, Hono, Request and Response", () =>
    plays(
        `${here}node_modules/@deno/linux-x64-glibc/deno`,
        ["run", "--no-remote", "--allow-all"],
        "Express",
        "Hono",
        "Request and Response",
    ));

test("the types fit those of Fastify and Hono", async () => {
    for (const name of ["@types/node", "undici-types"]) {
        cpSync(`${here}node_modules/${name}`, `${project}/node_modules/${name}`, { recursive: true });
    }
    const strict = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"];
    const args = [`${here}node_modules/typescript/bin/tsc`, ...strict, "--types", "node", "types.mts"];
    const compiled = await run(process.execPath, args, { cwd: project });
    assert.equal(compiled.code, 0, compiled.output);
});

test("better-auth's phone plug-in sends and verifies by this library", async () => {
    const done = await run(process.execPath, ["better-auth-story.mjs"], { cwd: project });
    assert.deepEqual({ code: done.code, output: done.output }, { code: 0, output: "a number is proved\n" });
});
