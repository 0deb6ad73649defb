import {
  addon,
  type Environment,
  type NativeClient,
  type NativeEgoiSms,
  type NativeSandbox,
  type NativeService,
} from "./addon.js";
import { CALL_OPTIONS, type CallOptions, call, callOptions, calls } from "./calls.js";
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

/**
 * The possible meanings of a status word of the service.
 *
 * @example
 * ```ts
 * const client = new Client({ apiKey: key, sender: "1234", statusWords: { validated: "verified" } });
 * ```
 */
export type StatusMeaning =
  | "pending"
  | "verified"
  | "wrong_code"
  | "expired"
  | "already_verified"
  | "cancelled"
  | "too_many_attempts";

/**
 * Which numbers get an SMS. `mobile`: numbers that are, or may be, a mobile phone's. `valid`: numbers in a range that their
 * country uses. `possible`: numbers of a length that their country uses. Any other number is `invalid_input`.
 *
 * @example
 * ```ts
 * const client = new Client({ apiKey: key, sender: "1234", accept: "mobile" });
 * ```
 */
export type Accept = "mobile" | "valid" | "possible";

/**
 * The options of a client that have defaults.
 *
 * @example
 * ```ts
 * const client = Client.fromEnv({ timeout: 5 });
 * ```
 */
export interface ClientSettings {
  /** The version of E-goi's interface. The paths of V1's Verify calls are assumed. Default: `"v2"`. */
  api?: "v1" | "v2" | undefined;
  /** The address of the service: HTTPS, or HTTP to a loopback address. With `allowHttp`, HTTP to any address. */
  baseUrl?: string | undefined;
  /** The time that a whole call may take, with its retries, in seconds. Default: 15. */
  timeout?: number | undefined;
  /** The time that a connection may take, with TLS, in seconds. Default: 3.1. */
  connectTimeout?: number | undefined;
  /**
   * The maximum of retries of each HTTP request of a call, 0 to 2, within the call's timeout. A request that may have sent an SMS
   * or used up an attempt is never repeated. If no connection was made, any request may be repeated. Reads, `cancel` and `ping`
   * may also be repeated after 429, 502, 503, 504 and a broken connection. Default: 2.
   */
  retries?: number | undefined;
  /**
   * An HTTP or SOCKS5 proxy for every connection: `http://…`, `socks5h://…`. Default: the environment's, but not for a loopback
   * address.
   */
  proxy?: string | undefined;
  /** More trusted certificates, in PEM. */
  caCertificates?: string | Uint8Array | undefined;
  /** Which certificates are trusted: Mozilla's, which come with the library, or the system's. Default: `"bundled"`. */
  trust?: "bundled" | "platform" | undefined;
  /** Allows plain HTTP to any address. Everyone on the network path can then read the key and the codes. Default: false. */
  allowHttp?: boolean | undefined;
  /**
   * Whether a V2 validation reads the request first. Without that, a wrong code could pass for a request that was verified
   * long ago. Use `false` only if E-goi's responses to your validations carry status words. Default: true.
   */
  checkStateFirst?: boolean | undefined;
  /** Which numbers get an SMS. Premium-rate, toll-free and similar numbers never get one. Default: `"valid"`. */
  accept?: Accept | undefined;
  /** More status words of the service, with their meanings: `{ validated: "verified" }`. */
  statusWords?: Readonly<Record<string, StatusMeaning>> | undefined;
  /** V1's paths below the base URL. The defaults of Verify's paths are assumed. The others come from public clients of E-goi. */
  v1Paths?:
    | {
        /** Starts a verification. */
        request?: string;
        /** Submits a code. */
        validate?: string;
        /** Cancels a request. */
        cancel?: string;
        /** Tells whether the service is up. */
        ping?: string;
        /** Lists the senders of the account. */
        senders?: string;
        /** Sends one SMS, for an `EgoiSms`. */
        sendSms?: string;
      }
    | undefined;
  /** V2's paths below the base URL. The id of the request replaces `{id}`. */
  v2Paths?:
    | {
        /** Starts a verification. */
        request?: string;
        /** Reads a request. */
        get?: string;
        /** Submits a code. */
        validate?: string;
        /** Cancels a request. */
        cancel?: string;
        /** Sends a new code. */
        resend?: string;
        /** Tells whether the service is up. */
        ping?: string;
        /** Lists the senders of the account. */
        senders?: string;
        /** Sends one SMS, for an `EgoiSms`. */
        sendSms?: string;
      }
    | undefined;
  /** The name of your application. `User-Agent` has it after the library's name. */
  appName?: string | undefined;
  /**
   * The store of the idempotency keys and of the limits. Without a store, a request with an idempotency key is `unsupported`, and
   * a limit is `invalid_input`. Clients that share a store also share its counts.
   */
  store?: Store | undefined;
  /**
   * The maximum of SMS to one number, requests and resends together. Beyond it: `rate_limited`. A resend first reads the request,
   * to know its number. Default: no limit.
   */
  smsPerNumber?: Quota | null | undefined;
  /**
   * The maximum of SMS for one `client`, requests and resends together. Beyond it: `rate_limited`. A resend counts for the client
   * of its request, and first reads the request. Default: no limit.
   */
  smsPerClient?: Quota | null | undefined;
  /**
   * The maximum of SMS to numbers that differ only in their last digits, requests and resends together. Beyond it:
   * `rate_limited`. Default: no limit.
   */
  smsPerPrefix?: PrefixQuota | null | undefined;
  /**
   * The maximum of wrong codes of one `client`, over all numbers. Beyond it: `too_many_attempts`, and no code is submitted. A
   * success does not reset the count. A code whose result did not arrive counts as wrong. Default: no limit.
   */
  wrongCodesPerClient?: Quota | null | undefined;
}

