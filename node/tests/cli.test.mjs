// `npx egoi-verify`.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import test from "node:test";

import { Client } from "egoi-verify";
import { Sandbox } from "egoi-verify/testing";

import { here, run } from "./support/run.mjs";

const CLI = `${here}dist/cli.js`;
const cli = (args, env) => run(process.execPath, [CLI, ...args], { env });

test("demo proves a number without an account", async () => {
    const { code, output } = await cli(["demo"]);
    assert.equal(code, 0, output);
    assert.match(output, /is wrong_code\n.*is verified\n.*is already_verified/);
});

test("sandbox --json prints its address, and SIGTERM ends it", async () => {
    const child = spawn(process.execPath, [CLI, "sandbox", "--json", "--code", "1234", "--sender", "7"]);
    const [line] = await once(createInterface(child.stdout), "line");
    const { url } = JSON.parse(line);
    const client = new Client({ apiKey: "any", sender: "7", baseUrl: `${url}/api` });
    const { id } = await client.request("+351 910 000 000");
    assert.equal(await client.validate(id, "1234"), "verified");
    client.close();
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
});

test("check accepts a key and its sender, and names what is wrong without showing it", async () => {
    const sandbox = await Sandbox.start({ apiKey: "right", senders: ["7"] });
    const env = (key, sender) => ({ EGOI_API_KEY: key, EGOI_SENDER: sender, EGOI_BASE_URL: `${sandbox.url}/api` });
    const good = await cli(["check"], env("right", "7"));
    assert.equal(good.code, 0, good.output);
    const wrongKey = await cli(["check"], env("wr0ng", "7"));
    assert.equal(wrongKey.code, 1);
    assert.match(wrongKey.output, /^unauthorized: /);
    assert.ok(!wrongKey.output.includes("wr0ng"));
    const wrongSender = await cli(["check"], env("right", "8"));
    assert.equal(wrongSender.code, 1);
    assert.match(wrongSender.output, /EGOI_SENDER is not a sender of the account/);
    await sandbox.close();
});

test("an unknown command prints the help and ends with 2, help with 0", async () => {
    const unknown = await cli(["sandbocks"]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.output, /^Usage: egoi-verify <command>/);
    assert.equal((await cli(["--help"])).code, 0);
    assert.equal((await cli(["sandbox", "--prot", "1"])).code, 1);
});
