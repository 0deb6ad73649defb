package egoi.verify

import egoi.verify.internal.NativeAdvice
import egoi.verify.internal.NativeAskedAgain
import kotlin.time.Duration

/** What the screen of a [VerificationSession] shows. */
public sealed interface SessionState {
    /** Nothing has begun: ask for the number. */
    public data object Idle : SessionState

    /** The server was asked to send a code. */
    public data object Sending : SessionState

    /**
     * Ask for the code.
     *
     * A text field is offered the code out of the SMS by the keyboard when it says what it is for:
     * `android:autofillHints="smsOTPCode"` in a layout; in Compose `Modifier.semantics { contentType =
     * ContentType.SmsOtpCode }`. `android:inputType="number"`, in Compose `KeyboardOptions(keyboardType =
     * KeyboardType.Number)`, fits a numeric code and shuts out a pasted one with spaces or in the digits of another script,
     * which [VerificationSession.submit] takes: filter nothing. An app that has the SMS itself, from the SMS Retriever or the
     * SMS User Consent API, reads the code out of it by [codeInSms].
     */
    public class AwaitingCode internal constructor(
        private val clock: SessionClock,
        private val expiresAt: Duration,
        private val resendAt: Duration?,
        /** How many wrong codes are left, if the server counts them. */
        public val attemptsLeft: Int?,
        /** Why the code is asked for again; `null` if it is asked for the first time. */
        public val reason: AskedAgain?,
    ) : SessionState {
        /** How much longer the code is good, counted down whenever it is read; zero from then on. */
        public val expiresIn: Duration get() = left(expiresAt)

        /**
         * How long until a new code may be asked for, counted down whenever it is read; zero from then on, `null` where the
         * server sends no other.
         */
        public val resendIn: Duration? get() = resendAt?.let(::left)

        /** Whether [VerificationSession.resend] is allowed now. */
        public val mayResend: Boolean get() = resendIn == Duration.ZERO

        private fun left(at: Duration): Duration = (at - clock.sinceBoot()).coerceAtLeast(Duration.ZERO)

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

    /**
     * A call failed.
     *
     * @property problem what went wrong
     * @property advice what the person may do now
     * @property awaiting the request that still waits for its code, if there is one: it may still be given
     */
    public data class Failed internal constructor(
        val problem: Problem,
        val advice: Advice,
        val awaiting: AwaitingCode?,
    ) : SessionState
}

/** Why a code is asked for again. */
public enum class AskedAgain {
    /** The one before was wrong. */
    WRONG_CODE,

    /** A new one was sent, and the old one stopped working. */
    RESENT,
}

/** What the person may do after a failure. */
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
 * @property code the word of a [VerifyException] that the server passed on, for example `rate_limited`; `interrupted` where
 *   no response came; or, if the server said so of a code, `already_verified` or `too_many_attempts`
 * @property detail in words, for people; holds no code and no full number
 * @property retryAfter how long to wait, if it is known
 * @property smsPossiblySent whether an SMS may have gone out
 * @property cause what the app's own function threw; not there any more once the session was saved and restored
 */
public data class Problem internal constructor(
    val code: String,
    val detail: String,
    val retryAfter: Duration?,
    val smsPossiblySent: Boolean,
    val cause: Throwable?,
) {
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
