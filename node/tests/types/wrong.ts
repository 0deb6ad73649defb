// What must not compile. TypeScript fails where a line below `@ts-expect-error` has no error.

import { Client, Engine, type Outcome, Verification, type VerifyError } from "egoi-verify";
import { Sandbox } from "egoi-verify/testing";

declare const client: Client;
declare const outcome: Outcome;
declare const error: VerifyError;
declare const sandbox: Sandbox;

// @ts-expect-error: no such code type
client.request("+351 910 000 000", { codeType: "octal" });
// @ts-expect-error: a size is a number
client.request("+351 910 000 000", { codeSize: "6" });
// @ts-expect-error: no such option
client.request("+351 910 000 000", { codetype: "hex" });
// @ts-expect-error: null is no default
client.request("+351 910 000 000", { message: null });
// @ts-expect-error: a number is a string
client.request(351910000000);
// @ts-expect-error: a code is a string
client.validate("1", 123456);
// @ts-expect-error: a signal, not a controller
client.get("1", { signal: new AbortController() });
// @ts-expect-error: a client needs a key
new Client({ sender: "1" });
// @ts-expect-error: no such version
new Client({ apiKey: "k", sender: "1", api: "v3" });
// @ts-expect-error: the word has no such meaning
new Client({ apiKey: "k", sender: "1", statusWords: { ok: "fine" } });
// @ts-expect-error: where a client comes from is not for users
new Client({}, { environment: {} });
// @ts-expect-error: an engine needs a way to send
new Engine({});
// @ts-expect-error: a quota has a window
new Engine({ send: () => {}, smsPerNumber: { limit: 5 } });
// @ts-expect-error: a store is a Store
new Engine({ send: () => {}, store: "memory:" });
// @ts-expect-error: no such outcome
outcome === "ok";
// @ts-expect-error: an outcome is no boolean
export const proved: boolean = outcome;
// @ts-expect-error: no such code
error.code === "octal";
// @ts-expect-error: what happened is not changed
error.smsPossiblySent = false;
// @ts-expect-error: a code is a string or a promise of one
export const code: number = await client.validate("1", "1");
// @ts-expect-error: V2 has no such status
Sandbox.start({ v2Wrong: 500 });
// @ts-expect-error: no such call
sandbox.failNext({ call: "send" });
// @ts-expect-error: a call that is not awaited has no truth value
if (client.validate("1", "1")) sandbox.reset();
// @ts-expect-error: a call that is not awaited has no outcome
client.validate("1", "1") === "verified";
// @ts-expect-error: there is no code in a verification
new Verification({ id: "1", state: "pending" }).code;

export function notExhausted(outcome: Outcome): string {
  switch (outcome) {
    case "verified":
      return "proved";
    case "wrong_code":
    case "expired":
    case "cancelled":
    case "too_many_attempts":
      return "not proved";
    default: {
      // @ts-expect-error: `already_verified` was forgotten
      const never: never = outcome;
      return never;
    }
  }
}
