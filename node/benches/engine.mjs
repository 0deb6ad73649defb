// A request and the validation of its code, in this process: the engine in memory, and otplib with a Map. Writes nanoseconds.

import { randomBytes } from "node:crypto";

import { Engine } from "egoi-verify";
import { generateSecret, generateSync, verifySync } from "otplib";

import { rounds, scaled } from "./rounds.mjs";

const COUNT = scaled(2_000);
const VALIDITY = 600_000;
// One for each, as an engine limits the SMS to a number.
const numbers = Array.from({ length: COUNT }, (_, n) => `+35191${String(n).padStart(7, "0")}`);

let text = "";
const receive = (sms) => {
    text = sms.text;
};
const code = () => text.slice(0, 6);

const ways = {
    // A new one each round: a finished request is kept for a day, and memory is not without end.
    async "egoi-verify"() {
        const engine = new Engine({ send: receive });
        const started = process.hrtime.bigint();
        for (const number of numbers) {
            const { id } = await engine.request(number);
            if ((await engine.validate(id, code(), { number })) !== "verified") {
                throw new Error("not verified");
            }
        }
        const taken = process.hrtime.bigint() - started;
        engine.close();
        return taken;
    },
    // The least that keeps a code good for one request, once, and for so long: no limit of attempts.
    async "otplib and a Map"() {
        const secret = generateSecret();
        const held = new Map();
        const started = process.hrtime.bigint();
        let counter = 0;
        for (const number of numbers) {
            const id = randomBytes(16).toString("hex");
            counter += 1;
            held.set(id, { number, counter, expiresAt: performance.now() + VALIDITY });
            const token = generateSync({ strategy: "hotp", secret, counter });
            receive({ number, text: `${token} is your verification code.` });

            const known = held.get(id);
            const { valid } = verifySync({ strategy: "hotp", secret, token: code(), counter: known.counter });
            if (!valid || known.number !== number || performance.now() >= known.expiresAt) {
                throw new Error("not verified");
            }
            held.delete(id);
        }
        return process.hrtime.bigint() - started;
    },
};

async function measure(name) {
    const spent = process.cpuUsage();
    const time = Number(await ways[name]()) / COUNT;
    const { user, system } = process.cpuUsage(spent);
    return { time, processor: ((user + system) * 1000) / COUNT };
}

const measured = await rounds(Object.keys(ways), measure);
process.stdout.write(JSON.stringify(measured), () => process.exit());
