package egoi.verify.java

import egoi.verify.Accept
import egoi.verify.EgoiSms
import egoi.verify.Engine
import egoi.verify.EngineOptions
import egoi.verify.Limit
import egoi.verify.NotSentException
import egoi.verify.OutgoingSms
import egoi.verify.PrefixQuota
import egoi.verify.Quota
import egoi.verify.Store
import egoi.verify.internal.NativeEngine
import egoi.verify.internal.NativeEngineClock
import egoi.verify.settings
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.future.await
import kotlinx.coroutines.runInterruptible
import java.time.Duration
import java.util.concurrent.CompletionStage
import kotlin.time.toKotlinDuration

/**
 * Sends an SMS and waits until it is sent.
 *
 * ```java
 * SmsGateway sends = sms -> gateway.deliver(sms.getNumber(), sms.getText());
 * var engine = EngineBuilder.sending(sends).blocking();
 * ```
 */
public fun interface SmsGateway {
    /**
     * Called on a thread that may wait; it is interrupted when the call is cancelled. Throws [NotSentException] where
     * nothing went out for certain.
     */
    @Throws(Exception::class)
    public fun send(sms: OutgoingSms)
}

/**
 * Sends an SMS and reports the end by a future.
 *
 * ```java
 * FutureSmsGateway sends = sms -> gateway.deliverLater(sms.getNumber(), sms.getText());
 * var engine = EngineBuilder.sendingAsync(sends).futures();
 * ```
 */
public fun interface FutureSmsGateway {
    /**
     * The future is cancelled when the call is cancelled. Let it fail with [NotSentException] only if it is certain that nothing
     * was sent.
     */
    public fun send(sms: OutgoingSms): CompletionStage<*>
}

/**
 * Makes an [Engine] from Java. An option that is not set has the library's default.
 *
 * ```java
 * var engine = EngineBuilder.sending(sms -> gateway.deliver(sms.getNumber(), sms.getText())).maxAttempts(3).blocking();
 * ```
 */
public class EngineBuilder private constructor(private val make: (EngineOptions) -> () -> NativeEngine) {
    private var set = EngineOptions().native

    private fun set(name: String, value: Any) =
        apply { set = set.copy(settings = set.settings + settings(name to value)) }

    /** The store. Default: `memory:`, gone with the process. */
    public fun store(store: Store): EngineBuilder = set("store", store)

    /** How long a gateway may take, if the call has no timeout. Default: 15 s, at most 600 s. */
    public fun timeout(timeout: Duration): EngineBuilder = set("timeout", timeout.toKotlinDuration())

    /** How many requests `memory:` holds. Default: 10 million. */
    public fun maxRequests(limit: Long): EngineBuilder = set("max_requests", limit)

    /** Wrong codes for one request. Default: 5. */
    public fun maxAttempts(limit: Int): EngineBuilder = set("max_attempts", limit)

    /** Any number of wrong codes for one request. */
    public fun maxAttemptsOff(): EngineBuilder = set("max_attempts", Limit.Off)

    /** Wrong codes for one number across requests. Default: 20 a day. */
    public fun wrongCodesPerNumber(limit: Int, per: Duration): EngineBuilder =
        set("wrong_codes_per_number", Quota(limit, per.toKotlinDuration()))

    /** Any number of wrong codes for one number. */
    public fun wrongCodesPerNumberOff(): EngineBuilder = set("wrong_codes_per_number", Limit.Off)

    /** SMS to one number, requests and resends together. Default: 5 an hour. */
    public fun smsPerNumber(limit: Int, per: Duration): EngineBuilder =
        set("sms_per_number", Quota(limit, per.toKotlinDuration()))

    /** Any number of SMS to one number. */
    public fun smsPerNumberOff(): EngineBuilder = set("sms_per_number", Limit.Off)

    /** Wrong codes of one client, whichever the numbers. Default: no limit. */
    public fun wrongCodesPerClient(limit: Int, per: Duration): EngineBuilder =
        set("wrong_codes_per_client", Quota(limit, per.toKotlinDuration()))

    /** SMS for one client, requests and resends together. Default: no limit. */
    public fun smsPerClient(limit: Int, per: Duration): EngineBuilder =
        set("sms_per_client", Quota(limit, per.toKotlinDuration()))

    /** SMS to numbers that share all but their last digits. Default: no limit. */
    public fun smsPerPrefix(limit: Int, per: Duration, lastDigits: Int): EngineBuilder =
        set("sms_per_prefix", PrefixQuota(limit, per.toKotlinDuration(), lastDigits))

    /** Resends of one request. Default: 3. */
    public fun maxResends(limit: Int): EngineBuilder = set("max_resends", limit)

    /** Any number of resends of one request. */
    public fun maxResendsOff(): EngineBuilder = set("max_resends", Limit.Off)

    /** The pause between two SMS to one number. Default: 30 s. */
    public fun resendAfter(pause: Duration): EngineBuilder = set("resend_after", pause.toKotlinDuration())

    /** No pause between two SMS to one number. */
    public fun resendAfterOff(): EngineBuilder = set("resend_after", Limit.Off)

    /** Which numbers are sent an SMS; another is `VerifyException.InvalidInput`. Default: [Accept.VALID]. */
    public fun accept(accept: Accept): EngineBuilder = set("accept", accept)

    /**
     * The allowed countries, by ISO 3166 code, for example `PT` and `ES`. A number of another country, or of an unknown country,
     * is `VerifyException.Rejected`. Default: all.
     */
    public fun countries(vararg countries: String): EngineBuilder = set("countries", countries.asList())

    /**
     * The calling codes that are allowed with every country that they have, for example 1; with [countries], what either list
     * allows. Default: all.
     */
    public fun callingCodes(vararg callingCodes: Int): EngineBuilder = set("calling_codes", callingCodes.asList())

    internal fun clock(clock: NativeEngineClock): EngineBuilder = apply { set = set.copy(clock = clock) }

    /** An engine whose calls wait for their end. An option that is not accepted is `VerifyException.InvalidInput`. */
    public fun blocking(): BlockingVerifier = BlockingVerifier(Engine(make(EngineOptions(set)), waits = true))

    /** An engine whose calls are futures. An option that is not accepted is `VerifyException.InvalidInput`. */
    public fun futures(): FutureVerifier = FutureVerifier(Engine(make(EngineOptions(set)), waits = false))

    /** Chooses how the SMS are sent. */
    public companion object {
        /** One whose SMS this sends, waiting. */
        @JvmStatic
        public fun sending(gateway: SmsGateway): EngineBuilder = EngineBuilder { options ->
            egoi.verify.sending(options) { sms: OutgoingSms -> runInterruptible(Dispatchers.IO) { gateway.send(sms) } }
        }

        /** One whose SMS this sends, by a future. */
        @JvmStatic
        public fun sendingAsync(gateway: FutureSmsGateway): EngineBuilder = EngineBuilder { options ->
            egoi.verify.sending(options) { sms: OutgoingSms -> gateway.send(sms).await() }
        }

        /** One whose SMS E-goi's own call sends. */
        @JvmStatic
        public fun withEgoiSms(egoiSms: EgoiSms): EngineBuilder =
            EngineBuilder { options -> egoi.verify.sending(options, egoiSms) }
    }
}
