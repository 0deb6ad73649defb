// What must compile, with `strict` and everything that is stricter.

import { after, before, beforeEach } from "node:test";

import {
  type CallOptions,
  Client,
  type CodeType,
  codeInSms,
  EgoiSms,
  Engine,
  type ErrorCode,
  generateCode,
  isVerified,
  NotSent,
  type Outcome,
  parseNumber,
  RateLimitedError,
  type State,
  Store,
  smsParts,
  Verification,
  type Verifier,
  VerifyError,
  withAppHash,
  withOrigin,
} from "egoi-verify";
import { type Message, Sandbox, setUpSandbox, TestClock } from "egoi-verify/testing";

export function exhausted(outcome: Outcome): string {
  switch (outcome) {
    case "verified":
      return "proved";
    case "wrong_code":
      return "try again";
    case "expired":
    case "cancelled":
    case "too_many_attempts":
      return "ask for a new code";
    case "already_verified":
      return "no proof now";
  }
}

export async function onEither(verifier: Verifier, signal: AbortSignal, codeType: CodeType): Promise<boolean> {
  const verification: Verification = await verifier.request("+351 910 000 000", {
    message: withOrigin(withAppHash("{CODE} it is", "FA+9qCX9VSu"), "example.com"),
    codeType,
    codeSize: 6,
    ttl: 300,
    group: "2FA",
    idempotencyKey: "a",
    timeout: 5,
    signal,
  });
  const state: State = await verifier.cancel(verification.id, { signal });
  const until: Date | undefined = verification.expiresAt;
  const number: string | undefined = verification.number;
  const again = await verifier.resend(verification.id);
  const outcome = await verifier.validate(again.id, "123456", { number, timeout: 1 });
  return isVerified(outcome) && state === "cancelled" && until === undefined;
}

export function told(error: unknown): [ErrorCode, number | undefined] | undefined {
  if (error instanceof RateLimitedError) {
    const code: "rate_limited" = error.code;
    return [code, error.retryAfter];
  }
  return error instanceof VerifyError ? [error.code, error.httpStatus] : undefined;
}

export async function closed(): Promise<void> {
  using client = new Client({
    apiKey: "k",
    sender: "1",
    api: "v2",
    statusWords: { ok: "verified" },
    trust: "platform",
  });
  await using sandbox = await Sandbox.start({ v2Wrong: 400 });
  await client.ping({ signal: AbortSignal.timeout(100) });
  const engine = new Engine({
    send: async ({ number, text, attemptId }) => {
      if (number + text + attemptId === "") {
        throw new NotSent("nothing to send");
      }
    },
    store: new Store("sqlite:x.db", { key: "secret", previousKeys: [new Uint8Array(32)], retention: 60, poolSize: 4 }),
    smsPerNumber: { limit: 5, per: 3600 },
    maxAttempts: null,
    clock: new TestClock(),
  });
  engine[Symbol.dispose]();
  new Engine({ send: sandbox.egoiSms() }).close();
  new Engine({ send: new EgoiSms({ apiKey: "k", sender: "1" }) }).close();
  sandbox.failNext({ call: "request", status: 503, count: null });
  const [message]: Message[] = sandbox.messages();
  message?.sentAt.getTime();
}

export const functions: [string, string, string | undefined, 1 | number] = [
  generateCode("hex", 8),
  parseNumber("+351 910 000 000").e164,
  codeInSms("Your code is 1234", "numeric"),
  smsParts("a").parts,
];

declare const jest: Record<"beforeAll" | "beforeEach" | "afterAll", (work: () => unknown, timeout?: number) => void>;
export const phones: Sandbox[] = [setUpSandbox({ before, beforeEach, after }).sandbox, setUpSandbox(jest).sandbox];

/** A fake for a unit test. */
export class Fake implements Verifier {
  async request(number: string): Promise<Verification> {
    return new Verification({ id: "1", state: "pending", number, createdAt: new Date(), sms: "sent" });
  }
  async validate(_id: string, code: string, _options?: CallOptions): Promise<Outcome> {
    return code === "123456" ? "verified" : "wrong_code";
  }
  async cancel(): Promise<State> {
    return "cancelled";
  }
  resend(): Promise<Verification> {
    return this.request("+351910000000");
  }
  get(): Promise<Verification> {
    return this.request("+351910000000");
  }
  async ping(): Promise<void> {}
  close(): void {}
}
export const gateway = new Engine({
  send: ({ text }, { signal }) => fetch("https://sms.example", { body: text, signal }),
});
