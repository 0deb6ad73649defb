@file:JvmName("JavaForms")

package egoi.verify.java

import egoi.verify.Client
import egoi.verify.CodeType
import egoi.verify.Outcome
import egoi.verify.OutcomeDetails
import egoi.verify.SenderInfo
import egoi.verify.State
import egoi.verify.Verification
import egoi.verify.Verifier
import egoi.verify.VerifyException
import egoi.verify.seconds
import egoi.verify.waiting
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.future.future
import java.time.Duration
import java.util.concurrent.CompletableFuture
import kotlin.time.toKotlinDuration

/**
 * How to make a request, for Java. An option that is not set has the library's default; see [Verifier.request].
 *
 * ```java
 * client.request(number, new RequestOptions().codeSize(8).ttl(Duration.ofMinutes(5)));
 * ```
 */
public class RequestOptions {
    internal var message: String? = null
    internal var codeType: CodeType? = null
    internal var codeSize: Int? = null
    internal var ttl: Duration? = null
    internal var group: String? = null
    internal var idempotencyKey: String? = null
    internal var client: String? = null
    internal var timeout: Duration? = null
    internal var defaultRegion: String? = null
    internal var retries: Int? = null

    /** The text of the SMS, 1 to 1,000 characters with `{CODE}` in the place of the code, at most 6 SMS parts. */
    public fun message(message: String): RequestOptions = apply { this.message = message }

    /** The characters of the code. */
    public fun codeType(codeType: CodeType): RequestOptions = apply { this.codeType = codeType }

    /** How many characters the code has, 4 to 20. */
    public fun codeSize(codeSize: Int): RequestOptions = apply { this.codeSize = codeSize }

    /** How long the code is good, 1 to 3,600 whole seconds. */
    public fun ttl(ttl: Duration): RequestOptions = apply { this.ttl = ttl }

    /** A label for E-goi's reports, V1 only: 1 to 100 characters. */
    public fun group(group: String): RequestOptions = apply { this.group = group }

    /** The same key gives the same request and no second SMS: 1 to 256 characters. */
    public fun idempotencyKey(key: String): RequestOptions = apply { this.idempotencyKey = key }

    /** Who asks: an address, a session or a device, 1 to 256 characters. Only a keyed hash of it is stored. */
    public fun client(client: String): RequestOptions = apply { this.client = client }

    /** The deadline of this call. */
    public fun timeout(timeout: Duration): RequestOptions = apply { this.timeout = timeout }

    /** The country of a number without its calling code: an ISO 3166 code such as `PT`. */
    public fun defaultRegion(country: String): RequestOptions = apply { this.defaultRegion = country }

    /** The maximum of retries of each HTTP request of this call, 0 to 2. Default: that of the [Client]. */
    public fun retries(retries: Int): RequestOptions = apply { this.retries = retries }
}

internal fun Duration.seconds(): Double = toKotlinDuration().seconds()

private suspend fun Verifier.request(number: String, options: RequestOptions): Verification = request(
    number = number,
    message = options.message,
    codeType = options.codeType,
    codeSize = options.codeSize,
    ttl = options.ttl?.toKotlinDuration(),
    group = options.group,
    idempotencyKey = options.idempotencyKey,
    client = options.client,
    timeout = options.timeout?.toKotlinDuration(),
    defaultRegion = options.defaultRegion,
    retries = options.retries,
)

/**
 * The verbs of any [Verifier], for Java, each waiting for its end. Interrupting the thread cancels the call. A failure is a
 * [VerifyException].
 *
 * ```java
 * BlockingVerifier verifier = EngineBuilder.sending(sends).blocking();
 * var verification = verifier.request(number);
 * ```
 */
public open class BlockingVerifier(private val verifier: Verifier) : AutoCloseable {
    /** See [Verifier.request]. */
    @JvmOverloads
    @Throws(InterruptedException::class)
    public fun request(number: String, options: RequestOptions = RequestOptions()): Verification =
        waiting(verifier) { verifier.request(number, options) }

    /** See [Verifier.validate]. */
    @JvmOverloads
    @Throws(InterruptedException::class)
    public fun validate(
        id: String,
        code: String,
        number: String? = null,
        timeout: Duration? = null,
        client: String? = null,
        defaultRegion: String? = null,
        retries: Int? = null,
    ): Outcome = waiting(verifier) {
        verifier.validate(id, code, number, timeout?.toKotlinDuration(), client, defaultRegion, retries)
    }

    /** See [Verifier.validateWithDetails]. */
    @JvmOverloads
    @Throws(InterruptedException::class)
    public fun validateWithDetails(
        id: String,
        code: String,
        number: String? = null,
        timeout: Duration? = null,
        client: String? = null,
        defaultRegion: String? = null,
        retries: Int? = null,
    ): OutcomeDetails = waiting(verifier) {
        verifier.validateWithDetails(id, code, number, timeout?.toKotlinDuration(), client, defaultRegion, retries)
    }

