package egoi.verify

import egoi.verify.internal.NativeCall
import egoi.verify.internal.NativeCalls
import egoi.verify.internal.NativeClient
import egoi.verify.internal.NativeClientOptions
import egoi.verify.internal.NativeRequest
import egoi.verify.internal.NativeValidate
import kotlin.time.Duration
import kotlin.time.DurationUnit

/**
 * Which version of the service's interface to speak.
 *
 * ```kotlin
 * ClientOptions(apiKey = key, sender = senderHash, api = Api.V1)
 * ```
 */
public enum class Api {
    /** E-goi's article. The paths of its calls are assumed. */
    V1,

    /** E-goi's published SDKs. */
    V2,
}

/**
 * Which certificates are trusted.
 *
 * ```kotlin
 * ClientOptions(apiKey = key, sender = "1234", trust = Trust.PLATFORM)
 * ```
 */
public enum class Trust {
    /** Mozilla's roots, which come with the library. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them. */
    BUNDLED,

    /** What the operating system trusts. */
    PLATFORM,
}

/**
 * Which numbers are sent an SMS. Numbers of premium rate, toll free, pagers, satellite phones and the like never are.
 *
 * ```kotlin
 * EngineOptions(accept = Accept.MOBILE)
 * ```
 */
public enum class Accept {
    /** A mobile phone, or what may be one. */
    MOBILE,

    /** A number in a range that its country is known to use. */
    VALID,

    /** Any number of a length that its country has. */
    POSSIBLE,
}

/**
 * The options of a [Client]. It holds the key, and prints nothing of it.
 *
 * In Java, make it by `egoi.verify.java.ClientBuilder`.
 *
 * ```kotlin
 * Client(ClientOptions(apiKey = key, sender = "1234", timeout = 5.seconds, appName = "shop"))
 * ```
 */
public class ClientOptions internal constructor(internal val native: NativeClientOptions) {
    /**
     * An option that is `null` has the library's default.
     *
     * @param apiKey the account's key. It belongs on a server: never in an app
     * @param sender the sender: V1 takes its hash, V2 its id
     * @param api the version of E-goi's interface. Default: V2
     * @param baseUrl the address of the service: HTTPS, or HTTP to a loopback address. With [allowHttp], HTTP to any address
     * @param timeout the deadline of a whole call. Default: 15 s
     * @param connectTimeout how long making a connection may take, TLS included. Default: 3.1 s
     * @param retries the maximum of retries of each HTTP request of a call, 0 to 2, within the deadline. A request that may have
     *   sent an SMS or used up an attempt is never repeated. Default: 2
     * @param proxy an HTTP or SOCKS5 proxy for every connection: `http://…`, `socks5h://…`. Default: the environment's
     * @param caCertificates more trusted certificates, in PEM
     * @param trust which certificates are trusted. Default: the bundled ones
     * @param allowHttp plain HTTP to any address: everybody on the way can read the key and the codes. Default: no
     * @param checkStateFirst whether a V2 validation reads the request first. Default: yes
     * @param accept which numbers are sent an SMS; another is [VerifyException.InvalidInput]. Default: [Accept.VALID]
     * @param statusWords more status words of the service, each with its meaning: `mapOf("validated" to "verified")`
     * @param v1Paths V1's paths below the base URL, by name
     * @param v2Paths V2's paths below the base URL, by name
     * @param appName the application's name, behind the library's in `User-Agent`
     * @param store where idempotency keys are kept and the limits count. Default: none; no call takes such a key, and a limit is
     *   [VerifyException.InvalidInput]. All that has one store counts together
     * @param smsPerNumber SMS to one number, requests and resends together; then [VerifyException.RateLimited]. A resend reads
     *   the request first, to know its number. Default: no limit
     * @param smsPerClient SMS for one `client`, requests and resends together. A resend counts for the client of its request, and
     *   reads the request first. Default: no limit
     * @param smsPerPrefix SMS to numbers that share all but their last digits, requests and resends together. Default: no limit
     * @param wrongCodesPerClient wrong codes of one `client`, whichever the numbers; then [Outcome.TOO_MANY_ATTEMPTS], and no
     *   code is submitted. A success does not clear them. A code whose result did not arrive counts as wrong. Default: no limit
     */
    public constructor(
        apiKey: String,
        sender: String,
        api: Api? = null,
        baseUrl: String? = null,
        timeout: Duration? = null,
        connectTimeout: Duration? = null,
        retries: Int? = null,
        proxy: String? = null,
        caCertificates: ByteArray? = null,
        trust: Trust? = null,
        allowHttp: Boolean? = null,
        checkStateFirst: Boolean? = null,
        accept: Accept? = null,
        statusWords: Map<String, String>? = null,
        v1Paths: Map<String, String>? = null,
        v2Paths: Map<String, String>? = null,
        appName: String? = null,
        store: Store? = null,
        smsPerNumber: Quota? = null,
        smsPerClient: Quota? = null,
        smsPerPrefix: PrefixQuota? = null,
        wrongCodesPerClient: Quota? = null,
    ) : this(
        NativeClientOptions(
            apiKey = apiKey,
            sender = sender,
            settings = settings(
                "api" to api,
                "base_url" to baseUrl,
                "timeout" to timeout,
                "connect_timeout" to connectTimeout,
                "retries" to retries,
                "proxy" to proxy,
                "ca_certificates" to caCertificates,
                "trust" to trust,
                "allow_http" to allowHttp,
                "check_state_first" to checkStateFirst,
                "accept" to accept,
                "status_words" to statusWords,
                "v1_paths" to v1Paths,
                "v2_paths" to v2Paths,
                "app_name" to appName,
                "store" to store,
                "sms_per_number" to smsPerNumber,
                "sms_per_client" to smsPerClient,
                "sms_per_prefix" to smsPerPrefix,
                "wrong_codes_per_client" to wrongCodesPerClient,
            ),
            language = "kotlin ${KotlinVersion.CURRENT}",
        ),
    )
}

