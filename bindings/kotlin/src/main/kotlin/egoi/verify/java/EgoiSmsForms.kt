package egoi.verify.java

import egoi.verify.EgoiSms
import egoi.verify.SenderInfo
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.future.future
import kotlinx.coroutines.runBlocking
import java.time.Duration
import java.util.concurrent.CompletableFuture
import kotlin.time.toKotlinDuration

/**
 * The calls of an [EgoiSms], for Java, each waiting for its end.
 *
 * ```java
 * var senders = new BlockingEgoiSms(egoiSms).senders();
 * ```
 */
public class BlockingEgoiSms(private val egoiSms: EgoiSms) {
    /** See [EgoiSms.ping]. */
    @JvmOverloads
    @Throws(InterruptedException::class)
    public fun ping(timeout: Duration? = null, retries: Int? = null): Unit =
        runBlocking { egoiSms.ping(timeout?.toKotlinDuration(), retries) }

    /** See [EgoiSms.senders]. */
    @JvmOverloads
    @Throws(InterruptedException::class)
    public fun senders(timeout: Duration? = null, retries: Int? = null): List<SenderInfo> =
        runBlocking { egoiSms.senders(timeout?.toKotlinDuration(), retries) }
}

/**
 * The calls of an [EgoiSms], for Java, as futures.
 *
 * ```java
 * new FutureEgoiSms(egoiSms).ping().thenRun(() -> System.out.println("E-goi is up"));
 * ```
 */
public class FutureEgoiSms(private val egoiSms: EgoiSms) {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    /** See [EgoiSms.ping]. Its future has no value. */
    @JvmOverloads
    public fun ping(timeout: Duration? = null, retries: Int? = null): CompletableFuture<Void?> = scope.future {
        egoiSms.ping(timeout?.toKotlinDuration(), retries)
        null
    }

    /** See [EgoiSms.senders]. */
    @JvmOverloads
    public fun senders(timeout: Duration? = null, retries: Int? = null): CompletableFuture<List<SenderInfo>> =
        scope.future { egoiSms.senders(timeout?.toKotlinDuration(), retries) }
}
