package egoi.verify

import egoi.verify.internal.NativeCall
import egoi.verify.internal.NativeCalls
import egoi.verify.internal.NativeDelivery
import egoi.verify.internal.NativeEngine
import egoi.verify.internal.NativeEngineOptions
import egoi.verify.internal.NativeGateway
import egoi.verify.internal.NativeValidate
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.isActive
import kotlin.time.Duration

/**
 * An SMS to send. Its text holds the code: it is not printed.
 *
 * ```kotlin
 * Engine { sms -> gateway.deliver(sms.number, sms.text, once = sms.attemptId) }
 * ```
 *
 * @property number the number, `+351910000000`
 * @property text the text
 * @property attemptId the name of this delivery attempt: a gateway that is given the same one twice may drop the second
 */
public class OutgoingSms internal constructor(
    public val number: String,
    public val text: String,
    public val attemptId: String,
)

/**
 * Nothing went out, for certain: no request is left behind and nothing is counted. Thrown by the function that sends.
 *
 * ```
 * Engine { sms ->
 *     try {
 *         gateway.deliver(sms.number, sms.text)
 *     } catch (refused: ConnectException) {
 *         throw NotSentException("refused", refused)
 *     }
 * }
 * ```
 */
public class NotSentException(message: String? = null, cause: Throwable? = null) : RuntimeException(message, cause)

/**
 * A limit of the [Engine]: the library's default, no limit, or yours.
 *
 * ```kotlin
 * EngineOptions(maxAttempts = Limit.At(3), maxResends = Limit.Off)
 * ```
 */
public sealed class Limit<out T> {
    /** The library's default. */
    public data object Default : Limit<Nothing>()

    /** No limit. */
    public data object Off : Limit<Nothing>()

    /**
     * This one.
     *
     * @property value the limit
     */
    public class At<out T>(public val value: T) : Limit<T>() {
        override fun equals(other: Any?): Boolean = other is At<*> && other.value == value

        override fun hashCode(): Int = value.hashCode()

        override fun toString(): String = "At(value=$value)"
    }
}

/**
 * So many in so long. A window starts at its first event.
 *
 * ```
 * EngineOptions(smsPerNumber = Limit.At(Quota(3, per = 1.hours)))
 * ```
 *
 * @property limit how many
 * @property per in how long
 */
public class Quota(public val limit: Int, public val per: Duration) {
    private val facts get() = listOf(limit, per)

    override fun equals(other: Any?): Boolean = other is Quota && other.facts == facts

    override fun hashCode(): Int = facts.hashCode()

    override fun toString(): String = "Quota(limit=$limit, per=$per)"
}

/**
 * So many SMS in so long to numbers that share all but their last digits. A window starts at its first SMS.
 *
 * ```kotlin
 * EngineOptions(smsPerPrefix = Limit.At(PrefixQuota(20, per = 1.hours, lastDigits = 3)))
 * ```
 *
 * @property limit how many SMS
 * @property per in how long
 * @property lastDigits how many digits at the end of a number may differ, 1 to 14
 */
public class PrefixQuota(public val limit: Int, public val per: Duration, public val lastDigits: Int) {
    private val facts get() = listOf(limit, per, lastDigits)

    override fun equals(other: Any?): Boolean = other is PrefixQuota && other.facts == facts

    override fun hashCode(): Int = facts.hashCode()

    override fun toString(): String = "PrefixQuota(limit=$limit, per=$per, lastDigits=$lastDigits)"
}

/**
 * How to set an [Engine] up.
 *
 * In Java, make it by `egoi.verify.java.EngineBuilder`.
 *
 * ```
 * EngineOptions(
 *     store = Store("postgres://app@db.internal/app", key = key),
 *     countries = listOf("PT", "ES"),
 *     smsPerClient = Limit.At(Quota(5, per = 1.days)),
 * )
 * ```
 */