/**
 * The options of a client.
 *
 * @example
 * ```ts
 * const client = new Client({ apiKey: key, sender: "1234", timeout: 5 });
 * ```
 */
export interface ClientOptions extends ClientSettings {
  /** The account's API key. It belongs on a server. */
  apiKey: string;
  /** The sender. V2 takes its id, V1 its hash. */
  sender: string;
}

/** The fields of a `SenderInfo`. */
interface SenderFields {
  id: string;
  name?: string;
  number?: string;
  status?: string;
}

/**
 * A sender of the account. Its `number` is not copied. JSON and `console.log` show it masked.
 *
 * @example
 * ```ts
 * for (const { id, name } of await client.senders()) show(id, name);
 * ```
 */
export class SenderInfo {
  /** The id of the sender. Over V2 the option `sender` takes it. */
  readonly id: string;
  /** The name of the sender. */
  readonly name: string | undefined;
  /** The state of the sender, as the service names it. */
  readonly status: string | undefined;
  readonly #number: string | undefined;

  /** @internal */
  constructor(fields: SenderFields) {
    this.id = fields.id;
    this.name = fields.name;
    this.status = fields.status;
    this.#number = fields.number;
  }

  /** The number of the sender, if it has one. */
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
  retries: whole,
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

/** The source of the key, the sender and the address that the options leave out. */
export type Origin = { environment: Environment } | { sandbox: NativeSandbox };

/** The options, and the source of the rest, as the native constructors take them. */
type FromOptions = [
  own: string,
  settings: string,
  apiKey?: string | undefined,
  sender?: string | undefined,
  environment?: Environment | undefined,
  sandbox?: NativeSandbox,
];

/** `own` are the options that a client does not have. They are separate settings. */
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
  // Their presence is checked like their types.
  return [...settings, string.of(apiKey, "apiKey") as string, string.of(sender, "sender") as string];
}

/**
 * Verifications that E-goi runs. Make one client and keep it: it holds the pool of connections.
 *
 * @example
 * ```ts
 * const client = new Client({ apiKey, sender: "1234" });
 * ```
 */
export class Client extends NativeVerifierBase {
  readonly #native: NativeClient;

  /**
   * Makes a client. Sends nothing.
   *
   * @throws {@link InvalidInputError} if an option is refused. `field` names the option.
   */
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
   * Makes a client from the environment: `EGOI_API_KEY` and `EGOI_SENDER`, and if they are set, `EGOI_API` (`v1` or `v2`) and
   * `EGOI_BASE_URL`. An option takes precedence over its variable.
   *
   * @throws {@link InvalidInputError} if a variable is missing, or a variable or an option is refused.
   * @example
   * ```ts
   * const client = Client.fromEnv({ timeout: 5 });
   * ```
   */
  static fromEnv(options?: ClientSettings): Client {
    return new Client(options, { environment: process.env });
  }

