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

/** How to start a sandbox. Whatever is left out has its default. */
export interface SandboxOptions {
  /** The address to listen on. Default: `127.0.0.1`, which no other machine reaches. */
  host?: string | undefined;
  /** The port. Default: 0, a free one. */
  port?: number | undefined;
  /** Draws the same codes in every run. Default: the operating system's randomness. */
  seed?: number | undefined;
  /** Every code is this one, whatever size was asked for. */
  code?: string | undefined;
  /** The one key that is accepted. Default: any. */
  apiKey?: string | undefined;
  /** V2's response to a validation has a status word in each item. Default: the bare list, as published. */
  v2Words?: boolean | undefined;
  /** The status of V2's response to a wrong code. Default: 200, as to a right one. */
  v2Wrong?: 200 | 400 | undefined;
  /** The senders of the account: V2's ids, V1's hashes. A request of any other is refused. Default: `["1"]`. */
  senders?: readonly string[] | undefined;
  /**
   * Whether the library's own limits hold, of which E-goi documents none: a code of at least 4 characters, a message of
   * at most 1,000 characters and 6 SMS parts. Default: true.
   */
  ownLimits?: boolean | undefined;
  /** Host names that programs may call it by, such as the `sandbox` of `http://sandbox:8080`. Default: `localhost` and addresses. */
  allowHosts?: readonly string[] | undefined;
}

/** A failure of the calls that it fits. A delay comes first. */
export interface Fault {
  /** The call; left out it fits every call. */
  call?: "request" | "validate" | "cancel" | "resend" | "get" | "ping" | "senders" | "sms" | undefined;
  /** The number that the request is for; left out it fits every number. */
  number?: string | undefined;
  /** The status of the response, 300 to 599. */
  status?: number | undefined;
  /** How many seconds to wait first, at most 60. */
  delay?: number | undefined;
  /** Cuts the connection, before the call has any effect or after it. */
  cut?: "before" | "after" | undefined;
  /** What replaces the response: JSON that breaks off, or 100 MiB. */
  body?: "malformed" | "huge" | "text_html" | "integer_ids" | "lagging_read" | "masked_code" | "errors" | undefined;
  /** How likely it strikes a call that it fits, 0 to 1. Default: 1. */
  probability?: number | undefined;
  /** How often it strikes; `null` is without end. Default: 1. */
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
 * An SMS as the recipient got it. Its number, text and code are not copied: printed or made JSON of, it has neither text
 * nor code, and the number masked.
 */
export class Message {
  /** Counts up from 1. */
  readonly id: number;
  /** The sender: V1's hash or V2's id. */
  readonly sender: string;
  /** The request that it belongs to. */
  readonly requestId: string;
  /** When, by the sandbox's clock. */
  readonly sentAt: Date;
  /** How many SMS parts the text takes. */
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

/** The clock of a sandbox. An `Engine` takes it too. */
export class SandboxClock {
  readonly #native: NativeSandbox;

  /** @internal */
  constructor(native: NativeSandbox) {
    this.#native = native;
  }

  /** Moves the time on. */
  advance(seconds: number): void {
    const by = duration.of(seconds, "seconds") as number;
    callNative(() => this.#native.advance(by));
  }

  /** Stops the time, or with `false` lets it go on from where it stopped. */
  freeze(frozen = true): void {
    callNative(() => this.#native.freeze(frozen));
  }

  /** The time now. */
  now(): Date {
    return new Date(callNative(() => this.#native.now()));
  }

  /** @internal */
  [nativeClock](): NativeClock {
    return callNative(() => this.#native.testClock());
  }
}

/** One whose url alone is in use would otherwise end when the garbage is collected. */
const open = new Set<NativeSandbox>();

/**
 * E-goi's interface on localhost, with an inbox instead of a network: for tests and not for the public. It runs until it is
 * closed. Several in one process do not touch each other, and none keeps the process alive.
 */
export class Sandbox {
  /** Its clock, so that a test of expiry does not wait. */
  readonly clock: SandboxClock;
  readonly #native: NativeSandbox;

  private constructor(native: NativeSandbox) {
    this.#native = native;
    this.clock = new SandboxClock(native);
  }

  /** Starts a sandbox. */
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

  /** Where it listens, `http://127.0.0.1:PORT`. V2's base URL is `URL/api`, V1's is `URL/api/public`. */
  get url(): string {
    return callNative(() => this.#native.url());
  }

  /** A client of this sandbox, ready to use. */
  client(api: "v1" | "v2" = "v2", options?: Omit<ClientSettings, "api">): Client {
    return new Client({ ...options, api }, { sandbox: this.#native });
  }

  /** E-goi's SMS call of this sandbox, for an `Engine`. */
  egoiSms(options?: EgoiSmsSettings): EgoiSms {
    return new EgoiSms(options, { sandbox: this.#native });
  }

  /** What was sent to a number, or to all of them: newest first. */
  messages(number?: string): Message[] {
    const of = number === undefined ? undefined : (string.of(number, "number") as string);
    const messages = JSON.parse(callNative(() => this.#native.messages(of))) as MessageFields[];
    return messages.map((message) => new Message(message));
  }

  /**
   * Waits for an SMS to a number that this has not given before, and gives its code. None within `timeout` seconds, by
   * default 10, is `timeout`.
   */
  waitForCode(number: string, options?: CallOptions): Promise<string> {
    return call<string>(
      this,
      this.waitForCode,
      options,
      CALL_OPTIONS,
      (id, checked) =>
        this.#native.waitForCode(id, string.of(number, "number") as string, checked["timeout"] as number | undefined),
      (code: string) => code,
    );
  }

  /** Injects a failure. */
  failNext(fault: Fault): void {
    const { delay, count, ...rest } = checkedOptions(fault, FAULT, "fault");
    const delayMs = delay === undefined ? undefined : Math.round((delay as number) * 1000);
    const given = JSON.stringify({ ...rest, delay_ms: delayMs, count: count === false ? null : count });
    callNative(() => this.#native.failNext(given));
  }

  /** Forgets every request, message, failure and journal entry. The clock goes on. */
  reset(): void {
    callNative(() => this.#native.reset());
  }

  /** Ends it, and every connection to it. Closing twice is no error. */
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

  [Symbol.dispose](): void {
    void this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
