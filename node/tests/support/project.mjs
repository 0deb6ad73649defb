// A project in which the packed tarballs are installed as a user installs them.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { here, run } from "./run.mjs";

const { version } = JSON.parse(readFileSync(`${here}package.json`, "utf8"));

/** The tarball of a package in build/. */
export const tarball = (name) => `${here}build/${name}-${version}.tgz`;

/** The tarballs of the package and of this system's native part. */
export const tarballs = [tarball("egoi-verify"), tarball("egoi-verify-linux-x64-gnu")];

/** An empty project outside of this repository, so that nothing is found that was not installed. */
export async function emptyProject(...tarballs) {
    const folder = mkdtempSync(path.join(tmpdir(), "egoi-verify-"));
    writeFileSync(`${folder}/package.json`, JSON.stringify({ name: "empty", private: true, type: "module" }));
    const install = ["install", "--offline", "--omit=optional", "--no-audit", "--no-fund", ...tarballs];
    const done = await run("npm", install, { cwd: folder });
    assert.equal(done.code, 0, done.output);
    return folder;
}
