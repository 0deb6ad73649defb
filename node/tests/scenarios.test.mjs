// Every file of tests/scenarios on every verifier that it names, a test each; its README says what a file holds.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";

import * as library from "egoi-verify";
import {
    Client,
    codeInSms,
    Engine,
    NotSent,
    parseNumber,
    Store,
    smsParts,
    Verification,
    VerifyError,
} from "egoi-verify";
import { Sandbox, TestClock } from "egoi-verify/testing";

const folder = new URL("../../tests/scenarios/", import.meta.url);
const store = process.env.EGOI_SCENARIOS_STORE;
const sandboxes = {
    "client-v1": {},
    "client-v2": {},
    "client-v2-words": { v2Words: true },
    "client-v2-400": { v2Wrong: 400 },
    engine: {},
};
const functions = ["generate_code", "parse_number", "sms_parts", "with_origin", "with_app_hash", "code_in_sms"];

const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const named = (keys) => Object.fromEntries(Object.entries(keys).map(([name, value]) => [camel(name), value]));
const nulls = (value) => value ?? null;

// Most of their time is waiting.
describe("scenarios", { concurrency: 8 }, () => {
    const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
    assert.ok(files.length > 0, "there is no scenario");
    for (const file of files) {
        const name = file.slice(0, -".json".length);
        const scenario = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
        assert.ok(scenario.on.length > 0, `${name} is on nothing`);
        for (const on of scenario.on) {
            test(`${name} on ${on}`, async () => {
                const sandbox = await Sandbox.start({ ...sandboxes[on], ...named(scenario.sandbox ?? {}) });
                const run = new Run(name, on, sandbox);
                try {
                    await run.play(scenario);
                } finally {
                    run.verifier?.close();
                    await sandbox.close();
                }
            });
        }
    }
});

class Run {
    sent = [];
    kept = {};
    clock = new TestClock();

    constructor(name, on, sandbox) {
        assert.ok(on in sandboxes, `there is no verifier ${on}`);
        Object.assign(this, { name, on, sandbox });
        sandbox.clock.freeze();
        this.clock.freeze();
    }

    async play({ about, on, sandbox, client = {}, engine = {}, steps, ...unknown }) {
        assert.deepEqual(unknown, {});
        this.make(this.told(this.on === "engine" ? engine : client));
        for (const { gives, on = [this.on], times = 1, ...step } of steps) {
            for (let n = 0; n < times && on.includes(this.on); n += 1) {
                const gave = await this.gaveBy(this.told(step));
                const right = gives === undefined ? gave?.error === undefined : is(this.told(gives), gave);
                assert.ok(right, `${JSON.stringify({ ...step, gives })}\ngave ${JSON.stringify(gave)}`);
            }
        }
    }

    async gaveBy({ do: kind, as: keepAs = { request: "id", read: "code" }[kind], ...keys }) {
        let gave;
        try {
            gave = plain(await this.do(kind, keys));
        } catch (error) {
            if (!(error instanceof VerifyError)) {
                throw error;
            }
            gave = failed(error);
        }
        const kept = gave?.id ?? gave?.code ?? gave;
        if (keepAs !== undefined && typeof kept === "string") {
            this.kept[keepAs] = kept;
        }
        return gave;
    }

    do(kind, given) {
        const keys = { ...given };
        const taken = (name) => {
            const { [name]: value = this.kept[name] } = keys;
            delete keys[name];
            return value;
        };
        const { number = "+351 910 000 000", ...options } = keys;
        const { text, host, hash, code_type: codeType, code_size: codeSize, default_region: region, ...more } = keys;
        const nothingElse = (rest) => assert.deepEqual(rest, {});
        switch (kind) {
            case "request":
                return this.verifier.request(number, named(options));
            case "validate":
            case "validate_with_details":
                return this.verifier[camel(kind)](taken("id"), taken("code"), named(keys));
            case "cancel":
            case "resend":
            case "get":
                return this.verifier[kind](taken("id"), keys);
            case "ping":
                return this.verifier.ping(keys).then(() => "up");
            case "senders":
                return this.verifier.senders(keys).then((all) => all.map(sender));
            case "make": {
                const { options, ...rest } = keys;
                nothingElse(rest);
                return this.make(options);
            }
            case "close":
                nothingElse(keys);
                return this.verifier.close();
            case "read":
                return this.messages(keys)[0];
            case "count":
                return this.messages(keys).length;
            case "advance": {
                const { seconds, ...rest } = keys;
                nothingElse(rest);
                this.sandbox.clock.advance(seconds);
                return this.clock.advance(seconds);
            }
            case "fail":
                return this.sandbox.failNext(keys);
            case "send_fails": {
                const { with: sendFails, ...rest } = keys;
                nothingElse(rest);
                assert.ok(["not_sent", "maybe"].includes(sendFails));
                this.sendFails = sendFails;
                return undefined;
            }
            case "reset":
                nothingElse(keys);
                return this.sandbox.reset();
            default: {
                assert.ok(functions.includes(kind), `there is no step ${kind}`);
                nothingElse(more);
                const texts = [text, host ?? hash].filter((each) => each !== undefined);
                const gave = library[camel(kind)](
                    ...texts,
                    ...(texts.length > 1 ? [] : [region ?? codeType, codeSize]),
                );
                return gave instanceof library.PhoneNumber ? gave.e164 : gave;
            }
        }
    }

