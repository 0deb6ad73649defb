// The markers of the sections.
@file:Suppress("ktlint:standard:spacing-between-declarations-with-comments")

package egoi.verify

import egoi.verify.testing.Fault
import egoi.verify.testing.Sandbox
import egoi.verify.testing.TestClock
import egoi.verify.testing.withClock
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.net.ConnectException
import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import kotlin.math.ceil
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.seconds

/** What a reader sends SMS with. */
private class Gateway(private val refuses: Boolean = false) {
    private val texts = mutableListOf<String>()

    @Suppress("UNUSED_PARAMETER")
    fun deliver(number: String, text: String, reference: String) {
        if (refuses) throw ConnectException()
        texts += text
    }

    /** The code of the last SMS: "123456 is your verification code." */
    fun code(): String = texts.last().take(6)
}

// --8<-- [start:first]
private suspend fun prove(number: String): Boolean = Sandbox.start().use { sandbox ->
    sandbox.client().use { client ->
        val verification = client.request(number)
        val code = sandbox.waitForCode(number, timeout = 5.seconds)
        client.validate(verification.id, code, number = number).isVerified
    }
}
// --8<-- [end:first]

// --8<-- [start:client]
/** Once, when your server starts: the client holds the pool of connections. */
private fun connect(apiKey: String, sender: String): Client = Client(apiKey = apiKey, sender = sender)
// --8<-- [end:client]

// --8<-- [start:outcomes]
/** What to tell the person. `id` and `number` come from your session, `given` from the form. */
private suspend fun check(verifier: Verifier, id: String, number: String, given: String): String =
    when (verifier.validate(id, given, number = number)) {
        Outcome.VERIFIED -> "the number is proved"
        Outcome.WRONG_CODE -> "not that code; try again"
        Outcome.EXPIRED, Outcome.CANCELLED, Outcome.TOO_MANY_ATTEMPTS -> "ask for a new code"
        Outcome.ALREADY_VERIFIED -> "verified before, which proves nothing now"
    }
// --8<-- [end:outcomes]

// --8<-- [start:engine]
private fun engineOf(gateway: Gateway): Engine = Engine { sms ->
    try {
        gateway.deliver(sms.number, sms.text, reference = sms.attemptId)
    } catch (refused: ConnectException) {
        throw NotSentException("refused", refused) // Only if it is certain that nothing was sent.
    }
}
// --8<-- [end:engine]

// --8<-- [start:store]
/** `url` is `sqlite:PATH`, `postgres://…` or `redis://…`. Make the key once: `openssl rand -hex 32`. */
private suspend fun withAStore(url: String, key: String, send: suspend (OutgoingSms) -> Unit): Engine {
    val engine = Engine(EngineOptions(Store(url, key = key)), send)
    engine.ping() // Throws if the store cannot be used.
    return engine
}
// --8<-- [end:store]

// --8<-- [start:limits]
private fun forProduction(send: suspend (OutgoingSms) -> Unit): Engine = Engine(
    EngineOptions(
        countries = listOf("PT", "ES"),
        smsPerClient = Limit.At(Quota(5, per = 1.days)),
        wrongCodesPerClient = Limit.At(Quota(20, per = 1.days)),
        smsPerPrefix = Limit.At(PrefixQuota(20, per = 1.days, lastDigits = 4)),
    ),
    send,
)

/** `caller` is an address, a session or a device. */
private suspend fun requestFor(engine: Engine, caller: String, number: String): Verification =
    engine.request(number, client = caller)
// --8<-- [end:limits]

// --8<-- [start:resend]
/** For "Send again in 24 s". At zero the button works. */
private fun untilResend(verification: Verification): Duration =
    verification.resendAt?.let { Duration.between(Instant.now(), it) }?.takeIf { !it.isNegative } ?: Duration.ZERO

/** The old code stops working, and the validity starts again. */
private suspend fun sendAgain(verifier: Verifier, id: String): Verification = verifier.resend(id)

/** `CANCELLED`; `VERIFIED` or `EXPIRED` if it was too late. */
private suspend fun giveUp(verifier: Verifier, id: String): State = verifier.cancel(id)
// --8<-- [end:resend]

// --8<-- [start:errors]
/** What to do after a `request` failed. */
private fun advice(error: VerifyException): String = when {
    error is VerifyException.InvalidInput || error is VerifyException.Rejected -> "correct the number: ${error.detail}"
    error.retryIsSafe -> error.retryAfter?.let { "try again in ${ceil(it.inWholeMilliseconds / 1_000.0).toInt()} s" }
        ?: "try again"
    error.smsPossiblySent -> "an SMS may arrive: wait for it before you try again"
    else -> "tell an operator: ${error.message}"
}
// --8<-- [end:errors]

// --8<-- [start:log]
/** One line for your log. It contains no key, no code and no full number. */
private fun logLine(error: VerifyException): String =
    "code=${error.code} reason=${error.reason.orEmpty()} limit=${error.limit.orEmpty()} " +
        "status=${error.httpStatus ?: ""} request_id=${error.requestId.orEmpty()} " +
        "sms_possibly_sent=${error.smsPossiblySent}"
