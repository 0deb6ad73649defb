import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import test from "node:test";

import * as library from "egoi-verify";
import * as testing from "egoi-verify/testing";

import { jobs } from "./support/jobs.mjs";
import { here } from "./support/run.mjs";

for (const [name, run] of Object.entries(jobs(library, testing))) {
    test(name, run);
}

const require = createRequire(import.meta.url);
for (const [name, run] of Object.entries(jobs(require("egoi-verify"), require("egoi-verify/testing")))) {
    test(`CommonJS: ${name}`, run);
}

for (const entry of ["index", "testing", "web", "express", "fastify", "hono"]) {
    test(`ES modules have the types of CommonJS: ${entry}`, () => {
        const names = (file) => {
            const source = readFileSync(`${here}src/${file}`, "utf8");
            const lists = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].map(([, list]) => list);
            const declared = [...source.matchAll(/^export (?:interface|type|function|class) (\w+)/gm)].map(
                ([, name]) => name,
            );
            return [...lists.join().matchAll(/\w+/g)]
                .map(([name]) => name)
                .concat(declared)
                .sort();
        };
        assert.deepEqual(names(`${entry}.mts`), names(`${entry}.ts`));
    });
}
