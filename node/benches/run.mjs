// `npm run bench`, on Linux: calls against other libraries, memory, and code generation. EGOI_BENCH_SHORT=1 for a quick look.
// The server runs on processor 1, everything that is measured on processor 0.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { median, ratio, ROUNDS } from "./rounds.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
const of = (name) => fileURLToPath(new URL(name, import.meta.url));

const built = execFileSync(
    process.env.CARGO ?? "cargo",
    [
        "build",
        "--locked",
        "--package",
        "egoi-verify-node",
        "--bench",
        "server",
        "--profile",
        "soak",
        "--message-format",
        "json",
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

/** Runs a part of the benchmark on processor 0, and gives what it wrote as JSON. */
function part(...args) {
    const output = execFileSync("taskset", ["-c", "0", process.execPath, ...args], { env, encoding: "utf8" });
    return JSON.parse(output);
}

const micro = (nanoseconds) => `${(nanoseconds / 1000).toFixed(0)} µs`;

console.log(`\nCalls, ${ROUNDS} rounds: times as long as egoi-verify, and as much processor time\n`);
console.log("| | egoi-verify | | fetch | undici.request | node:http | axios |");
console.log("| --- | --- | --- | --- | --- | --- | --- |");
for (const over of ["plain", "tls"]) {
    for (const atOnce of [1, 64]) {
        const measured = part(of("calls.mjs"), urls[over], String(atOnce));
        for (const [what, key] of [
            ["time", "time"],
            ["processor time", "processor"],
        ]) {
            const own = measured["egoi-verify"].map((cost) => cost[key]);
            const others = ["fetch", "undici.request", "node:http", "axios"].map((name) =>
                ratio(
                    measured[name].map((cost) => cost[key]),
                    own,
                ),
            );
            const name = `${over === "tls" ? "TLS" : "plain"}, ${atOnce === 1 ? "one at a time" : "64 at once"}`;
            console.log(`| ${name} | ${micro(median(own))} | ${what} | ${others.join(" | ")} |`);
        }
    }
}

console.log("\nPeak memory of a process, 64 at once\n\n| | whole process | beyond bare Node |\n| --- | --- | --- |");
const names = ["bare Node", "egoi-verify", "fetch", "undici.request", "node:http", "axios"];
const peaks = Object.fromEntries(names.map((name) => [name, []]));
for (let round = 0; round < Math.min(ROUNDS, 5); round += 1) {
    for (const name of names) {
        peaks[name].push(part(of("memory.mjs"), urls.plain, name).peak);
    }
}
for (const name of names.slice(1)) {
    const beyond = (which) => median(peaks[which].map((peak, round) => peak - peaks["bare Node"][round]));
    const times = name === "fetch" ? "" : `, ${ratio(peaks[name], peaks.fetch)} times fetch`;
    console.log(
        `| ${name} | ${(median(peaks[name]) / 1e6).toFixed(0)} MB${times} | ${(beyond(name) / 1e6).toFixed(1)} MB, ${(beyond(name) / beyond("fetch")).toFixed(2)} times fetch |`,
    );
}

const codes = { own: [], systemCall: [], pool: [] };
for (let round = 0; round < ROUNDS; round += 1) {
    codes.systemCall.push(
        JSON.parse(execFileSync("taskset", ["-c", "0", binary, "getrandom"], { encoding: "utf8" })).ns,
    );
    const { own, pool } = part(of("generation.mjs"));
    codes.own.push(own);
    codes.pool.push(pool);
}
console.log(
    `\nA code of 6 digits: ${median(codes.own).toFixed(0)} ns, ${ratio(codes.own, codes.systemCall)} times the bare system call`,
);
console.log(`(${median(codes.systemCall).toFixed(0)} ns); crypto.randomInt takes ${median(codes.pool).toFixed(0)} ns.`);

server.stdin.end();
rmSync(folder, { recursive: true });
