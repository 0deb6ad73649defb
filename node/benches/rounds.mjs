// Rounds in which every way has its turn, so that whatever else the machine does meets all of them alike, and the records of
// benches/README.md that they become.

import { writeFileSync } from "node:fs";

export const SHORT = process.env.EGOI_BENCH_SHORT === "1";
export const ROUNDS = SHORT ? 1 : Number(process.env.EGOI_BENCH_ROUNDS ?? 15);

/** `full`, or a hundredth of it where it is only looked whether all of it still runs. */
export const scaled = (full) => (SHORT ? Math.ceil(full / 100) : full);

/** Runs every way in every round, another one first each time; a round before them warms up. */
export async function rounds(names, measure, count = ROUNDS) {
    const measured = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = 0; round <= count; round += 1) {
        for (let turn = 0; turn < names.length; turn += 1) {
            const name = names[(round + turn) % names.length];
            const cost = await measure(name);
            if (round > 0) {
                measured[name].push(cost);
            }
        }
    }
    return measured;
}

/** The records of one program. Ours is "egoi-verify"; of the others, `floors` cannot be beaten. */
export class Records {
    #records = [];
    #versions;

    constructor(versions) {
        this.#versions = versions;
    }

    add(name, settings, measure, unit, measured, floors = []) {
        const { "egoi-verify": ours, ...ways } = measured;
        const part = (isFloor) =>
            Object.fromEntries(Object.entries(ways).filter(([way]) => floors.includes(way) === isFloor));
        const record = { name, settings, measure, unit, ours, others: part(false), floors: part(true) };
        this.#records.push({ ...record, versions: this.#versions });
    }

    write() {
        writeFileSync(`${process.env.EGOI_BENCH_RESULTS}/node.json`, JSON.stringify(this.#records));
    }
}
