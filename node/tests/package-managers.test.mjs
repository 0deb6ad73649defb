// The packed tarballs, installed by Yarn 4: with Plug'n'Play, where there is no node_modules, and with node_modules.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";

import { tarballs } from "./support/project.mjs";
import { here, run } from "./support/run.mjs";

const yarn = `${here}tests/frameworks/node_modules/@yarnpkg/cli-dist/bin/yarn.js`;

const PROGRAM = `import { Engine } from "egoi-verify";
const engine = new Engine({ send: () => {} });
console.log((await engine.request("+351 910 000 000")).number);
`;

for (const linker of ["pnp", "node-modules"]) {
    test(`Yarn 4 installs them, with ${linker}, and they run`, async (t) => {
        const project = mkdtempSync(path.join(tmpdir(), "egoi-verify-yarn-"));
        t.after(() => rmSync(project, { recursive: true, force: true }));
        const [library, native] = tarballs.map((tarball) => `file:${tarball}`);
        const dependencies = { "egoi-verify": library, "@egoi-verify/linux-x64-gnu": native };
        writeFileSync(`${project}/package.json`, JSON.stringify({ private: true, type: "module", dependencies }));
        writeFileSync(`${project}/use.mjs`, PROGRAM);
        writeFileSync(`${project}/yarn.lock`, ""); // Otherwise Yarn looks for a project above.
        const env = {
            YARN_NODE_LINKER: linker,
            YARN_ENABLE_TELEMETRY: "0",
            YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
            YARN_GLOBAL_FOLDER: `${project}/.yarn/global`,
        };
        const installed = await run(process.execPath, [yarn, "install"], { cwd: project, env });
        assert.equal(installed.code, 0, installed.output);
        const done = await run(process.execPath, [yarn, "node", "use.mjs"], { cwd: project, env });
        assert.deepEqual({ code: done.code, output: done.output }, { code: 0, output: "+351910000000\n" });
    });
}
