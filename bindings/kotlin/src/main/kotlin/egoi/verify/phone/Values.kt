package egoi.verify.phone

import egoi.verify.phone.internal.NativeCodeType
import egoi.verify.phone.internal.NativeOutcome
import egoi.verify.phone.internal.NativeState

/**
 * The state of a request.
 *
 * ```kotlin
 * if (server.cancel(id) == State.VERIFIED) println("too late")
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
 * What the server says to a code.
 *
 * ```kotlin
 * if (server.validate(id, given).outcome == Outcome.TOO_MANY_ATTEMPTS) println("ask for a new code")
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
}

/**
 * The characters of a code.
 *
 * ```kotlin
 * val code = codeInSms(text, CodeType.NUMERIC, codeSize = 6)
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

internal fun State.native(): NativeState = when (this) {
    State.PENDING -> NativeState.PENDING
    State.VERIFIED -> NativeState.VERIFIED
    State.EXPIRED -> NativeState.EXPIRED
    State.CANCELLED -> NativeState.CANCELLED
}

internal fun Outcome.native(): NativeOutcome = when (this) {
    Outcome.VERIFIED -> NativeOutcome.VERIFIED
    Outcome.WRONG_CODE -> NativeOutcome.WRONG_CODE
    Outcome.EXPIRED -> NativeOutcome.EXPIRED
    Outcome.ALREADY_VERIFIED -> NativeOutcome.ALREADY_VERIFIED
    Outcome.CANCELLED -> NativeOutcome.CANCELLED
    Outcome.TOO_MANY_ATTEMPTS -> NativeOutcome.TOO_MANY_ATTEMPTS
}

internal fun CodeType.native(): NativeCodeType = when (this) {
    CodeType.NUMERIC -> NativeCodeType.NUMERIC
    CodeType.ALPHA -> NativeCodeType.ALPHA
    CodeType.ALPHANUMERIC -> NativeCodeType.ALPHANUMERIC
    CodeType.HEX -> NativeCodeType.HEX
}
