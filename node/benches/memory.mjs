// The peak memory of a process that makes 20,000 calls, 64 at once: `memory.mjs URL WAY`. Each way loads what it needs alone.

import { ways } from "./ways.mjs";

const [base, name] = process.argv.slice(2);

if (name !== "bare Node") {
    const call = await ways[name](base);
    await Promise.all(
        Array.from({ length: 64 }, async () => {
            for (let n = 0; n < 312; n += 1) {
                await call();
            }
        }),
    );
}
process.stdout.write(JSON.stringify({ peak: process.resourceUsage().maxRSS * 1024 }), () => process.exit());
