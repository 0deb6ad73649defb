#!/usr/bin/env node
// `npx egoi-verify`: a sandbox for other programs, a check of an account, and a demo that needs no account.

import { parseArgs } from "node:util";

import { Client } from "./client.js";
import { VerifyError } from "./errors.js";
import { Sandbox } from "./sandbox.js";

const HELP = `Usage: egoi-verify <command>

  sandbox   Starts E-goi's interface on this machine, with an inbox page, until Ctrl-C.
            --host ADDRESS  --port N  --seed N  --code CODE  --api-key KEY  --sender SENDER...  --allow-host NAME...
            --v2-words  --v2-wrong 200|400  --without-own-limits  --json
  check     Checks the API key and the sender of EGOI_API_KEY and EGOI_SENDER: no SMS is sent.
  demo      Proves a number against a sandbox.
`;

async function sandbox(args: string[]): Promise<void> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    args,
    options: {
      host: text,
      port: text,
      seed: text,
      code: text,
      "api-key": text,
      sender: { type: "string", multiple: true },
      "allow-host": { type: "string", multiple: true },
      "v2-words": flag,
      "v2-wrong": text,
      "without-own-limits": flag,
      json: flag,
    },
  });
  const whole = (given: string | undefined) => (given === undefined ? undefined : Number(given));
  const started = await Sandbox.start({
    host: values.host,
    port: whole(values.port),
    seed: whole(values.seed),
    code: values.code,
    apiKey: values["api-key"],
    senders: values.sender,
    allowHosts: values["allow-host"],
    v2Words: values["v2-words"],
    v2Wrong: whole(values["v2-wrong"]) as 200 | 400 | undefined,
    ownLimits: values["without-own-limits"] ? false : undefined,
  });
  const { url } = started;
  console.log(
    values.json
      ? JSON.stringify({ url })
      : `The inbox is at ${url}\nEGOI_BASE_URL is ${url}/api for V2 and ${url}/api/public for V1. Ctrl-C ends it.`,
  );
  // A sandbox keeps no process alive.
  const alive = setInterval(() => undefined, 2 ** 30);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      clearInterval(alive);
      void started.close();
    });
  }
}

async function check(): Promise<void> {
  const client = Client.fromEnv();
  await client.ping();
  const senders = await client.senders();
  const ours = process.env["EGOI_SENDER"];
  console.log("The service is up, and the key is valid.");
  for (const { id, name, status } of senders) {
    console.log(`sender ${[id, name, status].filter(Boolean).join(", ")}`);
  }
  if (!senders.some(({ id }) => id === ours)) {
    throw new Error("EGOI_SENDER is not a sender of the account");
  }
}

async function demo(): Promise<void> {
  const number = "+351 910 000 000";
  const started = await Sandbox.start();
  try {
    const client = started.client();
    const { id } = await client.request(number, { message: "Your code is {CODE}" });
    console.log(`request   ${number} gets an SMS: "${started.messages(number)[0]?.text}"`);
    const code = await started.waitForCode(number);
    const wrong = code.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    console.log(`validate  ${wrong} is ${await client.validate(id, wrong, { number })}`);
    console.log(`validate  ${code} is ${await client.validate(id, code, { number })}`);
    console.log(`validate  ${code} again is ${await client.validate(id, code, { number })}`);
  } finally {
    await started.close();
  }
}

async function main([command, ...args]: string[]): Promise<void> {
  switch (command) {
    case "sandbox":
      return sandbox(args);
    case "check":
      return check();
    case "demo":
      return demo();
    default:
      if (command === undefined || !["help", "--help", "-h"].includes(command)) {
        process.exitCode = 2;
      }
      console.log(HELP);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof VerifyError ? `${error.code}: ${error.detail}` : (error as Error).message);
  process.exitCode = 1;
});
