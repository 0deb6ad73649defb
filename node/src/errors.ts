import type { ErrorCode, Failure } from "./addon.js";

export type { ErrorCode };

/** The address of the documentation site, the core's. The addon is not asked: in a browser there is none. */
const SITE = "https://egoi-verify.example";

/** The fields of a `VerifyError`, for making one in a test. */
export interface VerifyErrorFields {
  detail: string;
  httpStatus?: number | undefined;
  requestId?: string | undefined;
  retryAfter?: number | undefined;
  retryIsSafe?: boolean | undefined;
  smsPossiblySent?: boolean | undefined;
  field?: string | undefined;
  reason?: string | undefined;
  limit?: string | undefined;
  causeCode?: ErrorCode | undefined;
  cause?: unknown;
}

/**
 * Why a call failed. Its `code` is stable, and there is a subclass for every code. Never holds a key, a code, a whole
 * phone number or a message.
 */
export abstract class VerifyError extends Error {
  /** What kind of failure it was. */
  abstract readonly code: ErrorCode;
  /**
   * The HTTP status to respond with, when your server fails a request of its user because of this error. Known where the
   * native part is: not in a browser.
   */
  declare readonly suggestedStatus: number;
  /** The HTTP status of the service's response, if there was one. */
  declare readonly httpStatus?: number;
  /** The request that the failure is about, where it is known. */
  declare readonly requestId?: string;
  /** Seconds to wait before the next try, where it is known. */
  declare readonly retryAfter?: number;
  /** The option or argument that was refused (`invalid_input`, `misconfigured`). */
  declare readonly field?: string;
  /** The fault of that field in one stable string, for example `too_long`; of `unreachable`, the cause. */
  declare readonly reason?: string;
  /** The name of the limit that stopped the call, for example `sms_per_number`. */
  declare readonly limit?: string;
  /** The code of the error below: of `delivery_failed` with `EgoiSms`, for example `unauthorized`. */
  declare readonly causeCode?: ErrorCode;
  /** Whether repeating the same call may succeed and can neither send another SMS nor spend an attempt. */
  readonly retryIsSafe: boolean;
  /** Whether this `request` or `resend` may have sent an SMS; `false` is certain. */
  readonly smsPossiblySent: boolean;

  constructor(fields: VerifyErrorFields) {
    super(fields.detail, fields.cause === undefined ? undefined : { cause: fields.cause });
    for (const name of ["httpStatus", "requestId", "retryAfter", "field", "reason", "limit", "causeCode"] as const) {
      if (fields[name] !== undefined) {
        Object.defineProperty(this, name, { value: fields[name], enumerable: true });
      }
    }
    this.retryIsSafe = fields.retryIsSafe ?? false;
    this.smsPossiblySent = fields.smsPossiblySent ?? false;
  }

  /** The failure in words, for people, secrets removed. */
  get detail(): string {
    return this.message;
  }

  /** The address of the page that says what causes this failure and what to do. */
  get docsUrl(): string {
    return `${SITE}/errors/${this.code}.html`;
  }

  toJSON(): object {
    const { name, code, detail, httpStatus, requestId, retryAfter, retryIsSafe, smsPossiblySent } = this;
    const { field, reason, limit, causeCode } = this;
    return {
      ...{ name, code, detail, httpStatus, requestId, retryAfter, retryIsSafe, smsPossiblySent },
      ...{ field, reason, limit, causeCode },
    };
  }
}

/** Refused before anything was sent; the detail names the field, the fault and the limit. */
export class InvalidInputError extends VerifyError {
  readonly code = "invalid_input";
}

/** 401: the API key is missing or wrong. */
export class UnauthorizedError extends VerifyError {
  readonly code = "unauthorized";
}

/** 403: the account may not do this; often the transactional service is not activated. */
export class ForbiddenError extends VerifyError {
  readonly code = "forbidden";
}

/** 404: no such request, or a request for another number. */
export class NotFoundError extends VerifyError {
  readonly code = "not_found";
}

/** Any other 4xx but 408, a V1 `Error`, or a country that is not allowed. */
export class RejectedError extends VerifyError {
  readonly code = "rejected";
}

/** 409, the resend of a request that is over, or an idempotency key used for another number. */
export class ConflictError extends VerifyError {
  readonly code = "conflict";
}

/** 429, or a limit of the `Engine`; see `retryAfter`. */
export class RateLimitedError extends VerifyError {
  readonly code = "rate_limited";
}

/** No connection was made: DNS, refused, proxy, certificate, connect timeout. */
export class UnreachableError extends VerifyError {
  readonly code = "unreachable";
}

/** Bytes went out and no complete response came in time. */
export class TimeoutError extends VerifyError {
  readonly code = "timeout";
}

/** Bytes went out and the connection broke before a complete response came. */
export class InterruptedError extends VerifyError {
  readonly code = "interrupted";
}

/** 5xx. */
export class UnavailableError extends VerifyError {
  readonly code = "unavailable";
}

/** A 3xx, never followed, because the key would travel with it. */
export class RedirectedError extends VerifyError {
  readonly code = "redirected";
}

/** The response does not match the documented API. */
export class InvalidResponseError extends VerifyError {
  readonly code = "invalid_response";
}

/** Not in this version of the API. */
export class UnsupportedError extends VerifyError {
  readonly code = "unsupported";
}

