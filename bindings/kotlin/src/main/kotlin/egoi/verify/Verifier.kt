package egoi.verify

import kotlin.time.Duration

/**
 * Proves that a phone number belongs to a person. Code written against it runs on a [Client], where E-goi runs the
 * verification, and on an [Engine], which runs it in this process.
 *
 * Every call is main-safe and ends with a [VerifyException] where it fails. Cancelling the coroutine cancels the call
 * and drops its HTTP request; whether an SMS went out by then is not known.
 */
public interface Verifier : AutoCloseable {
    /**
     * Sends one SMS with a code to the number.
     *
     * @param number as people write it: `+351 910 000 000`, `00351910000000`, `351-910000000`, or with [defaultRegion] a
     *   national number
     * @param message the text, 1 to 1,000 characters with `{CODE}` where the code goes, at most 6 SMS parts. Default:
     *   `{CODE} is your verification code.`
     * @param codeType what the code is made of. Default: numeric
     * @param codeSize how many characters the code has, 4 to 20. Default: 6
     * @param ttl how long the code is good, 1 to 3,600 whole seconds. Default: 600
     * @param group a label for E-goi's reports, V1 only: 1 to 100 characters. Default: `2FA`
     * @param idempotencyKey the same key gives the same request and no second SMS: 1 to 256 characters
     * @param client who asks: an address, a session or a device, 1 to 256 characters. `smsPerClient` counts by it. Only a
     *   keyed hash of it is stored
     * @param timeout the deadline of this call
     * @param defaultRegion the country of a number without its calling code: an ISO 3166 code such as `PT`
     */
    public suspend fun request(
        number: String,
        message: String? = null,
        codeType: CodeType? = null,
        codeSize: Int? = null,
        ttl: Duration? = null,
        group: String? = null,
        idempotencyKey: String? = null,
        client: String? = null,
        timeout: Duration? = null,
        defaultRegion: String? = null,
    ): Verification

    /**
     * Submits the code that the recipient gave. A wrong code is an outcome, not an exception.
     *
     * @param number the number that the request must be for, from your own session and not from the form; a request for
     *   another is [VerifyException.NotFound], and no code is looked at. V1 cannot check it:
     *   [VerifyException.Unsupported]; keep id and number together in the session
     * @param timeout the deadline of this call
     * @param client who submits the code: an address, a session or a device, 1 to 256 characters. `wrongCodesPerClient` of an
     *   [Engine] counts by it. Only a keyed hash of it is stored
     * @param defaultRegion the country of a number without its calling code: an ISO 3166 code such as `PT`
     */
    public suspend fun validate(
        id: String,
        code: String,
        number: String? = null,
        timeout: Duration? = null,
        client: String? = null,
        defaultRegion: String? = null,
    ): Outcome

    /**
     * Cancels the request and returns its state afterwards: cancelled, or verified or expired where
     * it was too late. Cancelling twice is not an error.
     */
    public suspend fun cancel(id: String, timeout: Duration? = null): State

    /** Sends a new code; the old one stops working and the validity starts again. V2 and [Engine]. */
    public suspend fun resend(id: String, timeout: Duration? = null): Verification

    /** Reads the request. V2 and [Engine]. */
    public suspend fun get(id: String, timeout: Duration? = null): Verification

    /** Every later call is [VerifyException.Closed]; calls that are under way end as they would have. */
    override fun close()
}
