import { createRequire } from "node:module";
import test from "node:test";

import * as library from "egoi-verify";
import * as testing from "egoi-verify/testing";

import { scenarios } from "./scenarios.mjs";

for (const [name, run] of Object.entries(scenarios(library, testing))) {
    test(name, run);
}

const require = createRequire(import.meta.url);
for (const [name, run] of Object.entries(scenarios(require("egoi-verify"), require("egoi-verify/testing")))) {
    test(`CommonJS: ${name}`, run);
}
