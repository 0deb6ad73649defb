// The site, in a real Chromium, opened from a folder on disk: there is no server, and it fetches nothing.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import test from "node:test";
import { fileURLToPath } from "node:url";

import { browser } from "../../node/tests/support/browser.mjs";

const site = new URL("../../target/docs/site/", import.meta.url);
const pages = readdirSync(site, { recursive: true, encoding: "utf8" })
    // Not the page for a wrong address, which only a server has a use for.
    .filter((name) => name.endsWith(".html") && name !== "404.html" && !name.startsWith("reference/"))
    .map((name) => new URL(name, site).href);
const [TAB, ENTER, RIGHT] = ["\uE004", "\uE007", "\uE014"];

// The search is a component of its own, whose elements a script of the page sees through its root.
const RESULTS = `[...document.querySelectorAll("*")].flatMap((e) => [...(e.shadowRoot?.querySelectorAll("[role=listbox] a") ?? [])])`;

const BRIGHTNESS = `return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b) / 3`;

test("the site", async (t) => {
    const page = await browser(t);
    if (page === undefined) {
        t.skip("CHROMIUM IS NOT INSTALLED: THE SITE IS NOT TESTED");
        return;
    }
    const prefers = (scheme) =>
        page.cdp("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    const open = (name) => page.open(new URL(name, site).href);
    const screen = { width: 1280, height: 900, deviceScaleFactor: 1, mobile: false };
    await page.cdp("Emulation.setDeviceMetricsOverride", screen);
    await prefers("light");

    await t.test("the search finds `expired`, and its first result opens", async () => {
        await open("index.html");
        await page.click(".md-search__button");
        await page.until("return document.activeElement?.shadowRoot?.activeElement?.tagName === 'INPUT'");
        await page.press("expired");
        const links = await page.until(`const found = ${RESULTS}; return found.length > 0 && found.map((a) => a.href)`);
        assert.ok(links.length > 2, links);
        assert.ok(
            links.every((link) => existsSync(fileURLToPath(link.replace(/[?#].*/, "")))),
            links,
        );
        await page.press(ENTER);
        await page.until("return !location.pathname.endsWith('/index.html')");
        assert.match(await page.run("return document.querySelector('article').innerText"), /expired/i);
    });

    await t.test("the search finds nothing for a word that no page has", async () => {
        await open("index.html");
        await page.click(".md-search__button");
        await page.until("return document.activeElement?.shadowRoot?.activeElement?.tagName === 'INPUT'");
        await page.press("zyzzyva");
        await page.until("return /no (matching|results)/i.test(document.activeElement.shadowRoot.textContent)");
        assert.equal(await page.run(`return ${RESULTS}.length`), 0);
    });

    await t.test("it is light for a reader who prefers light, and dark for one who prefers dark", async () => {
        await open("index.html");
        assert.ok((await page.run(BRIGHTNESS)) > 200);
        await prefers("dark");
        await open("guides/testing.html");
        assert.ok((await page.run(BRIGHTNESS)) < 80);
    });

    await t.test("a reader chooses, and the next page keeps the choice", async () => {
        await open("index.html");
        await page.click("label[for=__palette_1]");
        assert.ok((await page.run(BRIGHTNESS)) > 200);
        await open("guides/testing.html");
        assert.ok((await page.run(BRIGHTNESS)) > 200);
    });

    await t.test("by keyboard: the first stop skips to the text, and arrows change the language of a tab", async () => {
        await open("guides/first-verification.html");
        await page.press(TAB);
        assert.match(await page.run("return document.activeElement.className"), /md-skip/);
        await page.press(ENTER);
        await page.until("return location.hash !== ''");

        await page.run("document.querySelector('.tabbed-set > input').focus()");
        const shown =
            "[...document.querySelectorAll('.tabbed-set > input:checked')].map((input) => input.labels[0].innerText)";
        assert.ok((await page.run(`return ${shown}`)).every((language) => language === "Rust"));
        await page.press(RIGHT);
        await page.until(`return ${shown}.every((language) => language === "Python")`);
    });

    await t.test("every page opens, says what it is, and fetches nothing from elsewhere", async () => {
        await open("index.html");
        await page.beforeEveryPage(
            "window.faults = []; addEventListener('error', (event) => faults.push(String(event.message ?? event.target.src)), true)",
        );
        for (const url of pages) {
            await page.open(url);
            const { faults, heading, fetched } = await page.run(
                "return { faults, heading: document.querySelector('h1')?.innerText, fetched: performance.getEntriesByType('resource').map((entry) => entry.name) }",
            );
            assert.deepEqual(faults, [], url);
            assert.ok(heading, url);
            assert.deepEqual(
                fetched.filter((name) => !name.startsWith("file:")),
                [],
                url,
            );
        }
        assert.ok(pages.length > 35, pages);
    });
});