/** The string for it in the native module. */
internal val Enum<*>.wireName: String get() = name.lowercase()

internal fun Duration.seconds(): Double = toDouble(DurationUnit.SECONDS)

/**
 * Has E-goi run verifications. Make one and keep it: it holds the pool of connections.
 *
 * ```kotlin
 * Client(apiKey = key, sender = "1234").use { client ->
 *     val verification = client.request("+351 910 000 000", message = "Your code is {CODE}", ttl = 5.minutes)
 *     val outcome = client.validate(verification.id, given, number = session.number)
 * }
 * ```
 *
 * Over V2, keep the validations of one id in one process: `docs/production.md` says why.
 *
 * @throws VerifyException.InvalidInput naming the option that is not accepted
 */
public class Client internal constructor(options: ClientOptions, waits: Boolean) : Verifier {
    internal val calls = ffi { Calls(NativeCalls.ofClient(NativeClient(options.native), waits), waits) }

    /** With these options. */
    public constructor(options: ClientOptions) : this(options, waits = false)

    /** Over V2, with the default of every other option. */
    public constructor(apiKey: String, sender: String) : this(ClientOptions(apiKey, sender))

    override suspend fun request(
        number: String,
        message: String?,
        codeType: CodeType?,
        codeSize: Int?,
        ttl: Duration?,
        group: String?,
        idempotencyKey: String?,
        client: String?,
        timeout: Duration?,
        defaultRegion: String?,
        retries: Int?,
    ): Verification = calls.verification(
        nativeRequest(
            number,
            message,
            codeType,
            codeSize,
            ttl,
            group,
            idempotencyKey,
            client,
            timeout,
            defaultRegion,
            retries,
        ),
    )

    override suspend fun validate(
        id: String,
        code: String,
        number: String?,
        timeout: Duration?,
        client: String?,
        defaultRegion: String?,
        retries: Int?,
    ): Outcome = validateWithDetails(id, code, number, timeout, client, defaultRegion, retries).outcome

    override suspend fun validateWithDetails(
        id: String,
        code: String,
        number: String?,
        timeout: Duration?,
        client: String?,
        defaultRegion: String?,
        retries: Int?,
    ): OutcomeDetails {
        val validate =
            NativeValidate(id, code, number, client, defaultRegion, timeout?.seconds(), retries?.toLong())
        return calls.outcome(NativeCall.Validate(validate))
    }

    override suspend fun cancel(id: String, timeout: Duration?, retries: Int?): State =
        calls.state(NativeCall.Cancel(id, timeout?.seconds(), retries?.toLong()))

    override suspend fun resend(id: String, timeout: Duration?, retries: Int?): Verification =
        calls.verification(NativeCall.Resend(id, timeout?.seconds(), retries?.toLong()))

    override suspend fun get(id: String, timeout: Duration?, retries: Int?): Verification =
        calls.verification(NativeCall.Get(id, timeout?.seconds(), retries?.toLong()))

    /** Whether the service is up; needs no valid key. */
    public suspend fun ping(timeout: Duration? = null, retries: Int? = null): Unit =
        calls.nothing(NativeCall.Ping(timeout?.seconds(), retries?.toLong()))

    /** Returns the account's senders: the cheapest call that proves a key. */
    public suspend fun senders(timeout: Duration? = null, retries: Int? = null): List<SenderInfo> =
        calls.senders(NativeCall.Senders(timeout?.seconds(), retries?.toLong()))

    override fun close(): Unit = calls.shut()

    override fun toString(): String = "Client"
}

@Suppress("LongParameterList") // Those of [Verifier.request].
internal fun nativeRequest(
    number: String,
    message: String?,
    codeType: CodeType?,
    codeSize: Int?,
    ttl: Duration?,
    group: String?,
    idempotencyKey: String?,
    client: String?,
    timeout: Duration?,
    defaultRegion: String?,
    retries: Int?,
): NativeCall = NativeCall.Request(
    NativeRequest(
        number = number,
        text = message,
        codeType = codeType?.native(),
        codeSize = codeSize?.toLong(),
        ttl = ttl?.seconds(),
        group = group,
        idempotencyKey = idempotencyKey,
        client = client,
        defaultRegion = defaultRegion,
        timeout = timeout?.seconds(),
        retries = retries?.toLong(),
    ),
)
