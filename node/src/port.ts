// The calls in flight. One port for the thread; what the native part has to say comes in through it.

import { AsyncResource } from "node:async_hooks";

import { addon, type Checked, type Failure } from "./addon.js";
import { type Kinds, number, options, signal } from "./check.js";
import { type CalledAt, errorOf, NotSent } from "./errors.js";
import { unwatch, watch } from "./signals.js";

/** An SMS to hand over. Its text holds the code. */
export interface OutgoingSms {
  /** The number, `+351910000000`. */
  readonly number: string;
  /** The text, with the code. */
  readonly text: string;
  /** Names this hand-over, 32 hex digits: a gateway that is given the same one twice may drop the second. */
  readonly attemptId: string;
}

/** Hands an SMS over. It throws `NotSent` when it knows that nothing went out. */
export type SendSms = (sms: OutgoingSms) => Promise<unknown> | unknown;

interface Call {
  read: (value: never) => unknown;
  resolve: (value: never) => void;
  reject: (reason: unknown) => void;
  at: CalledAt;
  signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
  send: SendSms | undefined;
  sending: { threw: unknown } | undefined;
}

type News =
  | [call: number, tag: 0, value: unknown]
  | [call: number, tag: 1, failure: Failure]
  | [call: number, tag: 2, sms: OutgoingSms];

const calls = new Map<number, Call>();
let latest = 0;

const { deno, bun, node } = process.versions;
const language = deno ? `deno ${deno}` : bun ? `bun ${bun}` : `node ${node}`;

export const port = new addon.Port(language, hear);

function hear(news: string): void {
  for (const [id, tag, what] of JSON.parse(news) as News[]) {
    const call = calls.get(id);
    if (call === undefined) {
      continue; // Given up.
    }
    if (tag === 2) {
      void handOver(id, call, what);
      continue;
    }
    forget(id, call);
    if (tag === 0) {
      call.resolve(call.read(what as never) as never);
    } else {
      call.reject(errorOf(what, call.at, call.sending));
    }
  }
}

let handingOn = false;
let handedOn = 0;

/**
 * How often calls are handed on before the event loop has to come round: those that wait for nothing end in microtasks, and a
 * loop of them must not keep everything else waiting.
 */
const IN_A_ROW = 128;

/** The calls of one turn are handed to the native part together. */
function handOnSoon(): void {
  if (!handingOn) {
    handingOn = true;
    handedOn = (handedOn + 1) % IN_A_ROW;
    if (handedOn > 0) {
      queueMicrotask(handOn);
    } else {
      setImmediate(handOn);
    }
  }
}

function handOn(): void {
  handingOn = false;
  hear(port.handOn());
  keepAlive();
}

let isKeptAlive = false;

function keepAlive(): void {
  if (isKeptAlive !== calls.size > 0) {
    isKeptAlive = calls.size > 0;
    port.keepAlive(isKeptAlive);
  }
}

function forget(id: number, call: Call): void {
  calls.delete(id);
  if (call.signal !== undefined && call.onAbort !== undefined) {
    unwatch(call.signal, call.onAbort);
  }
  if (calls.size === 0) {
    keepAlive();
  }
}

async function handOver(id: number, call: Call, sms: OutgoingSms): Promise<void> {
  try {
    await call.send?.(sms);
  } catch (error) {
    call.sending = { threw: error };
    return hear(port.handedOver(id, error instanceof NotSent ? "not_sent" : "maybe"));
  }
  hear(port.handedOver(id, "sent"));
}

/** Options that every call has. */
export interface CallOptions {
  /** Seconds that this call may take. */
  timeout?: number | undefined;
  /** Gives the call up: it rejects with the signal's reason, and its HTTP request is dropped. */
  signal?: AbortSignal | undefined;
}

export const CALL_OPTIONS: Kinds = { timeout: number, signal };

/**
 * Makes a call. `from` is the public function, above which the stack of an error begins; what `start` throws rejects the
 * promise.
 */
export function call<T>(
  from: Function,
  given: CallOptions | undefined,
  kinds: Kinds,
  start: (id: number, checked: Checked) => void,
  read: (value: never) => T,
  send?: SendSms,
): Promise<T> {
  const at: CalledAt = {};
  Error.captureStackTrace(at, from);
  return new Promise<T>((resolve, reject) => {
    const checked = options(given, kinds);
    const signal = checked["signal"] as AbortSignal | undefined;
    signal?.throwIfAborted();
    // Numbers of 32 bits: no call is in flight for so long that its number comes round again.
    latest = (latest + 1) >>> 0;
    const id = latest;
    start(id, checked);
    const entry: Call = { read, resolve, reject, at, signal, onAbort: undefined, send: undefined, sending: undefined };
    if (send !== undefined) {
      // In the caller's AsyncLocalStorage, and not in that of whoever wakes this thread. `AsyncResource.bind` would take
      // longer than the rest of a call.
      const caller = new AsyncResource("egoi-verify");
      entry.send = (sms) => caller.runInAsyncScope(send, undefined, sms);
    }
    if (signal !== undefined) {
      entry.onAbort = () => {
        forget(id, entry);
        port.giveUp(id);
        reject(signal.reason);
      };
      watch(signal, entry.onAbort);
    }
    calls.set(id, entry);
    handOnSoon();
  });
}
