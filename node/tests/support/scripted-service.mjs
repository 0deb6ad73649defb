// The scripted service of tests/service: what it is asked, and what it saw.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const built = (name) => fileURLToPath(new URL(`../../../tests/bin/${name}`, import.meta.url));
const program = built("scripted-service");
const toxiproxy = built("toxiproxy-server");

/** Whether there is a way to the service through toxiproxy. */
export const hasToxiproxy = existsSync(toxiproxy);

/** Starts it; it ends with its standard input: with this process at the latest. */
export async function scriptedService() {
    assert.ok(existsSync(program), "there is no scripted service: `make test-programs` builds it");
    const child = spawn(program, hasToxiproxy ? [toxiproxy] : [], { stdio: ["pipe", "pipe", "inherit"] });
    const [line] = await once(createInterface(child.stdout), "line");
    const { url } = JSON.parse(line);

    async function ask(path, query) {
        const answer = await fetch(`${url}${path}?${new URLSearchParams(query)}`);
        const said = await answer.json();
        assert.equal(answer.status, 200, JSON.stringify(said));
        return said;
    }

    return {
        open: (query) => ask("/open", query),
        /** What the service saw since it was last asked. */
        seen: ({ id }) => ask("/seen", { id }),
        /** What the service was asked to send by E-goi's SMS call. */
        smsCalls: async ({ id }) => (await ask("/sms", { id })).sms_calls,
        close: () => child.stdin.end(),
    };
}
