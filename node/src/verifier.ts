import type { NativeVerifier } from "./addon.js";
import { type Kinds, number, string, whole } from "./check.js";
import { CALL_OPTIONS, type CallOptions, call, type SendSms } from "./port.js";
import { asIs, type CodeType, type Outcome, type State, toVerification, type Verification } from "./verification.js";

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
   * The same key gives the same request and no second SMS, for `keep`; with another number it is `conflict`. 1 to 256
   * characters. `Engine`, and `Client` with a `store`.
   */
  idempotencyKey?: string | undefined;
}

/** How to validate a code. */
export interface ValidateOptions extends CallOptions {
  /**
   * The number that the request must be for, from your own session and not from the form: a request for another is
   * `not_found`, and no code is looked at. V1 cannot check it: `unsupported`; keep id and number together there.
   */
  number?: string | undefined;
}

const REQUEST_OPTIONS: Kinds = {
  message: string,
  codeType: string,
  codeSize: whole,
  ttl: number,
  group: string,
  idempotencyKey: string,
  ...CALL_OPTIONS,
};

const VALIDATE_OPTIONS: Kinds = { number: string, ...CALL_OPTIONS };

type Seconds = number | undefined;

/**
 * Proves that a phone number belongs to a person. Code written against it runs on a `Client`, where E-goi runs the
 * verification, and on an `Engine`, which runs it in this process.
 */
export abstract class Verifier {
  readonly #native: NativeVerifier;
  readonly #send: SendSms | undefined;

  /** @internal */
  constructor(native: NativeVerifier, send?: SendSms) {
    this.#native = native;
    this.#send = send;
  }

  /** Sends one SMS with a code to the number, `+351 910 000 000`, `00351910000000` or `351-910000000`. */
  request(to: string, options?: RequestOptions): Promise<Verification> {
    return call(
      this.request,
      options,
      REQUEST_OPTIONS,
      (id, checked) => this.#native.request(id, string.of(to, "number") as string, checked),
      toVerification,
      this.#send,
    );
  }

  /** Submits the code that the recipient gave. A wrong code is an outcome, not an error. */
  validate(id: string, code: string, options?: ValidateOptions): Promise<Outcome> {
    return call<Outcome>(
      this.validate,
      options,
      VALIDATE_OPTIONS,
      (call, checked) => {
        const [of, given] = [string.of(id, "id") as string, string.of(code, "code") as string];
        this.#native.validate(call, of, given, checked["number"] as string | undefined, checked["timeout"] as Seconds);
      },
      asIs,
    );
  }

  /**
   * Gives the request up, and gives back the state that it is in afterwards: `"cancelled"`, or `"verified"` or
   * `"expired"` where it was too late. Cancelling twice is not an error.
   */
  cancel(id: string, options?: CallOptions): Promise<State> {
    return call<State>(
      this.cancel,
      options,
      CALL_OPTIONS,
      (call, checked) => this.#native.cancel(call, string.of(id, "id") as string, checked["timeout"] as Seconds),
      asIs,
    );
  }

  /** Sends a new code; the old one stops working and the validity starts again. V1: `unsupported`. */
  resend(id: string, options?: CallOptions): Promise<Verification> {
    return call(
      this.resend,
      options,
      CALL_OPTIONS,
      (call, checked) => this.#native.resend(call, string.of(id, "id") as string, checked["timeout"] as Seconds),
      toVerification,
      this.#send,
    );
  }

  /** Reads the request. V1: `unsupported`. */
  get(id: string, options?: CallOptions): Promise<Verification> {
    return call(
      this.get,
      options,
      CALL_OPTIONS,
      (call, checked) => this.#native.get(call, string.of(id, "id") as string, checked["timeout"] as Seconds),
      toVerification,
    );
  }

  /** Lets go of it: a call after this is `closed`, those in flight go on to their end. Closing twice is no error. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
