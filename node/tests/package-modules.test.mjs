import { createRequire } from "node:module";
import test from "node:test";

import * as library from "egoi-verify";
import * as testing from "egoi-verify/testing";

import { jobs } from "./support/jobs.mjs";

for (const [name, run] of Object.entries(jobs(library, testing))) {
    test(name, run);
}

const require = createRequire(import.meta.url);
for (const [name, run] of Object.entries(jobs(require("egoi-verify"), require("egoi-verify/testing")))) {
    test(`CommonJS: ${name}`, run);
}
