import type { ErrorCode, Failure } from "./addon.js";

export type { ErrorCode };

/** The address of the documentation site, as in core. A browser has no addon to ask for it. */
const SITE = "https://egoi-verify.example";

/**
 * The fields of a `VerifyError`, for making one in a test.
 *
 * @example
 * ```ts
 * const error = new RateLimitedError({ detail: "too many SMS", retryAfter: 30 });
 * ```
 */
export interface VerifyErrorFields {
  /** {@inheritDoc VerifyError.detail} */
  detail: string;
  /** {@inheritDoc VerifyError.httpStatus} */
  httpStatus?: number | undefined;
  /** {@inheritDoc VerifyError.requestId} */
  requestId?: string | undefined;
  /** {@inheritDoc VerifyError.retryAfter} */
  retryAfter?: number | undefined;
  /** {@inheritDoc VerifyError.retryIsSafe} */
  retryIsSafe?: boolean | undefined;
  /** {@inheritDoc VerifyError.smsPossiblySent} */
  smsPossiblySent?: boolean | undefined;
  /** {@inheritDoc VerifyError.retries} */
  retries?: number | undefined;
  /** {@inheritDoc VerifyError.field} */
  field?: string | undefined;
  /** {@inheritDoc VerifyError.reason} */
  reason?: string | undefined;
  /** {@inheritDoc VerifyError.limit} */
  limit?: string | undefined;
  /** {@inheritDoc VerifyError.causeCode} */
  causeCode?: ErrorCode | undefined;
  /** The error that caused this one. */
  cause?: unknown;
}

/**
 * The failure of a call. `code` is stable, and each code has a subclass. An error never holds a key, a code, a full phone number
 * or a message.
 *
 * @example
 * ```ts
 * try {
 *   await client.request(number);
 * } catch (error) {
 *   if (!(error instanceof RateLimitedError)) throw error;
 *   tryAgainIn(error.retryAfter);
 * }
 * ```
 */
export abstract class VerifyError extends Error {
  /** The kind of failure. */
  abstract readonly code: ErrorCode;
  /**
   * The HTTP status for your own server's response, if this error makes a request of your user fail. A browser does not know
   * it, as it has no native part.
   */
  declare readonly suggestedStatus: number;
  /** The HTTP status of the service's response, if there was one. */
  declare readonly httpStatus?: number;
  /** The id of the request, if known. */
  declare readonly requestId?: string;
  /** How long to wait before the next try, in seconds, if known. */
  declare readonly retryAfter?: number;
  /** The name of the refused option or argument (`invalid_input`, `misconfigured`). */
  declare readonly field?: string;
  /** The fault of the field as a stable string, for example `too_long`. For `unreachable`, the cause. */
  declare readonly reason?: string;
  /** The name of the limit that stopped the call, for example `sms_per_number`. */
  declare readonly limit?: string;
  /** The code of the error that caused this one. `delivery_failed` has it with `EgoiSms`, for example `unauthorized`. */
  declare readonly causeCode?: ErrorCode;
  /** Whether you may repeat the call: it may succeed, and it cannot send another SMS or use up an attempt. */
  readonly retryIsSafe: boolean;
  /** Whether this `request` or `resend` may have sent an SMS. `false` is certain. */
  readonly smsPossiblySent: boolean;
  /** The number of HTTP requests of the call that were repeated. `delivery_failed` has those of `EgoiSms`. */
  readonly retries: number;

  constructor(fields: VerifyErrorFields) {
    super(fields.detail, fields.cause === undefined ? undefined : { cause: fields.cause });
    for (const name of ["httpStatus", "requestId", "retryAfter", "field", "reason", "limit", "causeCode"] as const) {
      if (fields[name] !== undefined) {
        Object.defineProperty(this, name, { value: fields[name], enumerable: true });
      }
    }
    this.retryIsSafe = fields.retryIsSafe ?? false;
    this.smsPossiblySent = fields.smsPossiblySent ?? false;
    this.retries = fields.retries ?? 0;
  }

  /** The failure in words, for people. Secrets are removed. */
  get detail(): string {
    return this.message;
  }

  /** The address of the page about this failure, its causes and what to do. */
  get docsUrl(): string {
    return `${SITE}/errors/${this.code}.html`;
  }

  /** Returns the fields, without `cause` and the stack. */
  toJSON(): object {
    const { name, code, detail, httpStatus, requestId, retryAfter, retryIsSafe, smsPossiblySent } = this;
    const { field, reason, limit, causeCode, retries } = this;
    return {
      ...{ name, code, detail, httpStatus, requestId, retryAfter, retryIsSafe, smsPossiblySent },
      ...{ field, reason, limit, causeCode, retries },
    };
  }
}

/** An argument or an option was refused before anything was sent. `detail` names the field, the fault and the limit. Correct it. */
export class InvalidInputError extends VerifyError {
  readonly code = "invalid_input";
}

/** 401: the API key is missing or wrong. Give the right key. */
export class UnauthorizedError extends VerifyError {
  readonly code = "unauthorized";
}

