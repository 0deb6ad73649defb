@file:JvmName("EgoiVerifyPhone")

package egoi.verify.phone

import egoi.verify.phone.internal.nativeCodeInSms
import egoi.verify.phone.internal.nativeNormalisedCode
import egoi.verify.phone.internal.nativeNow
import egoi.verify.phone.internal.nativeParseNumber

/** What a phone number is for. */
public enum class NumberType {
    /** A mobile phone. */
    MOBILE,

    /** A landline. */
    FIXED_LINE,

    /** A mobile phone or a landline: the plan does not tell, as in North America. */
    FIXED_LINE_OR_MOBILE,

    /** The caller pays a fee. Never sent an SMS. */
    PREMIUM_RATE,

    /** The called side pays. Never sent an SMS. */
    TOLL_FREE,

    /** Both sides pay. Never sent an SMS. */
    SHARED_COST,

    /** A number of the Internet. */
    VOIP,

    /** A number of a person, which leads to a phone of theirs. */
    PERSONAL_NUMBER,

    /** A pager. Never sent an SMS. */
    PAGER,

    /** A company's number everywhere in its country, a universal access number. Never sent an SMS. */
    UAN,

    /** A mailbox. Never sent an SMS. */
    VOICEMAIL,

    /** In no range that is known. */
    UNKNOWN,
}

/**
 * A phone number. Printed, it is masked.
 *
 * @property e164 the full number, `+351910000000`. Two spellings of one phone have the same
 * @property country its country's ISO 3166 code, for example `PT`; `null` where the number does not tell it
 * @property callingCode for example 351
 * @property type what it is for
 * @property masked the number as it may be shown to others, `+35191*****00`
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

/** Reads the code out of an SMS; `null` if there is none, or more than one candidate. */
@JvmOverloads
public fun codeInSms(text: String, codeType: CodeType? = null, codeSize: Int? = null): String? =
    ffi { nativeCodeInSms(text, codeType?.native(), codeSize?.toLong()) }

/**
 * A code as a person typed or pasted it, in the form in which it travels: spaces, hyphens and direction marks removed,
 * digits of other scripts to 0–9, letters to upper case. `null` if it is no code.
 */
public fun normalisedCode(given: String): String? = ffi { nativeNormalisedCode(given) }
