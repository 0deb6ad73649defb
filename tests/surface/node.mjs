// The public surface of the npm package, from the type declarations that it ships: `node.mjs NODE PACKAGE`, the folder in
// which TypeScript is installed and the one of the package.

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [home, shipped] = process.argv.slice(2).map((folder) => resolve(folder));
const load = (name) => import(pathToFileURL(createRequire(`${home}/package.json`).resolve(name)));
const { API } = await load("typescript/unstable/sync");
const { SyntaxKind } = await load("typescript/unstable/ast");

const lines = new Set();
const api = new API({ cwd: home });
const entries = ["index", "testing", "web", "express", "fastify", "hono"];
const files = entries.map((entry) => `${shipped}/dist/${entry}.d.mts`);
const snapshot = api.updateSnapshot({ openFiles: files });
for (const [n, file] of files.entries()) {
    const prefix = entries[n] === "index" ? "" : `${entries[n]}.`;
    for (const statement of sourceOf(file).statements) {
        const from = `${shipped}/dist/${statement.moduleSpecifier.text.replace(".js", ".d.ts")}`;
        for (const { name } of statement.exportClause.elements) {
            show(prefix, name.text, from);
        }
    }
}
api.close();
console.log([...lines].sort().join("\n"));

function sourceOf(file) {
    return snapshot.getDefaultProjectForFile(file).program.getSourceFile(file);
}

/** As it is written, on one line and without its documentation. */
function text(node) {
    const written = node.getSourceFile().text.slice(node.pos, node.end);
    return written
        .replace(/\/\*[\s\S]*?\*\//g, "")
        .trim()
        .replace(/\s+/g, " ");
}

function has(node, kind) {
    return node.modifiers?.some((modifier) => modifier.kind === kind) ?? false;
}

function show(prefix, name, file) {
    const source = sourceOf(file);
    const found = source.statements.filter((statement) => statement.name?.text === name);
    if (found.length === 0) {
        const passedOn = source.statements.find((each) =>
            each.exportClause?.elements.some((one) => one.name.text === name),
        );
        const specifier = [passedOn, ...source.statements].find(
            (each) => each?.moduleSpecifier && text(each).includes(name),
        );
        show(prefix, name, resolve(file, "..", specifier.moduleSpecifier.text.replace(".js", ".d.ts")));
    }
    for (const declaration of found) {
        const path = prefix + name;
        const base =
            declaration.heritageClauses?.map((clause) => ` < ${clause.types.map(text).join(", ")}`).join("") ?? "";
        switch (declaration.kind) {
            case SyntaxKind.FunctionDeclaration:
                callable(path, declaration);
                break;
            case SyntaxKind.TypeAliasDeclaration:
                alias(path, declaration.type);
                break;
            case SyntaxKind.ClassDeclaration:
            case SyntaxKind.InterfaceDeclaration:
                lines.add(path + base);
                for (const each of declaration.members) {
                    member(path, each);
                }
                break;
            default:
                throw new Error(`no way to show ${text(declaration)}`);
        }
    }
}

/** A union of words is a word a line. */
function alias(path, type) {
    if (type.kind !== SyntaxKind.UnionType) {
        lines.add(`${path} = ${text(type)}`);
        return;
    }
    for (const each of type.types) {
        lines.add(`${path} = ${text(each)}`);
    }
}

function member(path, node) {
    if (has(node, SyntaxKind.PrivateKeyword) || node.name?.kind === SyntaxKind.PrivateIdentifier) {
        return;
    }
    const name = node.name === undefined ? "constructor" : text(node.name);
    switch (node.kind) {
        case SyntaxKind.Constructor:
        case SyntaxKind.MethodDeclaration:
        case SyntaxKind.MethodSignature:
            return callable(`${path}.${name}`, node);
        case SyntaxKind.GetAccessor:
        case SyntaxKind.PropertyDeclaration:
        case SyntaxKind.PropertySignature:
            lines.add(
                `${path}.${name}${node.questionToken || node.postfixToken ? "?" : ""}: ${node.type ? text(node.type) : text(node)}`,
            );
            return;
        default:
            throw new Error(`no way to show ${text(node)}`);
    }
}

function callable(path, node) {
    lines.add(path);
    for (const parameter of node.parameters) {
        const optional = parameter.questionToken || parameter.initializer ? "?" : "";
        lines.add(
            `${path} ${parameter.dotDotDotToken ? "..." : ""}${text(parameter.name)}${optional}: ${text(parameter.type)}`,
        );
    }
    if (node.type) {
        lines.add(`${path} -> ${text(node.type)}`);
    }
}
