import {
  addon,
  type Environment,
  type NativeClient,
  type NativeEgoiSms,
  type NativeSandbox,
  type NativeService,
} from "./addon.js";
import { CALL_OPTIONS, type CallOptions, call, calls } from "./calls.js";
import {
  boolean,
  bytesOrText,
  options as checkedOptions,
  type Kinds,
  mapTo,
  objectOf,
  seconds,
  string,
  toSettings,
  whole,
} from "./check.js";
import { callNative, inspectSymbol } from "./errors.js";
import { type PrefixQuota, prefixQuota, type Quota, quota } from "./quota.js";
import { type Store, store } from "./store.js";
import { masked } from "./verification.js";
import { NativeVerifierBase } from "./verifier.js";

/** What a status word of the service may mean. */
export type StatusMeaning =
  | "pending"
  | "verified"
  | "wrong_code"
  | "expired"
  | "already_verified"
  | "cancelled"
  | "too_many_attempts";

/**
 * Which numbers are sent an SMS: `mobile`, those of mobile phones, or what may be one; `valid`, those in a range that their
 * country is known to use; `possible`, any of a length that their country has. Another is `invalid_input`.
 */
export type Accept = "mobile" | "valid" | "possible";

/** Options of a client that have defaults. */
export interface ClientSettings {
  /** The version of E-goi's interface. The paths of V1's Verify calls are assumed. Default: `"v2"`. */
  api?: "v1" | "v2" | undefined;
  /** Where the service is: HTTPS, or HTTP to a loopback address, or any HTTP with `allowHttp`. */
  baseUrl?: string | undefined;
  /** Seconds that a whole call may take, repeated tries included. Default: 15. */
  timeout?: number | undefined;
  /** Seconds that making a connection may take, TLS included. Default: 3.1. */
  connectTimeout?: number | undefined;
  /** An HTTP or SOCKS5 proxy for every connection: `http://…`, `socks5h://…`. Default: the environment's, which is never used for a loopback address. */
  proxy?: string | undefined;
  /** More trusted certificates, in PEM. */
  caCertificates?: string | Uint8Array | undefined;
  /** Which certificates are trusted: Mozilla's, which come with the library, or the system's. Default: `"bundled"`. */
  trust?: "bundled" | "platform" | undefined;
  /** Plain HTTP to any address: whoever is on the way reads the key and the codes. Default: false. */
  allowHttp?: boolean | undefined;
  /**
   * Whether a V2 validation reads the request first, without which a wrong code on a request verified long ago could
   * pass. Only for an account whose responses to a validation carry status words is `false` right. Default: true.
   */
  checkStateFirst?: boolean | undefined;
  /** Which numbers are sent an SMS. Premium-rate, toll-free and other such numbers never are. Default: `"valid"`. */
  accept?: Accept | undefined;
  /** More status words of the service, each with what it means: `{ validated: "verified" }`. */
  statusWords?: Readonly<Record<string, StatusMeaning>> | undefined;
  /** V1's paths below the base URL. Those of Verify are assumed; the others are what public integrators of E-goi call. */
  v1Paths?:
    | {
        request?: string;
        validate?: string;
        cancel?: string;
        ping?: string;
        senders?: string;
        sendSms?: string;
      }
    | undefined;
  /** V2's paths below the base URL; `{id}` is where a request's id goes. */
  v2Paths?:
    | {
        request?: string;
        get?: string;
        validate?: string;
        cancel?: string;
        resend?: string;
        ping?: string;
        senders?: string;
        sendSms?: string;
      }
    | undefined;
  /** The application's name, which goes behind the library's in `User-Agent`. */
  appName?: string | undefined;
  /**
   * Where idempotency keys are kept and the limits count. Without a store a request with an idempotency key is `unsupported`, and
   * a limit is `invalid_input`. All that has one store counts together.
   */
  store?: Store | undefined;
  /**
   * SMS to one number, requests and resends together; then `rate_limited`. A resend reads the request first, to know its number.
   * Default: no limit.
   */
  smsPerNumber?: Quota | null | undefined;
  /** SMS for one `client`, of requests: a resend names no client; then `rate_limited`. Default: no limit. */
  smsPerClient?: Quota | null | undefined;
  /**
   * SMS to numbers that share all but their last digits, requests and resends together; then `rate_limited`. Default: no limit.
   */
  smsPerPrefix?: PrefixQuota | null | undefined;
  /**
   * Wrong codes of one `client`, whichever the numbers; then `too_many_attempts`, and no code is submitted. A success does not
   * clear them. A code whose result did not arrive counts as wrong. Default: no limit.
   */
  wrongCodesPerClient?: Quota | null | undefined;
}

