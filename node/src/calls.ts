// The calls in flight of this thread. The native part reports their events through `native.Calls`.

import { AsyncResource } from "node:async_hooks";

import { addon, type CheckedOptions, type Failure } from "./addon.js";
import { observedChannel } from "./channels.js";
import { type Kinds, options, seconds, signal, whole } from "./check.js";
import { type CallSite, NotSent, toError, VerifyError } from "./errors.js";
import type { CallEvent, Verb } from "./events.js";
import { unwatch, watch } from "./signals.js";

/**
 * An SMS to send. Its text holds the code.
 *
 * @example
 * ```ts
 * const engine = new Engine({ send: (sms) => gateway.deliver(sms.number, sms.text, sms.attemptId) });
 * ```
 */
export interface OutgoingSms {
  /** The number, `+351910000000`. */
  readonly number: string;
  /** The text, with the code. */
  readonly text: string;
  /** The id of this delivery attempt, 32 hex digits. A gateway may drop a second SMS with the same id. */
  readonly attemptId: string;
}

/**
 * The second argument of a gateway function.
 *
 * @example
 * ```ts
 * const send: SendSms = (sms, { signal }) => fetch(gateway.url, { method: "POST", body: sms.text, signal });
 * ```
 */
export interface SendContext {
  /** Aborted when the call times out or is aborted: the caller does not wait any more. Pass it to `fetch`. */
  readonly signal: AbortSignal;
}

/**
 * A gateway function, which sends an SMS. Throw `NotSent` only if it is certain that nothing was sent. A returned `false` is a
 * failure, and so is an object whose `ok` is `false`, for example a `Response` of `fetch`. Any other value is a success.
 *
 * @example
 * ```ts
 * const send: SendSms = ({ number, text }, { signal }) => fetch(gatewayUrl, { method: "POST", body: `${number} ${text}`, signal });
 * ```
 */
export type SendSms = (sms: OutgoingSms, context: SendContext) => Promise<unknown> | unknown;

interface Call {
  event: CallEvent | undefined;
  read: (value: never) => unknown;
  resolve: (value: never) => void;
  reject: (reason: unknown) => void;
  at: CallSite;
  owner: object;
  signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
  send: SendSms | undefined;
  delivery: Delivery | undefined;
}

type Event =
  | [call: number, tag: 0, value: unknown]
  | [call: number, tag: 1, failure: Failure]
  | [call: number, tag: 2, sms: OutgoingSms]
  | [call: number, tag: 3, event: Partial<CallEvent>];

/** A running call of a gateway function. */
class Delivery implements SendContext {
  /** The error that the gateway function threw. */
  failure: { cause: unknown } | undefined;
  #controller: AbortController | undefined;

  // Made on demand: most gateways take no signal, and it takes longer than the rest of a call.
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }
}

const inFlight = new Map<number, Call>();
let latest = 0;

const { deno, bun, node } = process.versions;
const language = deno ? `deno ${deno}` : bun ? `bun ${bun}` : `node ${node}`;

export const calls = new addon.Calls(language, onEvents);

/** Called from the event loop. */
function onEvents(events: string): void {
  dispatch(events);
  submit();
}

function dispatch(events: string): void {
  for (const [id, tag, what] of JSON.parse(events) as Event[]) {
    const call = inFlight.get(id);
    if (call === undefined) {
      continue; // Aborted.
    }
    if (tag === 2) {
      void deliver(id, call, what);
      continue;
    }
    if (tag === 3) {
      Object.assign(call.event ?? {}, what);
      continue;
    }
    forget(id, call);
    if (tag === 0) {
      call.resolve(call.read(what as never) as never);
    } else {
      const error = toError(what, call.at, call.delivery?.failure);
      call.reject(error);
      call.delivery?.abort(error);
    }
    notifyWaiters();
  }
}

let isSubmitPending = false;

/**
 * Submits the calls of one turn together, by a microtask and the addon. A test may have replaced the timer functions: with fake
 * timers every call of the process would wait.
 */
function submitSoon(): void {
  if (!isSubmitPending) {
    isSubmitPending = true;
    void submitInAMicrotask();
  }
}

async function submitInAMicrotask(): Promise<void> {
  await undefined;
  submit();
}

function submit(): void {
  if (isSubmitPending) {
    isSubmitPending = false;
    dispatch(calls.submit());
    keepAlive();
  }
}

let isKeptAlive = false;

function keepAlive(): void {
  const isNeeded = inFlight.size > 0;
  if (isKeptAlive !== isNeeded) {
    isKeptAlive = isNeeded;
    calls.keepAlive(isKeptAlive);
  }
}

function forget(id: number, call: Call): void {
  inFlight.delete(id);
  if (call.signal !== undefined && call.onAbort !== undefined) {
    unwatch(call.signal, call.onAbort);
  }
  if (inFlight.size === 0) {
    keepAlive();
  }
}

const waiters = new Set<() => void>();

function notifyWaiters(): void {
  for (const waiter of waiters) {
    waiter();
  }
}

