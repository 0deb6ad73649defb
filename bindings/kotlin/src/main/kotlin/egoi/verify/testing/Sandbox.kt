package egoi.verify.testing

import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native
import egoi.verify.Api
import egoi.verify.Client
import egoi.verify.ClientOptions
import egoi.verify.VerifyException
import egoi.verify.internal.NativeEngineClock
import egoi.verify.internal.NativeTimeSource
import egoi.verify.notLoaded
import egoi.verify.seconds
import egoi.verify.testing.internal.InternalException
import egoi.verify.testing.internal.NativeSandbox
import egoi.verify.testing.internal.NativeSandboxOptions
import egoi.verify.testing.internal.SandboxException
import egoi.verify.testing.internal.nativeStartSandbox
import egoi.verify.testing.internal.uniffiRustFutureContinuationCallbackImpl
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import java.time.Instant
import kotlin.coroutines.cancellation.CancellationException
import kotlin.time.Duration
import kotlin.time.DurationUnit

/**
 * An SMS as the recipient got it. Printed, neither number nor text nor code is shown.
 *
 * ```kotlin
 * val message = sandbox.messages().first()
 * println("${message.parts} part(s): ${message.text}")
 * ```
 *
 * @property id counts up from 1
 * @property number the number, `+351910000000`
 * @property sender the sender: V1's hash or V2's id
 * @property text the text, with the code
 * @property code the code
 * @property requestId the request that it belongs to
 * @property sentAt when, by the sandbox's clock
 * @property parts how many SMS parts the text takes
 */
public class Message internal constructor(
    public val id: Long,
    public val number: String,
    public val sender: String,
    public val text: String,
    public val code: String,
    public val requestId: String,
    public val sentAt: Instant,
    public val parts: Int,
) {
    override fun toString(): String = "Message(id=$id, requestId=$requestId, sentAt=$sentAt, parts=$parts)"
}

/**
 * A call of the service.
 *
 * ```kotlin
 * sandbox.failNext(Fault(FaultCall.SENDERS, status = 401))
 * ```
 */
public enum class FaultCall {
    /** A request. */
    REQUEST,

    /** A validation. */
    VALIDATE,

    /** A cancellation. */
    CANCEL,

    /** A resend. V2. */
    RESEND,

    /** A read. V2. */
    GET,

    /** The call that says whether the service is up. V2. */
    PING,

    /** The list of senders. V2. */
    SENDERS,

    /** E-goi's own SMS call. V2. */
    SMS,
}

/**
 * When a connection is cut.
 *
 * ```kotlin
 * sandbox.failNext(Fault(FaultCall.REQUEST, cut = Cut.AFTER)) // The SMS is sent, and the client cannot know it.
 * ```
 */
public enum class Cut {
    /** Before the call has any effect. */
    BEFORE,

    /** After it, in place of the response. */
    AFTER,
}

/**
 * The change of a response.
 *
 * ```kotlin
 * sandbox.failNext(Fault(FaultCall.VALIDATE, body = FaultBody.MALFORMED))
 * ```
 */
public enum class FaultBody {
    /** JSON that breaks off. */
    MALFORMED,

    /** 100 MiB. */
    HUGE,

    /** The same JSON, labelled `text/html; charset=UTF-8`, which is PHP's default. */
    TEXT_HTML,

    /** Of a `request`: its id is a JSON number, in this response and in every later one about it. */
    INTEGER_IDS,

    /** Of a `get`: the request as it was before a code was used, as a read replica that lags shows it. */
    LAGGING_READ,

    /** Of a `get`: asterisks in the place of the code. */
    MASKED_CODE,

    /** `errors` and `errorCode`, as V1's integrators read them. The call has no effect. */
    ERRORS,
}

/**
 * A failure of the calls that it fits. An option that is `null` has the sandbox's default.
 *
 * ```kotlin
 * sandbox.failNext(Fault(FaultCall.REQUEST, status = 503, count = 2))
 * ```
 *
 * @property call the call; without it, every call
 * @property number the number that the request is for; without it, every number
 * @property status the status of the response, 300 to 599
 * @property delay how long to wait first, at most a minute
 * @property cut when to cut the connection
 * @property body what replaces the response
 * @property probability how likely it strikes, 0 to 1
 * @property count how often it strikes
 */
