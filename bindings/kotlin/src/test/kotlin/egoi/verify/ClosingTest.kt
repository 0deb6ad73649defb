package egoi.verify

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import kotlin.time.Duration.Companion.seconds

class ClosingTest {
    private val verbs: Map<String, suspend Verifier.() -> Any?> = mapOf(
        "request" to { request(NUMBER) },
        "validate" to { validate("1", "123456") },
        "cancel" to { cancel("1") },
        "resend" to { resend("1") },
        "get" to { get("1") },
    )

    private val ofAClient: Map<String, suspend Client.() -> Any?> =
        verbs + mapOf("ping" to { ping() }, "senders" to { senders() })

    private fun isClosed(call: suspend () -> Any?): Unit = runBlocking {
        val closed = failing<VerifyException.Closed> { call() }
        assertFalse(closed.smsPossiblySent || closed.retryIsSafe)
    }

    @TestFactory
    fun `every call of a closed client is closed`() = ofAClient.map { (name, call) ->
        dynamicTest(name) {
            val client = Client("key", "1")
            repeat(2) { client.close() }
            isClosed { client.call() }
        }
    }

    @TestFactory
    fun `every call of a closed engine is closed`() = verbs.map { (name, call) ->
        dynamicTest(name) {
            val engine = Engine { throw AssertionError("nothing may be sent") }
            repeat(2) { engine.close() }
            isClosed { engine.call() }
        }
    }

    @Test
    fun `a closed sandbox is closed`(): Unit = runBlocking {
        withSandbox { sandbox ->
            sandbox.close()
            isClosed { sandbox.waitForCode(NUMBER, 1.seconds) }
            isClosed { sandbox.messages() }
            isClosed { sandbox.clock.now() }
        }
    }

    @Test
    fun `an SMS that is under way when its engine is closed is sent`(): Unit = runBlocking {
        val started = CompletableDeferred<Unit>()
        val closed = CompletableDeferred<Unit>()
        val engine = Engine {
            started.complete(Unit)
            closed.await()
        }
        val call = async { engine.request(NUMBER) }
        started.await()
        engine.close()
        closed.complete(Unit)
        assertEquals(State.PENDING, call.await().state)
    }
}