/** Resolves once no call of a verifier is in flight. */
export function settled(owner: object): Promise<void> {
  return new Promise((resolve) => {
    const waiter = () => {
      for (const call of inFlight.values()) {
        if (call.owner === owner) {
          return;
        }
      }
      waiters.delete(waiter);
      resolve();
    };
    waiters.add(waiter);
    waiter();
  });
}

async function deliver(id: number, call: Call, sms: OutgoingSms): Promise<void> {
  const delivery = new Delivery();
  call.delivery = delivery;
  let result: "sent" | "not_sent" | "unknown" = "sent";
  try {
    throwIfRefused(await call.send?.(sms, delivery));
  } catch (error) {
    delivery.failure = { cause: error };
    result = error instanceof NotSent ? "not_sent" : "unknown";
  }
  dispatch(calls.finishDelivery(id, result));
}

/** `fetch` does not reject when the gateway responds with 401. The returned value may hold secrets: it is not kept as the cause. */
function throwIfRefused(returned: unknown): void {
  if (returned === false) {
    throw new Error("the gateway function returned false");
  }
  if (typeof returned === "object" && returned !== null && (returned as Partial<Response>).ok === false) {
    const { status } = returned as Partial<Response>;
    const what = typeof status === "number" ? `a response with status ${status}` : "an object whose `ok` is false";
    throw new Error(`the gateway function returned ${what}`);
  }
}

/**
 * The options of every call.
 *
 * @example
 * ```ts
 * await client.get(id, { timeout: 2, retries: 0 });
 * ```
 */
export interface CallOptions {
  /** The time that this call may take, in seconds. */
  timeout?: number | undefined;
  /** The maximum of retries of each HTTP request of this call, 0 to 2. Default: the client's. */
  retries?: number | undefined;
  /** Aborts the call. The call rejects with the signal's reason, and its HTTP request is dropped. */
  signal?: AbortSignal | undefined;
}

export const CALL_OPTIONS: Kinds = { timeout: seconds, retries: whole, signal };

/** The options of a call, as the native part takes them. */
export const callOptions = (checked: CheckedOptions) =>
  [checked["timeout"], checked["retries"]] as [timeout?: number, retries?: number];

/** The verbs of methods that are named differently. */
const VERBS_OF_OTHER_NAMES: Readonly<Record<string, Verb>> = { validateWithDetails: "validate" };

/**
 * Makes a call. The stack of an error begins above `calledFunction`, the public method. An error of `start` rejects the promise.
 */
export function call<T>(
  owner: object,
  calledFunction: Function,
  given: CallOptions | undefined,
  kinds: Kinds,
  start: (id: number, checked: CheckedOptions) => void,
  read: (value: never) => T,
  send?: SendSms,
): Promise<T> {
  const at: CallSite = {};
  Error.captureStackTrace(at, calledFunction);
  const verb = VERBS_OF_OTHER_NAMES[calledFunction.name] ?? (calledFunction.name as Verb);
  const channel = observedChannel(verb);
  if (channel === undefined) {
    return started(at, owner, given, kinds, start, read, send);
  }
  const event: CallEvent = { verb };
  const run = async () => {
    try {
      return await started(at, owner, given, kinds, start, read, send, event);
    } catch (error) {
      throw described(event, error);
    }
  };
  return channel.tracePromise(run, event);
}

/** What a call that was refused or aborted did, of which the native part makes no event. */
function described(event: CallEvent, error: unknown): unknown {
  if (error instanceof VerifyError) {
    const { code: errorCode, httpStatus, requestId, limit } = error;
    Object.assign(event, { outcome: errorCode, errorCode, httpStatus, requestId, limit, ...event });
  } else {
    Object.assign(event, { outcome: "aborted" });
  }
  return error;
}

function started<T>(
  at: CallSite,
  owner: object,
  given: CallOptions | undefined,
  kinds: Kinds,
  start: (id: number, checked: CheckedOptions) => void,
  read: (value: never) => T,
  send: SendSms | undefined,
  event?: CallEvent,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const checked = options(given, kinds);
    const signal = checked["signal"] as AbortSignal | undefined;
    signal?.throwIfAborted();
    // Numbers of 32 bits: no call runs for so long that its number is used again.
    latest = (latest + 1) >>> 0;
    const id = latest;
    start(id, checked);
    if (event !== undefined) {
      calls.observe(id, event.traceparent);
    }
    const entry: Call = {
      event,
      read,
      resolve,
      reject,
      at,
      owner,
      signal,
      onAbort: undefined,
      send: undefined,
      delivery: undefined,
    };
    if (send !== undefined) {
      // Keeps the caller's AsyncLocalStorage: an event of another caller may wake this thread. `AsyncResource.bind` would take longer
      // than the rest of a call.
      const caller = new AsyncResource("egoi-verify");
      entry.send = (sms, context) => caller.runInAsyncScope(send, undefined, sms, context);
    }
    if (signal !== undefined) {
      entry.onAbort = () => {
        forget(id, entry);
        calls.cancel(id);
        reject(signal.reason);
        entry.delivery?.abort(signal.reason);
        notifyWaiters();
      };
      watch(signal, entry.onAbort);
    }
    inFlight.set(id, entry);
    submitSoon();
  });
}
