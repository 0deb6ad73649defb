package egoi.verify

import egoi.verify.internal.NativeCodeType
import egoi.verify.internal.NativeOutcome
import egoi.verify.internal.NativeOutcomeDetails
import egoi.verify.internal.NativeSenderInfo
import egoi.verify.internal.NativeSmsEncoding
import egoi.verify.internal.NativeSmsStatus
import egoi.verify.internal.NativeState
import egoi.verify.internal.NativeVerification
import egoi.verify.internal.nativeMasked
import java.time.Instant

/**
 * The state of a request.
 *
 * ```kotlin
 * if (client.cancel(id) == State.VERIFIED) println("too late")
 * ```
 */
public enum class State {
    /** Waits for the right code. */
    PENDING,

    /** The right code was given in time. */
    VERIFIED,

    /** The validity ran out first. */
    EXPIRED,

    /** Cancelled first. */
    CANCELLED,
}

/**
 * What the service says to a code. Only [VERIFIED] proves anything.
 *
 * ```
 * if (client.validate(id, given, number = session.number).isVerified) account.number = session.number
 * ```
 */
public enum class Outcome {
    /** The right code, in time, for the first time: the one success. */
    VERIFIED,

    /** A wrong code; the request waits for the right one until it expires. */
    WRONG_CODE,

    /** The validity ran out. */
    EXPIRED,

    /** Verified before; no proof now. */
    ALREADY_VERIFIED,

    /** Cancelled before. */
    CANCELLED,

    /** Too many wrong codes; this one was not looked at. */
    TOO_MANY_ATTEMPTS,
    ;

    /** Whether the number is proved. */
    public val isVerified: Boolean get() = this == VERIFIED
}

/**
 * An [Outcome] with its details.
 *
 * ```kotlin
 * val checked = client.validateWithDetails(id, given, number = session.number)
 * checked.attemptsLeft?.let { left -> println("$left tries left") }
 * ```
 *
 * @property outcome the outcome. Only [Outcome.VERIFIED] proves anything
 * @property attemptsLeft how many more wrong codes are accepted: the fewest that a limit of the request, the number or
 *   the client leaves. Of a wrong code and of too many attempts. `null` if no limit counts here, if E-goi counts, or if
 *   a store repeated the call after a lost response
 * @property limit the name of the limit that stopped the call: `maxAttempts`, `wrongCodesPerNumber` or
 *   `wrongCodesPerClient`
 */
public class OutcomeDetails @JvmOverloads constructor(
    public val outcome: Outcome,
    public val attemptsLeft: Int? = null,
    public val limit: String? = null,
) {
    private val facts get() = listOf(outcome, attemptsLeft, limit)

    override fun equals(other: Any?): Boolean = other is OutcomeDetails && facts == other.facts

    override fun hashCode(): Int = facts.hashCode()

    override fun toString(): String = "OutcomeDetails(outcome=$outcome, attemptsLeft=$attemptsLeft, limit=$limit)"
}

/**
 * The characters of a code.
 *
 * ```kotlin
 * client.request(number, codeType = CodeType.ALPHANUMERIC, codeSize = 8)
 * ```
 */
public enum class CodeType {
    /** `0-9` */
    NUMERIC,

    /** `A-Z` */
    ALPHA,

    /** `0-9A-Z` */
    ALPHANUMERIC,

    /** `0-9A-F` */
    HEX,
}

/**
 * Whether the SMS of a request went out.
 *
 * ```kotlin
 * if (engine.get(id).sms == SmsStatus.UNKNOWN) println("the SMS may not arrive")
 * ```
 */
public enum class SmsStatus {
    /** Sent. */
    SENT,

    /** A process died or a connection broke while it was being sent. */
    UNKNOWN,
}

/**
 * How an SMS is encoded on the air.
 *
 * ```kotlin
 * smsParts("Your code: 123456 ✓").encoding // UCS2
 * ```
 */
public enum class SmsEncoding {
    /** The GSM 7-bit default alphabet with its extension table. */
    GSM7,

    /** UCS-2, in practice UTF-16. */
    UCS2,
}

