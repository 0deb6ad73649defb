package egoi.verify.phone

import egoi.verify.phone.internal.NativeAnswer
import egoi.verify.phone.internal.NativeCodeSent
import egoi.verify.phone.internal.NativeOutcome
import egoi.verify.phone.internal.NativeProblem
import egoi.verify.phone.internal.nativeCheckedAnswer
import egoi.verify.phone.internal.nativeCodeBody
import egoi.verify.phone.internal.nativeNumberBody
import egoi.verify.phone.internal.nativeSentAnswer
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asExecutor
import kotlinx.coroutines.suspendCancellableCoroutine
import java.net.CookieManager
import java.net.HttpRetryException
import java.net.HttpURLConnection
import java.net.URI
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlin.time.toJavaDuration

/**
 * The app's server, if it has the endpoints `/request`, `/validate` and `/resend` of this library's routers for web frameworks:
 *
 * ```kotlin
 * val session = VerificationSession(HttpVerificationServer("https://example.com/phone"), viewModelScope)
 * ```
 *
 * Such a server identifies the visitor by a cookie, or by a header of the app. It sends nothing twice, and follows no redirect.
 * The server has no endpoint to cancel: [cancel] forgets the request in the app, and the server forgets it when the code expires.
 *
 * @param url the address of the endpoints, without `/` at the end
 * @param timeout how long to wait for a connection, and then for each part of the response
 * @param validity the validity of a code, if the server does not report it
 * @param resendAfter how long until a resend is possible, if the server does not report it. `null` if the server has no resend
 * @param cookies the store of the cookies. The default loses its cookies when the app ends. A restored session needs a store that keeps
 *   them
 * @param headers the headers of every call, for example `Authorization`
 */
public class HttpVerificationServer(
    private val url: String,
    private val timeout: Duration = 30.seconds,
    private val validity: Duration = 10.minutes,
    private val resendAfter: Duration? = 30.seconds,
    private val cookies: CookieManager = CookieManager(),
    private val headers: suspend () -> Map<String, String> = { mapOf() },
) : VerificationServer {
    /** From Java, with the default of everything else. */
    public constructor(url: String) : this(url, timeout = 30.seconds)

    override suspend fun request(number: String): CodeSent = sent(post("request", ffi { nativeNumberBody(number) }))

    override suspend fun validate(id: String, code: String): CodeChecked {
        val response = post("validate", ffi { nativeCodeBody(code) })
        return when (val answer = ffi { nativeCheckedAnswer(response.status, response.body) }) {
            is NativeAnswer.Checked -> CodeChecked(answer.outcome.public(), answer.attemptsLeft?.toInt())
            is NativeAnswer.Refused -> throw answer.problem.thrown()
            is NativeAnswer.Sent -> error("a code was checked")
        }
    }

    override suspend fun resend(id: String): CodeSent = sent(post("resend", "{}"))

    override suspend fun cancel(id: String): State = State.CANCELLED

    private fun sent(response: Response): CodeSent = when (
        val answer = ffi {
            nativeSentAnswer(response.status, response.body, validity.toJavaDuration(), resendAfter?.toJavaDuration())
        }
    ) {
        is NativeAnswer.Sent -> answer.sent.public()
        is NativeAnswer.Refused -> throw answer.problem.thrown()
        is NativeAnswer.Checked -> error("a code was sent")
    }

    private class Response(val status: UShort, val body: String)

    private suspend fun post(path: String, body: String): Response {
        val headers = headers()
        val connection = URI("$url/$path").toURL().openConnection() as HttpURLConnection
        val threads = Dispatchers.IO.asExecutor()
        return suspendCancellableCoroutine { waiting ->
            waiting.invokeOnCancellation { threads.execute(connection::disconnect) }
            threads.execute { waiting.resumeWith(runCatching { exchange(connection, headers, body.toByteArray()) }) }
        }
    }

    private fun exchange(connection: HttpURLConnection, headers: Map<String, String>, body: ByteArray): Response = try {
        val uri = connection.url.toURI()
        connection.connectTimeout = timeout.inWholeMilliseconds.toInt()
        connection.readTimeout = timeout.inWholeMilliseconds.toInt()
        connection.instanceFollowRedirects = false
        connection.requestMethod = "POST"
        connection.doOutput = true
        // Otherwise the JDK sends a request again if its connection ends without a response: a second SMS.
        connection.setFixedLengthStreamingMode(body.size)
        connection.setRequestProperty("Content-Type", "application/json")
        // Not as Java writes them: for a cookie with `Max-Age` it sends `$Version`, which no server of today understands.
        val known = cookies.cookieStore.get(uri).filter { uri.path.startsWith(it.path ?: "/") }
        if (known.isNotEmpty()) {
            connection.setRequestProperty("Cookie", known.joinToString("; ") { "${it.name}=${it.value}" })
        }
        for ((name, value) in headers) connection.setRequestProperty(name, value)
        connection.outputStream.use { it.write(body) }
        val status = connection.responseCode
        cookies.put(uri, connection.headerFields)
        val stream = if (status < FIRST_ERROR) connection.inputStream else connection.errorStream
        Response(status.toUShort(), stream?.use { it.readBytes().decodeToString() }.orEmpty())
    } catch (refused: HttpRetryException) {
        // Of a 401, as what was streamed cannot be sent again.
        Response(refused.responseCode().toUShort(), "")
    } finally {
        connection.disconnect()
    }

    private companion object {
        const val FIRST_ERROR = 400
    }
}

private fun NativeCodeSent.public(): CodeSent =
    CodeSent(id, expiresIn.seconds, resendIn?.seconds, attemptsLeft?.toInt())

private fun NativeProblem.thrown(): VerificationServerException =
    VerificationServerException(code, detail, retryAfter?.seconds, smsPossiblySent)

private fun NativeOutcome.public(): Outcome = when (this) {
    NativeOutcome.VERIFIED -> Outcome.VERIFIED
    NativeOutcome.WRONG_CODE -> Outcome.WRONG_CODE
    NativeOutcome.EXPIRED -> Outcome.EXPIRED
    NativeOutcome.ALREADY_VERIFIED -> Outcome.ALREADY_VERIFIED
    NativeOutcome.CANCELLED -> Outcome.CANCELLED
    NativeOutcome.TOO_MANY_ATTEMPTS -> Outcome.TOO_MANY_ATTEMPTS
}