  /**
   * The account's senders: the cheapest call that proves a key. Over V1 their `id` is the hash.
   *
   * @throws {@link VerifyError}: `unauthorized` if the key is wrong.
   * @example
   * ```ts
   * for (const { id, name } of await client.senders()) show(id, name);
   * ```
   */
  senders(options?: CallOptions): Promise<SenderInfo[]> {
    return senders(this, this.#native, options);
  }
}

/** Lists the senders. `Client` and `EgoiSms` have a method of this name. */
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
    (id, checked) => native.senders(id, ...callOptions(checked)),
    (listed: SenderFields[]) => listed.map((sender) => new SenderInfo(sender)),
  );
}

/**
 * The options of an `EgoiSms` that have defaults: a client's options, and its own.
 *
 * @example
 * ```ts
 * const send = new EgoiSms({ apiKey: key, sender: "1234", encoding: "gsm7", maxParts: 1 });
 * ```
 */
export interface EgoiSmsSettings extends ClientSettings {
  /** Whether E-goi sends the SMS before those that are not urgent. Only V2: V1 has no priority. Default: true. */
  urgent?: boolean | undefined;
  /** The encoding of every text. Default: `gsm7`, or `ucs2` for a text that needs it. */
  encoding?: "gsm7" | "ucs2" | undefined;
  /** The maximum of SMS parts of one text, 1 or more. Default: the parts that the text takes. */
  maxParts?: number | undefined;
}

/**
 * The options of an `EgoiSms`.
 *
 * @example
 * ```ts
 * const engine = new Engine({ send: new EgoiSms({ apiKey: key, sender: "1234" }) });
 * ```
 */
export interface EgoiSmsOptions extends ClientOptions, EgoiSmsSettings {}

const EGOI_SMS: Kinds = { urgent: boolean, encoding: string, maxParts: whole };

/**
 * E-goi's own SMS call, as the `send` of an `Engine`. By default V2's call for a single SMS. With
 * `v2Paths: { sendSms: "v2/sms/messages/action/send" }` it is the call that takes a list.
 *
 * @example
 * ```ts
 * const engine = new Engine({ send: new EgoiSms({ apiKey, sender: "1234" }) });
 * ```
 */
export class EgoiSms {
  readonly #native: NativeEgoiSms;

  /**
   * Makes the gateway. Sends nothing.
   *
   * @throws {@link InvalidInputError} if an option is refused. `field` names the option.
   */
  constructor(options: EgoiSmsOptions);
  /** @internal */
  constructor(options: EgoiSmsSettings | undefined, origin: Origin);
  constructor(options: EgoiSmsSettings | undefined, origin?: Origin) {
    const [sms, ...given] = from(options, origin, EGOI_SMS);
    this.#native = callNative(() => new addon.EgoiSms(sms, calls, ...given));
  }

  /**
   * Resolves if the service is up. It does not check the key.
   *
   * @throws {@link VerifyError}: `unreachable`, `timeout` or `unavailable` if the service cannot be used.
   * @example
   * ```ts
   * await sandbox.egoiSms().ping();
   * ```
   */
  ping(options?: CallOptions): Promise<void> {
    return call(
      this,
      this.ping,
      options,
      CALL_OPTIONS,
      (id, checked) => this.#native.ping(id, ...callOptions(checked)),
      () => undefined,
    );
  }

  /**
   * The account's senders: the cheapest call that proves a key. Over V1 their `id` is the hash.
   *
   * @throws {@link VerifyError}: `unauthorized` if the key is wrong.
   * @example
   * ```ts
   * const [sender] = await sandbox.egoiSms().senders();
   * ```
   */
  senders(options?: CallOptions): Promise<SenderInfo[]> {
    return senders(this, this.#native, options);
  }

  /** @internal */
  static nativeOf(egoiSms: EgoiSms): NativeEgoiSms {
    return egoiSms.#native;
  }
}
