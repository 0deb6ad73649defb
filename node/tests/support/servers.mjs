// A real database server of a test file's own, by `tests/servers.py`.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../../tests/servers.py", import.meta.url));

/** The URL of a store in it, and how it is stopped; no URL where it is not installed, which in CI is a failure. */
export async function server(kind) {
    const child = spawn("python3", [program, kind], { stdio: ["pipe", "pipe", "inherit"] });
    const exited = once(child, "exit");
    for await (const url of createInterface({ input: child.stdout })) {
        const stop = async () => {
            child.stdin.end();
            await exited;
        };
        return { url, stop };
    }
    const [code] = await exited;
    if (code !== 3) {
        throw new Error(`${kind} did not start`);
    }
    return { url: undefined, stop: async () => undefined };
}
