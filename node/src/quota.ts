import { orNull, seconds, whole, wholeObjectOf } from "./check.js";

/**
 * A limit: at most `limit` events in a window of `per` seconds. The window starts at its first event.
 *
 * @example
 * ```ts
 * const engine = new Engine({ send, smsPerClient: { limit: 5, per: 86_400 } });
 * ```
 */
export interface Quota {
  /** The maximum of events in the window. */
  limit: number;
  /** How many seconds the window is long. */
  per: number;
}

/**
 * A limit: at most `limit` SMS in a window of `per` seconds to numbers that differ only in their last digits.
 *
 * @example
 * ```ts
 * const engine = new Engine({ send, smsPerPrefix: { limit: 20, per: 3_600, lastDigits: 3 } });
 * ```
 */
export interface PrefixQuota {
  /** The maximum of SMS in the window. */
  limit: number;
  /** How many seconds the window is long. */
  per: number;
  /** The number of digits at the end that may differ, 1 to 14. */
  lastDigits: number;
}

export const quota = orNull(wholeObjectOf({ limit: whole, per: seconds }));
export const prefixQuota = orNull(wholeObjectOf({ limit: whole, per: seconds, lastDigits: whole }));
