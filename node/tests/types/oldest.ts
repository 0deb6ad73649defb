// What the oldest TypeScript that is supported must compile, without `skipLibCheck` and without the types of Node.

import {
  Client,
  type ClientOptions,
  Engine,
  isVerified,
  NotSent,
  type Outcome,
  RateLimitedError,
  type State,
  Verification,
  type Verifier,
} from "egoi-verify";
import { Sandbox, setUpSandbox, TestClock } from "egoi-verify/testing";

export async function signUp(verifier: Verifier, signal: AbortSignal): Promise<boolean> {
  const { id, number, expiresAt }: Verification = await verifier.request("+351 910 000 000", { ttl: 300, signal });
  const state: State = await verifier.cancel(id);
  const outcome: Outcome = await verifier.validate(id, "123456", { number });
  return isVerified(outcome) && state === "cancelled" && expiresAt === undefined;
}

export const options: ClientOptions = { apiKey: "k", sender: "1", trust: "platform" };
export const client: Verifier = new Client(options);
export const engine = new Engine({
  send: ({ text }, { signal }) => {
    if (text === "" || signal.aborted) throw new NotSent("nothing to send");
  },
  smsPerNumber: { limit: 5, per: 3600 },
  clock: new TestClock(),
});
engine[Symbol.dispose]();
export const retryAfter = (error: unknown) => (error instanceof RateLimitedError ? error.retryAfter : undefined);
export const made = new Verification({ id: "1", state: "pending" });
export const code = (sandbox: Sandbox): Promise<string> => sandbox.waitForCode("+351910000000", { timeout: 1 });
export const started: Promise<Sandbox> = Sandbox.start({ seed: 1 });
export { setUpSandbox };
// @ts-expect-error: no such state
export const state: State = "over";
