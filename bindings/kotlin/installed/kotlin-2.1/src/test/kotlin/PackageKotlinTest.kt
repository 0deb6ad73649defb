import egoi.verify.Engine
import egoi.verify.Outcome
import egoi.verify.VerifyException
import egoi.verify.testing.Sandbox
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

private const val NUMBER = "+351 910 000 000"

class PackageKotlinTest {
    @Test
    fun `the jars verify`(): Unit = runBlocking {
        Sandbox.start().use { sandbox ->
            sandbox.client().use { client ->
                val made = client.request(NUMBER, ttl = 5.minutes)
                val code = sandbox.waitForCode(NUMBER, timeout = 5.seconds)
                assertEquals(Outcome.VERIFIED, client.validate(made.id, code, number = NUMBER))
            }
        }
    }

    @Test
    fun `an engine's exceptions are caught`(): Unit = runBlocking {
        Engine { }.use { engine ->
            val failure = runCatching { engine.get("unknown") }.exceptionOrNull()
            assertEquals("not_found", (failure as VerifyException.NotFound).code)
        }
    }
}
