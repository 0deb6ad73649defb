// Calls of every way in turn, in one process: `calls.mjs URL AT_ONCE`. Writes nanoseconds a call.

import { readFileSync } from "node:fs";

import { rounds, scaled } from "./rounds.mjs";
import { ID, ways } from "./ways.mjs";

const [base, atOnce] = [process.argv[2], Number(process.argv[3])];
const each = scaled(atOnce === 1 ? 1_000 : 32);
const pem = base.startsWith("https") ? readFileSync(process.env.NODE_EXTRA_CA_CERTS, "utf8") : undefined;
const made = {};
for (const [name, make] of Object.entries(ways)) {
    made[name] = await make(base, pem);
}

async function measure(name) {
    const call = made[name];
    const [started, spent] = [process.hrtime.bigint(), process.cpuUsage()];
    await Promise.all(
        Array.from({ length: atOnce }, async () => {
            for (let n = 0; n < each; n += 1) {
                const { id } = await call();
                if (id !== ID) {
                    throw new Error("another answer");
                }
            }
        }),
    );
    const { user, system } = process.cpuUsage(spent);
    const calls = atOnce * each;
    return { time: Number(process.hrtime.bigint() - started) / calls, processor: ((user + system) * 1000) / calls };
}

const measured = await rounds(Object.keys(made), measure);
process.stdout.write(JSON.stringify(measured), () => process.exit());
