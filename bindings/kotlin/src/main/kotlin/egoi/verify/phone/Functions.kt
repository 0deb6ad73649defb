@file:JvmName("EgoiVerifyPhone")

package egoi.verify.phone

import egoi.verify.phone.internal.nativeCodeInSms
import egoi.verify.phone.internal.nativeNormalisedCode
import egoi.verify.phone.internal.nativeNow
import egoi.verify.phone.internal.nativeParseNumber

/**
 * The type of a phone number.
 *
 * ```kotlin
 * if (parseNumber("+351 210 000 000")?.type == NumberType.FIXED_LINE) println("a landline may not get SMS")
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
 * ```kotlin
 * parseNumber("910 000 000", defaultRegion = "PT")?.e164 // +351910000000
 * ```
 *
 * @property e164 the full number, `+351910000000`. It is equal for two spellings of one phone
 * @property country the ISO 3166 code of the country, for example `PT`. `null` if the number does not show its country
 * @property callingCode the calling code, for example 351
 * @property type the type of the number
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
 * Loads the native library, which the first use does otherwise. It takes some milliseconds: call it in another thread while the
 * app starts.
 *
 * @throws UnsupportedOperationException if there is no library for this system
 */
public fun preload() {
    ffi { nativeNow() }
}

/**
 * Reads a number as people write it: `+351 910 000 000`, `00351910000000`, `351-910000000`; with [defaultRegion], the ISO 3166
 * code of a country such as `PT`, a national number of that country too. `null` if it is no number.
 */
@JvmOverloads
public fun parseNumber(text: String, defaultRegion: String? = null): PhoneNumber? =
    ffi { nativeParseNumber(text, defaultRegion) }?.run {
        PhoneNumber(e164, country, callingCode.toInt(), NumberType.valueOf(numberType.uppercase()), masked)
    }

/** Finds the code in an SMS. `null` if the text has no candidate, or more than one. */
@JvmOverloads
public fun codeInSms(text: String, codeType: CodeType? = null, codeSize: Int? = null): String? =
    ffi { nativeCodeInSms(text, codeType?.native(), codeSize?.toLong()) }

/**
 * Normalises a code that a person typed or pasted: spaces, hyphens and direction marks removed,
 * digits of other scripts to 0–9, letters to upper case. `null` if the text is not a code.
 */
public fun normalisedCode(given: String): String? = ffi { nativeNormalisedCode(given) }