    make(given) {
        const options = named(given);
        // The options of a store stand beside the others.
        const { store: url, key, previousKeys, retention, ...rest } = options;
        const external = this.on === "engine" ? store?.replace("<name>", this.name) : undefined;
        const keyOrOwn = key ?? (external && Buffer.alloc(32, 1));
        const hasStore = [url, external, key, previousKeys, retention].some((each) => each !== undefined);
        if (hasStore) {
            rest.store = new Store(url ?? external ?? "memory:", { key: keyOrOwn, previousKeys, retention });
        }
        const quotas = ["wrongCodesPerNumber", "smsPerNumber", "wrongCodesPerClient", "smsPerClient"];
        for (const name of quotas.filter((name) => rest[name])) {
            rest[name] = { limit: rest[name][0], per: rest[name][1] };
        }
        if (rest.smsPerPrefix) {
            const [limit, per, lastDigits] = rest.smsPerPrefix;
            rest.smsPerPrefix = { limit, per, lastDigits };
        }
        if (this.on === "engine") {
            this.verifier = new Engine({ send: (sms) => this.send(sms), clock: this.clock, ...rest });
        } else {
            const [api, path] = this.on === "client-v1" ? ["v1", "/api/public"] : ["v2", "/api"];
            const own = { apiKey: "key", sender: "1", api, baseUrl: `${this.sandbox.url}${path}` };
            const all = {
                ...own,
                ...rest,
                baseUrl: options.baseUrl === null ? undefined : (options.baseUrl ?? own.baseUrl),
            };
            this.verifier = new Client(all);
        }
        return "made";
    }

    async send(sms) {
        const fails = this.sendFails;
        this.sendFails = undefined;
        if (fails === "not_sent") {
            throw new NotSent("no credit");
        }
        this.sent.push(sms);
        if (fails !== undefined) {
            throw new Error("the gateway went away");
        }
    }

    /** What the recipients got, newest first. */
    messages({ number, code_type: codeType, code_size: codeSize, ...unknown }) {
        assert.deepEqual(unknown, {});
        if (this.on !== "engine") {
            return this.sandbox
                .messages(number)
                .map(({ number, sender, text, code, parts }) => ({ number, sender, text, code, parts }));
        }
        const sent = this.sent.filter((sms) => number === undefined || sms.number === parseNumber(number).e164);
        return sent.reverse().map(({ number, text }) => {
            return { number, text, code: nulls(codeInSms(text, codeType, codeSize)), parts: smsParts(text).parts };
        });
    }

    /** A value with what earlier steps kept in the place of `<name>`, and with texts that are described made. */
    told(value) {
        if (typeof value === "string") {
            return value.replace(/<([a-z_]+)>/g, (all, name) => this.kept[name] ?? all);
        }
        if (Array.isArray(value)) {
            return value.map((each) => this.told(each));
        }
        if (value === null || typeof value !== "object") {
            return value;
        }
        if ("pieces" in value) {
            assert.deepEqual(Object.keys(value), ["pieces"]);
            return value.pieces.map(([piece, times]) => this.told(piece).repeat(times)).join("");
        }
        if ("characters_of" in value) {
            const { characters_of: characters, become: [from, to] = ["", ""], between = "", ...unknown } = value;
            assert.deepEqual(unknown, {});
            const become = (c) => [...to][[...from].indexOf(c)] ?? c;
            return [...this.told(characters)].map(become).join(between);
        }
        return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.told(each)]));
    }
}

/** What a step gave, in the words of the files. */
function plain(gave) {
    if (gave instanceof Verification) {
        const { id, state, number, createdAt, expiresAt, sms, attemptsLeft, resendAt, resendsLeft } = gave;
        const lives = createdAt && expiresAt && (expiresAt - createdAt) / 1000;
        const resend_in = createdAt && resendAt && (resendAt - createdAt) / 1000;
        const left = { attempts_left: attemptsLeft, resends_left: resendsLeft };
        const known = { id, state, number, sms, lives, resend_in, ...left };
        return Object.fromEntries(Object.entries(known).map(([name, value]) => [name, nulls(value)]));
    }
    if (gave?.outcome !== undefined) {
        const { outcome, attemptsLeft, limit } = gave;
        return { outcome, attempts_left: nulls(attemptsLeft), limit: nulls(limit && snake(limit)) };
    }
    return nulls(gave);
}

const sender = ({ id, name, number, status }) => {
    return { id, name: nulls(name), number: nulls(number), status: nulls(status) };
};

function failed(error) {
    return {
        error: error.code,
        detail: error.detail.replace(/`[a-zA-Z0-9.]+`/g, snake),
        http_status: nulls(error.httpStatus),
        request_id: nulls(error.requestId),
        retry_after: nulls(error.retryAfter),
        retry_is_safe: error.retryIsSafe,
        sms_possibly_sent: error.smsPossiblySent,
        field: nulls(error.field && snake(error.field)),
        reason: nulls(error.reason),
        limit: nulls(error.limit && snake(error.limit)),
        cause_code: nulls(error.causeCode),
    };
}

/** Whether what a step gave is what it must give. */
function is(expected, given) {
    if (Array.isArray(expected) && typeof given === "number") {
        return expected[0] <= given && given <= expected[1];
    }
    if (Array.isArray(expected) && Array.isArray(given)) {
        return expected.length === given.length && expected.every((each, n) => is(each, given[n]));
    }
    if (expected === null || typeof expected !== "object") {
        return expected === given || (typeof expected === "number" && Math.abs(expected - given) < 1e-3);
    }
    if (typeof given === "string") {
        const { starts = "", has = "", made_of: madeOf = given, size, ...unknown } = expected;
        assert.deepEqual(unknown, {});
        const right = given.startsWith(starts) && given.includes(has) && [...given].every((c) => madeOf.includes(c));
        return right && (size === undefined || [...given].length === size);
    }
    const names = Object.keys(expected);
    return (
        given !== null &&
        typeof given === "object" &&
        names.every((name) => name in given && is(expected[name], given[name]))
    );
}
