// The events of calls, for an operator. `channels.ts` publishes them.

import type { ErrorCode } from "./addon.js";

/**
 * A call of a `Client` or an `Engine`.
 *
 * @example
 * ```ts
 * const billed: Verb[] = ["request", "resend"];
 * ```
 */
export type Verb =
  | "request"
  | "validate"
  | "cancel"
  | "resend"
  | "get"
  | "ping"
  | "senders"
  | "find"
  | "unlock"
  | "erase";

/**
 * The event of one call: the message of the tracing channels `egoi-verify:request`, `egoi-verify:validate` and so on, one for
 * each verb. The same object is published to `start`, `end`, `asyncStart`, `asyncEnd` and `error`. From `asyncStart` on it
 * is complete. It holds no key, code, message or full number, apart from `result` and `error`, which the caller receives.
 *
 * @example
 * ```ts
 * import { tracingChannel } from "node:diagnostics_channel";
 *
 * tracingChannel<CallEvent>("egoi-verify:request").subscribe({
 *   asyncEnd: (event) => console.log(event.outcome, event.duration),
 * });
 * ```
 */
export interface CallEvent {
  /** The name of the call. */
  readonly verb: Verb;
  /** The header `traceparent` (W3C Trace Context) of the call's HTTP requests. A subscriber of `start` may set it. */
  traceparent?: string;
  /**
   * The outcome of a success: an `Outcome`, the `State` of the request afterwards, or `ok`. The error's code of a failure.
   * `aborted`, if the call was aborted.
   */
  readonly outcome?: string;
  /** The error's code, if the call failed. */
  readonly errorCode?: ErrorCode;
  /** How many seconds the call took. */
  readonly duration?: number;
  /** How often a `Client` repeated an HTTP request in this call. */
  readonly retries?: number;
  /** The status of the service's last response, if there was one. */
  readonly httpStatus?: number;
  /** The id of the request, if it is known. */
  readonly requestId?: string;
  /** The number, masked, if the call had one. */
  readonly number?: string;
  /** The ISO 3166 code of the number's country, for example `PT`. */
  readonly country?: string;
  /** The name of the limit that stopped the call, for example `smsPerNumber`. */
  readonly limit?: string;
  /** What the call returned. A `Verification` has the full number: do not log it. */
  readonly result?: unknown;
  /** What the call failed with. */
  readonly error?: unknown;
}
