import { addon } from "./addon.js";
import { inspected } from "./errors.js";

/** The state of a request. */
export type State = "pending" | "verified" | "expired" | "cancelled";

/**
 * What the verifier says to a code. Only `"verified"` proves that the number belongs to the person: compare with it, or
 * use `isVerified`. Every outcome is a truthy string.
 */
export type Outcome = "verified" | "wrong_code" | "expired" | "already_verified" | "cancelled" | "too_many_attempts";

/** What a code is made of: `0-9`, `A-Z`, `0-9A-Z` or `0-9A-F`. */
export type CodeType = "numeric" | "alpha" | "alphanumeric" | "hex";

/** Whether an outcome proves the number: `"verified"` alone does. */
export function isVerified(outcome: Outcome): outcome is "verified" {
  return outcome === "verified";
}

/** As the native part says it. */
export interface Known {
  id: string;
  state: State;
  number?: string;
  createdAt?: number;
  expiresAt?: number;
  sms?: "sent" | "unknown";
  attemptsLeft?: number;
}

/** The number as it may be printed. */
export function masked(number: string): string {
  try {
    return addon.maskedNumber(number);
  } catch {
    return "*";
  }
}

const date = (milliseconds: number | undefined) => (milliseconds === undefined ? undefined : new Date(milliseconds));

/** What is known of a request. Never the code, never the message; printed or made JSON of, the number is masked. */
export class Verification {
  /** The request's id, for `validate`, `cancel`, `resend` and `get`. */
  readonly id: string;
  /** Its state. */
  readonly state: State;
  /** The full number, `+351910000000`, where the service says it. */
  readonly number: string | undefined;
  /** When it was made, where that is known. */
  readonly createdAt: Date | undefined;
  /** The code is good before this time, where that is known; never later than the service's own. */
  readonly expiresAt: Date | undefined;
  /** Whether the SMS went out, where that is known: `"unknown"` where something broke while it was handed over. */
  readonly sms: "sent" | "unknown" | undefined;
  /** How many more wrong codes are looked at, from an `Engine` that counts. */
  readonly attemptsLeft: number | undefined;

  /** @internal */
  constructor(known: Known) {
    this.id = known.id;
    this.state = known.state;
    this.number = known.number;
    this.createdAt = date(known.createdAt);
    this.expiresAt = date(known.expiresAt);
    this.sms = known.sms;
    this.attemptsLeft = known.attemptsLeft;
  }

  toJSON(): object {
    return { ...this, number: this.number && masked(this.number) };
  }

  [inspected](_depth: number, _options: object, inspect: (value: unknown, options: object) => string): string {
    return `Verification ${inspect(this.toJSON(), _options)}`;
  }
}

export const toVerification = (known: Known): Verification => new Verification(known);

export const asIs = <T>(value: T): T => value;
