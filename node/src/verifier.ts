import type { NativeVerifier } from "./addon.js";
import { CALL_OPTIONS, type CallOptions, call, type SendSms, settled } from "./calls.js";
import { type Kinds, seconds, string, whole } from "./check.js";
import type { CodeType, Outcome, State } from "./outcome.js";
import { toVerification, type Verification } from "./verification.js";

/** How to make a request. Whatever is left out has its default. */
export interface RequestOptions extends CallOptions {
  /**
   * The text of the SMS: 1 to 1,000 characters with `{CODE}` where the code goes, at most 6 SMS parts, no control
   * character but the newline. Default: `{CODE} is your verification code.`
   */
  message?: string | undefined;
  /** What the code is made of. Default: `"numeric"`. */
  codeType?: CodeType | undefined;
  /** How many characters the code has, 4 to 20. Default: 6. */
  codeSize?: number | undefined;
  /** How many seconds the code is good, 1 to 3,600. Default: 600. */
  ttl?: number | undefined;
  /** A label for E-goi's reports, V1 alone: 1 to 100 characters. Default: `2FA`. */
  group?: string | undefined;
  /**
   * The same key gives the same request and no second SMS, for the store's `retention`; with another number it is `conflict`. 1 to 256
   * characters. `Engine`, and `Client` with a `store`.
   */
  idempotencyKey?: string | undefined;
  /**
   * Who asks: an address, a session or a device, as text of 1 to 256 characters. `smsPerClient` counts by it. An
   * `Engine`'s resends of the request count for the same client. Only a keyed hash of it is stored.
   */
  client?: string | undefined;
  /** The country of a number without its calling code: an ISO 3166 code such as `PT`. */
  defaultRegion?: string | undefined;
}

/** How to validate a code. */
export interface ValidateOptions extends CallOptions {
  /**
   * The number that the request must be for, from your own session and not from the form: a request for another is
   * `not_found`, and no code is looked at. V1 cannot check it: `unsupported`; keep id and number together there.
   */
  number?: string | undefined;
  /**
   * Who submits the code: an address, a session or a device, as text of 1 to 256 characters. `wrongCodesPerClient` counts by
   * it. Only a keyed hash of it is stored.
   */
  client?: string | undefined;
  /** The country of a `number` without its calling code: an ISO 3166 code such as `PT`. */
  defaultRegion?: string | undefined;
}

const REQUEST_OPTIONS: Kinds = {
  message: string,
  codeType: string,
  codeSize: whole,
  ttl: seconds,
  group: string,
  idempotencyKey: string,
  client: string,
  defaultRegion: string,
  ...CALL_OPTIONS,
};

const VALIDATE_OPTIONS: Kinds = { number: string, client: string, defaultRegion: string, ...CALL_OPTIONS };

type Seconds = number | undefined;

/**
 * Proves that a phone number belongs to a person. Code written against it runs on a `Client`, where E-goi runs the
 * verification, on an `Engine`, which runs it in this process, and on a fake of your tests.
 */
export interface Verifier {
  /**
   * Sends one SMS with a code to the number, `+351 910 000 000`, `00351910000000` or `351-910000000`, or a national number
   * with `defaultRegion`.
   *
   * @throws {@link VerifyError}: `invalid_input` for a number or an option that is refused, `rate_limited` by the service or
   * a limit of the `Engine`, `rejected`, `unreachable`, `timeout` and the others of the table; `smsPossiblySent` of the
   * error says whether an SMS may have been sent.
   * @example
   * ```ts
   * const { id } = await verifier.request("+351 910 000 000", { message: "Your code is {CODE}" });
   * ```
   */
  request(number: string, options?: RequestOptions): Promise<Verification>;

  /**
   * Submits the code that the person gave. A wrong code is an outcome, not an error. Await it before you compare: a
   * promise and every outcome are truthy.
   *
   * @throws {@link VerifyError}: `not_found` for an unknown request or one for another `number`, `invalid_input` for an
   * empty code, and the others of the table.
   * @example
   * ```ts
   * const outcome = await verifier.validate(session.id, code, { number: session.number });
   * if (outcome === "verified") signUp();
   * ```
   */
  validate(id: string, code: string, options?: ValidateOptions): Promise<Outcome>;

