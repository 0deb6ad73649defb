// Programs of a test, each in a process of its own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export const here = fileURLToPath(new URL("../..", import.meta.url));

/** Whether the long checks run at their full count. */
export const soak = process.env.EGOI_SOAK === "1";

/** Runs a program to its end, and fails a test that waits for it longer than that. */
export async function run(command, args, { cwd = here, env = {}, seconds = 60 } = {}) {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, timeout: seconds * 1000 });
    let output = "";
    child.stdout.on("data", (part) => (output += part));
    child.stderr.on("data", (part) => (output += part));
    const [code, signal] = await once(child, "close");
    return { code, signal, output };
}

/** Runs a script of this package, in which `egoi-verify` is itself. */
export const script = (source, options) => run(process.execPath, ["--input-type=module", "--eval", source], options);
