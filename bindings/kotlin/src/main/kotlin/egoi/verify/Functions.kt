@file:JvmName("EgoiVerify")

package egoi.verify

import egoi.verify.internal.nativeCodeInSms
import egoi.verify.internal.nativeGenerateCode
import egoi.verify.internal.nativeNormalisedCode
import egoi.verify.internal.nativeParseNumber
import egoi.verify.internal.nativeSmsParts
import egoi.verify.internal.nativeWithAppHash
import egoi.verify.internal.nativeWithOrigin

/**
 * The type of a phone number.
 *
 * ```kotlin
 * if (parseNumber(number).type == NumberType.FIXED_LINE) println("a landline may not get SMS")
 * ```
 */
public enum class NumberType {
    /** A mobile phone. */
    MOBILE,

    /** A landline. */
    FIXED_LINE,

    /** A mobile phone or a landline: the numbering plan does not distinguish them, as in North America. */
    FIXED_LINE_OR_MOBILE,

    /** The caller pays a fee. Never gets an SMS. */
    PREMIUM_RATE,

    /** The called side pays. Never gets an SMS. */
    TOLL_FREE,

    /** Both sides pay. Never gets an SMS. */
    SHARED_COST,

    /** A number of the Internet. */
    VOIP,

    /** A number of a person, which is forwarded to one of their phones. */
    PERSONAL_NUMBER,

    /** A pager. Never gets an SMS. */
    PAGER,

    /** A universal access number: a company's number for its whole country. Never gets an SMS. */
    UAN,

    /** A mailbox. Never gets an SMS. */
    VOICEMAIL,

    /** A number outside the known ranges. */
    UNKNOWN,
}

/**
 * A phone number. Printed, it is masked.
 *
 * ```
 * parseNumber("00351 910 000 000").e164 // +351910000000
 * ```
 *
 * @property e164 the full number, `+351910000000`. It is equal for two spellings of one phone
 * @property country its country's ISO 3166 code, for example `PT`; `null` if the number does not show it
 * @property callingCode the calling code, for example 351
 * @property type its type
 * @property masked the number with its middle digits hidden, `+35191*****00`
 */
public class PhoneNumber internal constructor(
    public val e164: String,
    public val country: String?,
    public val callingCode: Int,
    public val type: NumberType,
    public val masked: String,
) {
    override fun equals(other: Any?): Boolean = other is PhoneNumber && other.e164 == e164

    override fun hashCode(): Int = e164.hashCode()

    override fun toString(): String = masked
}

/**
 * The size of a text that is sent by SMS.
 *
 * ```
 * smsParts("a".repeat(161)).parts // 2
 * ```
 *
 * @property encoding one character outside the GSM alphabet makes the whole text [SmsEncoding.UCS2]
 * @property characters septets for GSM 7-bit, UTF-16 code units for UCS-2
 * @property parts how many SMS are sent and billed, 1 or more
 */
public class SmsParts(public val encoding: SmsEncoding, public val characters: Int, public val parts: Int) {
    private val facts get() = listOf(encoding, characters, parts)

    override fun equals(other: Any?): Boolean = other is SmsParts && other.facts == facts

    override fun hashCode(): Int = facts.hashCode()

    override fun toString(): String = "SmsParts(encoding=$encoding, characters=$characters, parts=$parts)"
}

/** A code of the operating system's randomness, without bias: [codeSize] characters, 4 to 20. */
@JvmOverloads
public fun generateCode(codeType: CodeType = CodeType.NUMERIC, codeSize: Int = 6): String =
    ffi { nativeGenerateCode(codeType.native(), codeSize.toLong()) }

/**
 * Reads a number as people write it: `+351 910 000 000`, `00351910000000`, `351-910000000`; with [defaultRegion], the ISO 3166
 * code of a country such as `PT`, a national number of that country too. A text that is no number is [VerifyException.InvalidInput].
 */
@JvmOverloads
public fun parseNumber(text: String, defaultRegion: String? = null): PhoneNumber =
    ffi { nativeParseNumber(text, defaultRegion) }.run {
        PhoneNumber(e164, country, callingCode.toInt(), NumberType.valueOf(numberType.uppercase()), masked)
    }

/** Counts the SMS parts of a text, with the code already in place. */
public fun smsParts(text: String): SmsParts =
    ffi { nativeSmsParts(text) }.run { SmsParts(encoding.public(), characters.toInt(), parts.toInt()) }

/**
 * Adds the line `@host #{CODE}` that makes browsers and iOS offer the code only to this site (WebOTP). The page's field says
 * `autocomplete="one-time-code"`, and asks for the SMS by `navigator.credentials.get({ otp: { transport: ["sms"] } })`.
 */
public fun withOrigin(message: String, host: String): String = ffi { nativeWithOrigin(message, host) }

/**
 * Adds the 11-character hash that makes Android's SMS Retriever give the SMS only to this app, without a permission and
 * without asking the person. It is made of the app's package name and signing certificate; the server adds it to the message,
 * and the app, which has called `SmsRetriever.getClient(context).startSmsRetriever()`, reads the code by [codeInSms].
 */
public fun withAppHash(message: String, hash: String): String = ffi { nativeWithAppHash(message, hash) }

/** Reads the code out of an SMS; `null` if there is no candidate, or more than one. */
@JvmOverloads
public fun codeInSms(text: String, codeType: CodeType? = null, codeSize: Int? = null): String? =
    ffi { nativeCodeInSms(text, codeType?.native(), codeSize?.toLong()) }

/**
 * A code as a person typed or pasted it, in the form that is sent: spaces, hyphens and direction marks removed,
 * digits of other scripts to 0–9, letters to upper case. A text that is no code is [VerifyException.InvalidInput].
 */
public fun normalisedCode(given: String): String = ffi { nativeNormalisedCode(given) }
