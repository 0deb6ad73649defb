// Codes as they come out of the package: each character as often as the others, and no code twice, wherever it was drawn.

import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import { generateCode } from "egoi-verify";

import { soak } from "./support/run.mjs";

const ALPHABETS = {
    numeric: "0123456789",
    alpha: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    alphanumeric: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    hex: "0123456789ABCDEF",
};
const DRAWS = fileURLToPath(new URL("support/draws.mjs", import.meta.url));

/** Pearson's statistic of the counts against all being equally likely. */
function chiSquare(counts) {
    const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** What the statistic passes once in 10^9 times, by Wilson and Hilferty's approximation. */
function limit(characters) {
    const freedom = characters - 1;
    const spread = 2 / (9 * freedom);
    return freedom * (1 - spread + 6 * Math.sqrt(spread)) ** 3;
}

for (const [codeType, alphabet] of Object.entries(ALPHABETS)) {
    const codes = soak ? 1_000_000 : 20_000;
    test(`in every place of ${codes} codes of the type ${codeType} each character comes equally often`, () => {
        const places = Array.from({ length: 6 }, () => new Array(alphabet.length).fill(0));
        for (let drawn = 0; drawn < codes; drawn += 1) {
            const code = generateCode(codeType, 6);
            places.forEach((counts, place) => {
                counts[alphabet.indexOf(code[place])] += 1;
            });
        }
        for (const counts of places) {
            assert.ok(chiSquare(counts) < limit(alphabet.length), counts.join(" "));
        }
    });
}

test("the statistic finds the bias of a byte taken modulo ten", () => {
    const biased = Array.from({ length: 10 }, (_, digit) => (digit < 6 ? 26 : 25) * 4_000);
    assert.ok(chiSquare(biased) > limit(10));
});

test("no two worker threads and no two processes draw the same code", async () => {
    const here = Array.from({ length: 500 }, () => generateCode("hex", 20));
    const threads = Array.from({ length: 4 }, () => new Worker(DRAWS));
    const processes = Array.from({ length: 4 }, () => fork(DRAWS));
    const there = await Promise.all([...threads, ...processes].map(async (each) => (await once(each, "message"))[0]));
    const codes = [...here, ...there.flat()];
    assert.equal(codes.length, 4_500);
    assert.equal(new Set(codes).size, 4_500);
});