public class EngineOptions internal constructor(internal val native: NativeEngineOptions) {
    /**
     * An option that is not given has the library's default.
     *
     * @param store the store. Default: `memory:`, gone with the process
     * @param timeout how long a gateway may take, if the call has no timeout. Default: 15 s, at most 600 s
     * @param maxRequests how many requests `memory:` holds. Default: 10 million
     * @param maxAttempts wrong codes for one request. Default: 5
     * @param wrongCodesPerNumber wrong codes for one number across requests. Default: 20 a day
     * @param smsPerNumber SMS to one number, requests and resends together. Default: 5 an hour
     * @param maxResends resends of one request. Default: 3
     * @param wrongCodesPerClient wrong codes of one `client`, whichever the numbers. Default: no limit
     * @param smsPerClient SMS for one `client`, requests and resends together. Default: no limit
     * @param smsPerPrefix SMS to numbers that share all but their last digits. Default: no limit
     * @param resendAfter the pause between two SMS to one number. A request within it fails with
     *   [VerifyException.RateLimited], whose `requestId` is the pending request's. Default: 30 s
     * @param accept which numbers are sent an SMS; another is [VerifyException.InvalidInput]. Default: [Accept.VALID]
     * @param countries the countries that are allowed, by ISO 3166 code, for example `listOf("PT", "ES")`; a number of another
     *   one, or without a known one, is [VerifyException.Rejected]. Default: all
     * @param callingCodes the calling codes that are allowed with every country that they have, for example `listOf(1)`; with
     *   [countries], what either list allows. Default: all
     */
    public constructor(
        store: Store? = null,
        timeout: Duration? = null,
        maxRequests: Long? = null,
        maxAttempts: Limit<Int> = Limit.Default,
        wrongCodesPerNumber: Limit<Quota> = Limit.Default,
        smsPerNumber: Limit<Quota> = Limit.Default,
        wrongCodesPerClient: Limit<Quota> = Limit.Default,
        smsPerClient: Limit<Quota> = Limit.Default,
        smsPerPrefix: Limit<PrefixQuota> = Limit.Default,
        maxResends: Limit<Int> = Limit.Default,
        resendAfter: Limit<Duration> = Limit.Default,
        accept: Accept? = null,
        countries: List<String>? = null,
        callingCodes: List<Int>? = null,
    ) : this(
        NativeEngineOptions(
            settings = settings(
                "store" to store,
                "timeout" to timeout,
                "max_requests" to maxRequests,
                "max_attempts" to maxAttempts,
                "wrong_codes_per_number" to wrongCodesPerNumber,
                "sms_per_number" to smsPerNumber,
                "wrong_codes_per_client" to wrongCodesPerClient,
                "sms_per_client" to smsPerClient,
                "sms_per_prefix" to smsPerPrefix,
                "max_resends" to maxResends,
                "resend_after" to resendAfter,
                "accept" to accept,
                "countries" to countries,
                "calling_codes" to callingCodes,
            ),
            clock = null,
        ),
    )
}

private class GatewayFunction(private val send: suspend (OutgoingSms) -> Unit) : NativeGateway {
    override suspend fun send(number: String, text: String, attemptId: String): NativeDelivery = try {
        send(OutgoingSms(number, text, attemptId))
        NativeDelivery.Sent
    } catch (notSent: NotSentException) {
        held(notSent) { NativeDelivery.NotSent(it) }
    } catch (failure: Throwable) {
        // Also where the function cancelled itself: whether the SMS went out is not known.
        held(failure) { NativeDelivery.PossiblySent(it) }
    }

    /** An exception after the call was cancelled reaches no caller, and would be held for ever. */
    private suspend inline fun held(thrown: Throwable, delivery: (HeldThrowable) -> NativeDelivery): NativeDelivery =
        if (currentCoroutineContext().isActive) delivery(HeldThrowable(thrown)) else NativeDelivery.Sent
}

