import type { NativeVerifier } from "./addon.js";
import { CALL_OPTIONS, type CallOptions, call, callOptions, type SendSms, settled } from "./calls.js";
import { type Kinds, seconds, string, whole } from "./check.js";
import type { CodeType, Outcome, OutcomeDetails, State } from "./outcome.js";
import { toVerification, type Verification } from "./verification.js";

/**
 * The options of `request`. An option that you leave out has its default.
 *
 * @example
 * ```ts
 * await client.request(number, { message: "Your code is {CODE}", ttl: 300, client: "203.0.113.7" });
 * ```
 */
export interface RequestOptions extends CallOptions {
  /**
   * The text of the SMS: 1 to 1,000 characters and at most 6 SMS parts. The code replaces `{CODE}`. A newline is the only
   * control character that is accepted. Default: `{CODE} is your verification code.`
   */
  message?: string | undefined;
  /** The characters of the code. Default: `"numeric"`. */
  codeType?: CodeType | undefined;
  /** The length of the code, 4 to 20 characters. Default: 6. */
  codeSize?: number | undefined;
  /** The validity of the code in seconds, 1 to 3,600. Default: 600. */
  ttl?: number | undefined;
  /** A label for E-goi's reports, 1 to 100 characters. Only V1 sends it. Default: `2FA`. */
  group?: string | undefined;
  /**
   * A key of 1 to 256 characters. A second call with the same key returns the same request and sends no SMS, for as long as the
   * store's `retention`. With another number it is `conflict`. Needs an `Engine`, or a `Client` with a `store`.
   */
  idempotencyKey?: string | undefined;
  /**
   * The caller: an address, a session or a device, as text of 1 to 256 characters. `smsPerClient` counts the SMS of each
   * caller. Resends of a request count for the same caller. Only a keyed hash of the text is stored.
   */
  client?: string | undefined;
  /** The country of a number without its calling code: an ISO 3166 code such as `PT`. */
  defaultRegion?: string | undefined;
}

/**
 * The options of `validate`.
 *
 * @example
 * ```ts
 * await client.validate(id, code, { number, client: "203.0.113.7" });
 * ```
 */
export interface ValidateOptions extends CallOptions {
  /**
   * The number that the request must be for. Take it from your own session and not from the form. A request for another
   * number is `not_found`, and no code is checked. V1 cannot check it: `unsupported`. Over V1, keep id and number together.
   */
  number?: string | undefined;
  /**
   * The caller: an address, a session or a device, as text of 1 to 256 characters. `wrongCodesPerClient` counts the wrong
   * codes of each caller. Only a keyed hash of the text is stored.
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

/**
 * Proves that a phone number belongs to a person. Three things implement it: `Client` (E-goi runs the verification), `Engine`
 * (this process runs it), and a fake of your own for tests.
 *
 * @example
 * ```ts
 * async function isProved(verifier: Verifier, id: string, code: string) {
 *   return isVerified(await verifier.validate(id, code));
 * }
 * ```
 */
export interface Verifier {
  /**
   * Sends one SMS with a code to the number. The number is written as `+351 910 000 000`, `00351910000000` or
   * `351-910000000`. With `defaultRegion` it may be a national number.
   *
   * @throws {@link VerifyError}: `invalid_input` if the number or an option is refused: ask the person again.
   * `rate_limited` if the service or a limit stops the call: wait for `retryAfter`. Any other code: `smsPossiblySent` tells
   * whether an SMS may have been sent. Do not repeat the call if it is true, as it would send a second SMS.
   * @example
   * ```ts
   * const { id } = await verifier.request("+351 910 000 000", { message: "Your code is {CODE}" });
   * ```
   */
  request(number: string, options?: RequestOptions): Promise<Verification>;

  /**
   * Submits the code that the person gave. A wrong code is an outcome, not an error. Await the call, and compare the result
   * with `"verified"`: a promise and every outcome are truthy.
   *
   * @throws {@link VerifyError}: `not_found` if the request is unknown or is for another `number`: start a new request.
   * `invalid_input` if the code is empty: ask the person again. After any other code repeat the call only if `retryIsSafe`.
   * @example
   * ```ts
   * const outcome = await verifier.validate(session.id, code, { number: session.number });
   * if (outcome === "verified") signUp();
   * ```
   */
  validate(id: string, code: string, options?: ValidateOptions): Promise<Outcome>;

