/** The state of a request. */
export type State = "pending" | "verified" | "expired" | "cancelled";

/**
 * The result of a validation. Only `"verified"` proves that the number belongs to the person: compare with it, or use
 * `isVerified`. Every outcome is a truthy string.
 */
export type Outcome = "verified" | "wrong_code" | "expired" | "already_verified" | "cancelled" | "too_many_attempts";

/** What a code is made of: `0-9`, `A-Z`, `0-9A-Z` or `0-9A-F`. */
export type CodeType = "numeric" | "alpha" | "alphanumeric" | "hex";

/** Whether an SMS was sent: `"unknown"` if a process died or a connection broke while it was being sent. */
export type SmsStatus = "sent" | "unknown";

/** Whether an outcome proves the number. Only `"verified"` does. */
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
