import type { CheckedOptions } from "./addon.js";
import {
  bytesOrText,
  options as checkedOptions,
  type Kind,
  type Kinds,
  listOf,
  seconds,
  string,
  whole,
} from "./check.js";
import { invalid } from "./errors.js";

/** What a store needs besides its URL. */
export interface StoreOptions {
  /**
   * The secret that codes, numbers and idempotency keys are protected with, at least 32 bytes. A text stands for its own
   * bytes and is never decoded. Required unless the store is `memory:`, whose default is a random one.
   */
  key?: string | Uint8Array | undefined;
  /** Earlier keys that are still accepted. */
  previousKeys?: readonly (string | Uint8Array)[] | undefined;
  /**
   * Seconds that a finished request is kept after its `expiresAt`, and an idempotency key of a `Client` after its use.
   * Default: 24 hours.
   */
  retention?: number | undefined;
  /** How many connections this process makes to PostgreSQL at most, 1 to 1,000. Default: 8. PostgreSQL only. */
  poolSize?: number | undefined;
  /** More root certificates to trust, in PEM, of a server that is reached over TLS. Redis only. */
  caCertificates?: string | Uint8Array | undefined;
}

const STORE_OPTIONS: Kinds = {
  key: bytesOrText,
  previousKeys: listOf(bytesOrText),
  retention: seconds,
  poolSize: whole,
  caCertificates: bytesOrText,
};

/**
 * Where an `Engine` keeps its requests, and a `Client` its idempotency keys.
 *
 * @example
 * ```ts
 * // Made once, by `openssl rand -hex 32`.
 * const store = new Store("sqlite:codes.db", { key: process.env.STORE_KEY });
 * const engine = new Engine({ send, store });
 * ```
 */
export class Store {
  readonly #settings: CheckedOptions;

  /**
   * A store of a URL: `memory:`, `sqlite:PATH`, `postgres://USER:PASSWORD@HOST/DATABASE` or `redis://HOST`. What is made of
   * it opens it: making an `Engine` opens a file, and calls no server.
   *
   * @throws {@link InvalidInputError} for an option of a wrong type. A key that is too short or an unknown URL is refused by
   * the `Engine` or `Client` that it is given to.
   */
  constructor(url: string, options?: StoreOptions) {
    this.#settings = { url: string.of(url, "url"), ...checkedOptions(options, STORE_OPTIONS) };
  }

  /** @internal */
  static settingsOf(store: Store): CheckedOptions {
    return store.#settings;
  }
}

/** A `Store`, as the settings of its native part. */
export const store: Kind = {
  is: "a Store",
  of(value, field) {
    if (value instanceof Store) {
      return Store.settingsOf(value);
    }
    throw invalid(field, value, "a Store: `new Store(url, { key })`");
  },
};
