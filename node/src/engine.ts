import { addon, type NativeClock, type NativeEngine, nativeClock } from "./addon.js";
import { CALL_OPTIONS, type CallOptions, call, calls, type SendSms } from "./calls.js";
import {
  options as checkedOptions,
  seconds as duration,
  type Kinds,
  listOf,
  orNull,
  string,
  toSettings,
  whole,
} from "./check.js";
import { type Accept, Client, EgoiSms } from "./client.js";
import { callNative, invalid, isClass } from "./errors.js";
import { type PrefixQuota, prefixQuota, type Quota, quota } from "./quota.js";
import type { SandboxClock } from "./sandbox.js";
import { type Store, store } from "./store.js";
import { type NumberRecord, toNumberRecord } from "./verification.js";
import { NativeVerifierBase } from "./verifier.js";

type Seconds = number | undefined;

/**
 * How to set an engine up. The defaults of the limits are what NIST SP 800-63B and OWASP ASVS 5 ask; `null` switches one
 * off. A stranger can use them up for somebody else's number: set `smsPerClient` and `wrongCodesPerClient`, and name the client
 * with each call.
 */
export interface EngineOptions {
  /** Sends an SMS: a function that throws `NotSent` when it knows that nothing went out, or E-goi's own SMS call. */
  send: SendSms | EgoiSms;
  /** Where requests are kept. Default: `new Store("memory:")`, gone with the process. */
  store?: Store | undefined;
  /** Seconds that a whole call may take, the gateway function included; at most 600. Default: 15. */
  timeout?: number | undefined;
  /** How many requests `memory:` holds; beyond it a request is `rate_limited`. Default: 10 million. */
  maxRequests?: number | undefined;
  /** Wrong codes for one request; then `too_many_attempts` until it expires. Default: 5. */
  maxAttempts?: number | null | undefined;
  /** Wrong codes for one number, cleared by a success; then `too_many_attempts`. Default: 20 a day. */
  wrongCodesPerNumber?: Quota | null | undefined;
  /** SMS to one number, requests and resends together; then `rate_limited`. Default: 5 an hour. */
  smsPerNumber?: Quota | null | undefined;
  /** Wrong codes of one `client`, whichever the numbers; then `too_many_attempts`. Default: no limit. */
  wrongCodesPerClient?: Quota | null | undefined;
  /** SMS for one `client`, requests and resends together; then `rate_limited`. Default: no limit. */
  smsPerClient?: Quota | null | undefined;
  /** SMS to numbers that share all but their last digits; then `rate_limited`. Default: no limit. */
  smsPerPrefix?: PrefixQuota | null | undefined;
  /** Resends of one request; then `rate_limited`. Default: 3. */
  maxResends?: number | null | undefined;
  /**
   * Seconds between two SMS to one number; sooner a request and a resend are `rate_limited`. The error of a request has the
   * pending request's `requestId`. Default: 30.
   */
  resendAfter?: number | null | undefined;
  /** Which numbers are sent an SMS. Premium-rate, toll-free and other such numbers never are. Default: `"valid"`. */
  accept?: Accept | undefined;
  /**
   * The countries that are allowed, by ISO 3166 code, for example `["PT", "ES"]`; a number of another one, or of none that it
   * tells, is `rejected`. Default: all.
   */
  countries?: readonly string[] | null | undefined;
  /**
   * The calling codes that are allowed with every country that they have, for example `[1]`; with `countries`, what either
   * list allows. Default: all.
   */
  callingCodes?: readonly number[] | null | undefined;
  /** The clock of `memory:`, for tests: a `TestClock` of `egoi-verify/testing`, or the clock of a `Sandbox`. */
  clock?: TestClock | SandboxClock | undefined;
}

/** A clock for tests of an `Engine`: starts at the machine's time, and can be moved on and stopped. */
export class TestClock {
  readonly #native: NativeClock = new addon.TestClock();

