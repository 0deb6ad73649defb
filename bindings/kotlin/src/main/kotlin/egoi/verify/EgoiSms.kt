package egoi.verify

import egoi.verify.internal.NativeSetting

/**
 * E-goi's own SMS call, for an [Engine] to send with. An option that is not accepted is [VerifyException.InvalidInput] of the
 * engine.
 *
 * ```kotlin
 * val engine = Engine(EgoiSms(ClientOptions(apiKey = key, sender = "1234")))
 * ```
 *
 * One SMS goes to V2's call for a single one. `v2Paths = mapOf("send_sms" to "v2/sms/messages/action/send")` is the call that
 * takes a list.
 */
public class EgoiSms internal constructor(
    internal val client: ClientOptions,
    internal val settings: Map<String, NativeSetting>,
) {
    /**
     * An option that is `null` has the library's default.
     *
     * @param client how to reach E-goi
     * @param urgent whether E-goi sends it before other SMS. V2; V1 has no priority. Default: yes
     * @param encoding the encoding of every text. Default: what the text needs
     * @param maxParts the maximum of parts that E-goi sends of a text, 1 or more. Default: as many as the text takes
     */
    @JvmOverloads
    public constructor(
        client: ClientOptions,
        urgent: Boolean? = null,
        encoding: SmsEncoding? = null,
        maxParts: Int? = null,
    ) : this(client, settings("urgent" to urgent, "encoding" to encoding, "max_parts" to maxParts))

    override fun toString(): String = "EgoiSms"
}
