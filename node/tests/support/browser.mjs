// A headless Chromium, by the WebDriver protocol of its chromedriver.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";

function isInstalled() {
    try {
        execFileSync("chromedriver", ["--version"]);
        execFileSync("chromium", ["--version"]);
        return true;
    } catch {
        return false;
    }
}

/** A chromedriver and its port. Now and then one ends before it listens: then there is another try. */
async function started() {
    for (let tries = 0; tries < 5; tries += 1) {
        const driver = spawn("chromedriver", ["--port=0"], { stdio: ["ignore", "pipe", "ignore"] });
        for await (const line of createInterface(driver.stdout)) {
            const port = /started successfully on port (\d+)/.exec(line)?.[1];
            if (port !== undefined) {
                return { driver, port };
            }
        }
    }
    throw new Error("chromedriver does not start");
}

/** A page, or nothing where there is no Chromium; in CI that is a failure. */
export async function browser(t) {
    if (!isInstalled()) {
        assert.notEqual(process.env.CI, "true", "CHROMIUM IS NOT INSTALLED");
        return undefined;
    }
    const { driver, port } = await started();
    let end = () => {};
    t.after(async () => {
        await end();
        driver.kill();
    });
    async function call(method, path, body) {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
        const { value } = await answer.json();
        assert.ok(answer.ok, JSON.stringify(value));
        return value;
    }
    const args = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server"];
    const wanted = { alwaysMatch: { "goog:chromeOptions": { args } } };
    const { sessionId } = await call("POST", "/session", { capabilities: wanted });
    const of = `/session/${sessionId}`;
    end = () => call("DELETE", of);

    const element = async (selector) =>
        `${of}/element/${Object.values(await call("POST", `${of}/element`, { using: "css selector", value: selector }))[0]}`;
    const run = (script, ...args) => call("POST", `${of}/execute/sync`, { script, args });
    const cdp = (cmd, params) => call("POST", `${of}/goog/cdp/execute`, { cmd, params });
    return {
        run,
        open: (url) => call("POST", `${of}/url`, { url }),
        click: async (selector) => call("POST", `${await element(selector)}/click`, {}),
        type: async (selector, text) => call("POST", `${await element(selector)}/value`, { text }),
        /** Presses keys, in whatever has the focus. */
        press: (keys) => {
            const actions = [...keys].flatMap((value) => ["keyDown", "keyUp"].map((type) => ({ type, value })));
            return call("POST", `${of}/actions`, { actions: [{ type: "key", id: "keyboard", actions }] });
        },
        beforeEveryPage: (source) => cdp("Page.addScriptToEvaluateOnNewDocument", { source }),
        cdp,
        /** Awaits that a script gives something. */
        async until(script) {
            for (const end = Date.now() + 10_000; Date.now() < end; ) {
                const value = await run(script);
                if (value) {
                    return value;
                }
            }
            throw new Error(`never: ${script}`);
        },
    };
}