/**
 * A request, as far as it is known. Never the code, never the message; printed, the number is masked.
 *
 * ```
 * val verification = client.request("+351 910 000 000")
 * session.id = verification.id
 * ```
 *
 * @property id the request's id, for `validate`, `cancel`, `resend` and `get`
 * @property state its state
 * @property number the full number, `+351910000000`, if the service reports it
 * @property createdAt when it was made, if it is known
 * @property expiresAt the code is good before this time, if it is known; never later than the service's own
 * @property sms whether the SMS went out, if it is known
 * @property attemptsLeft how many more wrong codes are looked at, from an [Engine] that counts
 * @property resendAt before this time a resend is `rate_limited`; from an [Engine] with a pause, while a resend is possible
 * @property resendsLeft how many more resends there may be, from an [Engine] that limits them
 */
public class Verification(
    public val id: String,
    public val state: State,
    public val number: String? = null,
    public val createdAt: Instant? = null,
    public val expiresAt: Instant? = null,
    public val sms: SmsStatus? = null,
    public val attemptsLeft: Int? = null,
    public val resendAt: Instant? = null,
    public val resendsLeft: Int? = null,
) {
    private val facts get() = listOf(id, state, number, createdAt, expiresAt, sms, attemptsLeft, resendAt, resendsLeft)

    override fun equals(other: Any?): Boolean = other is Verification && other.facts == facts

    override fun hashCode(): Int = facts.hashCode()

    override fun toString(): String =
        "Verification(id=$id, state=$state, number=${number?.let(::nativeMasked)}, createdAt=$createdAt, " +
            "expiresAt=$expiresAt, sms=$sms, attemptsLeft=$attemptsLeft, " +
            "resendAt=$resendAt, resendsLeft=$resendsLeft)"
}

/**
 * A sender of the account. Printed, its number is masked.
 *
 * ```kotlin
 * for (sender in client.senders()) println("${sender.id} ${sender.name}")
 * ```
 *
 * @property id its id, which `sender` takes over V2
 * @property name its name, if it has one
 * @property number its number, if it has one
 * @property status its state in the service's word, if the service reports it
 */
public class SenderInfo(
    public val id: String,
    public val name: String?,
    public val number: String?,
    public val status: String?,
) {
    private val facts get() = listOf(id, name, number, status)

    override fun equals(other: Any?): Boolean = other is SenderInfo && other.facts == facts

    override fun hashCode(): Int = facts.hashCode()

    override fun toString(): String =
        "SenderInfo(id=$id, name=$name, number=${number?.let(::nativeMasked)}, status=$status)"
}

internal fun NativeState.public(): State = when (this) {
    NativeState.PENDING -> State.PENDING
    NativeState.VERIFIED -> State.VERIFIED
    NativeState.EXPIRED -> State.EXPIRED
    NativeState.CANCELLED -> State.CANCELLED
}

internal fun NativeOutcome.public(): Outcome = when (this) {
    NativeOutcome.VERIFIED -> Outcome.VERIFIED
    NativeOutcome.WRONG_CODE -> Outcome.WRONG_CODE
    NativeOutcome.EXPIRED -> Outcome.EXPIRED
    NativeOutcome.ALREADY_VERIFIED -> Outcome.ALREADY_VERIFIED
    NativeOutcome.CANCELLED -> Outcome.CANCELLED
    NativeOutcome.TOO_MANY_ATTEMPTS -> Outcome.TOO_MANY_ATTEMPTS
}

internal fun NativeOutcomeDetails.public(): OutcomeDetails =
    OutcomeDetails(outcome.public(), attemptsLeft?.toInt(), limit)

internal fun CodeType.native(): NativeCodeType = when (this) {
    CodeType.NUMERIC -> NativeCodeType.NUMERIC
    CodeType.ALPHA -> NativeCodeType.ALPHA
    CodeType.ALPHANUMERIC -> NativeCodeType.ALPHANUMERIC
    CodeType.HEX -> NativeCodeType.HEX
}

internal fun NativeSmsEncoding.public(): SmsEncoding = when (this) {
    NativeSmsEncoding.GSM7 -> SmsEncoding.GSM7
    NativeSmsEncoding.UCS2 -> SmsEncoding.UCS2
}

internal fun NativeVerification.public(): Verification = Verification(
    id = id,
    state = state.public(),
    number = number,
    createdAt = createdAt,
    expiresAt = expiresAt,
    sms = when (sms) {
        NativeSmsStatus.SENT -> SmsStatus.SENT
        NativeSmsStatus.UNKNOWN -> SmsStatus.UNKNOWN
        null -> null
    },
    attemptsLeft = attemptsLeft?.toInt(),
    resendAt = resendAt,
    resendsLeft = resendsLeft?.toInt(),
)

internal fun NativeSenderInfo.public(): SenderInfo = SenderInfo(id, name, number, status)
