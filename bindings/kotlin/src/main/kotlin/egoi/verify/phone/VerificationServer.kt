package egoi.verify.phone

import kotlin.time.Duration
import kotlin.time.toKotlinDuration
import java.time.Duration as JavaDuration

/**
 * The app's own server, as the app reaches it: over its own HTTP client, with its own sign-in. That server holds the E-goi
 * key, and decides.
 *
 * **What the phone says proves nothing.** The server keeps the id and the number in its own session, passes that number to
 * `validate`, and grants the access when its own call says [Outcome.VERIFIED]; never because an app says that it is
 * [SessionState.Verified]. `examples/phone` has both sides.
 *
 * A call that the server refused throws [VerificationServerException] with what the server said; anything else that is thrown
 * is a call with an unknown result. A cancelled call is dropped.
 *
 * ```kotlin
 * class ShopServer(private val shop: ShopApi) : VerificationServer {
 *     override suspend fun request(number: String) = CodeSent(shop.request(number), 10.minutes, 30.seconds)
 *     override suspend fun validate(id: String, code: String) = CodeChecked(Outcome.valueOf(shop.validate(code)))
 *     override suspend fun resend(id: String) = CodeSent(shop.resend(), 10.minutes, 30.seconds)
 *     override suspend fun cancel(id: String) = State.CANCELLED
 * }
 * ```
 */
public interface VerificationServer {
    /** Sends a code to the number, `+351910000000`. */
    public suspend fun request(number: String): CodeSent

    /** Submits a code, which is normalised. */
    public suspend fun validate(id: String, code: String): CodeChecked

    /** Has a new code sent. A server that sends no other says so by [CodeSent.resendIn], and this is never called. */
    public suspend fun resend(id: String): CodeSent

    /** Cancels the request and returns its state afterwards. */
    public suspend fun cancel(id: String): State
}

/**
 * The response of the server to a request and to a resend. Lengths of time and not instants, as a phone's idea of the time of
 * day may be wrong.
 *
 * ```kotlin
 * CodeSent("r1", expiresIn = 10.minutes, resendIn = 30.seconds, attemptsLeft = 5)
 * ```
 *
 * @property id what the server knows the request by: at most 128 characters of `A-Z a-z 0-9 . _ -`
 * @property expiresIn how long the code is good: more than nothing, at most an hour
 * @property resendIn how long until another code may be asked for; `null` if the server sends no other
 * @property attemptsLeft how many wrong codes are allowed, if the server counts them
 */
public class CodeSent(
    public val id: String,
    public val expiresIn: Duration,
    public val resendIn: Duration? = null,
    public val attemptsLeft: Int? = null,
) {
    /** From Java, with its lengths of time. */
    @JvmOverloads
    public constructor(
        id: String,
        expiresIn: JavaDuration,
        resendIn: JavaDuration? = null,
        attemptsLeft: Int? = null,
    ) : this(id, expiresIn.toKotlinDuration(), resendIn?.toKotlinDuration(), attemptsLeft)
}

/**
 * What the server says to a code.
 *
 * ```kotlin
 * CodeChecked(Outcome.WRONG_CODE, attemptsLeft = 4)
 * ```
 *
 * @property outcome what its verifier said
 * @property attemptsLeft how many wrong codes it still takes, if it counts them
 */
public class CodeChecked(public val outcome: Outcome, public val attemptsLeft: Int? = null)

/**
 * The app's server refused a call. It passes on the error of its own verifier.
 *
 * ```kotlin
 * throw VerificationServerException("rate_limited", "too many SMS", retryAfter = 30.seconds, smsPossiblySent = false)
 * ```
 *
 * @property code the stable name, for example `rate_limited`
 * @property detail the failure in words, for people. It must hold no code and no full number
 * @property retryAfter how long to wait before the next try, if it is known
 * @property smsPossiblySent whether this `request` or `resend` may have sent an SMS. `false` only if that is certain
 */
public class VerificationServerException(
    public val code: String,
    public val detail: String,
    public val retryAfter: Duration? = null,
    public val smsPossiblySent: Boolean = true,
    cause: Throwable? = null,
) : RuntimeException("$code: $detail", cause) {
    /** From Java, with its length of time. */
    public constructor(
        code: String,
        detail: String,
        smsPossiblySent: Boolean,
        retryAfter: JavaDuration?,
    ) : this(code, detail, retryAfter?.toKotlinDuration(), smsPossiblySent)
}
