// Every public type shows an example. Every method says what it throws and shows one too. The examples compile.

import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import test from "node:test";
import { pathToFileURL } from "node:url";

import { here, run } from "./support/run.mjs";

const ENTRIES = ["index", "testing", "web", "express", "fastify", "hono"];
const load = (name) => import(pathToFileURL(createRequire(import.meta.url).resolve(name)));
const { API } = await load("typescript/unstable/sync");
const { SyntaxKind } = await load("typescript/unstable/ast");

const TYPES = [SyntaxKind.ClassDeclaration, SyntaxKind.InterfaceDeclaration, SyntaxKind.TypeAliasDeclaration];

/** What a framework makes, and the base of the two verifiers: no program writes its name. */
const NOT_WRITTEN = /^(Express|Fastify|Hono)(Request|Response|Reply|Instance|Context)$|^NativeVerifierBase$/;

/** What cannot fail. */
const CANNOT_FAIL =
    /^(\[Symbol\.\w+\]|toJSON|toString|close|isVerified|now|freeze|setUpSandbox|messages|verification(Handler|Router|Plugin))$/;

/** The types, and the functions and methods, of the package's declarations, each with its documentation. */
function declarations() {
    const api = new API({ cwd: here });
    const found = [];
    const types = [];
    const seen = new Set();
    const files = ENTRIES.map((entry) => `${here}dist/${entry}.d.ts`);
    const snapshot = api.updateSnapshot({ openFiles: files });
    const sourceOf = (file) => snapshot.getDefaultProjectForFile(file).program.getSourceFile(file);
    const visit = (name, file) => {
        const source = sourceOf(file);
        for (const statement of source.statements) {
            if (statement.name?.text === name && !seen.has(statement)) {
                seen.add(statement);
                take(source, statement);
            }
            for (const each of statement.exportClause?.elements ?? []) {
                if (each.name.text === name && statement.moduleSpecifier) {
                    visit(
                        name,
                        new URL(statement.moduleSpecifier.text.replace(".js", ".d.ts"), pathToFileURL(file)).pathname,
                    );
                }
            }
        }
    };
    const take = (source, declaration) => {
        const documentation = (node) =>
            source.text.slice(node.pos, node.end).match(/^\s*(\/\*\*[\s\S]*?\*\/)/)?.[1] ?? "";
        const name = declaration.name.text;
        if (TYPES.includes(declaration.kind)) {
            const text = documentation(declaration);
            const code = source.text.slice(declaration.pos, declaration.end);
            types.push({ name, text, isError: code.includes("extends VerifyError ") });
        }
        if (declaration.kind === SyntaxKind.FunctionDeclaration) {
            found.push({ name, member: name, text: documentation(declaration) });
        }
        for (const member of declaration.members ?? []) {
            if (member.kind === SyntaxKind.MethodDeclaration || member.kind === SyntaxKind.MethodSignature) {
                const of = source.text
                    .slice(member.name.pos, member.name.end)
                    .replace(/\/\*[\s\S]*?\*\//g, "")
                    .trim();
                found.push({ name: `${name}.${of}`, member: of, text: documentation(member) });
            }
        }
        for (const clause of declaration.heritageClauses ?? []) {
            for (const { expression } of clause.types) {
                const base = source.text.slice(expression.pos, expression.end).trim();
                const from = source.statements.find((each) =>
                    each.importClause?.namedBindings?.elements?.some((one) => one.name.text === base),
                );
                if (from?.moduleSpecifier.text.startsWith("./")) {
                    visit(
                        base,
                        new URL(from.moduleSpecifier.text.replace(".js", ".d.ts"), pathToFileURL(source.fileName))
                            .pathname,
                    );
                }
            }
        }
    };
    for (const file of files) {
        for (const statement of sourceOf(file).statements) {
            for (const { name } of statement.exportClause?.elements ?? []) {
                const specifier = statement.moduleSpecifier?.text;
                visit(
                    name.text,
                    specifier ? new URL(specifier.replace(".js", ".d.ts"), pathToFileURL(file)).pathname : file,
                );
            }
            if (statement.name && statement.kind === SyntaxKind.FunctionDeclaration) {
                visit(statement.name.text, file);
            }
        }
    }
    api.close();
    return { callables: found, types };
}

const { callables: all, types } = declarations();
const inherits = (text) => text.includes("{@inheritDoc");

test("the declarations are found", () => {
    const names = all.map(({ name }) => name);
    for (const one of [
        "Verifier.request",
        "NativeVerifierBase.ping",
        "Engine.erase",
        "Sandbox.failNext",
        "parseNumber",
        "verificationRouter",
    ]) {
        assert.ok(names.includes(one), `${one} is not in ${names.join(" ")}`);
    }
});

test("every method and function says what it throws", () => {
    const silent = all.filter(
        ({ member, text }) =>
            !CANNOT_FAIL.test(member) && !inherits(text) && !/@throws (\{@link \w+\}|`\w+`)/.test(text),
    );
    assert.deepEqual(
        silent.map(({ name }) => name),
        [],
    );
});

test("every type shows an example, but for the errors, which are used as their base", () => {
    const names = types.map(({ name }) => name);
    for (const one of ["Verifier", "Quota", "Pending", "SandboxClock", "NumberType"]) {
        assert.ok(names.includes(one), `${one} is not in ${names.join(" ")}`);
    }
    const bare = types.filter(
        ({ name, text, isError }) => !isError && !NOT_WRITTEN.test(name) && !text.includes("@example"),
    );
    assert.deepEqual(
        bare.map(({ name }) => name),
        [],
    );
});

test("every method and function shows an example", () => {
    const bare = all.filter(
        ({ member, text }) =>
            !/^\[Symbol|^to(JSON|String)$/.test(member) && !inherits(text) && !text.includes("@example"),
    );
    assert.deepEqual(
        bare.map(({ name }) => name),
        [],
    );
});

/** What the examples have besides what they import. */
const KNOWN = `
declare const client: Client, engine: Engine, verifier: Verifier, sandbox: Sandbox, clock: TestClock;
declare const number: string, code: string, id: string, key: string, apiKey: string, gatewayUrl: string, send: SendSms, request: Request;
declare const gateway: any, handle: any, session: any, app: any, sessionOf: any, saveNumber: any, secret: any, fastifySession: any, signUp: any, show: any, tryAgainIn: any;
`;

test("the examples compile", async () => {
    const folder = "build/documentation";
    rmSync(`${here}${folder}`, { recursive: true, force: true });
    mkdirSync(`${here}${folder}`, { recursive: true });
    const names = (entry) => Object.keys(createRequire(import.meta.url)(`../dist/${entry}.js`));
    const written = ["CallEvent", "ErrorCode", "SendSms", "Verb", "Verifier"];
    const exported = { "egoi-verify": [...names("index"), ...written], "egoi-verify/testing": names("testing") };
    const files = [];
    for (const { text } of [...all, ...types]) {
        for (const [, written] of text.matchAll(/```ts\n([\s\S]*?)```/g)) {
            let source = written.replace(/^\s*\* ?/gm, "");
            const own = source.match(/^import .*$/gm)?.join() ?? "";
            // What the example declares itself stands in a block, before the names that it may use.
            const known = source.includes("import ") ? KNOWN.replace(/const client.*;/, "const _: never;") : KNOWN;
            for (const [entry, all] of Object.entries(exported)) {
                const used = all.filter(
                    (name) => new RegExp(`\\b${name}\\b`).test(source + known) && !own.includes(name),
                );
                source = used.length > 0 ? `import { ${used.join(", ")} } from "${entry}";\n${source}` : source;
            }
            const imports = source.match(/^import .*$/gm)?.join("\n") ?? "";
            const rest = source.replace(/^import .*$/gm, "");
            const isModule = rest.includes("export ");
            const body = isModule ? rest : `{\n${rest}\n}`;
            // A module has no block of its own.
            const declared = isModule ? [...rest.matchAll(/^const (\w+)/gm)].map(([, name]) => name) : [];
            const missing = declared.reduce((all, name) => all.replace(` ${name}: any,`, ""), known);
            const file = `${folder}/${files.length}.mts`;
            files.push(file);
            writeFileSync(`${here}${file}`, `${imports}\n${missing}\n${body}\nexport {};\n`);
        }
    }
    assert.ok(files.length >= 35, String(files.length));
    const strict = ["--ignoreConfig", "--strict", "--noEmit", "--module", "nodenext", "--target", "es2022"];
    const options = [...strict, "--types", "node", "--lib", "es2023,esnext.disposable", "--rootDir", "."];
    const args = [`${here}node_modules/typescript/bin/tsc`, ...options, ...files];
    const compiled = await run(process.execPath, args);
    assert.equal(compiled.code, 0, compiled.output);
});
