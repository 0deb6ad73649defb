import { addon, type NativeClock, type NativeSandbox, nativeClock } from "./addon.js";
import { CALL_OPTIONS, type CallOptions, call, calls } from "./calls.js";
import {
  boolean,
  options as checkedOptions,
  seconds as duration,
  type Kinds,
  listOf,
  number,
  orNull,
  signal,
  string,
  toSettings,
  whole,
} from "./check.js";
import { Client, type ClientSettings, EgoiSms, type EgoiSmsSettings } from "./client.js";
import { callNative, inspectSymbol } from "./errors.js";
import { masked } from "./verification.js";

/**
 * The options of a sandbox. An option that you leave out has its default.
 *
 * @example
 * ```ts
 * const sandbox = await Sandbox.start({ code: "123456" });
 * ```
 */
export interface SandboxOptions {
  /** The address to listen on. Default: `127.0.0.1`, which no other machine reaches. */
  host?: string | undefined;
  /** The port. Default: 0, a free one. */
  port?: number | undefined;
  /** A seed: the sandbox then draws the same codes in every run. Default: the operating system's randomness. */
  seed?: number | undefined;
  /** The code of every request, also if a request asks for another size. Default: a random code for each request. */
  code?: string | undefined;
  /** The only API key that is accepted. Default: any key. */
  apiKey?: string | undefined;
  /** Whether V2's response to a validation has a status word in each item. Default: false, as published. */
  v2Words?: boolean | undefined;
  /** The HTTP status of V2's response to a wrong code. Default: 200, as for a right code. */
  v2Wrong?: 200 | 400 | undefined;
  /** The senders of the account: V2's ids, V1's hashes. A request of another sender is refused. Default: `["1"]`. */
  senders?: readonly string[] | undefined;
  /**
   * Whether the sandbox applies the library's own limits: a code of at least 4 characters, a message of at most 1,000 characters
   * and 6 SMS parts. E-goi documents no such limits. Default: true.
   */
  ownLimits?: boolean | undefined;
  /** More host names that programs may use, for example `sandbox` for `http://sandbox:8080`. Default: `localhost` and addresses. */
  allowHosts?: readonly string[] | undefined;
}

/**
 * A failure of the sandbox, for the calls that match it. A delay comes before the other effects.
 *
 * @example
 * ```ts
 * sandbox.failNext({ call: "request", status: 503, count: 2 });
 * ```
 */
export interface Fault {
  /** The call that fails. Default: every call. */
  call?: "request" | "validate" | "cancel" | "resend" | "get" | "ping" | "senders" | "sms" | undefined;
  /** The number of the request. Default: every number. */
  number?: string | undefined;
  /** The status of the response, 300 to 599. */
  status?: number | undefined;
  /** The delay before the response in seconds, at most 60. */
  delay?: number | undefined;
  /** Cuts the connection, before or after the call takes effect. */
  cut?: "before" | "after" | undefined;
  /** Another body of the response, for example JSON that breaks off (`malformed`) or 100 MiB (`huge`). */
  body?: "malformed" | "huge" | "text_html" | "integer_ids" | "lagging_read" | "masked_code" | "errors" | undefined;
  /** The probability that a call that matches fails, 0 to 1. Default: 1. */
  probability?: number | undefined;
  /** How many calls fail. `null`: all of them. Default: 1. */
  count?: number | null | undefined;
}

const SANDBOX_OPTIONS: Kinds = {
  host: string,
  port: whole,
  seed: whole,
  code: string,
  apiKey: string,
  v2Words: boolean,
  v2Wrong: whole,
  senders: listOf(string),
  ownLimits: boolean,
  allowHosts: listOf(string),
  signal,
};

const WAIT_OPTIONS: Kinds = { timeout: duration, signal };

const FAULT: Kinds = {
  call: string,
  number: string,
  status: whole,
  delay: duration,
  cut: string,
  body: string,
  probability: number,
  count: orNull(whole),
};

