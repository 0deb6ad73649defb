// What a process takes when nothing is left to collect.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

export async function memory() {
    // What is finalized goes after the garbage was collected, in a turn of its own.
    for (let n = 0; n < 3; n += 1) {
        collectGarbage();
        await new Promise(setImmediate);
    }
    const { rss, heapUsed } = process.memoryUsage();
    return { rss, heapUsed };
}
