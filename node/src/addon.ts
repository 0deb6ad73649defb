// The native part, and how it is found.

import { setSuggestedStatuses } from "./errors.js";

export interface Failure {
  code: ErrorCode;
  detail: string;
  httpStatus?: number;
  requestId?: string;
  retryAfter?: number;
  retryIsSafe?: boolean;
  smsPossiblySent?: boolean;
  retries?: number;
  field?: string;
  reason?: string;
  limit?: string;
  causeCode?: ErrorCode;
  cause?: Failure | { text: string; cause?: Failure["cause"] };
}

/**
 * The kind of a failure. The codes are the same in every language of the library.
 *
 * @example
 * ```ts
 * const slow: ErrorCode[] = ["timeout", "interrupted"];
 * ```
 */
export type ErrorCode =
  | "invalid_input"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "rejected"
  | "conflict"
  | "rate_limited"
  | "unreachable"
  | "timeout"
  | "interrupted"
  | "unavailable"
  | "redirected"
  | "invalid_response"
  | "unsupported"
  | "storage"
  | "misconfigured"
  | "delivery_failed"
  | "closed"
  | "forked"
  | "internal";

/** The options of a call or an object, with checked types. */
export type CheckedOptions = Record<string, unknown>;

/** The methods of a client and of an engine. `NativeCalls` reports the events of their calls. */
export interface NativeVerifier {
  close(): void;
  ping(call: number, timeout?: number, retries?: number): void;
  request(call: number, number: string, options: CheckedOptions): void;
  validate(call: number, id: string, code: string, options: CheckedOptions): void;
  validateWithDetails(call: number, id: string, code: string, options: CheckedOptions): void;
  cancel(call: number, id: string, timeout?: number, retries?: number): void;
  resend(call: number, id: string, timeout?: number, retries?: number): void;
  get(call: number, id: string, timeout?: number, retries?: number): void;
}

export interface NativeEngine extends NativeVerifier {
  find(call: number, number: string, timeout?: number, retries?: number): void;
  unlock(call: number, number: string, timeout?: number, retries?: number): void;
  erase(call: number, number: string, timeout?: number, retries?: number): void;
}

/** The methods of a client and of E-goi's own SMS call. */
export interface NativeService {
  ping(call: number, timeout?: number, retries?: number): void;
  senders(call: number, timeout?: number, retries?: number): void;
}

export interface NativeClient extends NativeVerifier, NativeService {}

export interface NativeCalls {
  submit(): string;
  observe(call: number, traceparent?: string): void;
  cancel(call: number): void;
  finishDelivery(call: number, result: "sent" | "not_sent" | "unknown"): string;
  keepAlive(alive: boolean): void;
}

export interface NativeSandbox {
  start(call: number, settings: string): void;
  url(): string;
  messages(number?: string): string;
  waitForCode(call: number, number: string, timeout?: number): void;
  failNext(fault: string): void;
  reset(): void;
  testClock(): NativeClock;
  advance(seconds: number): void;
  freeze(frozen: boolean): void;
  now(): number;
  close(call: number): void;
}

/** Gives an engine the clock of an object. */
export const nativeClock: unique symbol = Symbol("clock");

export interface NativeClock {
  advance(seconds: number): void;
  freeze(frozen: boolean): void;
  now(): number;
}

export interface NativeEgoiSms extends NativeService {
  /** Only the addon can make it. */
  readonly native: unique symbol;
}

export type Environment = Record<string, string | undefined>;

type FromClientOptions<T, Own extends unknown[] = []> = new (
  ...given: [
    ...own: Own,
    calls: NativeCalls,
    settings: string,
    apiKey?: string | undefined,
    sender?: string | undefined,
    environment?: Environment | undefined,
    sandbox?: NativeSandbox,
  ]
) => T;

/**
 * The type of a phone number.
 *
 * @example
 * ```ts
 * if (parseNumber(number).type === "fixed_line") show("A landline may get no SMS.");
 * ```
 */
export type NumberType =
  | "mobile"
  | "fixed_line"
  | "fixed_line_or_mobile"
  | "premium_rate"
  | "toll_free"
  | "shared_cost"
  | "voip"
  | "personal_number"
  | "pager"
  | "uan"
  | "voicemail"
  | "unknown";

export interface PhoneNumberFields {
  e164: string;
  country?: string;
  callingCode: number;
  type: NumberType;
  masked: string;
}

interface Addon {
  Calls: new (language: string, onEvents: (events: string) => void) => NativeCalls;
  Client: FromClientOptions<NativeClient>;
  EgoiSms: FromClientOptions<NativeEgoiSms, [sms: string]>;
  Engine: new (calls: NativeCalls, settings: string, egoiSms?: NativeEgoiSms, clock?: NativeClock) => NativeEngine;
  Sandbox: new (calls: NativeCalls) => NativeSandbox;
  TestClock: new () => NativeClock;
  /** The error codes, each with its HTTP status. */
  errorCodes(): Record<ErrorCode, number>;
  generateCode(codeType?: string, codeSize?: number): string;
  parseNumber(text: string, defaultRegion?: string): PhoneNumberFields;
  maskedNumber(number: string): string;
  smsParts(text: string): { encoding: "gsm7" | "ucs2"; characters: number; parts: number };
  withOrigin(message: string, host: string): string;
  withAppHash(message: string, hash: string): string;
  codeInSms(text: string, codeType?: string, codeSize?: number): string | null;
  panicForTest(calls?: NativeCalls, call?: number, isInline?: boolean): void;
}

