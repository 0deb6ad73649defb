// Builds the addon and the package: `node scripts/build.mjs`, with `--target TRIPLE` for another system.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = fileURLToPath(new URL("..", import.meta.url));
const { target } = parseArgs({ options: { target: { type: "string" } } }).values;

const cargo = process.env.CARGO ?? "cargo";
const built = run(cargo, [
    ...(process.env.EGOI_ZIG === "1" ? ["zigbuild"] : ["build"]),
    ...["--locked", "--package", "egoi-verify-node", "--profile", "shipped"],
    ...["--message-format", "json-render-diagnostics"],
    ...(target === undefined ? [] : ["--target", target]),
]);
const addon = built
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter((message) => message.reason === "compiler-artifact" && message.target.name === "egoi_verify_node")
    .flatMap((message) => message.filenames)
    .find((name) => /\.(so|dylib|dll)$/.test(name));

mkdirSync(`${here}build`, { recursive: true });
// A running process may have the old one in use: it must not be written over.
rmSync(`${here}build/egoi-verify.node`, { force: true });
copyFileSync(addon, `${here}build/egoi-verify.node`);

rmSync(`${here}dist`, { recursive: true, force: true });
process.stdout.write(run(process.execPath, [`${here}node_modules/typescript/bin/tsc`, "--project", here]));

/** What it wrote; where it failed it has said why. */
function run(command, args) {
    const stdio = ["ignore", "pipe", "inherit"];
    const { status, error, stdout } = spawnSync(command, args, {
        cwd: here,
        encoding: "utf8",
        stdio,
        maxBuffer: 1 << 28,
    });
    if (status !== 0) {
        if (command === process.execPath) {
            process.stdout.write(stdout);
        }
        console.error(error ?? `${command} failed`);
        process.exit(1);
    }
    return stdout;
}
