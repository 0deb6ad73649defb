// Every example, against a sandbox.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import test, { after, before, beforeEach } from "node:test";
import { codeInSms, Engine } from "egoi-verify";
import { setUpSandbox, TestClock } from "egoi-verify/testing";
import { build } from "esbuild";
import Fastify from "fastify";

import { signUp } from "../examples/express.mjs";
import { verification } from "../examples/fastify.mjs";
import { site as reactSite } from "../examples/react/server.mjs";
import { site } from "../examples/webotp/server.mjs";
import { browser } from "./support/browser.mjs";
import { here, run } from "./support/run.mjs";

const NUMBER = "+351910000000";
const phones = setUpSandbox({ before, beforeEach, after });
const wrong = (code) => (code === "000000" ? "000001" : "000000");

async function listening(t, app) {
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    return `http://localhost:${server.address().port}`;
}

/** Somebody with a cookie. */
function visitor(url) {
    let cookie = "";
    return async (method, path, body) => {
        const headers = { "Content-Type": "application/json", cookie };
        const answer = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
        cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? cookie;
        return { status: answer.status, retryAfter: answer.headers.get("retry-after"), body: await answer.json() };
    };
}

test("Express: a sign-up proves the number", async (t) => {
    const ask = visitor(await listening(t, signUp(phones.client)));
    assert.equal((await ask("POST", "/sign-up", { number: "+351 910 000 000" })).status, 202);
    const code = await phones.sandbox.waitForCode(NUMBER);
    assert.deepEqual((await ask("POST", "/sign-up/code", { code: wrong(code) })).body, { error: "wrong_code" });
    assert.deepEqual((await ask("POST", "/sign-up/code", { code })).body, { number: NUMBER });
});

test("Express: a code without a sign-up, another's cookie and a number that is none are refused", async (t) => {
    const url = await listening(t, signUp(phones.client));
    const [one, another] = [visitor(url), visitor(url)];
    await one("POST", "/sign-up", { number: NUMBER });
    const code = await phones.sandbox.waitForCode(NUMBER);
    assert.equal((await another("POST", "/sign-up/code", { code })).status, 409);
    assert.deepEqual(await one("POST", "/sign-up", { number: "12" }), {
        status: 422,
        retryAfter: null,
        body: { error: "invalid_input" },
    });
});

test("Express: what the service refuses for now is 429 or 502", async (t) => {
    const ask = visitor(await listening(t, signUp(phones.client)));
    phones.sandbox.failNext({ call: "request", status: 429 });
    assert.equal((await ask("POST", "/sign-up", { number: NUMBER })).status, 429);
    phones.sandbox.failNext({ call: "request", status: 500 });
    const { status, body } = await ask("POST", "/sign-up", { number: NUMBER });
    assert.deepEqual([status, body], [502, { error: "unavailable" }]);
});

async function fastify(t) {
    const app = Fastify();
    const session = {};
    app.decorateRequest("session");
    app.addHook("onRequest", async (request) => {
        request.session = session;
    });
    await app.register(verification, { verifier: phones.sandbox.client() });
    t.after(() => app.close());
    return app;
}

test("Fastify: the plug-in proves the number", async (t) => {
    const app = await fastify(t);
    const sent = await app.inject({ method: "POST", url: "/verifications", payload: { number: NUMBER } });
    assert.equal(sent.statusCode, 202);
    const code = await phones.sandbox.waitForCode(NUMBER);
    const refused = await app.inject({ method: "PUT", url: "/verifications/code", payload: { code: wrong(code) } });
    assert.deepEqual([refused.statusCode, refused.json()], [422, { outcome: "wrong_code" }]);
    const proved = await app.inject({ method: "PUT", url: "/verifications/code", payload: { code } });
    assert.deepEqual([proved.statusCode, proved.json()], [200, { outcome: "verified" }]);
    assert.equal(
        (await app.inject({ method: "POST", url: "/verifications", payload: { number: "12" } })).statusCode,
        422,
    );
});

test("Fastify: a call ends when whoever asked has gone", async (t) => {
    const app = await fastify(t);
    phones.sandbox.failNext({ call: "request", delay: 60 });
    const given = new Promise((resolve) =>
        app.addHook("onError", async (_request, _reply, error) => resolve(error.message)),
    );
    const url = await app.listen({ port: 0, host: "127.0.0.1" });
    const controller = new AbortController();
    const headers = { "Content-Type": "application/json" };
    const asked = once(app.server, "request");
    const call = fetch(`${url}/verifications`, {
        method: "POST",
        headers,
        body: JSON.stringify({ number: NUMBER }),
        signal: controller.signal,
    });
    await asked;
    setImmediate(() => controller.abort());
    await assert.rejects(call, { name: "AbortError" });
    assert.equal(await given, "whoever asked has gone");
});

