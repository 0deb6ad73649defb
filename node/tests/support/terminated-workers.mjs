// Terminates so many workers, each with calls in flight: HTTP, an engine's hand-over, and calls that end at that moment.

import { once } from "node:events";
import { Worker } from "node:worker_threads";

import { Sandbox } from "egoi-verify/testing";

const count = Number(process.argv[2]);
const sandbox = await Sandbox.start();
sandbox.failNext({ call: "get", delay: 60, count: null });

const source = `
  const { Client, Engine } = require("egoi-verify");
  const { parentPort, workerData } = require("node:worker_threads");
  const client = new Client({ apiKey: "k", sender: "1", baseUrl: workerData });
  for (let n = 0; n < 8; n += 1) {
    client.get("1").catch(() => {});
  }
  const engine = new Engine({ send: () => new Promise(() => {}) });
  engine.request("+351 910 000 000").catch(() => {});
  const quick = new Engine({ send: () => {}, smsPerNumber: null, resendAfter: null });
  (async () => {
    for (;;) {
      await quick.request("+351 910 000 000");
    }
  })();
  client.ping().then(() => parentPort.postMessage("calling"));
`;

let done = 0;
async function one() {
    const worker = new Worker(source, { eval: true, workerData: `${sandbox.url}/api` });
    await once(worker, "message");
    await worker.terminate();
    done += 1;
}

for (let started = 0; started < count; started += 5) {
    await Promise.all(Array.from({ length: Math.min(5, count - started) }, one));
}
await sandbox.client().ping();
console.log(`${done} terminated, and the main thread still calls`);
await sandbox.close();