/** The store failed. */
export class StorageError extends VerifyError {
  readonly code = "storage";
}

/** An operator must change something: a key that does not match the store, missing rights, a missing database. */
export class MisconfiguredError extends VerifyError {
  readonly code = "misconfigured";
}

/** The SMS could not be handed over (`Engine`); `cause` is what the function that sends threw. */
export class DeliveryFailedError extends VerifyError {
  readonly code = "delivery_failed";
}

/** Used after it was closed. */
export class ClosedError extends VerifyError {
  readonly code = "closed";
}

/** An `Engine` in memory, or a `Sandbox`, used in a forked child; no child of Node's is one. */
export class ForkedError extends VerifyError {
  readonly code = "forked";
}

/** A panic, turned into an error. */
export class InternalError extends VerifyError {
  readonly code = "internal";
}

const CLASSES: { [C in ErrorCode]: new (fields: VerifyErrorFields) => VerifyError & { readonly code: C } } = {
  invalid_input: InvalidInputError,
  unauthorized: UnauthorizedError,
  forbidden: ForbiddenError,
  not_found: NotFoundError,
  rejected: RejectedError,
  conflict: ConflictError,
  rate_limited: RateLimitedError,
  unreachable: UnreachableError,
  timeout: TimeoutError,
  interrupted: InterruptedError,
  unavailable: UnavailableError,
  redirected: RedirectedError,
  invalid_response: InvalidResponseError,
  unsupported: UnsupportedError,
  storage: StorageError,
  misconfigured: MisconfiguredError,
  delivery_failed: DeliveryFailedError,
  closed: ClosedError,
  forked: ForkedError,
  internal: InternalError,
};

for (const type of Object.values(CLASSES)) {
  Object.defineProperty(type.prototype, "name", { value: type.name, configurable: true, writable: true });
}

/** Gives each class its status. */
export function setSuggestedStatuses(statuses: Record<ErrorCode, number>): void {
  for (const [code, type] of Object.entries(CLASSES)) {
    Object.defineProperty(type.prototype, "suggestedStatus", { value: statuses[code as ErrorCode] });
  }
}

/** What an `Engine`'s function that sends throws when it knows that nothing went out: then nothing is counted. */
export class NotSent extends Error {
  static {
    Object.defineProperty(NotSent.prototype, "name", { value: "NotSent", configurable: true, writable: true });
  }
}

/** The lines of the stack at which a call was made. */
export interface CallSite {
  stack?: string;
}

/** The error of a failure, thrown where the call was made. */
export function toError(failure: Failure, at: CallSite, thrown?: { cause: unknown }): VerifyError {
  const cause = thrown === undefined ? toCause(failure.cause) : thrown.cause;
  const error = new CLASSES[failure.code]({
    ...failure,
    cause,
  });
  const lines = at.stack?.slice(at.stack.indexOf("\n    at "));
  if (lines?.startsWith("\n")) {
    Object.defineProperty(error, "stack", {
      value: `${error.name}: ${error.message}${lines}`,
      configurable: true,
      writable: true,
    });
  }
  return error;
}

function toCause(cause: Failure["cause"]): unknown {
  if (cause === undefined) {
    return undefined;
  }
  if ("code" in cause) {
    return toError(cause, {});
  }
  const further = toCause(cause.cause);
  const error = new Error(cause.text, further === undefined ? undefined : { cause: further });
  error.stack = String(error); // Where it was made here says nothing.
  return error;
}

/** Runs a synchronous native function; what that throws is a failure as JSON. */
export function callNative<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const at: CallSite = {};
    Error.captureStackTrace(at, callNative);
    throw toError(JSON.parse((error as Error).message) as Failure, at);
  }
}

/** The refusal of a value that is not what it must be. */
export function invalid(field: string, value: unknown, accepted: string): InvalidInputError {
  const detail = `\`${field}\` is ${described(value, accepted)}; it must be ${accepted}`;
  return new InvalidInputError({ detail, field, reason: value === undefined ? "missing" : "wrong_type" });
}

/** The refusal of an option that there is not: it is a slip. */
export function unknownOption(field: string, known: string[]): InvalidInputError {
  const detail = `\`${field}\` is not an option; the options are ${known.join(", ")}`;
  return new InvalidInputError({ detail, field, reason: "unknown_value" });
}

/** Never the value of a string, or of a number in the place of one: it may be a key, a code or a phone number. */
function described(value: unknown, accepted: string): string {
  if (value === null || value === undefined) {
    return value === null ? "null" : "missing";
  }
  if (typeof value === "number" && !accepted.includes("string")) {
    return String(value);
  }
  if (isClass(value)) {
    return `the class ${value.name}`;
  }
  const name = classOf(value);
  return `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
}

/** Whether it is a class, which is called with `new` only. */
export function isClass(value: unknown): value is { name: string } {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

function classOf(value: {}): string {
  if (typeof value !== "object") {
    return typeof value;
  }
  const { name } = value.constructor ?? Object;
  return Array.isArray(value) ? "array" : name === "Object" || typeof name !== "string" ? "object" : name;
}

/** How something is printed by `console.log` and the like. */
export const inspectSymbol: unique symbol = Symbol.for("nodejs.util.inspect.custom");