/** How to make a client. */
export interface ClientOptions extends ClientSettings {
  /** The account's API key. It belongs on a server. */
  apiKey: string;
  /** The sender: V2 takes its id, V1 its hash. */
  sender: string;
}

/** The fields of a `SenderInfo`. */
interface SenderFields {
  id: string;
  name?: string;
  number?: string;
  status?: string;
}

/** A sender of the account. Its `number` is not copied, and JSON and `console.log` have it masked. */
export class SenderInfo {
  /** Its id, which `sender` takes over V2. */
  readonly id: string;
  readonly name: string | undefined;
  /** Its state in the service's word. */
  readonly status: string | undefined;
  readonly #number: string | undefined;

  /** @internal */
  constructor(fields: SenderFields) {
    this.id = fields.id;
    this.name = fields.name;
    this.status = fields.status;
    this.#number = fields.number;
  }

  /** Its number, if it has one. */
  get number(): string | undefined {
    return this.#number;
  }

  /** Returns the fields with the number masked. */
  toJSON(): object {
    return { ...this, number: this.#number && masked(this.#number) };
  }

  /** @internal */
  [inspectSymbol](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return `SenderInfo ${inspect(this.toJSON(), options)}`;
  }
}

const SETTINGS: Kinds = {
  api: string,
  baseUrl: string,
  timeout: seconds,
  connectTimeout: seconds,
  proxy: string,
  caCertificates: bytesOrText,
  trust: string,
  allowHttp: boolean,
  checkStateFirst: boolean,
  accept: string,
  statusWords: mapTo(string),
  v1Paths: objectOf({
    request: string,
    validate: string,
    cancel: string,
    ping: string,
    senders: string,
    sendSms: string,
  }),
  v2Paths: objectOf({
    request: string,
    get: string,
    validate: string,
    cancel: string,
    resend: string,
    ping: string,
    senders: string,
    sendSms: string,
  }),
  appName: string,
  store,
  smsPerNumber: quota,
  smsPerClient: quota,
  smsPerPrefix: prefixQuota,
  wrongCodesPerClient: quota,
};

const CLIENT_OPTIONS: Kinds = { apiKey: string, sender: string, ...SETTINGS };

/** Where key, sender and address come from when the options do not say them. */
export type Origin = { environment: Environment } | { sandbox: NativeSandbox };

/** The options, and where the rest comes from, as the native constructors take them. */
type FromOptions = [
  own: string,
  settings: string,
  apiKey?: string | undefined,
  sender?: string | undefined,
  environment?: Environment | undefined,
  sandbox?: NativeSandbox,
];

/** `own` are options beside a client's, which are settings of their own. */
function from(options: unknown, origin?: Origin, own: Kinds = {}): FromOptions {
  const kinds = origin === undefined ? CLIENT_OPTIONS : SETTINGS;
  const { apiKey, sender, ...rest } = checkedOptions(options, { ...kinds, ...own });
  const settingsOf = (areOwn: boolean) =>
    toSettings(Object.fromEntries(Object.entries(rest).filter(([name]) => Object.hasOwn(own, name) === areOwn)));
  const settings = [settingsOf(true), settingsOf(false)] as const;
  if (origin !== undefined) {
    return "sandbox" in origin
      ? [...settings, undefined, undefined, undefined, origin.sandbox]
      : [...settings, undefined, undefined, origin.environment];
  }
  // That they are there is looked at like their types.
  return [...settings, string.of(apiKey, "apiKey") as string, string.of(sender, "sender") as string];
}

/** Has E-goi run verifications. Make one and keep it: it holds the pool of connections. */
export class Client extends NativeVerifierBase {
  readonly #native: NativeClient;