test("a route handler in TypeScript proves the number", async () => {
    const folder = `${here}build/example`;
    const strict = ["--ignoreConfig", "--strict", "--module", "nodenext", "--target", "es2022", "--types", "node"];
    const options = [
        ...strict,
        "--lib",
        "es2023,esnext.disposable",
        "--rootDir",
        "examples",
        "--outDir",
        folder,
        "examples/route.ts",
    ];
    const compiled = await run(process.execPath, [`${here}node_modules/typescript/bin/tsc`, ...options]);
    assert.equal(compiled.code, 0, compiled.output);
    Object.assign(process.env, { EGOI_API_KEY: "k", EGOI_SENDER: "1", EGOI_BASE_URL: `${phones.sandbox.url}/api` });
    const { default: handlers } = await import(`${folder}/route.js`);
    const request = (method, body, cookie = "") =>
        new Request("https://shop.example/api/verification", {
            method,
            body: JSON.stringify(body),
            headers: { cookie },
        });

    const sent = await handlers.POST(request("POST", { number: NUMBER }));
    assert.equal(sent.status, 202);
    const cookie = sent.headers.get("set-cookie").split(";")[0];
    const code = await phones.sandbox.waitForCode(NUMBER);
    assert.equal((await handlers.PUT(request("PUT", { code }))).status, 409);
    assert.equal(
        (await (await handlers.PUT(request("PUT", { code: wrong(code) }, cookie))).json()).outcome,
        "wrong_code",
    );
    assert.deepEqual(await (await handlers.PUT(request("PUT", { code }, cookie))).json(), {
        outcome: "verified",
        say: "Thank you.",
    });
    assert.equal((await handlers.POST(request("POST", { number: "12" }))).status, 422);
});

/** What the phone does: it reads the SMS, and gives the code to the page of the site that the last line names. */
const PHONE = `
  window.OTPCredential = class OTPCredential {};
  Object.defineProperty(navigator.credentials, "get", {
    value: ({ otp, signal }) => new Promise((resolve, reject) => {
      window.listensForSms = otp.transport.includes("sms");
      window.smsArrives = (code) => resolve(Object.assign(new OTPCredential(), { code }));
      signal.addEventListener("abort", () => reject(signal.reason));
    }),
  });
`;

