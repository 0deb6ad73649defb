package egoi.verify.phone

import egoi.verify.phone.internal.NativeAdvice
import egoi.verify.phone.internal.NativeAskedAgain
import kotlin.time.Duration

/**
 * What the screen of a [VerificationSession] shows.
 *
 * ```kotlin
 * session.state.collect { state ->
 *     when (state) {
 *         is SessionState.AwaitingCode -> println("the code is good for ${state.expiresIn}")
 *         is SessionState.Failed -> println(state.advice)
 *         else -> println(state.text().text)
 *     }
 * }
 * ```
 */
public sealed interface SessionState {
    /** Nothing has begun: ask for the number. */
    public data object Idle : SessionState

    /** The server sends a code. Show that the app waits. */
    public data object Sending : SessionState

    /**
     * Ask for the code.
     *
     * The keyboard offers the code of the SMS to a text field with this content type:
     * `android:autofillHints="smsOTPCode"` in a layout; in Compose `Modifier.semantics { contentType =
     * ContentType.SmsOtpCode }`. `android:inputType="number"`, in Compose `KeyboardOptions(keyboardType =
     * KeyboardType.Number)`, fits a numeric code, and refuses a pasted code with spaces or in the digits of another script,
     * which [VerificationSession.submit] accepts: filter nothing. If the app has the SMS itself, from the SMS Retriever or the
     * SMS User Consent API, [codeInSms] finds the code in it.
     */
    public class AwaitingCode private constructor(
        private val now: () -> Duration,
        private val expiresAt: Duration,
        private val resendAt: Duration?,
        /** How many wrong codes are left, if the server counts them. */
        public val attemptsLeft: Int?,
        /** Why the code is asked for again; `null` if it is asked for the first time. */
        public val reason: AskedAgain?,
    ) : SessionState {
        /** One whose times stand still, for a preview of the screen and for its tests. */
        public constructor(
            expiresIn: Duration,
            resendIn: Duration? = null,
            attemptsLeft: Int? = null,
            reason: AskedAgain? = null,
        ) : this({ Duration.ZERO }, expiresIn, resendIn, attemptsLeft, reason)

        internal constructor(
            clock: SessionClock,
            expiresAt: Duration,
            resendAt: Duration?,
            attemptsLeft: Int?,
            reason: AskedAgain?,
        ) : this(clock::sinceBoot, expiresAt, resendAt, attemptsLeft, reason)

        /** The remaining validity of the code at the time of reading. Zero after its end. */
        public val expiresIn: Duration get() = left(expiresAt)

        /**
         * How long until a resend is possible, at the time of reading. Zero if it is possible now. `null` if the
         * server has no resend.
         */
        public val resendIn: Duration? get() = resendAt?.let(::left)

        /** Whether [VerificationSession.resend] is allowed now. */
        public val mayResend: Boolean get() = resendIn == Duration.ZERO

        private fun left(at: Duration): Duration = (at - now()).coerceAtLeast(Duration.ZERO)

        // What was read at different times is the same, unless something happened in between but the passing of time.
        private val facts = listOf(expiresAt, resendAt, attemptsLeft, reason)

        override fun equals(other: Any?): Boolean = other is AwaitingCode && other.facts == facts

        override fun hashCode(): Int = facts.hashCode()

        override fun toString(): String =
            "AwaitingCode(expiresIn=$expiresIn, resendIn=$resendIn, attemptsLeft=$attemptsLeft, reason=$reason)"
    }

    /** A code, or a cancellation, is with the server. */
    public data object Checking : SessionState

    /** The server said that the number is proved. To the server this proves nothing: it has its own word for it. */
    public data object Verified : SessionState

    /** The code is not valid any more. */
    public data object Expired : SessionState

    /** Cancelled. */
    public data object Cancelled : SessionState

    /** A call failed. */
    public class Failed(
        /** What went wrong. */
        public val problem: Problem,
        /** What the person may do now. */
        public val advice: Advice,
        /** The request that still waits for its code, if there is one. The person can still enter the code. */
        public val awaiting: AwaitingCode? = null,
    ) : SessionState {
        override fun equals(other: Any?): Boolean =
            other is Failed && other.problem == problem && other.advice == advice && other.awaiting == awaiting

        override fun hashCode(): Int = listOf(problem, advice, awaiting).hashCode()

        override fun toString(): String = "Failed(problem=$problem, advice=$advice, awaiting=$awaiting)"
    }
}

/**
 * Why a code is asked for again.
 *
 * ```kotlin
 * val preview = SessionState.AwaitingCode(expiresIn = 5.minutes, reason = AskedAgain.WRONG_CODE)
 * ```
 */
public enum class AskedAgain {
    /** The one before was wrong. */
    WRONG_CODE,

    /** A new one was sent, and the old one stopped working. */
    RESENT,
}

/**
 * What the person may do after a failure.
 *
 * ```kotlin
 * val failed = session.state.value as? SessionState.Failed
 * if (failed?.advice == Advice.CONTACT_SUPPORT) println("call us")
 * ```
 */
public enum class Advice {
    /** The same again: nothing was sent and nothing spent. */
    TRY_AGAIN,

    /** The same again, after [Problem.retryAfter]. */
    WAIT,

    /** Give the code, again or for the first time. */
    ENTER_CODE,

    /** Give another number. */
    CHANGE_NUMBER,

    /** Begin anew, with a new SMS; a code that still arrives will not do. */
    START_OVER,

    /** Nothing here helps: the server is set up wrongly. */
    CONTACT_SUPPORT,
}

/**
 * Why a call to the app's server failed.
 *
 * ```kotlin
 * val problem = Problem("rate_limited", "too many SMS", retryAfter = 30.seconds)
 * val preview = SessionState.Failed(problem, Advice.WAIT)
 * ```
 *
 * @property code the stable string of the error that the server passed on, for example `rate_limited`; `interrupted` where
 *   no response came; or, if the server said so of a code, `already_verified` or `too_many_attempts`
 * @property detail in words, for people; holds no code and no full number
 * @property retryAfter how long to wait, if it is known
 * @property smsPossiblySent whether an SMS may have gone out
 * @property cause what the app's own function threw; not there any more once the session was saved and restored
 */
public class Problem(
    public val code: String,
    public val detail: String,
    public val retryAfter: Duration? = null,
    public val smsPossiblySent: Boolean = true,
    public val cause: Throwable? = null,
) {
    private val facts = listOf(code, detail, retryAfter, smsPossiblySent, cause)

    override fun equals(other: Any?): Boolean = other is Problem && other.facts == facts

    override fun hashCode(): Int = facts.hashCode()

    override fun toString(): String =
        "Problem(code=$code, detail=$detail, retryAfter=$retryAfter, smsPossiblySent=$smsPossiblySent)"
}

internal fun NativeAskedAgain.public(): AskedAgain = when (this) {
    NativeAskedAgain.WRONG_CODE -> AskedAgain.WRONG_CODE
    NativeAskedAgain.RESENT -> AskedAgain.RESENT
}

internal fun NativeAdvice.public(): Advice = when (this) {
    NativeAdvice.TRY_AGAIN -> Advice.TRY_AGAIN
    NativeAdvice.WAIT -> Advice.WAIT
    NativeAdvice.ENTER_CODE -> Advice.ENTER_CODE
    NativeAdvice.CHANGE_NUMBER -> Advice.CHANGE_NUMBER
    NativeAdvice.START_OVER -> Advice.START_OVER
    NativeAdvice.CONTACT_SUPPORT -> Advice.CONTACT_SUPPORT
}
