// `npm run bench`, on Linux: calls against other libraries, an engine, memory, code generation, and loading. Writes the records
// of benches/README.md. The server runs on processor 1, everything that is measured on processor 0.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { Records, ROUNDS, rounds, SHORT } from "./rounds.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
const of = (name) => fileURLToPath(new URL(name, import.meta.url));

// For a short look as `cargo test` has built most of it anyway.
const built = execFileSync(
    process.env.CARGO ?? "cargo",
    [
        ...["build", "--locked", "--bench", "server", "--message-format", "json"],
        ...(SHORT ? ["--workspace", "--all-features"] : ["--package", "egoi-verify-node", "--profile", "soak"]),
    ],
    { cwd: here, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 28 },
);
const binary = built
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .find((message) => message.target?.name === "server" && message.executable).executable;

const server = spawn("taskset", ["-c", "1", binary], { stdio: ["pipe", "pipe", "inherit"] });
const [line] = await once(createInterface(server.stdout), "line");
const urls = JSON.parse(line);
const folder = mkdtempSync(`${tmpdir()}/egoi-bench-`);
writeFileSync(`${folder}/ca.pem`, urls.pem);
const env = { ...process.env, NODE_EXTRA_CA_CERTS: `${folder}/ca.pem` };

const onProcessor0 = (program, ...args) =>
    execFileSync("taskset", ["-c", "0", program, ...args], { env, cwd: here, encoding: "utf8" });
/** Runs a part of the benchmark, and gives what it wrote as JSON. */
const part = (...args) => JSON.parse(onProcessor0(process.execPath, ...args));

const installed = (name) => JSON.parse(readFileSync(`${here}node_modules/${name}/package.json`, "utf8")).version;
const packages = ["undici", "axios", "otplib"].map((name) => `${name} ${installed(name)}`);
const records = new Records([`Node ${process.versions.node}`, ...packages].join(", "));

const each = (measured, key) =>
    Object.fromEntries(Object.entries(measured).map(([name, costs]) => [name, costs.map((cost) => cost[key])]));
const PARTS = [
    ["time", "time"],
    ["processor time", "processor"],
];

const settings = [
    ["plain", 1],
    ["plain", 64],
    ["tls", 1],
    ["tls", 64],
].map(([over, atOnce]) => [
    `${over === "tls" ? "TLS" : over}, ${atOnce === 1 ? "one at a time" : `${atOnce} at once`}`,
    part(of("calls.mjs"), urls[over], String(atOnce)),
]);
for (const [measure, key] of PARTS) {
    for (const [name, measured] of settings) {
        records.add("node-client", name, measure, "ns", each(measured, key));
    }
}

const names = ["egoi-verify", "fetch", "undici.request", "node:http", "axios"];
const peaks = await rounds(
    ["bare Node", ...names],
    (name) => part(of("memory.mjs"), urls.plain, name).peak,
    Math.min(ROUNDS, 3),
);
records.add("node-client", "plain, 64 at once", "memory", "bytes", peaks, ["bare Node"]);

const lifecycles = part(of("engine.mjs"));
for (const [measure, key] of PARTS) {
    records.add("node-engine", "Engine", measure, "ns", each(lifecycles, key));
}

const SYSTEM_CALL = "the bare system call";
const codes = await rounds(["egoi-verify", "crypto.randomInt", SYSTEM_CALL], (name) =>
    name === SYSTEM_CALL
        ? JSON.parse(onProcessor0(binary, "getrandom")).ns
        : part(of("generation.mjs"), name === "egoi-verify" ? "own" : "pool").ns,
);
records.add("node-codes", "6 digits", "time", "ns", codes, [SYSTEM_CALL]);

const loads = { "egoi-verify": "egoi-verify", undici: "undici", axios: "axios", "bare Node": undefined };
const starts = await rounds(Object.keys(loads), (name) => {
    const started = process.hrtime.bigint();
    onProcessor0(process.execPath, "-e", loads[name] === undefined ? "" : `require("${loads[name]}")`);
    return Number(process.hrtime.bigint() - started);
});
records.add("node-start", 'require("egoi-verify")', "start", "ns", starts, ["bare Node"]);

records.write();
server.stdin.end();
rmSync(folder, { recursive: true });
