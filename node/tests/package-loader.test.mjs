import assert from "node:assert/strict";
import { createRequire } from "node:module";
import test from "node:test";

import { platforms } from "../scripts/platforms.mjs";

const { load, platformPackages } = createRequire(import.meta.url)("../dist/addon.js");

const absent = (name) => {
    throw new Error(`Cannot find module '${name}'\nRequire stack:`);
};

test("the package of every platform that is built is looked for on its system, and no other", () => {
    const systems = new Set(Object.keys(platforms).map((name) => name.split("-").slice(0, 2).join(" ")));
    const looked = [...systems].flatMap((system) => platformPackages(...system.split(" ")));
    assert.deepEqual(
        looked.sort(),
        Object.keys(platforms)
            .map((name) => `egoi-verify-${name}`)
            .sort(),
    );
});

test("on Linux the package for musl is tried where that for glibc is not", () => {
    const addon = {};
    assert.equal(
        load("linux", "arm64", (name) => (name === "egoi-verify-linux-arm64-musl" ? addon : absent(name))),
        addon,
    );
});

for (const [platform, arch, name] of [
    ["darwin", "arm64", "egoi-verify-darwin-arm64"],
    ["win32", "x64", "egoi-verify-win32-x64-msvc"],
    ["linux", "x64", "egoi-verify-linux-x64-gnu"],
    ["freebsd", "x64", "egoi-verify-freebsd-x64"],
]) {
    test(`on ${platform} ${arch} the error names ${name}`, () => {
        assert.throws(
            () => load(platform, arch, absent),
            (error) =>
                error.message.includes(`the package ${name} is missing`) &&
                error.message.includes(`npm install ${name}`),
        );
    });
}

test("the error keeps what the system said of each try", () => {
    const broken = (name) => {
        throw new Error(`${name}: GLIBC_2.99 not found`);
    };
    assert.throws(
        () => load("linux", "x64", broken),
        (error) => error.cause.errors.length === 3 && error.cause.message.includes("GLIBC_2.99 not found"),
    );
});
