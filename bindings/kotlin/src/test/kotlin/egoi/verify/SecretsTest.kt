package egoi.verify

import egoi.verify.testing.SandboxOptions
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class SecretsTest {
    @Test
    fun `a printed verification masks the number`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val printed = sandbox.client().request(NUMBER).toString()
            assertFalse("910000000" in printed, printed)
            assertTrue("+35191*****00" in printed, printed)
        }
    }

    @Test
    fun `no option, client, engine or SMS prints what it holds`(): Unit = runBlocking {
        val options =
            ClientOptions(apiKey = "the-secret-key", sender = "1", store = Store("memory:", ByteArray(32) { 7 }))
        var printed = "$options ${Client(options)} ${EngineOptions(Store("memory:", ByteArray(32) { 7 }))}"
        val engine = Engine { printed += " $it" }
        engine.request(NUMBER)
        printed += " $engine"
        for (secret in listOf("the-secret-key", "910000000", "verification code", "[B@")) {
            assertFalse(secret in printed, printed)
        }
    }

    @Test
    fun `an exception holds neither key nor number nor code`(): Unit = runBlocking {
        withSandbox(SandboxOptions(apiKey = "right")) { sandbox ->
            val client = Client(ClientOptions("the-secret-key", "1", baseUrl = "${sandbox.url}/api"))
            val failure = failing<VerifyException> { client.request(NUMBER) }.stackTraceToString()
            for (secret in listOf("the-secret-key", "910000000")) assertFalse(secret in failure, failure)
        }
    }

    @Test
    fun `a message of the inbox prints no code`(): Unit = runBlocking {
        withSandbox(SandboxOptions(code = "427193")) { sandbox ->
            sandbox.client().request(NUMBER)
            val printed = sandbox.messages().single().toString()
            assertFalse("427193" in printed || "910000000" in printed, printed)
        }
    }
}