/**
 * Runs verifications in this process: generates the codes, keeps the state, sends the SMS.
 *
 * ```kotlin
 * val engine = Engine { sms -> gateway.deliver(sms.number, sms.text, once = sms.attemptId) }
 * ```
 *
 * The function that sends throws [NotSentException] only if it is certain that nothing went out; after anything else that it throws
 * the code counts, and the call fails with [VerifyException.DeliveryFailed], whose cause it is.
 *
 * For production, set `smsPerClient` and `wrongCodesPerClient`, and name the client with each call: `docs/production.md` says why.
 */
public class Engine internal constructor(native: () -> NativeEngine, waits: Boolean) : Verifier {
    internal val calls = ffi { Calls(NativeCalls.ofEngine(native(), waits), waits) }

    /** One whose SMS this function sends. */
    public constructor(options: EngineOptions = EngineOptions(), send: suspend (OutgoingSms) -> Unit) :
        this(sending(options, send), waits = false)

    /** One whose SMS E-goi's own call sends. */
    public constructor(egoiSms: EgoiSms, options: EngineOptions = EngineOptions()) :
        this(sending(options, egoiSms), waits = false)

    override suspend fun request(
        number: String,
        message: String?,
        codeType: CodeType?,
        codeSize: Int?,
        ttl: Duration?,
        group: String?,
        idempotencyKey: String?,
        client: String?,
        timeout: Duration?,
        defaultRegion: String?,
        retries: Int?,
    ): Verification = calls.verification(
        nativeRequest(
            number,
            message,
            codeType,
            codeSize,
            ttl,
            group,
            idempotencyKey,
            client,
            timeout,
            defaultRegion,
            retries,
        ),
    )

    override suspend fun validate(
        id: String,
        code: String,
        number: String?,
        timeout: Duration?,
        client: String?,
        defaultRegion: String?,
        retries: Int?,
    ): Outcome = validateWithDetails(id, code, number, timeout, client, defaultRegion, retries).outcome

    override suspend fun validateWithDetails(
        id: String,
        code: String,
        number: String?,
        timeout: Duration?,
        client: String?,
        defaultRegion: String?,
        retries: Int?,
    ): OutcomeDetails {
        val validate =
            NativeValidate(id, code, number, client, defaultRegion, timeout?.seconds(), retries?.toLong())
        return calls.outcome(NativeCall.Validate(validate))
    }

    override suspend fun cancel(id: String, timeout: Duration?, retries: Int?): State =
        calls.state(NativeCall.Cancel(id, timeout?.seconds(), retries?.toLong()))

    override suspend fun resend(id: String, timeout: Duration?, retries: Int?): Verification =
        calls.verification(NativeCall.Resend(id, timeout?.seconds(), retries?.toLong()))

    override suspend fun get(id: String, timeout: Duration?, retries: Int?): Verification =
        calls.verification(NativeCall.Get(id, timeout?.seconds(), retries?.toLong()))

    /**
     * Checks that the store can be used, and asks E-goi, if it sends the SMS. Sends no SMS. Call it when a server starts:
     * an engine opens a file when it is made, and connects to no server.
     *
     * @throws VerifyException.Storage if the store cannot be reached
     * @throws VerifyException.Unauthorized if E-goi sends the SMS and refuses the key
     * @throws VerifyException.Misconfigured if an operator must change something, for example a key that does not match
     */
    public suspend fun ping(timeout: Duration? = null): Unit = calls.nothing(NativeCall.Ping(timeout?.seconds(), null))

    override fun close(): Unit = calls.shut()

    override fun toString(): String = "Engine"
}

internal fun sending(options: EngineOptions, send: suspend (OutgoingSms) -> Unit): () -> NativeEngine =
    { NativeEngine.sending(GatewayFunction(send), options.native) }

internal fun sending(options: EngineOptions, egoiSms: EgoiSms): () -> NativeEngine =
    { NativeEngine.withEgoiSms(egoiSms.native, options.native) }
