// What a code of 6 digits takes, in nanoseconds: `generation.mjs own`, or `pool`, by the one that Node keeps.

import { randomInt } from "node:crypto";

import { generateCode } from "egoi-verify";

import { scaled } from "./rounds.mjs";

const CODES = scaled(100_000);
const draw =
    process.argv[2] === "own" ? () => generateCode("numeric", 6) : () => String(randomInt(1_000_000)).padStart(6, "0");

for (let n = 0; n < CODES / 10; n += 1) {
    draw();
}
const started = process.hrtime.bigint();
for (let n = 0; n < CODES; n += 1) {
    draw();
}
process.stdout.write(JSON.stringify({ ns: Number(process.hrtime.bigint() - started) / CODES }));