  /** What is wrong with an option is thrown as `invalid_input`. */
  constructor(options: ClientOptions);
  /** @internal */
  constructor(options: ClientSettings | undefined, origin: Origin);
  constructor(options: ClientSettings | undefined, origin?: Origin) {
    const [, ...given] = from(options, origin);
    const native = callNative(() => new addon.Client(calls, ...given));
    super(native);
    this.#native = native;
  }

  /**
   * From the environment: `EGOI_API_KEY`, `EGOI_SENDER`, and where they are set `EGOI_API` (`v1` or `v2`) and
   * `EGOI_BASE_URL`. The options go before it.
   */
  static fromEnv(options?: ClientSettings): Client {
    return new Client(options, { environment: process.env });
  }

  /** The account's senders: the cheapest call that proves a key. Over V1 their `id` is the hash. */
  senders(options?: CallOptions): Promise<SenderInfo[]> {
    return senders(this, this.#native, options);
  }
}

/** Lists the senders, for an object that has a method of this name. */
function senders(
  owner: Client | EgoiSms,
  native: NativeService,
  options: CallOptions | undefined,
): Promise<SenderInfo[]> {
  return call<SenderInfo[]>(
    owner,
    owner.senders,
    options,
    CALL_OPTIONS,
    (id, checked) => native.senders(id, checked["timeout"] as number | undefined),
    (listed: SenderFields[]) => listed.map((sender) => new SenderInfo(sender)),
  );
}

/** Options of E-goi's own SMS call that have defaults: those of a client, and its own. */
export interface EgoiSmsSettings extends ClientSettings {
  /** Whether E-goi sends it before what is not urgent. V2; V1 has no priority. Default: true. */
  urgent?: boolean | undefined;
  /** The encoding of every text. Default: what the text needs. */
  encoding?: "gsm7" | "ucs2" | undefined;
  /** The maximum of parts that E-goi sends of a text, 1 or more. Default: as many as the text takes. */
  maxParts?: number | undefined;
}

/** How to make an `EgoiSms`. */
export interface EgoiSmsOptions extends ClientOptions, EgoiSmsSettings {}

const EGOI_SMS: Kinds = { urgent: boolean, encoding: string, maxParts: whole };

/**
 * E-goi's own SMS call, as the `send` of an `Engine`. One SMS goes to V2's call for a single one;
 * `v2Paths: { sendSms: "v2/sms/messages/action/send" }` is the call that takes a list.
 */
export class EgoiSms {
  readonly #native: NativeEgoiSms;

  /** What is wrong with an option is thrown as `invalid_input`. */
  constructor(options: EgoiSmsOptions);
  /** @internal */
  constructor(options: EgoiSmsSettings | undefined, origin: Origin);
  constructor(options: EgoiSmsSettings | undefined, origin?: Origin) {
    const [sms, ...given] = from(options, origin, EGOI_SMS);
    this.#native = callNative(() => new addon.EgoiSms(sms, calls, ...given));
  }

  /** Resolves if the service is up. Any key will do. */
  ping(options?: CallOptions): Promise<void> {
    return call(
      this,
      this.ping,
      options,
      CALL_OPTIONS,
      (id, checked) => this.#native.ping(id, checked["timeout"] as number | undefined),
      () => undefined,
    );
  }

  /** The account's senders: the cheapest call that proves a key. Over V1 their `id` is the hash. */
  senders(options?: CallOptions): Promise<SenderInfo[]> {
    return senders(this, this.#native, options);
  }

  /** @internal */
  static nativeOf(egoiSms: EgoiSms): NativeEgoiSms {
    return egoiSms.#native;
  }
}
