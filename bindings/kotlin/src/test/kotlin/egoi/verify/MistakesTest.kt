package egoi.verify

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import egoi.verify.testing.Fault
import egoi.verify.testing.FaultCall
import egoi.verify.testing.Sandbox
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.seconds

/** The mistakes of `tests/mistakes` that the compiler lets pass, each with its whole message. */
class MistakesTest {
    private fun client(baseUrl: String = "http://127.0.0.1:1") = Client(ClientOptions("key", "1", baseUrl = baseUrl))

    private val made = mapOf<String, suspend () -> Any?>(
        "the API key is empty" to { Client("", "1") },
        "the timeout is negative" to { Client(ClientOptions("key", "1", timeout = (-1).seconds)) },
        "the base URL is plain HTTP" to { client("http://example.com") },
        "the number has no country" to { client().request("910000000") },
        "the message has no place for the code" to { client().request("+351910000000", message = "Hello") },
        "the validity is too long" to { client().request("+351910000000", ttl = 2.hours) },
        "the code is empty" to { client().validate("1", " ") },
        "the id leaves its path" to { client().get("../senders") },
        "a fault without one" to { Sandbox.start().use { it.failNext(Fault(FaultCall.REQUEST)) } },
    )

    @TestFactory
    fun `each mistake is refused in the words of the file`(): List<DynamicTest> {
        val file = Path.of(System.getProperty("egoi.vectors"), "../mistakes/mistakes.json")
        val mistakes = JsonParser.parseString(Files.readString(file)).asJsonObject.getAsJsonArray("mistakes")
        val refused = mistakes.map { it.asJsonObject }.filter { it["kotlin"] is JsonObject }
        assertEquals(refused.map { it["name"].asString }.toSet(), made.keys)
        return refused.map { mistake ->
            dynamicTest(mistake["name"].asString) {
                val expected = mistake.getAsJsonObject("kotlin")
                val failure = runBlocking {
                    failing<VerifyException> { made.getValue(mistake["name"].asString)() }
                }
                val name = failure::class.qualifiedName.orEmpty()
                assertTrue(name.endsWith(expected["error"].asString), name)
                assertEquals(expected["says"].asString, failure.message)
            }
        }
    }
}
