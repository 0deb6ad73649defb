import { addon, type NativeClock, type NativeEngine, nativeClock } from "./addon.js";
import { CALL_OPTIONS, type CallOptions, call, callOptions, calls, type SendSms } from "./calls.js";
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

/**
 * The options of an engine. The defaults of the limits follow NIST SP 800-63B and OWASP ASVS 5. `null` switches a limit off. A
 * stranger can use up the limits of another person's number: set `smsPerClient` and `wrongCodesPerClient`, and name the `client`
 * in each call.
 *
 * @example
 * ```ts
 * const store = new Store("postgres://app@db.internal/app", { key });
 * const engine = new Engine({ send, store, countries: ["PT", "ES"] });
 * ```
 */
export interface EngineOptions {
  /** Sends an SMS: your own function, or E-goi's own SMS call. Throw `NotSent` only if it is certain that nothing was sent. */
  send: SendSms | EgoiSms;
  /** The store of the requests. Default: `new Store("memory:")`, which ends with the process. */
  store?: Store | undefined;
  /** The time that a whole call may take, with the gateway function, in seconds. The maximum is 600. Default: 15. */
  timeout?: number | undefined;
  /** The maximum of requests that `memory:` holds. Beyond it: `rate_limited`. Default: 10 million. */
  maxRequests?: number | undefined;
  /** The maximum of wrong codes for one request. Beyond it: `too_many_attempts`, until the request expires. Default: 5. */
  maxAttempts?: number | null | undefined;
  /** The maximum of wrong codes for one number. Beyond it: `too_many_attempts`. A success resets the count. Default: 20 a day. */
  wrongCodesPerNumber?: Quota | null | undefined;
  /** The maximum of SMS to one number, requests and resends together. Beyond it: `rate_limited`. Default: 5 an hour. */
  smsPerNumber?: Quota | null | undefined;
  /** The maximum of wrong codes of one `client`, over all numbers. Beyond it: `too_many_attempts`. Default: no limit. */
  wrongCodesPerClient?: Quota | null | undefined;
  /** The maximum of SMS for one `client`, requests and resends together. Beyond it: `rate_limited`. Default: no limit. */
  smsPerClient?: Quota | null | undefined;
  /** The maximum of SMS to numbers that differ only in their last digits. Beyond it: `rate_limited`. Default: no limit. */
  smsPerPrefix?: PrefixQuota | null | undefined;
  /** The maximum of resends of one request. Beyond it: `rate_limited`. Default: 3. */
  maxResends?: number | null | undefined;
  /**
   * The pause between two SMS to one number, in seconds. An earlier request or resend is `rate_limited`. The error of a request
   * has the `requestId` of the pending request. Default: 30.
   */
  resendAfter?: number | null | undefined;
  /** Which numbers get an SMS. Premium-rate, toll-free and similar numbers never get one. Default: `"valid"`. */
  accept?: Accept | undefined;
  /**
   * The allowed countries, by ISO 3166 code, for example `["PT", "ES"]`. A number of another country, or of an unknown country,
   * is `rejected`. Default: all.
   */
  countries?: readonly string[] | null | undefined;
  /**
   * The allowed calling codes, for example `[1]`. A calling code allows all its countries. With `countries`, a number is allowed
   * if either list allows it. Default: all.
   */
  callingCodes?: readonly number[] | null | undefined;
  /** The clock of `memory:`, for tests: a `TestClock` of `egoi-verify/testing`, or the clock of a `Sandbox`. */
  clock?: TestClock | SandboxClock | undefined;
}

/**
 * A clock for tests of an `Engine`. It starts at the machine's time. A test can advance it and stop it.
 *
 * @example
 * ```ts
 * const engine = new Engine({ send, clock: new TestClock() });
 * ```
 */
export class TestClock {
  readonly #native: NativeClock = new addon.TestClock();

  /**
   * Advances the time.
   *
   * @throws `InvalidInputError` for a negative number.
   * @example
   * ```ts
   * clock.advance(600); // Every code that was sent is expired.
   * ```
   */
  advance(seconds: number): void {
    const by = duration.of(seconds, "seconds") as number;
    callNative(() => this.#native.advance(by));
  }

  /**
   * Stops the time. With `false`, the time goes on.
   *
   * @example
   * ```ts
   * clock.freeze();
   * ```
   */
  freeze(frozen = true): void {
    this.#native.freeze(frozen);
  }

  /**
   * The time now.
   *
   * @example
   * ```ts
   * show(clock.now());
   * ```
   */
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

/**
 * Verifications that this process runs: it generates codes, keeps the state, and calls your gateway function.
 *
 * @example
 * ```ts
 * const engine = new Engine({ send: async (sms) => gateway.deliver(sms.number, sms.text) });
 * ```
 */
export class Engine extends NativeVerifierBase {
  readonly #native: NativeEngine;

  /**
   * Makes an engine. Opens the file of a `sqlite:` store, and calls no server.
   *
   * @throws {@link VerifyError}: `invalid_input` if an option is refused (`field` names it), `storage` or `misconfigured` if the
   * file cannot be used.
   */
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
   * Returns the requests of a number, and its limits whose count is not zero. For a support desk: with Redis it reads through the
   * whole database.
   *
   * @throws {@link VerifyError}: `invalid_input` if the text is not a number, `storage` if the store failed.
   * @example
   * ```ts
   * const { requests, limits } = await engine.find(number);
   * ```
   */
  find(number: string, options?: CallOptions): Promise<NumberRecord> {
    return call(
      this,
      this.find,
      options,
      CALL_OPTIONS,
      (id, checked) => this.#native.find(id, string.of(number, "number") as string, ...callOptions(checked)),
      toNumberRecord,
    );
  }

  /**
   * Resets the limits of a number. A request whose own attempts or resends are used up stays so. A new request is accepted at
   * once.
   *
   * @throws {@link VerifyError}: `invalid_input` if the text is not a number, `storage` if the store failed.
   * @example
   * ```ts
   * await engine.unlock(number);
   * ```
   */
  unlock(number: string, options?: CallOptions): Promise<void> {
    return call(
      this,
      this.unlock,
      options,
      CALL_OPTIONS,
      (id, checked) => this.#native.unlock(id, string.of(number, "number") as string, ...callOptions(checked)),
      () => undefined,
    );
  }

  /**
   * Removes everything about a number (GDPR, article 17): its requests, its limits, and its idempotency keys. Returns the number
   * of removed requests. With Redis it reads through the whole database.
   *
   * @throws {@link VerifyError}: `invalid_input` if the text is not a number, `storage` if the store failed.
   * @example
   * ```ts
   * show(`${await engine.erase(number)} requests were removed`);
   * ```
   */
  erase(number: string, options?: CallOptions): Promise<number> {
    return call(
      this,
      this.erase,
      options,
      CALL_OPTIONS,
      (id, checked) => this.#native.erase(id, string.of(number, "number") as string, ...callOptions(checked)),
      (erased: number) => erased,
    );
  }
}
