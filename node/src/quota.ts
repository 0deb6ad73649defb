import { orNull, seconds, whole, wholeObjectOf } from "./check.js";

/** At most `limit` events in a window of `per` seconds, which starts at its first event. */
export interface Quota {
  /** How many events. */
  limit: number;
  /** How many seconds the window is long. */
  per: number;
}

/** At most `limit` SMS in a window of `per` seconds to numbers that share all but their last digits. */
export interface PrefixQuota {
  /** How many SMS. */
  limit: number;
  /** How many seconds the window is long. */
  per: number;
  /** How many digits at the end of a number may differ, 1 to 14. */
  lastDigits: number;
}

export const quota = orNull(wholeObjectOf({ limit: whole, per: seconds }));
export const prefixQuota = orNull(wholeObjectOf({ limit: whole, per: seconds, lastDigits: whole }));
