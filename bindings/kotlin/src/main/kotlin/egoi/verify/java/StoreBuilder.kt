package egoi.verify.java

import egoi.verify.Store
import egoi.verify.internal.NativeStore
import java.time.Duration

/**
 * Makes a [Store] from Java. What is not set has the library's default; see [Store].
 *
 * ```java
 * var store = new StoreBuilder("redis://cache.internal").key(key).build();
 * ```
 */
public class StoreBuilder(url: String) {
    private var set = NativeStore(url, null, null, null, null, null)

    private inline fun set(change: NativeStore.() -> NativeStore) = apply { set = set.change() }

    /** The secret that protects codes and numbers, at least 32 bytes. Required unless the store is `memory:`. */
    public fun key(key: ByteArray): StoreBuilder = set { copy(key = key) }

    /** The secret in text: its bytes in UTF-8 are the key, and nothing is decoded. */
    public fun key(key: String): StoreBuilder = key(key.toByteArray())

    /** Earlier secrets that are still accepted. */
    public fun previousKeys(keys: List<ByteArray>): StoreBuilder = set { copy(previousKeys = keys) }

    /** How long finished requests and idempotency keys are kept. Default: 24 hours. */
    public fun retention(retention: Duration): StoreBuilder = set { copy(retention = retention.seconds()) }

    /** The number of connections to PostgreSQL. */
    public fun poolSize(connections: Int): StoreBuilder = set { copy(poolSize = connections.toLong()) }

    /** More trusted certificates for PostgreSQL or Redis, in PEM. */
    public fun caCertificates(pem: ByteArray): StoreBuilder = set { copy(caCertificates = pem) }

    /** The store. An [egoi.verify.Engine] or [egoi.verify.Client] opens it, and reports what is wrong with it. */
    public fun build(): Store = Store(set)
}
