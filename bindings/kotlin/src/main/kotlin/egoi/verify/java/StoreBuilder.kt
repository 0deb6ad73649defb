package egoi.verify.java

import egoi.verify.Store
import egoi.verify.settings
import java.time.Duration
import kotlin.time.toKotlinDuration

/**
 * Makes a [Store] from Java. An option that is not set has the library's default; see [Store].
 *
 * ```java
 * var store = new StoreBuilder("redis://cache.internal").key(key).build();
 * ```
 */
public class StoreBuilder(url: String) {
    private var set = settings("url" to url)

    private fun set(name: String, value: Any) = apply { set += settings(name to value) }

    /** The secret that protects codes and numbers, at least 32 bytes. Required unless the store is `memory:`. */
    public fun key(key: ByteArray): StoreBuilder = set("key", key)

    /** The secret in text: its bytes in UTF-8 are the key, and nothing is decoded. */
    public fun key(key: String): StoreBuilder = key(key.toByteArray())

    /** Earlier secrets that are still accepted. */
    public fun previousKeys(keys: List<ByteArray>): StoreBuilder = set("previous_keys", keys)

    /** How long finished requests and idempotency keys are kept. Default: 24 hours. */
    public fun retention(retention: Duration): StoreBuilder = set("retention", retention.toKotlinDuration())

    /** The number of connections to PostgreSQL. */
    public fun poolSize(connections: Int): StoreBuilder = set("pool_size", connections)

    /** More trusted certificates for PostgreSQL or Redis, in PEM. */
    public fun caCertificates(pem: ByteArray): StoreBuilder = set("ca_certificates", pem)

    /** The store. An [egoi.verify.Engine] or [egoi.verify.Client] opens it, and reports its faults. */
    public fun build(): Store = Store(set)
}
