package egoi.verify

import egoi.verify.internal.nativeDocsUrl
import egoi.verify.internal.nativeErrorCodes
import kotlin.time.Duration
import kotlin.time.toJavaDuration
import java.time.Duration as JavaDuration

/**
 * Why a call failed, one class for each [code]. Unchecked: Java can catch it. It never holds a key, a code, a full phone number or a message.
 *
 * A cancelled call fails with `CancellationException`, as everywhere in coroutines.
 *
 * ```
 * try {
 *     client.request(number)
 * } catch (error: VerifyException.RateLimited) {
 *     println("again in ${error.retryAfter}")
 * } catch (error: VerifyException) {
 *     println("${error.code}: ${error.detail}, see ${error.docsUrl}")
 * }
 * ```
 */
public sealed class VerifyException private constructor(private val facts: Facts) :
    RuntimeException("${facts.code}: ${facts.detail}", facts.cause) {

    /** The stable string, the same in every language, for example `rate_limited`. */
    public val code: String get() = facts.code

    /** The failure in words, for people, without secrets. */
    public val detail: String get() = facts.detail

    /** The HTTP status to respond with, when your server fails a request of its user because of this error. */
    public val suggestedStatus: Int get() = suggestedStatus(facts.code)

    /** The HTTP status of the service's response, if there was one. */
    public val httpStatus: Int? get() = facts.httpStatus

    /** The request that the failure is about, if it is known. */
    public val requestId: String? get() = facts.requestId

    /** How long to wait before the next try, if it is known. */
    public val retryAfter: Duration? get() = facts.retryAfter

    /** [retryAfter] for Java, as `getRetryAfter`. */
    @JvmName("getRetryAfter")
    public fun retryAfterAsJava(): JavaDuration? = retryAfter?.toJavaDuration()

    /** Whether repeating the same call may succeed and cannot send another SMS or use up an attempt. */
    public val retryIsSafe: Boolean get() = facts.retryIsSafe

    /** Whether this `request` or `resend` may have sent an SMS; `false` is certain. */
    public val smsPossiblySent: Boolean get() = facts.smsPossiblySent

    /** The option or argument that was refused ([InvalidInput], [Misconfigured]). */
    public val field: String? get() = facts.field

    /** The fault of that field in one stable string, for example `too_long`; of [Unreachable], the cause. */
    public val reason: String? get() = facts.reason

    /** The name of the limit that stopped the call, for example `smsPerNumber`. */
    public val limit: String? get() = facts.limit

    /** The code of the error below: of [DeliveryFailed] with E-goi's SMS call, for example `unauthorized`. */
    public val causeCode: String? get() = facts.causeCode

    /** The address of the page that says what causes this failure and what to do. */
    public val docsUrl: String get() = nativeDocsUrl(code)

    /** The number of HTTP requests of the call that were repeated. [DeliveryFailed] has those of E-goi's SMS call. */
    public val retries: Int get() = facts.retries

    internal class Facts(
        val code: String,
        val detail: String,
        val httpStatus: Int? = null,
        val requestId: String? = null,
        val retryAfter: Duration? = null,
        val retryIsSafe: Boolean = false,
        val smsPossiblySent: Boolean = false,
        val field: String? = null,
        val reason: String? = null,
        val limit: String? = null,
        val causeCode: String? = null,
        val retries: Int = 0,
        val cause: Throwable? = null,
    )

    /** Refused before anything was sent; the detail names the field, the fault and the limit. */
    public class InvalidInput internal constructor(facts: Facts) : VerifyException(facts)

    /** 401: the API key is missing or wrong. */
    public class Unauthorized internal constructor(facts: Facts) : VerifyException(facts)

    /** 403: the account may not do this; often the transactional service is not activated. */
    public class Forbidden internal constructor(facts: Facts) : VerifyException(facts)

    /** 404: no such request, or a request for another number. */
    public class NotFound internal constructor(facts: Facts) : VerifyException(facts)

    /** Any other 4xx but 408, a V1 `Error`, or a country that is not allowed. */
    public class Rejected internal constructor(facts: Facts) : VerifyException(facts)

    /** 409, the resend of a request that is over, or an idempotency key used for another number. */
    public class Conflict internal constructor(facts: Facts) : VerifyException(facts)

    /** 429, or a limit of the [Engine]; see [retryAfter]. */
    public class RateLimited internal constructor(facts: Facts) : VerifyException(facts)

    /** No connection was made: DNS, refused, proxy, certificate, connect timeout. */
    public class Unreachable internal constructor(facts: Facts) : VerifyException(facts)

    /** Bytes went out and no complete response came in time. */
    public class Timeout internal constructor(facts: Facts) : VerifyException(facts)

    /** Bytes went out and the connection broke before a complete response came. */
    public class Interrupted internal constructor(facts: Facts) : VerifyException(facts)

    /** 5xx. */
    public class Unavailable internal constructor(facts: Facts) : VerifyException(facts)

    /** A 3xx, never followed, because the key would travel with it. */
    public class Redirected internal constructor(facts: Facts) : VerifyException(facts)

    /** The response does not match the documented API. */
    public class InvalidResponse internal constructor(facts: Facts) : VerifyException(facts)

    /** Not in this version of the API. */
    public class Unsupported internal constructor(facts: Facts) : VerifyException(facts)

    /** The store failed. */
    public class Storage internal constructor(facts: Facts) : VerifyException(facts)

    /** An operator must change something: a key that does not match the store, missing rights, a missing database. */
    public class Misconfigured internal constructor(facts: Facts) : VerifyException(facts)

    /** The SMS could not be sent ([Engine]); the [cause] is what your function threw. */
    public class DeliveryFailed internal constructor(facts: Facts) : VerifyException(facts)

    /** Used after it was closed. */
    public class Closed internal constructor(facts: Facts) : VerifyException(facts)

    /** A memory store or a sandbox used in a forked child. */
    public class Forked internal constructor(facts: Facts) : VerifyException(facts)

    /** A panic below, turned into an error. */
    public class Internal internal constructor(facts: Facts) : VerifyException(facts)

    internal companion object {
        private val BY_CODE: Map<String, (Facts) -> VerifyException> = mapOf(
            "invalid_input" to ::InvalidInput,
            "unauthorized" to ::Unauthorized,
            "forbidden" to ::Forbidden,
            "not_found" to ::NotFound,
            "rejected" to ::Rejected,
            "conflict" to ::Conflict,
            "rate_limited" to ::RateLimited,
            "unreachable" to ::Unreachable,
            "timeout" to ::Timeout,
            "interrupted" to ::Interrupted,
            "unavailable" to ::Unavailable,
            "redirected" to ::Redirected,
            "invalid_response" to ::InvalidResponse,
            "unsupported" to ::Unsupported,
            "storage" to ::Storage,
            "misconfigured" to ::Misconfigured,
            "delivery_failed" to ::DeliveryFailed,
            "closed" to ::Closed,
            "forked" to ::Forked,
            "internal" to ::Internal,
        )

        private val STATUSES: Map<String, Int> by lazy { nativeErrorCodes() }

        fun suggestedStatus(code: String): Int = STATUSES.getValue(code)

        /** Every code that has a class. */
        val codes: Set<String> get() = BY_CODE.keys

        fun of(facts: Facts): VerifyException = (BY_CODE[facts.code] ?: ::Internal)(facts)
    }
}
