package egoi.verify

import egoi.verify.internal.nativeErrorCodes
import egoi.verify.testing.Fault
import egoi.verify.testing.FaultCall
import egoi.verify.testing.SandboxOptions
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.net.ServerSocket
import kotlin.reflect.KClass

class ErrorsTest {
    @Test
    fun `every code of the library has a class, and no class is without one`() {
        assertEquals(nativeErrorCodes().keys, VerifyException.codes)
        assertEquals(nativeErrorCodes().size, VerifyException::class.sealedSubclasses.size)
    }

    @Test
    fun `every code gives the class of its name`() {
        for (code in nativeErrorCodes().keys) {
            val made = VerifyException.of(VerifyException.Facts(code, "words"))
            assertEquals(code, made.code)
            assertEquals("https://egoi-verify.example/errors/$code.html", made.docsUrl)
            assertEquals(code.replace("_", ""), made::class.simpleName?.lowercase())
        }
    }

    @Test
    fun `a status is told by its class`(): Unit = runBlocking {
        val classes: Map<Int, KClass<out VerifyException>> = mapOf(
            401 to VerifyException.Unauthorized::class,
            403 to VerifyException.Forbidden::class,
            404 to VerifyException.NotFound::class,
            409 to VerifyException.Conflict::class,
            422 to VerifyException.Rejected::class,
            408 to VerifyException.Timeout::class,
            302 to VerifyException.Redirected::class,
            500 to VerifyException.Unavailable::class,
        )
        withSandbox { sandbox ->
            val client = sandbox.client()
            for ((status, expected) in classes) {
                sandbox.failNext(Fault(call = FaultCall.REQUEST, status = status))
                val failure = failing<VerifyException> { client.request(NUMBER) }
                assertEquals(expected, failure::class)
                assertEquals(status, failure.httpStatus)
            }
        }
    }

    @Test
    fun `a wrong key is unauthorized`(): Unit = runBlocking {
        withSandbox(SandboxOptions(apiKey = "the-right-one")) { sandbox ->
            val client = Client(ClientOptions("another", "1", baseUrl = "${sandbox.url}/api"))
            val failure = failing<VerifyException.Unauthorized> { client.request(NUMBER) }
            assertEquals(401, failure.httpStatus)
            assertFalse(failure.smsPossiblySent)
        }
    }

    @Test
    fun `nobody there is unreachable, and may be repeated`(): Unit = runBlocking {
        val port = ServerSocket(0).use { it.localPort }
        val client = Client(ClientOptions("key", "1", baseUrl = "http://127.0.0.1:$port/api"))
        val failure = failing<VerifyException.Unreachable> { client.request(NUMBER) }
        assertTrue(failure.retryIsSafe)
        assertFalse(failure.smsPossiblySent)
        assertTrue(failure.cause != null)
    }

    @Test
    fun `a refused option names its field and its limit`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val failure = failing<VerifyException.InvalidInput> { sandbox.client().request(NUMBER, codeSize = 3) }
            assertEquals("invalid_input", failure.code)
            assertEquals("`codeSize` is 3 characters; the minimum is 4 characters", failure.detail)
            assertEquals("codeSize", failure.field)
            assertEquals("invalid_input: ${failure.detail}", failure.message)
        }
    }

    @Test
    fun `what is wrong with a client's options is said when it is made`(): Unit = runBlocking {
        failing<VerifyException.InvalidInput> { Client(apiKey = "a\nb", sender = "1") }
    }

    @Test
    fun `a panic is internal, and what it says is not repeated`(): Unit = runBlocking {
        val failure = failing<VerifyException.Internal> { panicking("a secret").request(NUMBER) }
        assertFalse("a secret" in failure.detail, failure.detail)
        assertTrue("panic" in failure.detail, failure.detail)
    }

    @Test
    fun `after a panic the library goes on`(): Unit = runBlocking {
        failing<VerifyException.Internal> { panicking("a secret").request(NUMBER) }
        withSandbox { sandbox -> assertEquals(State.PENDING, sandbox.client().request(NUMBER).state) }
    }
}
