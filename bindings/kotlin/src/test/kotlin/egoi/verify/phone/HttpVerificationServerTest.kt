package egoi.verify.phone

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import egoi.verify.NUMBER
import egoi.verify.WHOLE
import egoi.verify.failing
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.ServerSocket
import java.util.concurrent.CountDownLatch
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

class HttpVerificationServerTest {
    /** What was asked: the path, the body, the cookie, the header `Authorization`. */
    private val asked = mutableListOf<List<String?>>()

    private fun serving(status: Int, body: String, play: suspend (url: String) -> Unit) {
        val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
        server.createContext("/phone/") { exchange ->
            asked += exchange.run {
                listOf(
                    "$requestMethod ${requestURI.path}",
                    requestBody.readBytes().decodeToString(),
                    requestHeaders.getFirst("Cookie"),
                    requestHeaders.getFirst("Authorization"),
                )
            }
            exchange.answer(status, body)
        }
        server.start()
        try {
            runBlocking { play("http://127.0.0.1:${server.address.port}/phone") }
        } finally {
            server.stop(0)
        }
    }

    private fun HttpExchange.answer(status: Int, body: String) = use {
        responseHeaders.add("Set-Cookie", "session=s${asked.size}; path=/; Max-Age=600; httponly; samesite=lax")
        responseHeaders.add("Location", "/phone/request")
        sendResponseHeaders(status, body.length.toLong())
        responseBody.write(body.toByteArray())
    }

    @Test
    fun `a code that was sent has what the server states`() = serving(
        202,
        """{"expires_in": 299.5, "resend_in": 29.5, "resends_left": 2}""",
    ) { url ->
        val sent = HttpVerificationServer(url).request(WHOLE)
        assertEquals(299.5.seconds to 29.5.seconds, sent.expiresIn to sent.resendIn)
        assertEquals(listOf("POST /phone/request", """{"number":"$WHOLE"}""", null, null), asked.single())
    }

    @Test
    fun `what the server does not state is the app's`() = serving(
        202,
        """{"expires_in": null, "resend_in": null, "resends_left": null}""",
    ) { url ->
        val sent = HttpVerificationServer(url, validity = 2.minutes, resendAfter = null).resend("session")
        assertEquals(2.minutes, sent.expiresIn)
        assertNull(sent.resendIn)
    }

    @Test
    fun `cookies are kept, and headers sent with every call`() = serving(
        200,
        """{"outcome": "wrong_code"}""",
    ) { url ->
        val server = HttpVerificationServer(url) { mapOf("Authorization" to "Bearer t") }
        repeat(3) { assertEquals(Outcome.WRONG_CODE, server.validate("session", "123456").outcome) }
        assertEquals(listOf(null, "session=s1", "session=s2"), asked.map { it[2] })
        assertEquals(listOf("POST /phone/validate", """{"code":"123456"}""", "session=s2", "Bearer t"), asked.last())
    }

    @Test
    fun `a refusal has the words of the server`() = serving(
        429,
        """{"error": {"code": "rate_limited", "detail": "5 an hour", "retry_after": 60, "sms_possibly_sent": false}}""",
    ) { url ->
        val refused = failing<VerificationServerException> { HttpVerificationServer(url).request(WHOLE) }
        assertEquals("rate_limited" to "5 an hour", refused.code to refused.detail)
        assertEquals(1.minutes to false, refused.retryAfter to refused.smsPossiblySent)
    }

    @Test
    fun `a 401 without a word is a refusal`() = serving(401, "") { url ->
        assertEquals(
            "unauthorized",
            failing<VerificationServerException> {
                HttpVerificationServer(url).resend("")
            }.code,
        )
    }

    @Test
    fun `no redirect is followed`() = serving(307, "") { url ->
        val refused = failing<VerificationServerException> { HttpVerificationServer(url).request(WHOLE) }
        assertEquals("invalid_response" to 1, refused.code to asked.size)
    }

    @Test
    fun `a connection that ends without a response is not asked again`() = ServerSocket(0).use { socket ->
        val connections = mutableListOf<String>()
        thread(isDaemon = true) {
            while (!socket.isClosed) {
                val connection = runCatching { socket.accept() }.getOrNull() ?: break
                connection.use { connections += it.getInputStream().bufferedReader().readLine() }
            }
        }
        runBlocking {
            val session = VerificationSession(HttpVerificationServer("http://127.0.0.1:${socket.localPort}"), this)
            session.start(NUMBER).join()
            assertEquals("interrupted", (session.state.value as SessionState.Failed).problem.code)
        }
        assertEquals(1, connections.size)
    }

    @Test
    fun `nobody there is unreachable`(): Unit = runBlocking {
        val port = ServerSocket(0).use { it.localPort }
        val session = VerificationSession(HttpVerificationServer("http://127.0.0.1:$port"), this)
        session.start(NUMBER).join()
        val failed = session.state.value as SessionState.Failed
        assertEquals("unreachable" to Advice.TRY_AGAIN, failed.problem.code to failed.advice)
    }

    @Test
    fun `a call that is cancelled ends its connection`() = ServerSocket(0).use { socket ->
        val ended = CountDownLatch(1)
        val begun = CountDownLatch(1)
        thread(isDaemon = true) {
            socket.accept().use { connection ->
                val input = connection.getInputStream()
                input.read()
                begun.countDown()
                runCatching { while (input.read() >= 0) Unit }
                ended.countDown()
            }
        }
        runBlocking {
            val server = HttpVerificationServer("http://127.0.0.1:${socket.localPort}")
            val call = launch(kotlinx.coroutines.Dispatchers.Default) { server.request(WHOLE) }
            begun.await()
            call.cancelAndJoin()
        }
        assertTrue(ended.await(10, java.util.concurrent.TimeUnit.SECONDS))
    }

    @Test
    fun `a cancellation forgets the request, as no endpoint cancels`(): Unit = runBlocking {
        assertEquals(State.CANCELLED, HttpVerificationServer("http://127.0.0.1:1").cancel("session"))
        assertFalse(asked.any())
    }
}
