package egoi.verify.phone

import egoi.verify.phone.internal.NativeAdvice
import egoi.verify.phone.internal.NativeAskedAgain
import egoi.verify.phone.internal.NativeAwaitingCode
import egoi.verify.phone.internal.NativeButton
import egoi.verify.phone.internal.NativeProblem
import egoi.verify.phone.internal.NativeSessionState
import egoi.verify.phone.internal.NativeText
import egoi.verify.phone.internal.nativeTextOfButton
import egoi.verify.phone.internal.nativeTextOfState
import java.util.Locale
import kotlin.time.Duration
import kotlin.time.DurationUnit
import kotlin.time.toJavaDuration

/**
 * A text for a screen in English, Portuguese or Spanish.
 *
 * ```kotlin
 * val shown = session.state.value.text(language = "pt")
 * println("${shown.text} ${shown.hint}")
 * ```
 *
 * @property text for everybody to read
 * @property hint for a screen reader: what the person can do now. In Compose `Modifier.semantics { contentDescription = … }`
 */
public class ScreenText internal constructor(public val text: String, public val hint: String) {
    override fun toString(): String = text
}

/**
 * A button of the screen.
 *
 * ```kotlin
 * val label = SessionButton.RESEND.text(wait = 24.seconds, language = "en").text
 * ```
 */
public enum class SessionButton {
    /** Asks for a code. */
    SEND,

    /** Submits the code. */
    CHECK,

    /** Asks for a new code. */
    RESEND,

    /** Goes back to enter another number. */
    CHANGE_NUMBER,
}

/** What to say in this state; of a failure, by its reason. [language] is a tag such as `pt-PT`; a language that is not there is English. */
@JvmOverloads
public fun SessionState.text(language: String = Locale.getDefault().language): ScreenText =
    ffi { nativeTextOfState(native(), language) }.public()

/** What the button says. With [wait], [SessionState.AwaitingCode.resendIn], one for a new code counts down. */
public fun SessionButton.text(wait: Duration? = null, language: String = Locale.getDefault().language): ScreenText =
    ffi { nativeTextOfButton(native(), wait?.toJavaDuration(), language) }.public()

private fun NativeText.public(): ScreenText = ScreenText(text, hint)

private fun SessionButton.native(): NativeButton = when (this) {
    SessionButton.SEND -> NativeButton.SEND
    SessionButton.CHECK -> NativeButton.CHECK
    SessionButton.RESEND -> NativeButton.RESEND
    SessionButton.CHANGE_NUMBER -> NativeButton.CHANGE_NUMBER
}

private fun SessionState.native(): NativeSessionState = when (this) {
    SessionState.Idle -> NativeSessionState.Idle
    SessionState.Sending -> NativeSessionState.Sending
    is SessionState.AwaitingCode -> NativeSessionState.AwaitingCode(native())
    SessionState.Checking -> NativeSessionState.Checking
    SessionState.Verified -> NativeSessionState.Verified
    SessionState.Expired -> NativeSessionState.Expired
    SessionState.Cancelled -> NativeSessionState.Cancelled
    is SessionState.Failed -> NativeSessionState.Failed(problem.native(), advice.native(), awaiting?.native())
}

private fun SessionState.AwaitingCode.native(): NativeAwaitingCode = NativeAwaitingCode(
    expiresIn.toJavaDuration(),
    resendIn?.toJavaDuration(),
    attemptsLeft?.coerceAtLeast(0)?.toUInt(),
    reason?.native(),
)

private fun Problem.native(): NativeProblem =
    NativeProblem(code, detail, retryAfter?.toDouble(DurationUnit.SECONDS), smsPossiblySent)

private fun AskedAgain.native(): NativeAskedAgain = when (this) {
    AskedAgain.WRONG_CODE -> NativeAskedAgain.WRONG_CODE
    AskedAgain.RESENT -> NativeAskedAgain.RESENT
}

private fun Advice.native(): NativeAdvice = when (this) {
    Advice.TRY_AGAIN -> NativeAdvice.TRY_AGAIN
    Advice.WAIT -> NativeAdvice.WAIT
    Advice.ENTER_CODE -> NativeAdvice.ENTER_CODE
    Advice.CHANGE_NUMBER -> NativeAdvice.CHANGE_NUMBER
    Advice.START_OVER -> NativeAdvice.START_OVER
    Advice.CONTACT_SUPPORT -> NativeAdvice.CONTACT_SUPPORT
}
