package egoi.verify

import egoi.verify.internal.NativeCall
import egoi.verify.internal.NativeCalls
import egoi.verify.internal.NativeEgoiSms
import kotlin.time.Duration

/**
 * E-goi's own SMS call, for an [Engine] to send with. An option that is not accepted is [VerifyException.InvalidInput] of the
 * engine.
 *
 * ```kotlin
 * val engine = Engine(EgoiSms(ClientOptions(apiKey = key, sender = "1234")))
 * ```
 *
 * By default it uses V2's call for a single SMS. `v2Paths = mapOf("send_sms" to "v2/sms/messages/action/send")` is the call that
 * takes a list.
 */
public class EgoiSms internal constructor(make: () -> NativeEgoiSms) {
    /** The first use throws the fault of an option. */
    internal val native: NativeEgoiSms by lazy(make)

    /**
     * An option that is `null` has the library's default.
     *
     * @param client the options of its client
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
    ) : this({
        ffi {
            NativeEgoiSms(
                client.native,
                settings("urgent" to urgent, "encoding" to encoding, "max_parts" to maxParts),
            )
        }
    })

    /** Whether the service is up; needs no valid key. */
    public suspend fun ping(timeout: Duration? = null, retries: Int? = null): Unit =
        calling { it.nothing(NativeCall.Ping(timeout?.seconds(), retries?.toLong())) }

    /** Returns the account's senders: the cheapest call that proves a key. */
    public suspend fun senders(timeout: Duration? = null, retries: Int? = null): List<SenderInfo> =
        calling { it.senders(NativeCall.Senders(timeout?.seconds(), retries?.toLong())) }

    /** There is nothing to close afterwards. */
    private suspend fun <T> calling(call: suspend (Calls) -> T): T {
        val calls = ffi { Calls(NativeCalls.ofEgoiSms(native), waits = false) }
        try {
            return call(calls)
        } finally {
            calls.shut()
        }
    }

    override fun toString(): String = "EgoiSms"
}