test("WebOTP: the phone fills the code into the page, which proves the number", async (t) => {
    const page = await browser(t);
    if (page === undefined) {
        return t.skip("CHROMIUM IS NOT INSTALLED: THE WEBOTP PAGE WAS NOT TESTED");
    }
    const url = await listening(t, site(phones.client, "shop.example"));
    await page.beforeEveryPage(PHONE);
    await page.open(url);
    await page.type("[name=number]", "+351 910 000 000");
    await page.click("#ask button");
    await phones.sandbox.waitForCode(NUMBER);
    const [{ text }] = phones.sandbox.messages();
    assert.match(text, /\n@shop\.example #[0-9]{6}$/);
    assert.equal(await page.until("return window.listensForSms"), true);
    await page.run("window.smsArrives(arguments[0])", codeInSms(text));
    assert.equal(await page.until("return document.getElementById('said').textContent"), "verified");
});

test("WebOTP: without a phone the code is typed, into a field that keyboards fill", async (t) => {
    const page = await browser(t);
    if (page === undefined) {
        return t.skip("CHROMIUM IS NOT INSTALLED: THE WEBOTP PAGE WAS NOT TESTED");
    }
    const url = await listening(t, site(phones.client, "shop.example"));
    await page.open(url);
    await page.type("[name=number]", "+351 910 000 000");
    await page.click("#ask button");
    const code = await phones.sandbox.waitForCode(NUMBER);
    assert.equal(await page.run("return document.querySelector('[name=code]').autocomplete"), "one-time-code");
    await page.type("[name=code]", code);
    await page.click("#prove button");
    assert.equal(await page.until("return document.getElementById('said').textContent"), "verified");
});

/** The site with the React hook over an engine whose pause between two SMS is a second long. */
async function reactPage(t) {
    const page = await browser(t);
    if (page === undefined) {
        return t.skip("CHROMIUM IS NOT INSTALLED: THE REACT HOOK WAS NOT TESTED");
    }
    const { outputFiles } = await build({
        entryPoints: [`${here}examples/react/page.jsx`],
        bundle: true,
        write: false,
        jsx: "automatic",
        define: { "process.env.NODE_ENV": '"production"' },
        nodePaths: [`${here}tests/frameworks/node_modules`],
    });
    const sent = [];
    const proved = [];
    const clock = new TestClock();
    const engine = new Engine({ clock, resendAfter: 1, send: ({ text }) => void sent.push(text) });
    const verified = (_request, number) => void proved.push(number);
    const url = await listening(t, reactSite(engine, "shop.example", outputFiles[0].text, verified));
    return { page, url, sent, proved, clock };
}

const SAID = "return document.getElementById('said').textContent";

test("the React hook: the phone fills the code in, which proves the number", async (t) => {
    const { page, url, sent, proved } = (await reactPage(t)) ?? {};
    if (page === undefined) {
        return;
    }
    await page.beforeEveryPage(PHONE);
    await page.open(url);
    await page.until("return document.querySelector('#ask')");
    await page.type("[name=number]", "+351 910 000 000");
    await page.click("#ask button");
    await page.until("return document.querySelector('#prove')");
    assert.equal(await page.until("return window.listensForSms"), true);
    assert.match(sent[0], /\n@shop\.example #[0-9]{6}$/);
    await page.run("window.smsArrives(arguments[0])", codeInSms(sent[0]));
    assert.equal(await page.until(SAID), "verified");
    assert.deepEqual(proved, [NUMBER]);
});

test("the React hook: a number that is none, a wrong code, a new code, the right one", async (t) => {
    const { page, url, sent, proved, clock } = (await reactPage(t)) ?? {};
    if (page === undefined) {
        return;
    }
    await page.open(url);
    await page.until("return document.querySelector('#ask')");
    await page.type("[name=number]", "12");
    await page.click("#ask button");
    assert.match(await page.until(SAID), /calling code/);
    await page.type("[name=number]", "\b\b+351 910 000 000");
    await page.click("#ask button");
    await page.until("return document.querySelector('#prove')");
    assert.equal(await page.run("return document.querySelector('#again').disabled"), true);
    await page.type("[name=code]", wrong(codeInSms(sent[0])));
    await page.click("#prove button");
    assert.equal(await page.until(SAID), "wrong_code");
    clock.advance(1);
    await page.until("return !document.querySelector('#again').disabled");
    await page.click("#again");
    await page.until("return document.querySelector('#again').disabled");
    await page.run("document.querySelector('[name=code]').value = ''");
    await page.type("[name=code]", codeInSms(sent.at(-1)));
    await page.click("#prove button");
    await page.until("return document.getElementById('said').textContent === 'verified'");
    assert.equal(sent.length, 2);
    assert.deepEqual(proved, [NUMBER]);
});

test("the article's story, played by the demo", async () => {
    const done = await run(process.execPath, ["examples/demo.mjs"]);
    assert.equal(done.code, 0, done.output);
    assert.match(done.output, /All as the article and the published clients say/);
});

for (const [runner, ...args] of [
    ["node:test", "--test", "examples/testing/node-test.test.mjs"],
    ["Vitest", "node_modules/vitest/vitest.mjs", "run", "--root", "examples/testing", "vitest.test.mjs"],
    ["Jest", "node_modules/jest/bin/jest.js", "--rootDir", "examples/testing", "--testMatch", "**/jest.test.cjs"],
]) {
    test(`a test with ${runner} passes, and ends by itself`, async () => {
        const done = await run(process.execPath, args, { env: { NODE_TEST_CONTEXT: undefined } });
        assert.deepEqual({ code: done.code, signal: done.signal }, { code: 0, signal: null }, done.output);
        assert.match(done.output, /pass 3|3 passed/);
        assert.doesNotMatch(done.output, /did not exit/);
    });
}

/** The TypeScript of the README, block by block. */
const blocks = [...readFileSync(`${here}README.md`, "utf8").matchAll(/^```ts\n(.*?)^```$/gms)].map(
    ([, source]) => source,
);

test("the README's first example runs without an account", async () => {
    mkdirSync(`${here}build/readme`, { recursive: true });
    writeFileSync(`${here}build/readme/first.mjs`, blocks[0]);
    const done = await run(process.execPath, ["build/readme/first.mjs"]);
    assert.deepEqual({ code: done.code, output: done.output }, { code: 0, output: "verified\n" });
});

test("what the README shows compiles", async () => {
    const imports = [];
    const bodies = blocks.map((block, n) => {
        imports.push(...block.split("\n").filter((line) => line.startsWith("import ")));
        const rest = block.replaceAll(/^import .*\n/gm, "");
        return `export async function block${n}(client: Client, { apiKey, number, session, headers, retryIn, log, send, app, secret, saveNumber }: any): Promise<unknown> {\n{ ${rest} }\nreturn; }`;
    });
    mkdirSync(`${here}build/readme`, { recursive: true });
    const source = [...new Set(imports), ...bodies].join("\n");
    writeFileSync(`${here}build/readme/readme.mts`, source);
    const strict = ["--ignoreConfig", "--strict", "--noEmit", "--module", "nodenext", "--target", "es2022"];
    const options = [...strict, "--types", "node", "--lib", "es2023,esnext.disposable", "--rootDir", "."];
    const args = [`${here}node_modules/typescript/bin/tsc`, ...options, "build/readme/readme.mts"];
    const compiled = await run(process.execPath, args);
    assert.equal(compiled.code, 0, compiled.output);
});

test("the test that the README shows passes as it stands", async () => {
    const [source, ...more] = blocks.filter((block) => block.includes("node:test"));
    assert.deepEqual(more, []);
    mkdirSync(`${here}build/readme`, { recursive: true });
    writeFileSync(`${here}build/readme/readme.test.mjs`, source);
    const done = await run(process.execPath, ["--test", "build/readme/readme.test.mjs"], {
        env: { NODE_TEST_CONTEXT: undefined },
    });
    assert.equal(done.code, 0, done.output);
    assert.match(done.output, /pass 1/);
});
