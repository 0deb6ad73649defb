import { addon, type NativeClock } from "./addon.js";
import { calls, type SendSms } from "./calls.js";
import {
  bytes,
  options as checkedOptions,
  func,
  type Kind,
  type Kinds,
  listOf,
  number,
  orNull,
  string,
  whole,
  wholeObjectOf,
} from "./check.js";
import { EgoiSms } from "./client.js";
import { callNative, invalid } from "./errors.js";
import { NativeVerifierBase } from "./verifier.js";

/** At most `limit` events in a window of `per` seconds, which starts at its first event. */
export interface Quota {
  /** How many events. */
  limit: number;
  /** How many seconds the window is long. */
  per: number;
}

/**
 * How to set an engine up. The defaults of the limits are what NIST SP 800-63B and OWASP ASVS 5 ask; `null` switches one
 * off. A stranger can use them up for somebody else's number: put a limit per session or address in front.
 */
export interface EngineOptions {
  /** Hands an SMS over: a function that throws `NotSent` when it knows that nothing went out, or E-goi's own call. */
  send: SendSms | EgoiSms;
  /**
   * The store's URL: `memory:`, `sqlite:PATH`, `postgres://USER:PASSWORD@HOST/DATABASE` or `redis://HOST`. Default:
   * `memory:`, gone with the process.
   */
  store?: string | undefined;
  /**
   * The secret that codes are bound with and numbers and messages are encrypted with in a store, at least 32 bytes. Random
   * for `memory:`, required for any other.
   */
  key?: Uint8Array | undefined;
  /** Keys from before the present one, whose codes still count. */
  previousKeys?: readonly Uint8Array[] | undefined;
  /** How many seconds after its `expiresAt` a finished request is kept. Default: 24 hours. */
  retention?: number | undefined;
  /** How many requests `memory:` holds; beyond it a request is `rate_limited`. Default: 10 million. */
  maxRequests?: number | undefined;
  /** Wrong codes for one request; then `too_many_attempts` until it expires. Default: 5. */
  maxAttempts?: number | null | undefined;
  /** Wrong codes for one number, cleared by a success; then `too_many_attempts`. Default: 20 a day. */
  wrongCodesPerNumber?: Quota | null | undefined;
  /** SMS to one number, requests and resends together; then `rate_limited`. Default: 5 an hour. */
  smsPerNumber?: Quota | null | undefined;
  /** Resends of one request; then `rate_limited`. Default: 3. */
  maxResends?: number | null | undefined;
  /** Seconds between two SMS of one request; sooner a resend is `rate_limited`. Default: 30. */
  resendAfter?: number | null | undefined;
  /** The calling codes that are allowed, for example `[351, 34]`; another is `rejected`. Default: all. */
  countries?: readonly number[] | null | undefined;
  /** The clock of `memory:`, from `egoi-verify/testing`. */
  clock?: TestClock | undefined;
}

const quota = orNull(wholeObjectOf({ limit: whole, per: number }));

const instanceOf = (type: Function): Kind => ({
  is: `a ${type.name}`,
  of(value, field) {
    if (value instanceof type) {
      return value;
    }
    throw invalid(field, `is no ${type.name}`);
  },
});

/** A clock for tests of an `Engine`: starts at the machine's time, and can be moved on and stopped. */
export class TestClock {
  readonly #native: NativeClock = new addon.TestClock();

  /** Moves the time on. */
  advance(seconds: number): void {
    const by = number.of(seconds, "seconds") as number;
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
  static nativeOf(clock: TestClock): NativeClock {
    return clock.#native;
  }
}

const ENGINE_OPTIONS: Kinds = {
  send: {
    is: "a function or an EgoiSms",
    of: (value, field) => (value instanceof EgoiSms ? value : func.of(value, field)),
  },
  store: string,
  key: bytes,
  previousKeys: listOf(bytes),
  retention: number,
  maxRequests: whole,
  maxAttempts: orNull(whole),
  wrongCodesPerNumber: quota,
  smsPerNumber: quota,
  maxResends: orNull(whole),
  resendAfter: orNull(number),
  countries: orNull(listOf(whole)),
  clock: instanceOf(TestClock),
};

/** Runs verifications in this process: generates codes, keeps the state, has the SMS sent. */
export class Engine extends NativeVerifierBase {
  /** What is wrong with an option is thrown as `invalid_input`. */
  constructor(options: EngineOptions) {
    const { send, clock, ...rest } = checkedOptions(options, ENGINE_OPTIONS);
    const egoiSms = send instanceof EgoiSms ? EgoiSms.nativeOf(send) : undefined;
    if (send === undefined) {
      throw invalid("send", "is missing, must be a function or an EgoiSms");
    }
    const clockOf = clock === undefined ? undefined : TestClock.nativeOf(clock as TestClock);
    const native = callNative(() => new addon.Engine(calls, rest, egoiSms, clockOf));
    super(native, egoiSms === undefined ? (send as SendSms) : undefined);
  }
}
