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

/**
 * The options of a store.
 *
 * @example
 * ```ts
 * const store = new Store("redis://cache.internal", { key, retention: 3_600 });
 * ```
 */
export interface StoreOptions {
  /**
   * The secret that protects codes, numbers and idempotency keys, at least 32 bytes. A string stands for its UTF-8 bytes and
   * is never decoded. Required, except for `memory:`, which has a random key by default.
   */
  key?: string | Uint8Array | undefined;
  /** Earlier keys that are still accepted. */
  previousKeys?: readonly (string | Uint8Array)[] | undefined;
  /**
   * How long the store keeps a finished request after its `expiresAt`, and an idempotency key of a `Client` after its use, in
   * seconds. Default: 24 hours.
   */
  retention?: number | undefined;
  /** The maximum of this process's connections to PostgreSQL, 1 to 1,000. Default: 8. Only for PostgreSQL. */
  poolSize?: number | undefined;
  /** More root certificates to trust for TLS, in PEM. Only for Redis. */
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
 * The store of an `Engine`'s requests, and of a `Client`'s idempotency keys and limits.
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
   * Describes a store by its URL: `memory:`, `sqlite:PATH`, `postgres://USER:PASSWORD@HOST/DATABASE`, `redis://HOST`,
   * `redis+cluster://HOST,HOST` or `redis+sentinel://HOST,HOST/MASTER`. The `Engine` or `Client` opens it.
   *
   * @throws {@link InvalidInputError} if an option has a wrong type. The `Engine` or `Client` refuses an unknown URL and a key
   * that is too short.
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