/** A message as the native part reports it. */
interface MessageFields {
  id: number;
  number: string;
  sender: string;
  text: string;
  code: string;
  requestId: string;
  sentAt: string;
  parts: number;
}

/**
 * An SMS in the sandbox's inbox. Its number, text and code are not copied. JSON and `console.log` show the number masked, and
 * neither text nor code.
 *
 * @example
 * ```ts
 * for (const { text, parts } of sandbox.messages()) show(parts, text);
 * ```
 */
export class Message {
  /** The id of the message, which counts up from 1. */
  readonly id: number;
  /** The sender: V1's hash or V2's id. */
  readonly sender: string;
  /** The id of its request. */
  readonly requestId: string;
  /** The time of sending, by the sandbox's clock. */
  readonly sentAt: Date;
  /** The number of SMS parts of the text. */
  readonly parts: number;
  readonly #number: string;
  readonly #text: string;
  readonly #code: string;

  /** @internal */
  constructor(fields: MessageFields) {
    this.id = fields.id;
    this.sender = fields.sender;
    this.requestId = fields.requestId;
    this.sentAt = new Date(fields.sentAt);
    this.parts = fields.parts;
    this.#number = fields.number;
    this.#text = fields.text;
    this.#code = fields.code;
  }

  /** The number, `+351910000000`. */
  get number(): string {
    return this.#number;
  }

  /** The text, with the code. */
  get text(): string {
    return this.#text;
  }

  /** The code. */
  get code(): string {
    return this.#code;
  }

