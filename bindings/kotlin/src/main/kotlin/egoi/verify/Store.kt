package egoi.verify

import egoi.verify.internal.NativeSetting
import kotlin.time.Duration

/**
 * The store of an [Engine]'s requests, and of a [Client]'s idempotency keys and limits. It holds secrets, and prints nothing of them.
 *
 * In Java, make it by `egoi.verify.java.StoreBuilder`.
 *
 * ```kotlin
 * Store("postgres://app@db.internal/app", key = System.getenv("STORE_KEY"))
 * ```
 */
public class Store internal constructor(internal val settings: Map<String, NativeSetting>) {
    /**
     * An option that is `null` has the library's default.
     *
     * @param url `memory:`, `sqlite:PATH`, `postgres://…`, `redis://…`, `redis+cluster://…` or
     *   `redis+sentinel://…`
     * @param key the secret that protects codes and numbers, at least 32 bytes. Required unless the store is `memory:`
     * @param previousKeys earlier secrets that are still accepted
     * @param retention how long finished requests and idempotency keys are kept. Default: 24 hours
     * @param poolSize the number of connections to PostgreSQL
     * @param caCertificates more trusted certificates for PostgreSQL or Redis, in PEM
     */
    public constructor(
        url: String,
        key: ByteArray? = null,
        previousKeys: List<ByteArray>? = null,
        retention: Duration? = null,
        poolSize: Int? = null,
        caCertificates: ByteArray? = null,
    ) : this(
        settings(
            "url" to url,
            "key" to key,
            "previous_keys" to previousKeys,
            "retention" to retention,
            "pool_size" to poolSize,
            "ca_certificates" to caCertificates,
        ),
    )

    /**
     * With a key in text: its bytes in UTF-8 are the key, and nothing is decoded. `openssl rand -hex 32` makes one.
     *
     * @param url as above
     * @param key as above
     */
    public constructor(url: String, key: String) : this(url, key.toByteArray())

    override fun toString(): String = "Store"
}
