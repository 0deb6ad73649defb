import assert from "node:assert/strict";
import { createRequire } from "node:module";
import test from "node:test";

import { platforms } from "../scripts/platforms.mjs";
import { run } from "./support/run.mjs";

const { load, platformPackages } = createRequire(import.meta.url)("../dist/addon.js");

const failing = (failure) => (name, failures) => {
    failures.push(failure(name));
};
const absent = failing((name) =>
    Object.assign(new Error(`Cannot find module '${name}'\nRequire stack:`), { code: "MODULE_NOT_FOUND" }),
);

test("the package of every platform that is built is looked for on its system, and no other", () => {
    const systems = new Set(Object.keys(platforms).map((name) => name.split("-").slice(0, 2).join(" ")));
    const looked = [...systems].flatMap((system) => platformPackages(...system.split(" ")));
    assert.deepEqual(
        looked.sort(),
        Object.keys(platforms)
            .map((name) => `@egoi-verify/${name}`)
            .sort(),
    );
});

test("on Linux the package for musl is tried where that for glibc is not", () => {
    const addon = {};
    assert.equal(
        load("linux", "arm64", (name, failures) =>
            name === "@egoi-verify/linux-arm64-musl" ? addon : absent(name, failures),
        ),
        addon,
    );
});

for (const [platform, arch, name] of [
    ["darwin", "arm64", "@egoi-verify/darwin-arm64"],
    ["win32", "x64", "@egoi-verify/win32-x64-msvc"],
    ["linux", "x64", "@egoi-verify/linux-x64-gnu"],
    ["freebsd", "x64", "@egoi-verify/freebsd-x64"],
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

for (const [name, failure, message] of [
    [
        "an older glibc",
        { code: "ERR_DLOPEN_FAILED", message: "libc.so.6: version `GLIBC_2.99' not found (required by x.node)" },
        /the C library of this system is too old: the package @egoi-verify\/linux-x64-(gnu|musl) needs GLIBC 2.99 or later/,
    ],
    [
        "a file of another processor",
        { code: "ERR_DLOPEN_FAILED", message: "egoi-verify.node: wrong ELF class: ELFCLASS32" },
        /the system refuses it: egoi-verify.node: wrong ELF class/,
    ],
    [
        "a process without addons",
        { code: "ERR_DLOPEN_DISABLED", message: "Cannot load native addon because loading addons is disabled." },
        /may load no native addons. Start Node without `--no-addons`, and with `--permission` also with `--allow-addons`/,
    ],
]) {
    test(`the error for ${name} says so, and keeps what the system said of each try`, () => {
        assert.throws(
            () =>
                load(
                    "linux",
                    "x64",
                    failing(() => Object.assign(new Error(failure.message), failure)),
                ),
            (error) => {
                assert.match(error.message, message);
                return error.cause.errors.length === 3 && error.cause.message.includes(failure.message);
            },
        );
    });
}

// Node 20 has only its older name, and Node 24 only the newer.
const permission = process.allowedNodeEnvironmentFlags.has("--permission")
    ? "--permission"
    : "--experimental-permission";
for (const flags of [["--no-addons"], [permission, "--allow-fs-read=*"]]) {
    test(`under ${flags[0]} the error names the flags`, async () => {
        const done = await run(process.execPath, [...flags, "--eval", 'require("egoi-verify")']);
        assert.notEqual(done.code, 0);
        assert.match(done.output, /may load no native addons/);
    });
}

test("where there is no process the error names the runtimes", () => {
    const { process } = globalThis;
    try {
        delete globalThis.process;
        assert.throws(() => load(), /needs Node, Bun or Deno on a server, and no edge runtime or browser/);
    } finally {
        globalThis.process = process;
    }
});