public class Fault(
    public val call: FaultCall? = null,
    public val number: String? = null,
    public val status: Int? = null,
    public val delay: Duration? = null,
    public val cut: Cut? = null,
    public val body: FaultBody? = null,
    public val probability: Double? = null,
    public val count: Int? = null,
) {
    private val facts get() = listOf(call, number, status, delay, cut, body, probability, count)

    override fun equals(other: Any?): Boolean = other is Fault && other.facts == facts

    override fun hashCode(): Int = facts.hashCode()

    override fun toString(): String = "Fault(${json()})"

    internal fun copy(
        call: FaultCall? = this.call,
        number: String? = this.number,
        status: Int? = this.status,
        delay: Duration? = this.delay,
        cut: Cut? = this.cut,
        body: FaultBody? = this.body,
        probability: Double? = this.probability,
        count: Int? = this.count,
    ): Fault = Fault(call, number, status, delay, cut, body, probability, count)

    internal fun json(): String = listOfNotNull(
        call?.let { "\"call\":\"${it.name.lowercase()}\"" },
        number?.let { "\"number\":\"${it.replace("\\", "\\\\").replace("\"", "\\\"")}\"" },
        status?.let { "\"status\":$it" },
        delay?.let { "\"delay_ms\":${it.toLong(DurationUnit.MILLISECONDS)}" },
        cut?.let { "\"cut\":\"${it.name.lowercase()}\"" },
        body?.let { "\"body\":\"${it.name.lowercase()}\"" },
        probability?.let { "\"probability\":$it" },
        count?.let { "\"count\":$it" },
    ).joinToString(",", "{", "}")
}

/**
 * How to start a [Sandbox]. An option that is `null` has its default.
 *
 * ```kotlin
 * Sandbox.start(SandboxOptions(code = "123456"))
 * ```
 *
 * @property host the address to listen on. Default: 127.0.0.1, which no other machine reaches
 * @property port the port. Default: a free one
 * @property seed draws the same codes in every run
 * @property code every code is this one, for every size
 * @property apiKey the one key that is accepted. Default: any
 * @property v2Words V2's response to a validation has a status word in each item
 * @property v2Wrong the status of V2's response to a wrong code: 200 or 400. Default: 200
 * @property senders the senders of the account: V2's ids, V1's hashes. A request of any other is refused. Default: `1`
 * @property ownLimits whether the library's own limits hold, which E-goi does not document: a code of at least 4
 *   characters, a message of at most 1,000 characters and 6 SMS parts
 * @property allowHosts host names that programs may call it by. Default: `localhost` and addresses
 */
public class SandboxOptions(
    public val host: String? = null,
    public val port: Int? = null,
    public val seed: Long? = null,
    public val code: String? = null,
    public val apiKey: String? = null,
    public val v2Words: Boolean? = null,
    public val v2Wrong: Int? = null,
    public val senders: List<String>? = null,
    public val ownLimits: Boolean? = null,
    public val allowHosts: List<String>? = null,
)

/**
 * E-goi's interface on localhost, with an inbox instead of a network. For tests.
 *
 * ```
 * Sandbox.start().use { sandbox ->
 *     val client = sandbox.client()
 *     val id = client.request("+351 910 000 000").id
 *     val code = sandbox.waitForCode("+351 910 000 000", timeout = 5.seconds)
 *     check(client.validate(id, code).isVerified)
 * }
 * ```
 */
