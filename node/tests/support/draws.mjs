// Draws codes, in a worker thread or a process of its own, and tells them to whoever made it.

import { parentPort } from "node:worker_threads";

import { generateCode } from "egoi-verify";

const codes = Array.from({ length: 500 }, () => generateCode("hex", 20));
if (parentPort === null) {
    process.send(codes);
} else {
    parentPort.postMessage(codes);
}