    /** See [Verifier.cancel]. */
    @JvmOverloads
    @Throws(InterruptedException::class)
    public fun cancel(id: String, timeout: Duration? = null, retries: Int? = null): State =
        waiting(verifier) { verifier.cancel(id, timeout?.toKotlinDuration(), retries) }

    /** See [Verifier.resend]. */
    @JvmOverloads
    @Throws(InterruptedException::class)
    public fun resend(id: String, timeout: Duration? = null, retries: Int? = null): Verification =
        waiting(verifier) { verifier.resend(id, timeout?.toKotlinDuration(), retries) }

    /** See [Verifier.get]. */
    @JvmOverloads
    @Throws(InterruptedException::class)
    public fun get(id: String, timeout: Duration? = null, retries: Int? = null): Verification =
        waiting(verifier) { verifier.get(id, timeout?.toKotlinDuration(), retries) }

    override fun close(): Unit = verifier.close()
}

/**
 * The calls of a [Client], for Java, each waiting for its end.
 *
 * ```java
 * try (var client = new ClientBuilder(key, "1234").blocking()) {
 *     var outcome = client.validate(id, given, number);
 * }
 * ```
 */
public class BlockingClient(private val client: Client) : BlockingVerifier(client) {
    /** See [Client.ping]. */
    @JvmOverloads
    @Throws(InterruptedException::class)
    public fun ping(timeout: Duration? = null, retries: Int? = null): Unit =
        waiting(client) { client.ping(timeout?.toKotlinDuration(), retries) }

    /** See [Client.senders]. */
    @JvmOverloads
    @Throws(InterruptedException::class)
    public fun senders(timeout: Duration? = null, retries: Int? = null): List<SenderInfo> =
        waiting(client) { client.senders(timeout?.toKotlinDuration(), retries) }
}

/**
 * The verbs of any [Verifier], for Java, as futures. Cancelling a future cancels its call. A future fails with a
 * [VerifyException].
 *
 * ```java
 * FutureVerifier verifier = EngineBuilder.sending(sends).futures();
 * verifier.request(number).thenAccept(verification -> System.out.println(verification.getId()));
 * ```
 */
public open class FutureVerifier(private val verifier: Verifier) : AutoCloseable {
    // One call that fails must not cancel the others.
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    internal fun <T> calling(call: suspend () -> T): CompletableFuture<T> = scope.future { call() }

    /** See [Verifier.request]. */
    @JvmOverloads
    public fun request(number: String, options: RequestOptions = RequestOptions()): CompletableFuture<Verification> =
        calling { verifier.request(number, options) }

    /** See [Verifier.validate]. */
    @JvmOverloads
    public fun validate(
        id: String,
        code: String,
        number: String? = null,
        timeout: Duration? = null,
        client: String? = null,
        defaultRegion: String? = null,
        retries: Int? = null,
    ): CompletableFuture<Outcome> = calling {
        verifier.validate(id, code, number, timeout?.toKotlinDuration(), client, defaultRegion, retries)
    }

    /** See [Verifier.validateWithDetails]. */
    @JvmOverloads
    public fun validateWithDetails(
        id: String,
        code: String,
        number: String? = null,
        timeout: Duration? = null,
        client: String? = null,
        defaultRegion: String? = null,
        retries: Int? = null,
    ): CompletableFuture<OutcomeDetails> = calling {
        verifier.validateWithDetails(id, code, number, timeout?.toKotlinDuration(), client, defaultRegion, retries)
    }

    /** See [Verifier.cancel]. */
    @JvmOverloads
    public fun cancel(id: String, timeout: Duration? = null, retries: Int? = null): CompletableFuture<State> =
        calling { verifier.cancel(id, timeout?.toKotlinDuration(), retries) }

    /** See [Verifier.resend]. */
    @JvmOverloads
    public fun resend(id: String, timeout: Duration? = null, retries: Int? = null): CompletableFuture<Verification> =
        calling { verifier.resend(id, timeout?.toKotlinDuration(), retries) }

    /** See [Verifier.get]. */
    @JvmOverloads
    public fun get(id: String, timeout: Duration? = null, retries: Int? = null): CompletableFuture<Verification> =
        calling { verifier.get(id, timeout?.toKotlinDuration(), retries) }

    override fun close(): Unit = verifier.close()
}

/**
 * The calls of a [Client], for Java, as futures.
 *
 * ```java
 * FutureClient client = new ClientBuilder(key, "1234").futures();
 * client.validate(id, given, number).thenAccept(outcome -> System.out.println(outcome.isVerified()));
 * ```
 */
public class FutureClient(private val client: Client) : FutureVerifier(client) {
    /** See [Client.ping]. Its future has no value. */
    @JvmOverloads
    public fun ping(timeout: Duration? = null, retries: Int? = null): CompletableFuture<Void?> = calling {
        client.ping(timeout?.toKotlinDuration(), retries)
        null
    }

    /** See [Client.senders]. */
    @JvmOverloads
    public fun senders(timeout: Duration? = null, retries: Int? = null): CompletableFuture<List<SenderInfo>> =
        calling { client.senders(timeout?.toKotlinDuration(), retries) }
}