/** The addon that was built in a checkout. The published package has no such file. */
const BUILT_HERE = "../build/egoi-verify.node";

/**
 * Loads the package of a platform. Bundlers and file tracers follow only a `require` of a literal name. Only inside `try` do they
 * accept that it is not installed.
 */
function requirePackage(name: string, failures: Error[]): unknown {
  try {
    switch (name) {
      case "@egoi-verify/darwin-arm64":
        return require("@egoi-verify/darwin-arm64");
      case "@egoi-verify/darwin-x64":
        return require("@egoi-verify/darwin-x64");
      case "@egoi-verify/linux-arm64-gnu":
        return require("@egoi-verify/linux-arm64-gnu");
      case "@egoi-verify/linux-arm64-musl":
        return require("@egoi-verify/linux-arm64-musl");
      case "@egoi-verify/linux-x64-gnu":
        return require("@egoi-verify/linux-x64-gnu");
      case "@egoi-verify/linux-x64-musl":
        return require("@egoi-verify/linux-x64-musl");
      case "@egoi-verify/win32-arm64-msvc":
        return require("@egoi-verify/win32-arm64-msvc");
      case "@egoi-verify/win32-x64-msvc":
        return require("@egoi-verify/win32-x64-msvc");
      case BUILT_HERE: {
        const builtHere = BUILT_HERE; // Not followed by a bundler.
        return require(builtHere);
      }
      default:
        return undefined;
    }
  } catch (error) {
    failures.push(error as Error);
    return undefined;
  }
}

/** The names of the packages that may hold the addon of this system. The more likely package is first. */
export function platformPackages(platform: string, arch: string): string[] {
  const prefix = `@egoi-verify/${platform}-${arch}`;
  switch (platform) {
    // To detect the C library takes longer than to try both. A package manager installs the one that fits.
    case "linux":
      return [`${prefix}-gnu`, `${prefix}-musl`];
    case "win32":
      return [`${prefix}-msvc`];
    default:
      return [prefix];
  }
}

/** Whether the C library is musl. Slow: only for the text of an error. */
function isMusl(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header !== undefined && report.header.glibcVersionRuntime === undefined;
}

/** The text of the error if no package could be loaded: the cause and the remedy. */
function explained(packages: string[], failures: NodeJS.ErrnoException[]): string {
  const wanted = (packages.length > 1 && isMusl() ? packages[1] : packages[0]) as string;
  const disabled = failures.find(({ code }) => code === "ERR_DLOPEN_DISABLED" || code === "ERR_ACCESS_DENIED");
  if (disabled !== undefined) {
    return (
      "this process may load no native addons. Start Node without `--no-addons`, and with `--permission` also with " +
      "`--allow-addons` and `--allow-fs-read` of node_modules."
    );
  }
  const unfit = failures.find(({ code, message }) => code === "ERR_DLOPEN_FAILED" && !message.includes("cannot open"));
  const glibc = unfit?.message.match(/version `(GLIBC_[0-9.]+)' not found/)?.[1];
  if (glibc !== undefined) {
    return `the C library of this system is too old: the package ${wanted} needs ${glibc.replace("_", " ")} or later.`;
  }
  if (unfit !== undefined) {
    return `the system refuses it: ${unfit.message.split("\n")[0]}. Install the packages on the machine that runs the program.`;
  }
  return (
    `the package ${wanted} is missing. It is an optional dependency that the package manager installs by system, ` +
    `processor and C library. Run \`npm install ${wanted}\` on the machine that runs the program, and check that ` +
    "neither `--omit=optional` nor a node_modules folder or lockfile of another system is in the way. A bundler must leave " +
    "egoi-verify out or copy the addon. If there is no such package, this system is not supported yet."
  );
}

/** Loads the addon of a system. */
export function load(
  platform: string | undefined = globalThis.process?.platform,
  arch: string | undefined = globalThis.process?.arch,
  from: typeof requirePackage = requirePackage,
): Addon {
  if (platform === undefined || arch === undefined) {
    throw new Error(
      "egoi-verify has a native part, which this runtime cannot load: it needs Node, Bun or Deno on a server, and no edge " +
        'runtime or browser. In Next.js: `export const runtime = "nodejs"`.',
    );
  }
  const packages = platformPackages(platform, arch);
  const failures: Error[] = [];
  for (const name of [...packages, BUILT_HERE]) {
    const loaded = from(name, failures);
    if (loaded !== undefined) {
      return loaded as Addon;
    }
  }
  throw new Error(`egoi-verify cannot load its native part: ${explained(packages, failures)}`, {
    cause: new AggregateError(failures, failures.map((failure) => failure.message.split("\n")[0]).join("; ")),
  });
}

export const addon: Addon = load();

setSuggestedStatuses(addon.errorCodes());
