// Packs the package, and the platform package of the addon that was built, into build/. For the addon of another system:
// `node scripts/pack.mjs --platform linux-arm64-musl`, with `--addon FILE` and `--out FOLDER` where they lie elsewhere. With `--local`
// for a project on this machine: the registry does not have the native packages, and Yarn fails where it cannot find an
// optional one.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { own, platforms } from "./platforms.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
const { platform, local, ...places } = parseArgs({
    options: {
        platform: { type: "string", default: own },
        local: { type: "boolean" },
        addon: { type: "string" },
        out: { type: "string" },
    },
}).values;
const out = path.resolve(places.out ?? `${here}build`);
const addon = path.resolve(places.addon ?? `${here}build/egoi-verify.node`);
if (!Object.hasOwn(platforms, platform)) {
    throw new Error(`there is no platform ${platform}`);
}

const { scripts, devDependencies, ...published } = JSON.parse(readFileSync(`${here}package.json`, "utf8"));
const { version, license, engines, keywords } = published;
const licences = execFileSync(
    process.env.PYTHON ?? "python3",
    ["tools/licences.py", "egoi-verify-node", "--target", platforms[platform]],
    { cwd: `${here}..`, encoding: "utf8", maxBuffer: 1 << 26 },
);

/** The repository is known where hosted CI packs, and nowhere else: npm holds the two against each other. */
function addresses() {
    const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
    if (server === undefined || name === undefined) {
        return {};
    }
    const url = `${server}/${name}`;
    return {
        homepage: `${url}/tree/main/node#readme`,
        bugs: `${url}/issues`,
        repository: { type: "git", url: `git+${url}.git`, directory: "node" },
    };
}

pack("egoi-verify", {
    // TypeScript's "node10" does not read `exports`.
    forOlderResolution: Object.fromEntries(
        ["testing", "web", "express", "fastify", "hono"].map((name) => [
            name,
            { main: `../dist/${name}.js`, types: `../dist/${name}.d.ts` },
        ]),
    ),
    files: { dist: `${here}dist`, "README.md": `${here}README.md` },
    // Not in the package.json of the checkout: no lockfile can hold what is not published yet.
    manifest: {
        ...published,
        ...addresses(),
        ...(local
            ? {}
            : {
                  optionalDependencies: Object.fromEntries(
                      Object.keys(platforms).map((name) => [`@egoi-verify/${name}`, version]),
                  ),
              }),
    },
});

const [os, cpu, abi] = platform.split("-");
pack(`egoi-verify-${platform}`, {
    files: { "egoi-verify.node": addon },
    texts: { "THIRD-PARTY-LICENSES.txt": licences },
    manifest: {
        name: `@egoi-verify/${platform}`,
        version,
        description: `The native part of egoi-verify for ${platform}. Install egoi-verify.`,
        keywords,
        license,
        ...addresses(),
        engines,
        os: [os],
        cpu: [cpu],
        ...(os === "linux" ? { libc: [abi === "musl" ? "musl" : "glibc"] } : {}),
        main: "egoi-verify.node",
        files: ["egoi-verify.node", "LICENSE-*", "THIRD-PARTY-LICENSES.txt"],
    },
});

function pack(name, { files, texts = {}, manifest, forOlderResolution }) {
    const folder = `${out}/${name}`;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/package.json`, JSON.stringify(manifest, null, 2));
    const licenceFiles = { "LICENSE-MIT": `${here}../LICENSE-MIT`, "LICENSE-APACHE": `${here}../LICENSE-APACHE` };
    for (const [to, from] of Object.entries({ ...files, ...licenceFiles })) {
        cpSync(from, `${folder}/${to}`, { recursive: true });
    }
    for (const [to, text] of Object.entries(texts)) {
        writeFileSync(`${folder}/${to}`, text);
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
