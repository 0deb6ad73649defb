@file:JvmName("JavaForms")

package egoi.verify.java

import egoi.verify.CodeType
import egoi.verify.Outcome
import egoi.verify.State
import egoi.verify.Verification
import egoi.verify.Verifier
import egoi.verify.VerifyException
import java.time.Duration
import java.util.concurrent.CompletableFuture
import kotlin.time.toJavaDuration
import kotlin.time.toKotlinDuration
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.future.future
import kotlinx.coroutines.runBlocking

/** How to make a request, for Java. What is not set has the library's default; see [Verifier.request]. */
public class RequestOptions {
    internal var message: String? = null
    internal var codeType: CodeType? = null
    internal var codeSize: Int? = null
    internal var ttl: Duration? = null
    internal var group: String? = null
    internal var idempotencyKey: String? = null
    internal var timeout: Duration? = null

    /** The text of the SMS. */
    public fun message(message: String): RequestOptions = apply { this.message = message }

    /** What the code is made of. */
    public fun codeType(codeType: CodeType): RequestOptions = apply { this.codeType = codeType }

    /** How many characters the code has. */
    public fun codeSize(codeSize: Int): RequestOptions = apply { this.codeSize = codeSize }

    /** How long the code is good. */
    public fun ttl(ttl: Duration): RequestOptions = apply { this.ttl = ttl }

    /** A label for E-goi's reports, V1 alone. */
    public fun group(group: String): RequestOptions = apply { this.group = group }

    /** The same key gives the same request and no second SMS. */
    public fun idempotencyKey(key: String): RequestOptions = apply { this.idempotencyKey = key }

    /** The deadline of this call. */
    public fun timeout(timeout: Duration): RequestOptions = apply { this.timeout = timeout }
}

/** How long to wait before the next try, where it is known. */
public fun retryAfter(failure: VerifyException): Duration? = failure.retryAfter?.toJavaDuration()

private suspend fun Verifier.request(number: String, options: RequestOptions): Verification = request(
    number = number,
    message = options.message,
    codeType = options.codeType,
    codeSize = options.codeSize,
    ttl = options.ttl?.toKotlinDuration(),
    group = options.group,
    idempotencyKey = options.idempotencyKey,
    timeout = options.timeout?.toKotlinDuration(),
)

/**
 * The verbs of a `Client` or an `Engine`, for Java, each waiting for its end. Interrupting the thread gives the call up.
 */
public class BlockingVerifier(private val verifier: Verifier) : AutoCloseable {
    /** See [Verifier.request]. */
    @JvmOverloads
    @Throws(InterruptedException::class)
    public fun request(number: String, options: RequestOptions = RequestOptions()): Verification =
        runBlocking { verifier.request(number, options) }

    /** See [Verifier.validate]. */
    @JvmOverloads
    @Throws(InterruptedException::class)
    public fun validate(id: String, code: String, number: String? = null): Outcome =
        runBlocking { verifier.validate(id, code, number) }

    /** See [Verifier.cancel]. */
    @Throws(InterruptedException::class)
    public fun cancel(id: String): State = runBlocking { verifier.cancel(id) }

    /** See [Verifier.resend]. */
    @Throws(InterruptedException::class)
    public fun resend(id: String): Verification = runBlocking { verifier.resend(id) }

    /** See [Verifier.get]. */
    @Throws(InterruptedException::class)
    public fun get(id: String): Verification = runBlocking { verifier.get(id) }

    override fun close(): Unit = verifier.close()
}

/** The verbs of a `Client` or an `Engine`, for Java, as futures. Cancelling a future gives its call up. */
public class FutureVerifier(private val verifier: Verifier) : AutoCloseable {
    // One call that fails must not cancel the others.
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    /** See [Verifier.request]. */
    @JvmOverloads
    public fun request(number: String, options: RequestOptions = RequestOptions()): CompletableFuture<Verification> =
        scope.future { verifier.request(number, options) }

    /** See [Verifier.validate]. */
    @JvmOverloads
    public fun validate(id: String, code: String, number: String? = null): CompletableFuture<Outcome> =
        scope.future { verifier.validate(id, code, number) }

    /** See [Verifier.cancel]. */
    public fun cancel(id: String): CompletableFuture<State> = scope.future { verifier.cancel(id) }

    /** See [Verifier.resend]. */
    public fun resend(id: String): CompletableFuture<Verification> = scope.future { verifier.resend(id) }

    /** See [Verifier.get]. */
    public fun get(id: String): CompletableFuture<Verification> = scope.future { verifier.get(id) }

    override fun close(): Unit = verifier.close()
}
