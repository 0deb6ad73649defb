// Packs the package, and the platform package of the addon that was built, into build/. For the addon of another system:
// `node scripts/pack.mjs --platform linux-arm64-musl`, with `--addon FILE` and `--out FOLDER` where they lie elsewhere.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { own, platforms } from "./platforms.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
const { platform, ...places } = parseArgs({
    options: { platform: { type: "string", default: own }, addon: { type: "string" }, out: { type: "string" } },
}).values;
const out = path.resolve(places.out ?? `${here}build`);
const addon = path.resolve(places.addon ?? `${here}build/egoi-verify.node`);
if (!Object.hasOwn(platforms, platform)) {
    throw new Error(`there is no platform ${platform}`);
}

const { scripts, devDependencies, ...published } = JSON.parse(readFileSync(`${here}package.json`, "utf8"));
const { version, license, engines } = published;

pack("egoi-verify", {
    // TypeScript's "node10" does not read `exports`.
    forOlderResolution: { testing: { main: "../dist/testing.js", types: "../dist/testing.d.ts" } },
    files: { dist: `${here}dist`, "README.md": `${here}README.md` },
    // Not in the package.json of the checkout: no lockfile can hold what is not published yet.
    manifest: {
        ...published,
        optionalDependencies: Object.fromEntries(
            Object.keys(platforms).map((name) => [`@egoi-verify/${name}`, version]),
        ),
    },
});

const [os, cpu, abi] = platform.split("-");
pack(`egoi-verify-${platform}`, {
    files: { "egoi-verify.node": addon },
    manifest: {
        name: `@egoi-verify/${platform}`,
        version,
        description: `The native part of egoi-verify for ${platform}. Install egoi-verify.`,
        license,
        engines,
        os: [os],
        cpu: [cpu],
        ...(os === "linux" ? { libc: [abi === "musl" ? "musl" : "glibc"] } : {}),
        main: "egoi-verify.node",
        files: ["egoi-verify.node", "LICENSE-*"],
    },
});

function pack(name, { files, manifest, forOlderResolution }) {
    const folder = `${out}/${name}`;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/package.json`, JSON.stringify(manifest, null, 2));
    const licences = { "LICENSE-MIT": `${here}../LICENSE-MIT`, "LICENSE-APACHE": `${here}../LICENSE-APACHE` };
    for (const [to, from] of Object.entries({ ...files, ...licences })) {
        cpSync(from, `${folder}/${to}`, { recursive: true });
    }
    for (const [name, entry] of Object.entries(forOlderResolution ?? {})) {
        mkdirSync(`${folder}/${name}`);
        writeFileSync(`${folder}/${name}/package.json`, JSON.stringify(entry, null, 2));
    }
    execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", ".."], {
        cwd: folder,
        stdio: ["ignore", "ignore", "inherit"],
        shell: process.platform === "win32",
    });
}
