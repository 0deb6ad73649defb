package egoi.verify.app

import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import egoi.verify.phone.CodeChecked
import egoi.verify.phone.CodeSent
import egoi.verify.phone.Outcome
import egoi.verify.phone.State
import egoi.verify.phone.VerificationServer
import egoi.verify.phone.VerificationServerException
import kotlinx.coroutines.future.await
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/**
 * The app's own server, signed in to: `examples/phone/README.md` has what it speaks. It holds the E-goi key and decides.
 *
 * On Android the app's HTTP client, for example OkHttp, takes the place of `java.net.http`.
 */
class ShopServer private constructor(private val url: String, private val token: String) : VerificationServer {
    // --8<-- [start:server]
    override suspend fun request(number: String): CodeSent =
        post("verifications", JsonObject().apply { addProperty("number", number) }).codeSent()

    override suspend fun validate(id: String, code: String): CodeChecked {
        val checked = post("verifications/$id/code", JsonObject().apply { addProperty("code", code) })
        return understood {
            CodeChecked(Outcome.valueOf(checked.word("outcome")), checked.orNull("attempts_left")?.asInt)
        }
    }

    override suspend fun resend(id: String): CodeSent = post("verifications/$id/resend").codeSent()

    override suspend fun cancel(id: String): State {
        val ended = post("verifications/$id/cancel")
        return understood { State.valueOf(ended.word("state")) }
    }
    // --8<-- [end:server]

    /** The number that this session has proved, as the server knows it. */
    suspend fun provedNumber(): String? = response(call("$url/me", token).GET().build()).orNull("number")?.asString

    private suspend fun post(path: String, body: JsonObject = JsonObject()): JsonObject = response(
        call("$url/$path", token)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body.toString()))
            .build(),
    )

    companion object {
        private val http: HttpClient = HttpClient.newHttpClient()

        /** Signs in. */
        suspend fun signIn(url: String): ShopServer {
            val session = response(call("$url/sessions").POST(BodyPublishers.noBody()).build())
            return ShopServer(url, understood { session["token"].asString })
        }

        private fun call(url: String, token: String? = null): HttpRequest.Builder =
            HttpRequest.newBuilder(URI(url)).apply { if (token != null) header("Authorization", "Bearer $token") }

        private suspend fun response(call: HttpRequest): JsonObject {
            val response = http.sendAsync(call, BodyHandlers.ofString()).await()
            val json = understood { JsonParser.parseString(response.body()).asJsonObject }
            if (response.statusCode() < 300) return json
            throw understood {
                val error = json.getAsJsonObject("error")
                VerificationServerException(
                    code = error["code"].asString,
                    detail = error["detail"].asString,
                    retryAfter = error.span("retry_after"),
                    smsPossiblySent = error.orNull("sms_possibly_sent")?.asBoolean ?: true,
                )
            }
        }

        private fun JsonObject.codeSent(): CodeSent = understood {
            CodeSent(
                id = get("id").asString,
                expiresIn = get("expires_in").asDouble.seconds,
                resendIn = span("resend_in"),
                attemptsLeft = orNull("attempts_left")?.asInt,
            )
        }

        private fun JsonObject.word(name: String): String = get(name).asString.uppercase()

        private fun JsonObject.span(name: String): Duration? = orNull(name)?.asDouble?.seconds

        private fun JsonObject.orNull(name: String): JsonElement? = get(name)?.takeUnless { it.isJsonNull }

        private fun <T> understood(read: () -> T): T = try {
            read()
        } catch (failure: RuntimeException) {
            throw VerificationServerException(
                code = "invalid_response",
                detail = "the server's response was not understood",
                cause = failure,
            )
        }
    }
}
