import { addon } from "./addon.js";
import { inspectSymbol } from "./errors.js";
import type { SmsStatus, State } from "./outcome.js";

/** The number as it may be printed. */
export function masked(number: string): string {
  try {
    return addon.maskedNumber(number);
  } catch {
    return "*";
  }
}

/** The fields of a `Verification`, for making one in a test. */
export interface VerificationFields {
  id: string;
  state: State;
  number?: string | undefined;
  createdAt?: Date | undefined;
  expiresAt?: Date | undefined;
  sms?: SmsStatus | undefined;
  attemptsLeft?: number | undefined;
  resendAt?: Date | undefined;
  resendsLeft?: number | undefined;
}

/**
 * What is known of a request. Never the code, never the message. Its `number` is not copied: `{ ...verification }`,
 * `structuredClone` and loggers do not have it, and JSON and `console.log` have it masked.
 *
 * @example
 * ```ts
 * const verification = await client.request("+351 910 000 000");
 * session.id = verification.id;
 * session.number = verification.number;
 * ```
 */
export class Verification {
  /** The request's id, for `validate`, `cancel`, `resend` and `get`. */
  readonly id: string;
  /** Its state. */
  readonly state: State;
  /** When it was made, if known. */
  readonly createdAt: Date | undefined;
  /** The code is valid before this time, if known; never later than the service's own. */
  readonly expiresAt: Date | undefined;
  /** Whether the SMS was sent, if known. */
  readonly sms: SmsStatus | undefined;
  /** How many more wrong codes are accepted, from an `Engine` that counts. */
  readonly attemptsLeft: number | undefined;
  /** Before this time a resend is `rate_limited`; from an `Engine` with a pause, while a resend is possible. */
  readonly resendAt: Date | undefined;
  /** How many more resends there may be, from an `Engine` that limits them. */
  readonly resendsLeft: number | undefined;
  // Not a property of the object itself: loggers and copies would carry it.
  readonly #number: string | undefined;

  /** A verification with these fields, for a unit test of your own code. */
  constructor(fields: VerificationFields) {
    this.id = fields.id;
    this.state = fields.state;
    this.#number = fields.number;
    this.createdAt = fields.createdAt;
    this.expiresAt = fields.expiresAt;
    this.sms = fields.sms;
    this.attemptsLeft = fields.attemptsLeft;
    this.resendAt = fields.resendAt;
    this.resendsLeft = fields.resendsLeft;
  }

  /** The full number, `+351910000000`, if the service reports it. */
  get number(): string | undefined {
    return this.#number;
  }

  /** Returns the fields with the number masked. */
  toJSON(): object {
    const { id, state, ...rest } = this;
    return { id, state, number: this.#number && masked(this.#number), ...rest };
  }

  /** @internal */
  [inspectSymbol](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return `Verification ${inspect(this.toJSON(), options)}`;
  }
}

/** The fields that are times. */
type Times = "createdAt" | "expiresAt" | "resendAt";

/** A limit of a number that counts something now. */
export interface NumberLimit {
  /** Its name, as an error has it: `wrongCodesPerNumber`, `smsPerNumber` or `resendAfter`. */
  readonly limit: string;
  /** How many events there were. */
  readonly count: number;
  /** How many there may be. From then on the limit stops calls. */
  readonly max: number;
  /** When it begins anew. */
  readonly endsAt: Date;
}

/** What an `Engine` keeps of a number. JSON and `console.log` have the number masked. */
export class NumberRecord {
  /** Its requests, the newest first. */
  readonly requests: readonly Verification[];
  /** Its limits that count something now. */
  readonly limits: readonly NumberLimit[];
  readonly #number: string;

  /** @internal */
  constructor(number: string, requests: readonly Verification[], limits: readonly NumberLimit[]) {
    this.#number = number;
    this.requests = requests;
    this.limits = limits;
  }

  /** The full number, `+351910000000`. */
  get number(): string {
    return this.#number;
  }

  /** Returns the fields with the number masked. */
  toJSON(): object {
    return { number: masked(this.#number), requests: this.requests, limits: this.limits };
  }

  /** @internal */
  [inspectSymbol](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return `NumberRecord ${inspect(this.toJSON(), options)}`;
  }
}

/** A verification as the native part reports it: times are milliseconds since 1970. */
export type NativeVerification = Omit<VerificationFields, Times> & { [Name in Times]?: number };

const toDate = (milliseconds: number | undefined) => (milliseconds === undefined ? undefined : new Date(milliseconds));

export function toVerification(fields: NativeVerification): Verification {
  return new Verification({
    ...fields,
    createdAt: toDate(fields.createdAt),
    expiresAt: toDate(fields.expiresAt),
    resendAt: toDate(fields.resendAt),
  });
}

/** What is kept of a number, as the native part reports it. */
export interface NativeNumberRecord {
  number: string;
  requests: NativeVerification[];
  limits: { limit: string; count: number; max: number; endsAt: number }[];
}

export function toNumberRecord({ number, requests, limits }: NativeNumberRecord): NumberRecord {
  return new NumberRecord(
    number,
    requests.map(toVerification),
    limits.map(({ endsAt, ...limit }) => ({ ...limit, endsAt: new Date(endsAt) })),
  );
}
