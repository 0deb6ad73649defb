// The peak memory of a process that makes 10,000 calls, 64 at once: `memory.mjs URL WAY`. Each way loads what it needs alone.

import { scaled } from "./rounds.mjs";
import { ways } from "./ways.mjs";

const [base, name] = process.argv.slice(2);
const EACH = scaled(156);

if (name !== "bare Node") {
    const call = await ways[name](base);
    await Promise.all(
        Array.from({ length: 64 }, async () => {
            for (let n = 0; n < EACH; n += 1) {
                await call();
            }
        }),
    );
}
process.stdout.write(JSON.stringify({ peak: process.resourceUsage().maxRSS * 1024 }), () => process.exit());
