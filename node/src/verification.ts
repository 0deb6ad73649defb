import { addon } from "./addon.js";
import { inspectSymbol } from "./errors.js";
import type { SmsStatus, State } from "./outcome.js";

/** The number with its middle digits hidden, for printing. */
export function masked(number: string): string {
  try {
    return addon.maskedNumber(number);
  } catch {
    return "*";
  }
}

/**
 * The fields of a `Verification`, for making one in a test.
 *
 * @example
 * ```ts
 * const made = new Verification({ id: "r1", state: "pending", number: "+351910000000" });
 * ```
 */
export interface VerificationFields {
  /** {@inheritDoc Verification.id} */
  id: string;
  /** {@inheritDoc Verification.state} */
  state: State;
  /** {@inheritDoc Verification.number} */
  number?: string | undefined;
  /** {@inheritDoc Verification.createdAt} */
  createdAt?: Date | undefined;
  /** {@inheritDoc Verification.expiresAt} */
  expiresAt?: Date | undefined;
  /** {@inheritDoc Verification.sms} */
  sms?: SmsStatus | undefined;
  /** {@inheritDoc Verification.attemptsLeft} */
  attemptsLeft?: number | undefined;
  /** {@inheritDoc Verification.resendAt} */
  resendAt?: Date | undefined;
  /** {@inheritDoc Verification.resendsLeft} */
  resendsLeft?: number | undefined;
}

/**
 * A request and its state. It never holds the code or the message. Its `number` is not copied: `{ ...verification }`,
 * `structuredClone` and loggers leave it out. JSON and `console.log` show it masked.
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
  /** The state of the request. */
  readonly state: State;
  /** The time of the request, if known. */
  readonly createdAt: Date | undefined;
  /** The code is valid before this time, if known. Never later than the service's own time. */
  readonly expiresAt: Date | undefined;
  /** Whether the SMS was sent, if known. */
  readonly sms: SmsStatus | undefined;
  /** How many more wrong codes are accepted. Only an `Engine` that limits them reports it. */
  readonly attemptsLeft: number | undefined;
  /** A resend before this time is `rate_limited`. Only an `Engine` with a pause reports it, while a resend is possible. */
  readonly resendAt: Date | undefined;
  /** How many more resends are accepted. Only an `Engine` that limits them reports it. */
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

/**
 * A limit of a number whose count is not zero.
 *
 * @example
 * ```ts
 * for (const { limit, count, max } of (await engine.find(number)).limits) show(limit, count, max);
 * ```
 */
export interface NumberLimit {
  /** The name of the limit, as in errors: `wrongCodesPerNumber`, `smsPerNumber` or `resendAfter`. */
  readonly limit: string;
  /** How many events were counted. */
  readonly count: number;
  /** The limit stops calls once `count` reaches this. */
  readonly max: number;
  /** The time at which the count starts again. */
  readonly endsAt: Date;
}

/**
 * The requests and the limits of one number in an `Engine`'s store. JSON and `console.log` show the number masked.
 *
 * @example
 * ```ts
 * const { requests, limits } = await engine.find(number);
 * ```
 */
export class NumberRecord {
  /** The requests for the number, the newest first. */
  readonly requests: readonly Verification[];
  /** The limits of the number whose count is not zero. */
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
  // Not `...fields`: to define a field again that was copied takes V8 longer than the rest of this.
  return new Verification({
    id: fields.id,
    state: fields.state,
    number: fields.number,
    createdAt: toDate(fields.createdAt),
    expiresAt: toDate(fields.expiresAt),
    sms: fields.sms,
    attemptsLeft: fields.attemptsLeft,
    resendAt: toDate(fields.resendAt),
    resendsLeft: fields.resendsLeft,
  });
}

/** A `NumberRecord` as the native part reports it. */
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