public class Sandbox private constructor(private val native: NativeSandbox, private val apiKey: String) :
    AutoCloseable {
    /** Its address, `http://127.0.0.1:PORT`. */
    public val url: String get() = ffi { native.url() }

    /** Its clock. */
    public val clock: Clock = Clock()

    /** The options of a client of this sandbox. */
    public fun clientOptions(api: Api = Api.V2, timeout: Duration? = null): ClientOptions = ClientOptions(
        apiKey = apiKey,
        sender = "1",
        api = api,
        baseUrl = ffi { native.baseUrl(api.name.lowercase()) },
        timeout = timeout,
        allowHttp = true,
    )

    /** A client of this sandbox, ready to use. */
    @JvmOverloads
    public fun client(api: Api = Api.V2): Client = Client(clientOptions(api))

    /** Returns the SMS that were sent to a number, or to all numbers, the newest first. */
    public fun messages(number: String? = null): List<Message> = ffi { native.messages(number) }.map {
        Message(
            id = it.id.toLong(),
            number = it.number,
            sender = it.sender,
            text = it.text,
            code = it.code,
            requestId = it.requestId,
            sentAt = Instant.parse(it.sentAt),
            parts = it.parts.toInt(),
        )
    }

    /**
     * Waits for a new SMS to a number and returns its code. Each code is returned once. If no SMS comes in time, it is
     * [VerifyException.Timeout].
     */
    public suspend fun waitForCode(number: String, timeout: Duration): String =
        awaiting { native.waitForCode(number, timeout.seconds(), null) }

    /** Injects a failure. */
    public fun failNext(fault: Fault): Unit = ffi { native.failNext(fault.json()) }

    /** Forgets every request, message, failure and journal entry. The clock goes on. */
    public fun reset(): Unit = ffi { native.reset() }

    override fun close(): Unit = native.shut()

    /**
     * The clock of a sandbox.
     *
     * ```kotlin
     * sandbox.clock.advance(61.seconds)
     * ```
     */
    public inner class Clock internal constructor() {
        /** Moves the time on. */
        public fun advance(by: Duration): Unit = ffi { native.advance(by.seconds()) }

        /** Stops the time, or lets it continue. */
        public fun freeze(frozen: Boolean = true): Unit = ffi { native.freeze(frozen) }

        /** The time now. */
        public fun now(): Instant = ffi { native.now() }

        internal fun forEngine(): NativeEngineClock = NativeEngineClock.of(SandboxTime(this))
    }

    /** Starts sandboxes. */
    public companion object {
        /** Starts a sandbox. A port that is taken is [VerifyException.InvalidInput]. */
        public suspend fun start(options: SandboxOptions = SandboxOptions()): Sandbox {
            val native = awaiting {
                nativeStartSandbox(
                    NativeSandboxOptions(
                        host = options.host,
                        port = options.port?.toLong(),
                        seed = options.seed,
                        code = options.code,
                        apiKey = options.apiKey,
                        v2Words = options.v2Words,
                        v2Wrong = options.v2Wrong?.toLong(),
                        senders = options.senders,
                        ownLimits = options.ownLimits,
                        allowHosts = options.allowHosts,
                    ),
                )
            }
            return Sandbox(native, options.apiKey ?: "sandbox")
        }
    }
}

/** The time of a sandbox, which is in another native library than the engine. It stands still once the sandbox is closed. */
private class SandboxTime(private val clock: Sandbox.Clock) : NativeTimeSource {
    @Volatile
    private var latest = clock.now()

    override fun now(): Instant {
        try {
            latest = clock.now()
        } catch (_: VerifyException.Closed) {
            // It keeps the latest.
        }
        return latest
    }
}

private inline fun <T> ffi(call: () -> T): T = try {
    call()
} catch (failure: SandboxException.Failed) {
    throw VerifyException.of(VerifyException.Facts(failure.code, failure.detail))
} catch (failure: SandboxException.Cancelled) {
    throw CancellationException("the call was cancelled")
} catch (failure: InternalException) {
    throw VerifyException.of(VerifyException.Facts("internal", failure.message ?: "a panic in the native module"))
} catch (failure: LinkageError) {
    throw notLoaded(failure)
}

/** As `egoi.verify.awaiting`: this library has its own worker thread. */
private suspend fun <T> awaiting(call: suspend () -> T): T {
    ffi { Worker.attached }
    return withContext(Dispatchers.Default) { ffi { call() } }
}

private object Worker {
    val attached: Unit = Native.setCallbackThreadInitializer(
        uniffiRustFutureContinuationCallbackImpl,
        CallbackThreadInitializer(true, false, "egoi-verify-testing"),
    )
}