  /**
   * Submits the code as `validate` does, and returns the outcome with its details: how many attempts are left, and the limit
   * that stopped the call. A `Client` has only the details of its own limit, because E-goi counts the attempts. A fake need not
   * have this method.
   *
   * @throws {@link VerifyError}: as for `validate`.
   * @example
   * ```ts
   * const { outcome, attemptsLeft } = await engine.validateWithDetails(session.id, code, { number: session.number });
   * if (outcome === "wrong_code") show(`Not that code. ${attemptsLeft ?? "Some"} tries left.`);
   * ```
   */
  validateWithDetails?(id: string, code: string, options?: ValidateOptions): Promise<OutcomeDetails>;

  /**
   * Cancels the request and returns its new state: `"cancelled"`, or `"verified"` or `"expired"` if it was too late. Cancelling
   * twice is not an error.
   *
   * @throws {@link VerifyError}: `not_found` if the request is unknown. After any other code you may repeat the call if
   * `retryIsSafe`.
   * @example
   * ```ts
   * await verifier.cancel(session.id);
   * ```
   */
  cancel(id: string, options?: CallOptions): Promise<State>;

  /**
   * Sends a new code. The old code stops working, and the validity starts again. V1: `unsupported`.
   *
   * @throws {@link VerifyError}: `rate_limited` if the resend is too early: wait for `retryAfter`. `conflict` if the request
   * is finished, `not_found` if it is unknown: start a new request. Any other code: as for `request`.
   * @example
   * ```ts
   * const { expiresAt } = await verifier.resend(session.id);
   * ```
   */
  resend(id: string, options?: CallOptions): Promise<Verification>;

  /**
   * Reads the request. V1: `unsupported`.
   *
   * @throws {@link VerifyError}: `not_found` if the request is unknown. After any other code you may repeat the call if
   * `retryIsSafe`.
   * @example
   * ```ts
   * const { state, attemptsLeft } = await verifier.get(session.id);
   * ```
   */
  get(id: string, options?: CallOptions): Promise<Verification>;

  /**
   * Resolves if the service can be used. An `Engine` checks its store and `EgoiSms`. Sends no SMS.
   *
   * @throws {@link VerifyError}: `unreachable` and the like for a service, `storage` or `misconfigured` for a store.
   * @example
   * ```ts
   * await verifier.ping(); // When your program starts.
   * ```
   */
  ping(options?: CallOptions): Promise<void>;

  /**
   * Closes the verifier. A later call is `closed`. Calls in flight go on. Closing twice is not an error.
   *
   * @example
   * ```ts
   * verifier.close();
   * ```
   */
  close(): void;
}

/** The methods of `Client` and `Engine`. */
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

  /** {@inheritDoc Verifier.validateWithDetails} */
  validateWithDetails(id: string, code: string, options?: ValidateOptions): Promise<OutcomeDetails> {
    return call(
      this,
      this.validateWithDetails,
      options,
      VALIDATE_OPTIONS,
      (call, checked) => {
        const [of, given] = [string.of(id, "id") as string, string.of(code, "code") as string];
        this.#native.validateWithDetails(call, of, given, checked);
      },
      (details: OutcomeDetails) => details,
    );
  }

  /** {@inheritDoc Verifier.cancel} */
  cancel(id: string, options?: CallOptions): Promise<State> {
    return call(
      this,
      this.cancel,
      options,
      CALL_OPTIONS,
      (call, checked) => this.#native.cancel(call, string.of(id, "id") as string, ...callOptions(checked)),
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
      (call, checked) => this.#native.resend(call, string.of(id, "id") as string, ...callOptions(checked)),
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
      (call, checked) => this.#native.get(call, string.of(id, "id") as string, ...callOptions(checked)),
      toVerification,
    );
  }

  /**
   * Resolves if the service can be used. An `Engine` checks its store, and asks E-goi if it sends by `EgoiSms`. Sends no
   * SMS. Call it when your program starts: the constructor opens a file at most, and calls no server.
   *
   * @throws {@link VerifyError}: `unreachable`, `timeout` or `unavailable` if the service cannot be used. `unauthorized` if
   * E-goi refuses the key. `storage` if the store is down. `misconfigured` if an operator must change something, for
   * example a key that does not match the store.
   * @example
   * ```ts
   * await engine.ping(); // When your program starts.
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

  /** {@inheritDoc Verifier.close} */
  close(): void {
    this.#native.close();
  }

  /** Closes the verifier. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the verifier, and waits for the calls in flight. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return settled(this);
  }
}
