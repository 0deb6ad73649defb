// The native part, and where it is found.

export interface Failure {
  code: ErrorCode;
  detail: string;
  httpStatus?: number;
  requestId?: string;
  retryAfter?: number;
  retryIsSafe?: boolean;
  smsPossiblySent?: boolean;
  field?: string;
  reason?: string;
  limit?: string;
  causeCode?: ErrorCode;
  cause?: Failure | { text: string; cause?: Failure["cause"] };
}

/** What kind of failure it was: the same words in every language of the library. */
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

/** The options of a call or an object after their types were looked at. */
export type CheckedOptions = Record<string, unknown>;

/** What a client and an engine share. The events of a call come through `NativeCalls`. */
export interface NativeVerifier {
  close(): void;
  ping(call: number, timeout?: number): void;
  request(call: number, number: string, options: CheckedOptions): void;
  validate(call: number, id: string, code: string, number?: string, timeout?: number): void;
  cancel(call: number, id: string, timeout?: number): void;
  resend(call: number, id: string, timeout?: number): void;
  get(call: number, id: string, timeout?: number): void;
}

export interface NativeClient extends NativeVerifier {
  senders(call: number, timeout?: number): void;
}

export interface NativeCalls {
  submit(): string;
  callNextTurn(): void;
  cancel(call: number): void;
  finishDelivery(call: number, result: "sent" | "not_sent" | "unknown"): string;
  keepAlive(alive: boolean): void;
}

export interface NativeSandbox {
  start(call: number, options: CheckedOptions): void;
  url(): string;
  messages(number?: string): string;
  waitForCode(call: number, number: string, timeout?: number): void;
  failNext(fault: string): void;
  reset(): void;
  advance(seconds: number): void;
  freeze(frozen: boolean): void;
  now(): number;
  close(call: number): void;
}

export interface NativeClock {
  advance(seconds: number): void;
  freeze(frozen: boolean): void;
  now(): number;
}

export interface NativeEgoiSms {
  /** Only an addon makes one. */
  readonly native: unique symbol;
}

export type Environment = Record<string, string | undefined>;

type FromClientOptions<T> = new (
  calls: NativeCalls,
  options: CheckedOptions,
  environment?: Environment,
  sandbox?: NativeSandbox,
) => T;

interface Addon {
  Calls: new (language: string, onEvents: (events: string) => void) => NativeCalls;
  Client: FromClientOptions<NativeClient>;
  EgoiSms: FromClientOptions<NativeEgoiSms>;
  Engine: new (
    calls: NativeCalls,
    options: CheckedOptions,
    egoiSms?: NativeEgoiSms,
    clock?: NativeClock,
  ) => NativeVerifier;
  Sandbox: new (calls: NativeCalls) => NativeSandbox;
  TestClock: new () => NativeClock;
  errorCodes(): ErrorCode[];
  generateCode(codeType?: string, codeSize?: number): string;
  parseNumber(text: string): string;
  maskedNumber(number: string): string;
  smsParts(text: string): { encoding: "gsm7" | "ucs2"; characters: number; parts: number };
  withOrigin(message: string, host: string): string;
  withAppHash(message: string, hash: string): string;
  codeInSms(text: string, codeType?: string, codeSize?: number): string | null;
  panicForTest(calls?: NativeCalls, call?: number, isInline?: boolean): void;
}

/** What a checkout has built for itself; no such file is in the published package. */
const BUILT_HERE = "../build/egoi-verify.node";

/** The names of the packages that may hold the addon of this system, the likelier first. */
export function platformPackages(platform: string, arch: string): string[] {
  const prefix = `egoi-verify-${platform}-${arch}`;
  switch (platform) {
    // Telling the two apart takes longer than trying: a package manager installs the one that fits.
    case "linux":
      return [`${prefix}-gnu`, `${prefix}-musl`];
    case "win32":
      return [`${prefix}-msvc`];
    default:
      return [prefix];
  }
}

/** Whether the C library is musl. Slow: only for the words of an error. */
function isMusl(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header !== undefined && report.header.glibcVersionRuntime === undefined;
}

/** Loads the addon of a system. */
export function load(
  platform: string = process.platform,
  arch: string = process.arch,
  from: (name: string) => unknown = require,
): Addon {
  const packages = platformPackages(platform, arch);
  const reasons: Error[] = [];
  for (const name of [...packages, BUILT_HERE]) {
    try {
      return from(name) as Addon;
    } catch (error) {
      reasons.push(error as Error);
    }
  }
  const wanted = (packages.length > 1 && isMusl() ? packages[1] : packages[0]) as string;
  throw new Error(
    `egoi-verify cannot load its native part: the package ${wanted} is missing or does not fit. ` +
      "It is an optional dependency that the package manager installs by system, processor and C library. " +
      `Run \`npm install ${wanted}\` on the machine that runs the program, and check that neither \`--omit=optional\` ` +
      "nor a node_modules folder or lockfile of another system is in the way. If there is no such package, this " +
      "system is not supported yet.",
    { cause: new AggregateError(reasons, reasons.map((reason) => reason.message.split("\n")[0]).join("; ")) },
  );
}

export const addon: Addon = load();