// --8<-- [end:log]

// --8<-- [start:autofill]
/** The last line of the SMS names your site, and the phone fills the code in there only. */
private suspend fun requestWithAutofill(verifier: Verifier, number: String): Verification =
    verifier.request(number, message = withOrigin("{CODE} is your code.", "example.com"))
// --8<-- [end:autofill]

/** The code of the guides in `docs/guides`, run. The site shows the sections between two markers. */
class GuidesTest {
    // --8<-- [start:testing]
    @Test
    fun `a code that comes too late is expired`(): Unit = runBlocking {
        Sandbox.start().use { sandbox ->
            val client = sandbox.client()
            val verification = client.request("+351 910 000 000", ttl = 60.seconds)
            val code = sandbox.waitForCode("+351 910 000 000", timeout = 5.seconds)

            sandbox.clock.advance(60.seconds) // Nobody waits.

            assertEquals(Outcome.EXPIRED, client.validate(verification.id, code))
        }
    }
    // --8<-- [end:testing]

    @Test
    fun `first proves a number`(): Unit = runBlocking { assertTrue(prove(NUMBER)) }

    @Test
    fun `client connects without a call`() = connect("key", "1234").close()

    @Test
    fun `outcomes say what to do`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = sandbox.client()
            val id = client.request(NUMBER).id
            val code = sandbox.waitForCode(NUMBER, timeout = 5.seconds)
            assertEquals(
                listOf(
                    "not that code; try again",
                    "the number is proved",
                    "verified before, which proves nothing now",
                ),
                listOf("no", code, code).map { check(client, id, NUMBER, it) },
            )
        }
    }

    @Test
    fun `engine sends by the gateway`(): Unit = runBlocking {
        val gateway = Gateway()
        val engine = engineOf(gateway)
        assertTrue(engine.validate(engine.request(NUMBER).id, gateway.code()).isVerified)
    }

    @Test
    fun `engine says that nothing was sent`(): Unit = runBlocking {
        val failure = failing<VerifyException.DeliveryFailed> { engineOf(Gateway(refuses = true)).request(NUMBER) }
        assertFalse(failure.smsPossiblySent)
    }

    @Test
    fun `store outlives the engine`(@TempDir folder: Path): Unit = runBlocking {
        val url = "sqlite:$folder/verify.db"
        val key = "0".repeat(64)
        val id = withAStore(url, key) {}.use { it.request(NUMBER).id }
        withAStore(url, key) {}.use { assertEquals(State.PENDING, it.get(id).state) }
    }

    @Test
    fun `limits stop a caller and a country`(): Unit = runBlocking {
        val engine = forProduction {}
        repeat(5) { requestFor(engine, "203.0.113.1", "+35191000000$it") }
        val sixth = failing<VerifyException.RateLimited> { requestFor(engine, "203.0.113.1", "+351910000005") }
        assertEquals("smsPerClient", sixth.limit)
        failing<VerifyException.Rejected> { requestFor(engine, "203.0.113.2", "+447911123456") }
    }

    @Test
    fun `resend counts down and sends a new code`(): Unit = runBlocking {
        val gateway = Gateway()
        val clock = TestClock()
        val engine = Engine(EngineOptions().withClock(clock)) { gateway.deliver("", it.text, "") }
        val verification = engine.request(NUMBER)
        assertTrue(untilResend(verification).seconds in 20..30)
        clock.advance(30.seconds)
        val again = sendAgain(engine, verification.id)
        assertTrue(engine.validate(again.id, gateway.code()).isVerified)
        assertEquals(State.VERIFIED, giveUp(engine, again.id))
        assertEquals(Duration.ZERO, untilResend(Verification("1", State.PENDING, resendAt = Instant.EPOCH)))
    }

    @Test
    fun `errors say what to do`(): Unit = runBlocking {
        val engine = engineOf(Gateway())
        assertTrue(advice(failing { engine.request("12") }).startsWith("correct the number: "))
        engine.request(NUMBER)
        val early = failing<VerifyException> { engine.request(NUMBER) }
        assertEquals("try again in 30 s", advice(early))
        assertTrue(logLine(early).startsWith("code=rate_limited reason= limit=resendAfter status= request_id="))
        assertFalse("910000000" in logLine(early))

        withSandbox { sandbox ->
            val client = sandbox.client()
            sandbox.failNext(Fault(status = 500))
            val broken = failing<VerifyException> { client.request(NUMBER) }
            assertEquals("an SMS may arrive: wait for it before you try again", advice(broken))
            sandbox.failNext(Fault(status = 401))
            val unknown = failing<VerifyException> { client.request(NUMBER) }
            assertTrue(advice(unknown).startsWith("tell an operator: unauthorized: "))
        }
    }

    @Test
    fun `autofill ends the message with the site`(): Unit = runBlocking {
        withSandbox { sandbox ->
            requestWithAutofill(sandbox.client(), NUMBER)
            val code = sandbox.waitForCode(NUMBER, timeout = 5.seconds)
            assertTrue(sandbox.messages(NUMBER).first().text.endsWith("@example.com #$code"))
        }
    }
}
