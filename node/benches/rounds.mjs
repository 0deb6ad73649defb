// Rounds in which every way has its turn, so that whatever else the machine does meets all of them alike. What is reported is
// the median over the rounds of the ratio within a round, with the smallest and the largest.

export const SHORT = process.env.EGOI_BENCH_SHORT === "1";
export const ROUNDS = SHORT ? 3 : 15;

export function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Runs every way in every round, another one first each time; a round before them warms up. */
export async function rounds(names, measure) {
    const measured = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = 0; round <= ROUNDS; round += 1) {
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

/** `2.10 (1.95 to 2.31)`: how many times the first is in the second, round by round. */
export function ratio(of, to, digits = 2) {
    const ratios = of.map((value, round) => value / to[round]);
    const shown = (value) => value.toFixed(digits);
    return `${shown(median(ratios))} (${shown(Math.min(...ratios))} to ${shown(Math.max(...ratios))})`;
}
