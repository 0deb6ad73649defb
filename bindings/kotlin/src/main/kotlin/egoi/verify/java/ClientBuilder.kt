package egoi.verify.java

import egoi.verify.Accept
import egoi.verify.Api
import egoi.verify.Client
import egoi.verify.ClientOptions
import egoi.verify.PrefixQuota
import egoi.verify.Quota
import egoi.verify.Store
import egoi.verify.Trust
import egoi.verify.settings
import java.time.Duration
import kotlin.time.toKotlinDuration

/**
 * Makes a [Client] from Java. An option that is not set has the library's default. It prints no value.
 *
 * ```java
 * var client = new ClientBuilder(key, "1234").timeout(Duration.ofSeconds(5)).blocking();
 * ```
 */
public class ClientBuilder(options: ClientOptions) {
    private var set = options.native

    /**
     * With the account's key, which belongs on a server and never in an app, and the sender: V1 takes its hash, V2 its id.
     */
    public constructor(apiKey: String, sender: String) : this(ClientOptions(apiKey, sender))

    private fun set(name: String, value: Any) =
        apply { set = set.copy(settings = set.settings + settings(name to value)) }

    /** Which version to speak. Default: V2. */
    public fun api(api: Api): ClientBuilder = set("api", api)

    /** The address of the service: HTTPS, or HTTP to a loopback address. With [allowHttp], HTTP to any address. */
    public fun baseUrl(url: String): ClientBuilder = set("base_url", url)

    /** The deadline of a whole call. Default: 15 s. */
    public fun timeout(timeout: Duration): ClientBuilder = set("timeout", timeout.toKotlinDuration())

    /** How long making a connection may take, TLS included. Default: 3.1 s. */
    public fun connectTimeout(timeout: Duration): ClientBuilder = set("connect_timeout", timeout.toKotlinDuration())

    /**
     * The maximum of retries of each HTTP request of a call, 0 to 2, within the deadline. A request that may have sent an SMS or
     * used up an attempt is never repeated. Default: 2.
     */
    public fun retries(retries: Int): ClientBuilder = set("retries", retries)

    /** An HTTP or SOCKS5 proxy for every connection: `http://…`, `socks5h://…`. Default: the environment's. */
    public fun proxy(url: String): ClientBuilder = set("proxy", url)

    /** More trusted certificates, in PEM. */
    public fun caCertificates(pem: ByteArray): ClientBuilder = set("ca_certificates", pem)

    /** Which certificates are trusted. Default: the bundled ones. */
    public fun trust(trust: Trust): ClientBuilder = set("trust", trust)

    /** Plain HTTP to any address: everybody on the way can read the key and the codes. Default: no. */
    public fun allowHttp(allowed: Boolean): ClientBuilder = set("allow_http", allowed)

    /** Whether a V2 validation reads the request first. Default: yes. */
    public fun checkStateFirst(check: Boolean): ClientBuilder = set("check_state_first", check)

    /** Which numbers are sent an SMS; another is `VerifyException.InvalidInput`. Default: [Accept.VALID]. */
    public fun accept(accept: Accept): ClientBuilder = set("accept", accept)

    /** More status words of the service, each with its meaning: `Map.of("validated", "verified")`. */
    public fun statusWords(words: Map<String, String>): ClientBuilder = set("status_words", words)

    /** V1's paths below the base URL, by name. */
    public fun v1Paths(paths: Map<String, String>): ClientBuilder = set("v1_paths", paths)

    /** V2's paths below the base URL, by name. */
    public fun v2Paths(paths: Map<String, String>): ClientBuilder = set("v2_paths", paths)

    /** The application's name, behind the library's in `User-Agent`. */
    public fun appName(name: String): ClientBuilder = set("app_name", name)

    /** Where idempotency keys are kept and the limits count. All that has one store counts together. */
    public fun store(store: Store): ClientBuilder = set("store", store)

    /** SMS to one number, requests and resends together. A resend reads the request first. Default: no limit. */
    public fun smsPerNumber(limit: Int, per: Duration): ClientBuilder =
        set("sms_per_number", Quota(limit, per.toKotlinDuration()))

    /** SMS for one client, requests and resends together. A resend reads the request first. Default: no limit. */
    public fun smsPerClient(limit: Int, per: Duration): ClientBuilder =
        set("sms_per_client", Quota(limit, per.toKotlinDuration()))

    /** SMS to numbers that share all but their last digits, requests and resends together. Default: no limit. */
    public fun smsPerPrefix(limit: Int, per: Duration, lastDigits: Int): ClientBuilder =
        set("sms_per_prefix", PrefixQuota(limit, per.toKotlinDuration(), lastDigits))

    /** Wrong codes of one client, whichever the numbers. One whose result did not arrive counts as wrong. Default: no limit. */
    public fun wrongCodesPerClient(limit: Int, per: Duration): ClientBuilder =
        set("wrong_codes_per_client", Quota(limit, per.toKotlinDuration()))

    /** Only the options, for [Client] or `EgoiSms`. */
    public fun options(): ClientOptions = ClientOptions(set)

    /** A client whose calls wait for their end. An option that is not accepted is `VerifyException.InvalidInput`. */
    public fun blocking(): BlockingClient = BlockingClient(Client(options(), waits = true))

    /** A client whose calls are futures. An option that is not accepted is `VerifyException.InvalidInput`. */
    public fun futures(): FutureClient = FutureClient(Client(options()))
}
