package egoi.verify

import kotlin.time.Duration

/**
 * Proves that a phone number belongs to a person. Code written against it runs on a [Client], where E-goi runs the
 * verification, and on an [Engine], which runs it in this process.
 *
 * Every call is main-safe and ends with a [VerifyException] if it fails. Cancelling the coroutine cancels the call
 * and drops its HTTP request; whether an SMS went out by then is not known.
 *
 * ```
 * suspend fun isProved(verifier: Verifier, id: String, given: String, number: String): Boolean =
 *     verifier.validate(id, given, number = number).isVerified
 * ```
 */
public interface Verifier : AutoCloseable {
    /**
     * Sends one SMS with a code to the number.
     *
     * @param number as people write it: `+351 910 000 000`, `00351910000000`, `351-910000000`, or with [defaultRegion] a
     *   national number
     * @param message the text, 1 to 1,000 characters with `{CODE}` in the place of the code, at most 6 SMS parts. Default:
     *   `{CODE} is your verification code.`
     * @param codeType the characters of the code. Default: numeric
     * @param codeSize how many characters the code has, 4 to 20. Default: 6
     * @param ttl how long the code is good, 1 to 3,600 whole seconds. Default: 600
     * @param group a label for E-goi's reports, V1 only: 1 to 100 characters. Default: `2FA`
     * @param idempotencyKey the same key gives the same request and no second SMS: 1 to 256 characters
     * @param client who asks: an address, a session or a device, 1 to 256 characters. `smsPerClient` counts by it.
     *   Resends of the request count for the same client. Only a keyed hash of it is stored
     * @param timeout the deadline of this call
     * @param defaultRegion the country of a number without its calling code: an ISO 3166 code such as `PT`
     * @param retries the maximum of retries of each HTTP request of this call, 0 to 2. Default: that of the [Client].
     *   An [Engine] repeats nothing
     * @return the request. Keep its id and number in your session
     * @throws VerifyException.InvalidInput a number or an option that is not accepted: ask the person again, or correct it
     * @throws VerifyException.RateLimited too many SMS: wait for its `retryAfter`, if there is one
     * @throws VerifyException any other: repeat the call only if `retryIsSafe`; if `smsPossiblySent`, an SMS may arrive
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
        retries: Int? = null,
    ): Verification

    /**
     * Submits the code that the person typed. A wrong code is an outcome, not an exception.
     *
     * @param number the number that the request must be for, from your own session and not from the form; a request for
     *   another is [VerifyException.NotFound], and no code is looked at. V1 cannot check it:
     *   [VerifyException.Unsupported]; keep id and number together in the session
     * @param timeout the deadline of this call
     * @param client who submits the code: an address, a session or a device, 1 to 256 characters. `wrongCodesPerClient` of an
     *   [Engine] counts by it. Only a keyed hash of it is stored
     * @param defaultRegion the country of a number without its calling code: an ISO 3166 code such as `PT`
     * @param retries the maximum of retries of each HTTP request of this call, 0 to 2. Default: that of the [Client].
     *   An [Engine] repeats nothing
     * @return the outcome. Only [Outcome.VERIFIED] proves the number
     * @throws VerifyException.NotFound there is no such request, or it is for another number: start a new one
     * @throws VerifyException any other: repeat the call only if `retryIsSafe`. It never proves a number
     */
    public suspend fun validate(
        id: String,
        code: String,
        number: String? = null,
        timeout: Duration? = null,
        client: String? = null,
        defaultRegion: String? = null,
        retries: Int? = null,
    ): Outcome

    /**
     * Submits the code as [validate] does, with the same arguments and exceptions. A fake need not have it: it knows no
     * details then.
     *
     * ```
     * val checked = engine.validateWithDetails(id, given, number = session.number)
     * if (checked.outcome == Outcome.WRONG_CODE) show("Not that code; ${checked.attemptsLeft} tries left")
     * ```
     *
     * @param number see [validate]
     * @param timeout see [validate]
     * @param client see [validate]
     * @param defaultRegion see [validate]
     * @param retries see [validate]
     * @return the outcome with its details: how many attempts are left, and the limit that stopped the call. A [Client]
     *   has only those of its own limit, because E-goi counts the attempts
     */
    public suspend fun validateWithDetails(
        id: String,
        code: String,
        number: String? = null,
        timeout: Duration? = null,
        client: String? = null,
        defaultRegion: String? = null,
        retries: Int? = null,
    ): OutcomeDetails = OutcomeDetails(validate(id, code, number, timeout, client, defaultRegion, retries))

    /**
     * Cancels the request. Cancelling twice is not an error.
     *
     * @return the state afterwards: cancelled; verified or expired if it was too late
     * @throws VerifyException.NotFound there is no such request
     * @throws VerifyException any other: repeat the call only if `retryIsSafe`
     */
    public suspend fun cancel(id: String, timeout: Duration? = null, retries: Int? = null): State

    /**
     * Sends a new code. The old one stops working, and the validity starts again. V2 and [Engine].
     *
     * @throws VerifyException.Conflict the request is finished: start a new one
     * @throws VerifyException.RateLimited too early: wait for its `retryAfter`. Without one, the resends are used up
     * @throws VerifyException any other: look at `smsPossiblySent` before you call again
     */
    public suspend fun resend(id: String, timeout: Duration? = null, retries: Int? = null): Verification

    /**
     * Reads the request. V2 and [Engine].
     *
     * @throws VerifyException.NotFound there is no such request
     * @throws VerifyException any other: repeat the call only if `retryIsSafe`
     */
    public suspend fun get(id: String, timeout: Duration? = null, retries: Int? = null): Verification

    /** Every later call is [VerifyException.Closed]; calls that are under way end as they would have. */
    override fun close()
}
