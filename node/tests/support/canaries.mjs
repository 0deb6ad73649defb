// What must never be seen, from `tests/secrets`, a service that repeats it, and the looking for it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { format, formatWithOptions, inspect } from "node:util";
import { deserialize, serialize } from "node:v8";

export const secrets = JSON.parse(
    readFileSync(new URL("../../../tests/secrets/secrets.json", import.meta.url), "utf8"),
);

/** A canary as a program gives it. */
export const given = (name) => secrets.canaries[name].given;

const spellings = Object.entries(secrets.canaries).flatMap(([name, canary]) =>
    Object.entries(canary.spellings).map(([spelling, written]) => [`${name}, ${spelling}`, written.toLowerCase()]),
);

export const allSpellings = () => spellings;

/** Which canaries are in a text, in whatever case, and how they are spelled there. */
export function foundIn(text) {
    const lower = text.toLowerCase();
    return spellings.filter(([, written]) => lower.includes(written)).map(([name]) => name);
}

/** What a value is through `postMessage`, a worker's `workerData` and the disk. */
function cloned(value) {
    try {
        return inspect(deserialize(serialize(value)), { depth: Infinity });
    } catch {
        return "what cannot be cloned";
    }
}

/** Everything that was looked at. */
export class Looked {
    texts = 0;
    #found = [];

    at(place, text) {
        assert.ok(text.length > 0, `${place}: there is nothing to look at`);
        this.texts += 1;
        const found = foundIn(text);
        if (found.length > 0) {
            this.#found.push(`${place} shows ${found}: ${text}`);
        }
    }

    /** At everything that a program or a logger makes of a value. */
    atValue(place, value) {
        const everything = { depth: Infinity, showHidden: true };
        for (const text of [
            inspect(value),
            inspect(value, everything),
            inspect(value, { ...everything, customInspect: false, getters: false }),
            inspect([{ value }], everything),
            format("%s %o %O %j", value, value, value, value),
            formatWithOptions({ colors: true }, value),
            String(value),
            String(JSON.stringify(value)),
        ]) {
            this.at(place, text);
        }
    }

    /** At an error with everything below it. */
    atError(place, error) {
        this.atValue(place, error);
        for (let below = error; below instanceof Error; below = below.cause) {
            this.at(place, `${below.stack}`);
            this.at(place, `${below.name} ${below.message} ${Object.entries(below)}`);
            this.at(place, cloned(below));
        }
    }

    /** Fails where anything was found, or where less was looked at than there is. */
    end(t, atLeast) {
        assert.deepEqual(this.#found, []);
        assert.ok(this.texts >= atLeast, `looked at ${this.texts} texts, expected ${atLeast} at least`);
        t.diagnostic(`looked at ${this.texts} texts`);
    }
}

/** A service that answers as `next` says. Before a validation over V2 it lets itself be read. */
export async function hostile(t) {
    const told = { answer: "close", isReadFirst: false, url: undefined };
    const server = createServer((request, response) => {
        request.resume().on("end", () => {
            const isRead = request.method === "GET" && request.url.includes("/verify/") && told.isReadFirst;
            const answer = isRead ? secrets.before_a_v2_validation : told.answer;
            if (answer === "close") {
                request.socket.destroy();
            } else if (answer !== "stall") {
                response.writeHead(answer.status, answer.headers).end(answer.body);
            }
        });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    told.url = `http://127.0.0.1:${server.address().port}`;
    return told;
}