  /** Returns the fields with the number masked, without text and code. */
  toJSON(): object {
    return { ...this, number: masked(this.#number) };
  }

  /** @internal */
  [inspectSymbol](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return `Message ${inspect(this.toJSON(), options)}`;
  }
}

/**
 * The clock of a sandbox. An `Engine` takes it too.
 *
 * @example
 * ```ts
 * sandbox.clock.advance(61);
 * ```
 */
export class SandboxClock {
  readonly #native: NativeSandbox;

  /** @internal */
  constructor(native: NativeSandbox) {
    this.#native = native;
  }

  /**
   * Advances the time.
   *
   * @throws `InvalidInputError` for a negative number.
   * @example
   * ```ts
   * sandbox.clock.advance(600); // Every code that was sent is expired.
   * ```
   */
  advance(seconds: number): void {
    const by = duration.of(seconds, "seconds") as number;
    callNative(() => this.#native.advance(by));
  }

  /**
   * Stops the time. With `false`, the time goes on.
   *
   * @example
   * ```ts
   * sandbox.clock.freeze();
   * ```
   */
  freeze(frozen = true): void {
    callNative(() => this.#native.freeze(frozen));
  }

  /**
   * The time now.
   *
   * @example
   * ```ts
   * show(sandbox.clock.now());
   * ```
   */
  now(): Date {
    return new Date(callNative(() => this.#native.now()));
  }

  /** @internal */
  [nativeClock](): NativeClock {
    return callNative(() => this.#native.testClock());
  }
}

/** Keeps a running sandbox from garbage collection: a program may use only its url. */
const open = new Set<NativeSandbox>();

/**
 * E-goi's interface on localhost, with an inbox instead of a phone network. It is for tests, and not for the public. It runs until
 * you close it. Several sandboxes in one process are independent. A sandbox does not keep the process alive.
 *
 * @example
 * ```ts
 * const sandbox = await Sandbox.start();
 * const { id } = await sandbox.client().request("+351 910 000 000");
 * const code = await sandbox.waitForCode("+351 910 000 000");
 * ```
 */
export class Sandbox {
  /** The clock of the sandbox. Advance it instead of waiting for a code to expire. */
  readonly clock: SandboxClock;
  readonly #native: NativeSandbox;

  private constructor(native: NativeSandbox) {
    this.#native = native;
    this.clock = new SandboxClock(native);
  }

  /**
   * Starts a sandbox.
   *
   * @throws `VerifyError`: `invalid_input` for an option that is refused, for example a `port` that is in use.
   * @example
   * ```ts
   * const sandbox = await Sandbox.start({ code: "123456" });
   * ```
   */
  static start(options?: SandboxOptions & Pick<CallOptions, "signal">): Promise<Sandbox> {
    const native = new addon.Sandbox(calls);
    return call(
      native,
      Sandbox.start,
      options,
      SANDBOX_OPTIONS,
      (id, { signal: _, ...settings }) => native.start(id, toSettings(settings)),
      () => {
        open.add(native);
        return new Sandbox(native);
      },
    );
  }

  /** The address of the sandbox, `http://127.0.0.1:PORT`. V2's base URL is `URL/api`, V1's is `URL/api/public`. */
  get url(): string {
    return callNative(() => this.#native.url());
  }

  /**
   * Makes a client of this sandbox, ready to use.
   *
   * @throws `InvalidInputError` for an option that is refused.
   * @example
   * ```ts
   * const client = sandbox.client("v1");
   * ```
   */
  client(api: "v1" | "v2" = "v2", options?: Omit<ClientSettings, "api">): Client {
    return new Client({ ...options, api }, { sandbox: this.#native });
  }

  /**
   * Makes an `EgoiSms` that sends by this sandbox, for an `Engine`.
   *
   * @throws `InvalidInputError` for an option that is refused.
   * @example
   * ```ts
   * const engine = new Engine({ send: sandbox.egoiSms() });
   * ```
   */
  egoiSms(options?: EgoiSmsSettings): EgoiSms {
    return new EgoiSms(options, { sandbox: this.#native });
  }

  /**
   * Returns the messages to a number, or to all numbers, newest first.
   *
   * @example
   * ```ts
   * const [newest] = sandbox.messages("+351 910 000 000");
   * ```
   */
  messages(number?: string): Message[] {
    const of = number === undefined ? undefined : (string.of(number, "number") as string);
    const messages = JSON.parse(callNative(() => this.#native.messages(of))) as MessageFields[];
    return messages.map((message) => new Message(message));
  }

  /**
   * Waits for a new SMS to a number and returns its code. Each code is returned once.
   *
   * @throws `TimeoutError` if no SMS came within `timeout`, by default 10 seconds.
   * @example
   * ```ts
   * const code = await sandbox.waitForCode("+351 910 000 000");
   * ```
   */
  waitForCode(number: string, options?: Omit<CallOptions, "retries">): Promise<string> {
    return call<string>(
      this,
      this.waitForCode,
      options,
      WAIT_OPTIONS,
      (id, checked) =>
        this.#native.waitForCode(id, string.of(number, "number") as string, checked["timeout"] as number | undefined),
      (code: string) => code,
    );
  }

  /**
   * Injects a failure into the next calls that match it.
   *
   * @throws `InvalidInputError` for a fault that there is not.
   * @example
   * ```ts
   * sandbox.failNext({ call: "request", status: 503 });
   * ```
   */
  failNext(fault: Fault): void {
    const { delay, count, ...rest } = checkedOptions(fault, FAULT, "fault");
    const delayMs = delay === undefined ? undefined : Math.round((delay as number) * 1000);
    const given = JSON.stringify({ ...rest, delay_ms: delayMs, count: count === false ? null : count });
    callNative(() => this.#native.failNext(given));
  }

  /**
   * Forgets every request, message, failure and journal entry. The clock goes on.
   *
   * @throws `VerifyError`: `closed` after `close`.
   * @example
   * ```ts
   * sandbox.reset();
   * ```
   */
  reset(): void {
    callNative(() => this.#native.reset());
  }

  /**
   * Stops the sandbox and closes its connections. Closing twice is not an error.
   *
   * @example
   * ```ts
   * await sandbox.close();
   * ```
   */
  close(): Promise<void> {
    open.delete(this.#native);
    return call(
      this,
      this.close,
      undefined,
      CALL_OPTIONS,
      (id) => this.#native.close(id),
      () => undefined,
    );
  }

  /** Stops the sandbox. */
  [Symbol.dispose](): void {
    void this.close();
  }

  /** Stops the sandbox, and waits until it has stopped. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
