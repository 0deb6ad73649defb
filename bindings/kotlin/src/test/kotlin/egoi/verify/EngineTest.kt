package egoi.verify

import egoi.verify.testing.TestClock
import egoi.verify.testing.withClock
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.IOException
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

class EngineTest {
    private val sent = java.util.Collections.synchronizedList(mutableListOf<OutgoingSms>())

    private fun engine(options: EngineOptions = EngineOptions()): Engine = Engine(options) { sent += it }

    private fun code(): String = checkNotNull(codeInSms(sent.last().text, CodeType.NUMERIC, 6))

    @Test
    fun `the function is given number, text and attempt id`(): Unit = runBlocking {
        engine().request(NUMBER, message = "Your code is {CODE}")
        val sms = sent.single()
        assertEquals(WHOLE, sms.number)
        assertTrue(Regex("Your code is [0-9]{6}").matches(sms.text))
        assertEquals(32, sms.attemptId.length)
    }

    @Test
    fun `the right code verifies once`(): Unit = runBlocking {
        val engine = engine()
        val id = engine.request(NUMBER).id
        assertTrue(engine.validate(id, code(), number = NUMBER).isVerified)
        assertEquals(Outcome.ALREADY_VERIFIED, engine.validate(id, code(), number = NUMBER))
    }

    @Test
    fun `of eight at once with the right code one is verified`(): Unit = runBlocking {
        val engine = engine()
        val id = engine.request(NUMBER).id
        val outcomes = List(8) { async { engine.validate(id, code()) } }.awaitAll()
        assertEquals(1, outcomes.count { it.isVerified })
    }

    @Test
    fun `attempts are counted, then no code is looked at`(): Unit = runBlocking {
        val engine = engine(EngineOptions(maxAttempts = Limit.At(2)))
        val id = engine.request(NUMBER).id
        val wrong = if (code() == "000000") "111111" else "000000"
        assertEquals(Outcome.WRONG_CODE, engine.validate(id, wrong))
        assertEquals(1, engine.get(id).attemptsLeft)
        assertEquals(Outcome.WRONG_CODE, engine.validate(id, wrong))
        assertEquals(Outcome.TOO_MANY_ATTEMPTS, engine.validate(id, code()))
    }

    @Test
    fun `a limit that is off does not count`(): Unit = runBlocking {
        val engine = engine(EngineOptions(maxAttempts = Limit.Off))
        assertNull(engine.request(NUMBER).attemptsLeft)
    }

    @Test
    fun `a limit past it is rate limited with the time to wait`(): Unit = runBlocking {
        val engine = engine(EngineOptions(smsPerNumber = Limit.At(Quota(1, 1.hours)), resendAfter = Limit.Off))
        engine.request(NUMBER)
        val failure = failing<VerifyException.RateLimited> { engine.request(NUMBER) }
        assertTrue(checkNotNull(failure.retryAfter) > 59.minutes)
        assertTrue(failure.retryIsSafe)
    }

    @Test
    fun `a test's clock moves the validity`(): Unit = runBlocking {
        val clock = TestClock()
        val engine = engine(EngineOptions().withClock(clock))
        val id = engine.request(NUMBER, ttl = 60.seconds).id
        clock.advance(60.seconds)
        assertEquals(Outcome.EXPIRED, engine.validate(id, code()))
    }

    @Test
    fun `a resend too soon is told when`(): Unit = runBlocking {
        val clock = TestClock()
        val engine = engine(EngineOptions(resendAfter = Limit.At(10.seconds)).withClock(clock))
        val id = engine.request(NUMBER).id
        assertNotNull(failing<VerifyException.RateLimited> { engine.resend(id) }.retryAfter)
        clock.advance(10.seconds)
        assertEquals(id, engine.resend(id).id)
    }

    @Test
    fun `NotSentException leaves no request behind and is the cause`(): Unit = runBlocking {
        val thrown = NotSentException("no credit")
        val failure = failing<VerifyException.DeliveryFailed> { Engine { throw thrown }.request(NUMBER) }
        assertFalse(failure.smsPossiblySent)
        assertTrue(failure.retryIsSafe)
        assertNull(failure.requestId)
        assertSame(thrown, failure.cause)
    }

    @Test
    fun `after any other exception the code counts, and the request is named`(): Unit = runBlocking {
        val thrown = IOException("the gateway went away")
        val engine = Engine {
            sent += it
            throw thrown
        }
        val failure = failing<VerifyException.DeliveryFailed> { engine.request(NUMBER) }
        assertTrue(failure.smsPossiblySent)
        assertSame(thrown, failure.cause)
        assertTrue(engine.validate(checkNotNull(failure.requestId), code()).isVerified)
    }

    @Test
    fun `a country that is not allowed is rejected`(): Unit = runBlocking {
        failing<VerifyException.Rejected> { engine(EngineOptions(countries = listOf("ES"))).request(NUMBER) }
    }

    @Test
    fun `the same idempotency key gives the same request and no second SMS`(): Unit = runBlocking {
        val engine = engine()
        val first = engine.request(NUMBER, idempotencyKey = "order 7")
        assertEquals(first.id, engine.request(NUMBER, idempotencyKey = "order 7").id)
        assertEquals(1, sent.size)
    }

    @Test
    fun `E-goi's own call sends the SMS`(): Unit = runBlocking {
        withSandbox { sandbox ->
            Engine(EgoiSms(sandbox.clientOptions())).request(NUMBER)
            assertEquals(1, sandbox.messages(NUMBER).size)
        }
    }

    @Test
    fun `an engine goes by a sandbox's clock, which stands still once the sandbox is closed`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val engine = engine(EngineOptions().withClock(sandbox.clock))
            val late = engine.request(NUMBER, ttl = 60.seconds)
            sandbox.clock.advance(60.seconds)
            assertEquals(State.EXPIRED, engine.get(late.id).state)
            sandbox.clock.advance(60.seconds)
            val made = engine.request(NUMBER, ttl = 60.seconds)
            sandbox.close()
            assertEquals(State.PENDING, engine.get(made.id).state)
        }
    }
}