/** 403: the account may not do this. Often its transactional service is not active: activate it at E-goi. */
export class ForbiddenError extends VerifyError {
  readonly code = "forbidden";
}

/** 404: the request is unknown, or it is for another number. Start a new request. */
export class NotFoundError extends VerifyError {
  readonly code = "not_found";
}

/** Any other 4xx except 408, a V1 `Error`, or a country that is not allowed. `detail` has the service's words. */
export class RejectedError extends VerifyError {
  readonly code = "rejected";
}

/** 409, the resend of a finished request, or an idempotency key that was used for another number. Start a new request. */
export class ConflictError extends VerifyError {
  readonly code = "conflict";
}

/** 429, or a limit of the library. Wait for `retryAfter` seconds. */
export class RateLimitedError extends VerifyError {
  readonly code = "rate_limited";
}

/** There was no connection: DNS, refused, proxy, certificate, connect timeout. `reason` has the cause. Nothing was sent. */
export class UnreachableError extends VerifyError {
  readonly code = "unreachable";
}

/** The request was sent, and no complete response came in time. Look at `smsPossiblySent` and `retryIsSafe`. */
export class TimeoutError extends VerifyError {
  readonly code = "timeout";
}

/** The request was sent, and the connection broke before a complete response came. Look at `smsPossiblySent` and `retryIsSafe`. */
export class InterruptedError extends VerifyError {
  readonly code = "interrupted";
}

/** 5xx: the service has a failure of its own. Look at `smsPossiblySent` and `retryIsSafe`. */
export class UnavailableError extends VerifyError {
  readonly code = "unavailable";
}

/** 3xx. The library follows no redirect, as it would send the key there. Check `baseUrl`. */
export class RedirectedError extends VerifyError {
  readonly code = "redirected";
}

/** The response does not match the documented API. Check `baseUrl`, the proxy and the API version. */
export class InvalidResponseError extends VerifyError {
  readonly code = "invalid_response";
}

/** The API version or the store does not have this. */
export class UnsupportedError extends VerifyError {
  readonly code = "unsupported";
}

/** The store is down, full or slow. Nothing was verified. */
export class StorageError extends VerifyError {
  readonly code = "storage";
}

/** An operator must change something: a key that does not match the store, missing rights, a missing database. */
export class MisconfiguredError extends VerifyError {
  readonly code = "misconfigured";
}

/** The gateway could not send the SMS (`Engine`). `cause` is the error of your gateway function. */
export class DeliveryFailedError extends VerifyError {
  readonly code = "delivery_failed";
}

/** The object was used after `close`. */
export class ClosedError extends VerifyError {
  readonly code = "closed";
}

/** An `Engine` in memory or a `Sandbox` was used in a forked child process. Node's own child processes are not forks. */
export class ForkedError extends VerifyError {
  readonly code = "forked";
}

/** A bug in the library: a panic that became an error. Please report it. */
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

/** Sets the suggested status of each class. */
export function setSuggestedStatuses(statuses: Record<ErrorCode, number>): void {
  for (const [code, type] of Object.entries(CLASSES)) {
    Object.defineProperty(type.prototype, "suggestedStatus", { value: statuses[code as ErrorCode] });
  }
}

/**
 * Your gateway function throws it if it is certain that nothing was sent. The `Engine` then counts nothing.
 *
 * @example
 * ```ts
 * const send: SendSms = async (sms) => {
 *   if (!(await gateway.isUp())) throw new NotSent("the gateway is down");
 *   await gateway.deliver(sms.number, sms.text);
 * };
 * ```
 */
export class NotSent extends Error {
  static {
    Object.defineProperty(NotSent.prototype, "name", { value: "NotSent", configurable: true, writable: true });
  }
}

/** The lines of the stack at which a call was made. */
export interface CallSite {
  stack?: string;
}

/** Makes the error of a failure, with the stack of the call. */
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

/** Runs a synchronous native function, which throws a failure as JSON. */
export function callNative<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const at: CallSite = {};
    Error.captureStackTrace(at, callNative);
    throw toError(JSON.parse((error as Error).message) as Failure, at);
  }
}

/** The error for a value that is not accepted. */
export function invalid(field: string, value: unknown, accepted: string): InvalidInputError {
  const detail = `\`${field}\` is ${described(value, accepted)}; it must be ${accepted}`;
  return new InvalidInputError({ detail, field, reason: value === undefined ? "missing" : "wrong_type" });
}

/** The error for an unknown option, which is probably misspelt. */
export function unknownOption(field: string, known: string[]): InvalidInputError {
  const detail = `\`${field}\` is not an option; the options are ${known.join(", ")}`;
  return new InvalidInputError({ detail, field, reason: "unknown_value" });
}

/** Describes a value by its type. A string, or a number in the place of one, may be a key, a code or a phone number. */
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

/** Whether the value is a class, which only `new` can call. */
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

/** The method by which `console.log` prints an object. */
export const inspectSymbol: unique symbol = Symbol.for("nodejs.util.inspect.custom");
