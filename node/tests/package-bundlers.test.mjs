// Bundlers, and what traces the files of a deployment, find the native part; where it cannot run they say so.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";

import { nodeFileTrace } from "@vercel/nft";
import { build } from "esbuild";

import { emptyProject, tarballs } from "./support/project.mjs";
import { here, run } from "./support/run.mjs";

const USE = `import { Engine } from "egoi-verify";
const engine = new Engine({ send: () => {} });
engine.request("+351 910 000 000").then(({ number }) => console.log(number));
`;
let project;

before(async () => {
    project = await emptyProject(...tarballs);
    writeFileSync(`${project}/use.mjs`, USE);
});

after(() => rmSync(project, { recursive: true, force: true }));

const inProject = (options) => build({ absWorkingDir: project, bundle: true, logLevel: "silent", ...options });

/** A folder that has nothing but what a deployment has. */
async function deployed(work) {
    const folder = mkdtempSync(path.join(tmpdir(), "egoi-verify-deployed-"));
    try {
        await work(folder);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

async function works(command, args, cwd) {
    const done = await run(command, args, { cwd });
    assert.deepEqual({ code: done.code, output: done.output.trim() }, { code: 0, output: "+351910000000" });
}

test("@vercel/nft traces the native part, and the copy runs", () =>
    deployed(async (folder) => {
        const { fileList } = await nodeFileTrace([`${project}/use.mjs`], { base: project });
        assert.ok([...fileList].some((file) => file.endsWith("linux-x64-gnu/egoi-verify.node")));
        for (const file of fileList) {
            cpSync(`${project}/${file}`, `${folder}/${file}`, { recursive: true });
        }
        await works(process.execPath, ["use.mjs"], folder);
    }));

test("esbuild copies the native part with a loader for it, and the bundle runs", () =>
    deployed(async (folder) => {
        await inProject({ entryPoints: ["use.mjs"], platform: "node", outdir: folder, loader: { ".node": "copy" } });
        await works(process.execPath, ["use.js"], folder);
    }));

test("esbuild without a loader for it fails when it builds", async () => {
    const bundle = inProject({ entryPoints: ["use.mjs"], platform: "node", outfile: `${project}/bundle.js` });
    await assert.rejects(bundle, /No loader is configured for "\.node" files/);
});

test("bun build --compile has the native part in its program", () =>
    deployed(async (folder) => {
        const bun = `${here}node_modules/@oven/bun-linux-x64/bin/bun`;
        const built = await run(bun, ["build", "--compile", "use.mjs", "--outfile", `${folder}/use`], { cwd: project });
        assert.equal(built.code, 0, built.output);
        await works(`${folder}/use`, [], folder);
    }));

for (const condition of ["browser", "edge-light", "workerd"]) {
    test(`a bundle for ${condition} has the errors, and says on use what is missing`, async () => {
        const source = `
            import { Client, Engine, generateCode, isVerified, RateLimitedError } from "egoi-verify";
            import { Sandbox } from "egoi-verify/testing";
            const said = [() => new Client({}), () => Client.fromEnv(), () => new Engine({}), generateCode, () => Sandbox.start()].map(
                (use) => { try { use(); } catch (error) { return error.message; } },
            );
            globalThis.seen = { said, verified: isVerified("verified"), code: new RateLimitedError({ detail: "x" }).code };
        `;
        const { outputFiles } = await inProject({
            stdin: { contents: source, resolveDir: project },
            write: false,
            format: "iife",
            conditions: [condition],
        });
        const [{ text }] = outputFiles;
        assert.ok(!text.includes("node:"), "a module of Node is in the bundle");
        const { seen } = new Function("globalThis", `${text}; return globalThis;`)({});
        assert.equal(seen.verified, true);
        assert.equal(seen.code, "rate_limited");
        for (const [n, name] of ["Client", "Client.fromEnv", "Engine", "generateCode", "Sandbox.start"].entries()) {
            assert.match(
                seen.said[n],
                new RegExp(`^${name} of egoi-verify needs its native part, which this runtime cannot load`),
            );
        }
    });
}

test("the exports of the edge build are those of the package", () => {
    const names = (file) =>
        [...readFileSync(`${here}src/${file}`, "utf8").matchAll(/^ {2,4}(\w+),$/gm)].map(([, name]) => name);
    const [index] = readFileSync(`${here}src/index.mts`, "utf8").split("export type");
    const values = [...index.matchAll(/^ {4}(\w+),$/gm)].map(([, name]) => name);
    const edge = names("edge.mts");
    assert.deepEqual(
        values.filter((name) => !edge.includes(name)),
        [],
    );
});