  /** Moves the time on. */
  advance(seconds: number): void {
    const by = duration.of(seconds, "seconds") as number;
    callNative(() => this.#native.advance(by));
  }

  /** Stops the time, or with `false` lets it go on from where it stopped. */
  freeze(frozen = true): void {
    this.#native.freeze(frozen);
  }

  /** The time now. */
  now(): Date {
    return new Date(this.#native.now());
  }

  /** @internal */
  [nativeClock](): NativeClock {
    return this.#native;
  }
}

const ENGINE_OPTIONS: Kinds = {
  send: {
    is: "a function or an EgoiSms",
    of(value, field) {
      if (value instanceof EgoiSms || (typeof value === "function" && !isClass(value))) {
        return value;
      }
      throw invalid(
        field,
        value,
        value instanceof Client
          ? "a function or an EgoiSms: `new EgoiSms({ apiKey, sender })` sends by the account of a client"
          : "a function or an EgoiSms",
      );
    },
  },
  store,
  timeout: duration,
  maxRequests: whole,
  maxAttempts: orNull(whole),
  wrongCodesPerNumber: quota,
  smsPerNumber: quota,
  wrongCodesPerClient: quota,
  smsPerClient: quota,
  smsPerPrefix: prefixQuota,
  maxResends: orNull(whole),
  resendAfter: orNull(duration),
  accept: string,
  countries: orNull(listOf(string)),
  callingCodes: orNull(listOf(whole)),
  clock: {
    is: "a TestClock",
    of(value, field) {
      if (typeof value === "object" && value !== null && nativeClock in value) {
        return value;
      }
      throw invalid(field, value, "a TestClock of egoi-verify/testing or the clock of a Sandbox");
    },
  },
};

/** Runs verifications in this process: generates codes, keeps the state, has the SMS sent. */
export class Engine extends NativeVerifierBase {
  readonly #native: NativeEngine;

  /** What is wrong with an option is thrown as `invalid_input`. */
  constructor(options: EngineOptions) {
    const { send, clock, ...rest } = checkedOptions(options, ENGINE_OPTIONS);
    const egoiSms = send instanceof EgoiSms ? EgoiSms.nativeOf(send) : undefined;
    if (send === undefined) {
      throw invalid("send", send, "a function or an EgoiSms");
    }
    const native = callNative(
      () => new addon.Engine(calls, toSettings(rest), egoiSms, (clock as TestClock | undefined)?.[nativeClock]()),
    );
    super(native, egoiSms === undefined ? (send as SendSms) : undefined);
    this.#native = native;
  }

  /**
   * What is kept of a number, for a support desk: its requests and its limits that count something now. Redis is read through
   * for it.
   *
   * @throws {@link VerifyError}: `invalid_input` if it is no number, `storage` if the store failed.
   */
  find(number: string, options?: CallOptions): Promise<NumberRecord> {
    return call(
      this,
      this.find,
      options,
      CALL_OPTIONS,
      (id, { timeout }) => this.#native.find(id, string.of(number, "number") as string, timeout as Seconds),
      toNumberRecord,
    );
  }

  /**
   * Lifts the limits of a number: what is counted for it begins anew. A request whose own attempts or resends are used up stays
   * so; a new one can be made at once.
   *
   * @throws {@link VerifyError}: `invalid_input` if it is no number, `storage` if the store failed.
   */
  unlock(number: string, options?: CallOptions): Promise<void> {
    return call(
      this,
      this.unlock,
      options,
      CALL_OPTIONS,
      (id, { timeout }) => this.#native.unlock(id, string.of(number, "number") as string, timeout as Seconds),
      () => undefined,
    );
  }

  /**
   * Removes everything about a number (GDPR, article 17): its requests, its limits, and its idempotency keys. Returns how many
   * requests there were. Redis is read through for it.
   *
   * @throws {@link VerifyError}: `invalid_input` if it is no number, `storage` if the store failed.
   */
  erase(number: string, options?: CallOptions): Promise<number> {
    return call(
      this,
      this.erase,
      options,
      CALL_OPTIONS,
      (id, { timeout }) => this.#native.erase(id, string.of(number, "number") as string, timeout as Seconds),
      (erased: number) => erased,
    );
  }
}
