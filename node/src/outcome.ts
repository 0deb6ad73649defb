/**
 * The state of a request.
 *
 * @example
 * ```ts
 * if ((await client.cancel(id)) === "verified") show("too late");
 * ```
 */
export type State = "pending" | "verified" | "expired" | "cancelled";

/**
 * The result of `validate`. Only `"verified"` proves that the number belongs to the person. Compare with `"verified"`, or use
 * `isVerified`: every outcome is a truthy string.
 *
 * @example
 * ```ts
 * if ((await client.validate(id, code)) === "verified") saveNumber(number);
 * ```
 */
export type Outcome = "verified" | "wrong_code" | "expired" | "already_verified" | "cancelled" | "too_many_attempts";

/**
 * An outcome with its details. It is always truthy: compare its `outcome` with `"verified"`.
 *
 * @example
 * ```ts
 * const { outcome, attemptsLeft } = await engine.validateWithDetails(id, code);
 * if (outcome === "wrong_code") show(`Wrong code. ${attemptsLeft ?? "Some"} tries are left.`);
 * ```
 */
export interface OutcomeDetails {
  /** The outcome. Only `"verified"` proves that the number belongs to the person. */
  readonly outcome: Outcome;
  /**
   * How many more wrong codes are accepted: the fewest that a limit of the request, the number or the client leaves. Of a wrong
   * code and of too many attempts. Missing if no limit counts here, if E-goi counts, or if a store repeated the call after a
   * lost response.
   */
  readonly attemptsLeft?: number;
  /** The name of the limit that stopped the call: `maxAttempts`, `wrongCodesPerNumber` or `wrongCodesPerClient`. */
  readonly limit?: string;
}

/**
 * The characters of a code: `0-9`, `A-Z`, `0-9A-Z` or `0-9A-F`, in this order.
 *
 * @example
 * ```ts
 * await client.request(number, { codeType: "alphanumeric", codeSize: 8 });
 * ```
 */
export type CodeType = "numeric" | "alpha" | "alphanumeric" | "hex";

/**
 * Whether the SMS was sent. `"unknown"` means that a process died or a connection broke during sending.
 *
 * @example
 * ```ts
 * if ((await engine.get(id)).sms === "unknown") show("The SMS may not arrive.");
 * ```
 */
export type SmsStatus = "sent" | "unknown";

/**
 * Whether an outcome proves the number. Only `"verified"` does.
 *
 * @example
 * ```ts
 * if (isVerified(await client.validate(session.id, code, { number }))) signUp();
 * ```
 */
export function isVerified(outcome: Outcome): outcome is "verified" {
  return outcome === "verified";
}

// `Symbol.dispose` for a TypeScript, or a `lib`, that does not have it. As in `@types/node`.
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }

  interface Disposable {
    [Symbol.dispose](): void;
  }

  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
}
