// Calls that are not awaited, and outcomes that are taken for their truth: the compiler takes them, the linter must not.

import type { Verifier } from "egoi-verify";

declare const verifier: Verifier;

export async function signUp(id: string, code: string): Promise<void> {
  // no-misused-promises
  const proved = verifier.validate(id, code) ? "in" : "out";
  // strict-boolean-expressions
  if (await verifier.validate(id, code)) console.log(proved);
  // no-floating-promises
  verifier.cancel(id);

  // What is right:
  if ((await verifier.validate(id, code)) === "verified") console.log("in");
}
