package egoi.verify

import egoi.verify.testing.Cut
import egoi.verify.testing.Fault
import egoi.verify.testing.FaultBody
import egoi.verify.testing.FaultCall
import egoi.verify.testing.SandboxOptions
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlin.time.toKotlinDuration

class ClientTest {
    @ParameterizedTest
    @EnumSource
    fun `the right code verifies`(api: Api): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = sandbox.client(api)
            val verification = client.request(NUMBER, message = "Your code is {CODE}", codeSize = 8, ttl = 5.minutes)
            val code = sandbox.waitForCode(NUMBER, 5.seconds)
            assertEquals(8, code.length)
            assertEquals(Outcome.VERIFIED, client.validate(verification.id, code))
        }
    }

    @ParameterizedTest
    @EnumSource
    fun `a wrong code is an outcome and no success`(api: Api): Unit = runBlocking {
        withSandbox(SandboxOptions(code = "123456")) { sandbox ->
            val client = sandbox.client(api)
            val outcome = client.validate(client.request(NUMBER).id, "654321")
            assertEquals(Outcome.WRONG_CODE, outcome)
            assertFalse(outcome.isVerified)
        }
    }

    @Test
    fun `a code is good once`(): Unit = runBlocking {
        withSandbox(SandboxOptions(code = "123456")) { sandbox ->
            val client = sandbox.client()
            val id = client.request(NUMBER).id
            assertTrue(client.validate(id, "123456", number = NUMBER).isVerified)
            assertEquals(Outcome.ALREADY_VERIFIED, client.validate(id, "123456", number = NUMBER))
        }
    }

    @Test
    fun `a request for another number is not found`(): Unit = runBlocking {
        withSandbox(SandboxOptions(code = "123456")) { sandbox ->
            val client = sandbox.client()
            val id = client.request(NUMBER).id
            failing<VerifyException.NotFound> { client.validate(id, "123456", number = "+351 910 000 001") }
            assertTrue(client.validate(id, "123456", number = NUMBER).isVerified)
        }
    }

    @Test
    fun `what a request gives back has the service's times`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val made = sandbox.client().request(NUMBER, ttl = 5.minutes)
            assertEquals(State.PENDING, made.state)
            assertEquals(WHOLE, made.number)
            assertEquals(SmsStatus.SENT, made.sms)
            assertNull(made.attemptsLeft)
            assertEquals(5.minutes, java.time.Duration.between(made.createdAt, made.expiresAt).toKotlinDuration())
        }
    }

    @Test
    fun `an expired request says so`(): Unit = runBlocking {
        withSandbox(SandboxOptions(code = "123456")) { sandbox ->
            val client = sandbox.client()
            val id = client.request(NUMBER, ttl = 60.seconds).id
            sandbox.clock.advance(61.seconds)
            assertEquals(Outcome.EXPIRED, client.validate(id, "123456"))
            assertEquals(State.EXPIRED, client.get(id).state)
        }
    }

    @Test
    fun `cancelling twice is no failure`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = sandbox.client()
            val id = client.request(NUMBER).id
            assertEquals(State.CANCELLED, client.cancel(id))
            assertEquals(State.CANCELLED, client.cancel(id))
        }
    }

    @Test
    fun `after a resend the old code no longer works`(): Unit = runBlocking {
        withSandbox(SandboxOptions(seed = 7)) { sandbox ->
            val client = sandbox.client()
            val id = client.request(NUMBER).id
            val old = sandbox.waitForCode(NUMBER, 5.seconds)
            assertEquals(id, client.resend(id).id)
            val new = sandbox.waitForCode(NUMBER, 5.seconds)
            assertEquals(Outcome.WRONG_CODE, client.validate(id, old))
            assertTrue(client.validate(id, new).isVerified)
        }
    }

    @Test
    fun `V1 has no resend, no get and no check of the number`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = sandbox.client(Api.V1)
            val id = client.request(NUMBER).id
            failing<VerifyException.Unsupported> { client.resend(id) }
            failing<VerifyException.Unsupported> { client.get(id) }
            failing<VerifyException.Unsupported> { client.validate(id, "123456", number = NUMBER) }
        }
    }

    @Test
    fun `ping and senders response`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = sandbox.client()
            client.ping()
            assertTrue(client.senders().isNotEmpty())
        }
    }

    @Test
    fun `64 verifications at once each get their own code`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = sandbox.client()
            val outcomes = coroutineScope {
                (0..63).map { each ->
                    async {
                        val number = "+3519100000%02d".format(each)
                        val id = client.request(number).id
                        client.validate(id, sandbox.waitForCode(number, 30.seconds), number = number)
                    }
                }.awaitAll()
            }
            assertEquals(List(64) { Outcome.VERIFIED }, outcomes)
        }
    }

    @Test
    fun `a response that breaks off may have sent an SMS`(): Unit = runBlocking {
        withSandbox { sandbox ->
            sandbox.failNext(Fault(call = FaultCall.REQUEST, cut = Cut.AFTER))
            val failure = failing<VerifyException.Interrupted> { sandbox.client().request(NUMBER) }
            assertTrue(failure.smsPossiblySent)
            assertFalse(failure.retryIsSafe)
            assertEquals(1, sandbox.messages(NUMBER).size)
        }
    }

    @Test
    fun `a response that is not the contract is told apart`(): Unit = runBlocking {
        withSandbox { sandbox ->
            sandbox.failNext(Fault(call = FaultCall.REQUEST, body = FaultBody.MALFORMED))
            failing<VerifyException.InvalidResponse> { sandbox.client().request(NUMBER) }
        }
    }

    @Test
    fun `retries of a call go before those of the client, and the exception has their count`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val id = sandbox.client().request(NUMBER).id
            for ((ofClient, ofCall, retries) in listOf(Triple(null, null, 2), Triple(0, null, 0), Triple(0, 1, 1))) {
                Client(ClientOptions("key", "1", baseUrl = "${sandbox.url}/api", retries = ofClient)).use { client ->
                    sandbox.failNext(Fault(call = FaultCall.GET, status = 503, count = retries + 1))
                    val failure = failing<VerifyException.Unavailable> { client.get(id, retries = ofCall) }
                    assertEquals(retries, failure.retries)
                }
            }
        }
    }

    @Test
    fun `more than 2 retries are refused, of a client and of each call`(): Unit = runBlocking {
        val client = Client(ClientOptions("key", "1", baseUrl = "http://127.0.0.1:9"))
        val refused = listOf<suspend () -> Unit>(
            { Client(ClientOptions("key", "1", retries = 3)) },
            { client.request(NUMBER, retries = 3) },
            { client.validate("1", "123456", retries = 3) },
            { client.cancel("1", retries = 3) },
            { client.ping(retries = -1) },
        )
        for (call in refused) {
            assertEquals("retries", failing<VerifyException.InvalidInput> { call() }.field)
        }
    }

    @Test
    fun `a call ends by its deadline`(): Unit = runBlocking {
        withSandbox { sandbox ->
            sandbox.failNext(Fault(call = FaultCall.REQUEST, delay = 30.seconds))
            val failure = failing<VerifyException.Timeout> { sandbox.client().request(NUMBER, timeout = 0.2.seconds) }
            assertTrue(failure.smsPossiblySent)
        }
    }

    @Test
    fun `a negative length of time is refused by its field`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val failure =
                failing<VerifyException.InvalidInput> { sandbox.client().request(NUMBER, timeout = (-1).seconds) }
            assertTrue(failure.detail.startsWith("`timeout`"), failure.detail)
        }
    }

    @Test
    fun `every service has a client in one line`(): Unit = runBlocking {
        assertEquals("Client", Client(apiKey = "a-key", sender = "1234").toString())
    }

    @Test
    fun `a caller without a dispatcher does not go on in the native module's thread`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = sandbox.client()
            val thread = withContext(Dispatchers.Unconfined) {
                client.request(NUMBER)
                // A caller that blocks there would wait for itself.
                runBlocking { client.request(NUMBER) }
                Thread.currentThread().name
            }
            assertFalse(thread.startsWith("egoi-verify"), thread)
        }
    }
}