  /**
   * Cancels the request, and returns the state that it is in afterwards: `"cancelled"`, or `"verified"` or `"expired"` if
   * it was too late. Cancelling twice is not an error.
   *
   * @throws {@link VerifyError}: `not_found` for an unknown request, and the others of the table.
   * @example
   * ```ts
   * await verifier.cancel(session.id);
   * ```
   */
  cancel(id: string, options?: CallOptions): Promise<State>;

  /**
   * Sends a new code; the old one stops working and the validity starts again. V1: `unsupported`.
   *
   * @throws {@link VerifyError}: `rate_limited` with `retryAfter` for a resend that is too early, `conflict` for a request
   * that is finished, `not_found`, and the others of the table.
   * @example
   * ```ts
   * const { expiresAt } = await verifier.resend(session.id);
   * ```
   */
  resend(id: string, options?: CallOptions): Promise<Verification>;

  /**
   * Reads the request. V1: `unsupported`.
   *
   * @throws {@link VerifyError}: `not_found` for an unknown request, and the others of the table.
   * @example
   * ```ts
   * const { state, attemptsLeft } = await verifier.get(session.id);
   * ```
   */
  get(id: string, options?: CallOptions): Promise<Verification>;

  /** Resolves if the service can be used; of an `Engine`, the store and `EgoiSms`. Sends no SMS. */
  ping(options?: CallOptions): Promise<void>;

  /** Closes it: a later call is `closed`, calls in flight go on. Closing twice is not an error. */
  close(): void;
}

/** What `Client` and `Engine` share. */
export abstract class NativeVerifierBase implements Verifier {
  readonly #native: NativeVerifier;
  readonly #send: SendSms | undefined;

  /** @internal */
  constructor(native: NativeVerifier, send?: SendSms) {
    this.#native = native;
    this.#send = send;
  }

  /** {@inheritDoc Verifier.request} */
  request(number: string, options?: RequestOptions): Promise<Verification> {
    return call(
      this,
      this.request,
      options,
      REQUEST_OPTIONS,
      (id, checked) => this.#native.request(id, string.of(number, "number") as string, checked),
      toVerification,
      this.#send,
    );
  }

  /** {@inheritDoc Verifier.validate} */
  validate(id: string, code: string, options?: ValidateOptions): Promise<Outcome> {
    return call(
      this,
      this.validate,
      options,
      VALIDATE_OPTIONS,
      (call, checked) => {
        const [of, given] = [string.of(id, "id") as string, string.of(code, "code") as string];
        this.#native.validate(call, of, given, checked);
      },
      (outcome: Outcome) => outcome,
    );
  }

  /** {@inheritDoc Verifier.cancel} */
  cancel(id: string, options?: CallOptions): Promise<State> {
    return call(
      this,
      this.cancel,
      options,
      CALL_OPTIONS,
      (call, checked) => this.#native.cancel(call, string.of(id, "id") as string, checked["timeout"] as Seconds),
      (state: State) => state,
    );
  }

  /** {@inheritDoc Verifier.resend} */
  resend(id: string, options?: CallOptions): Promise<Verification> {
    return call(
      this,
      this.resend,
      options,
      CALL_OPTIONS,
      (call, checked) => this.#native.resend(call, string.of(id, "id") as string, checked["timeout"] as Seconds),
      toVerification,
      this.#send,
    );
  }

  /** {@inheritDoc Verifier.get} */
  get(id: string, options?: CallOptions): Promise<Verification> {
    return call(
      this,
      this.get,
      options,
      CALL_OPTIONS,
      (call, checked) => this.#native.get(call, string.of(id, "id") as string, checked["timeout"] as Seconds),
      toVerification,
    );
  }

  /**
   * Resolves if the service can be used. An `Engine` checks its store, and asks E-goi if it sends by `EgoiSms`. Sends no
   * SMS. Call it at the start: making an engine opens a file, and calls no server.
   *
   * @throws {@link VerifyError}: `unreachable` and the like for a service; for a store `storage` if it is down, and
   * `misconfigured` if an operator must change something, such as a key that is not the store's. Of `EgoiSms` `unauthorized` if E-goi refuses the key.
   */
  ping(options?: CallOptions): Promise<void> {
    return call(
      this,
      this.ping,
      options,
      CALL_OPTIONS,
      (id, checked) => this.#native.ping(id, checked["timeout"] as Seconds),
      () => undefined,
    );
  }

  /** {@inheritDoc Verifier.close} */
  close(): void {
    this.#native.close();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes it, and waits for the calls in flight. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return settled(this);
  }
}
