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
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.seconds

private val IMPORTS = listOf(
    "import egoi.verify.*",
    "import egoi.verify.testing.*",
    "import java.time.*",
    "import kotlin.time.Duration.Companion.hours",
)

/** The mistakes of `tests/mistakes`. What the compiler lets pass is refused, each with its whole message. */
class MistakesTest {
    private fun client(baseUrl: String = "http://127.0.0.1:1") = Client(ClientOptions("key", "1", baseUrl = baseUrl))

    private val made = mapOf<String, suspend () -> Any?>(
        "the API key is empty" to { Client("", "1") },
        "the timeout is negative" to { Client(ClientOptions("key", "1", timeout = (-1).seconds)) },
        "the maximum of parts of an SMS is 0" to { Engine(EgoiSms(ClientOptions("key", "1"), maxParts = 0)) },
        "the base URL is plain HTTP" to { client("http://example.com") },
        "the number has no country" to { client().request("910000000") },
        "the message has no place for the code" to { client().request("+351910000000", message = "Hello") },
        "the validity is too long" to { client().request("+351910000000", ttl = 2.hours) },
        "the code is empty" to { client().validate("1", " ") },
        "the id leaves its path" to { client().get("../senders") },
        "a fault without one" to { Sandbox.start().use { it.failNext(Fault(FaultCall.REQUEST)) } },
    )

    private fun mistakesWith(what: String): List<JsonObject> {
        val file = Path.of(System.getProperty("egoi.vectors"), "../mistakes/mistakes.json")
        val mistakes = JsonParser.parseString(Files.readString(file)).asJsonObject.getAsJsonArray("mistakes")
        return mistakes.map { it.asJsonObject }.filter { (it["kotlin"] as? JsonObject)?.has(what) == true }
    }

    @Test
    fun `the compiler refuses every other mistake`(@TempDir folder: Path) {
        val uncompiled = mistakesWith("does_not_compile").map { it.getAsJsonObject("kotlin") }
        // The first is right, so that a compiler that refuses everything is noticed.
        val lines = listOf("client.request(\"+351910000000\", ttl = 1.hours)") +
            uncompiled.map { it["does_not_compile"].asString }
        val file = folder.resolve("Mistakes.kt")
        val functions = lines.mapIndexed { at, line -> "suspend fun mistake$at(client: Client) { $line }" }
        Files.write(file, IMPORTS + functions)
        val said = compiled(file)
        val refused = Regex("""Mistakes\.kt:(\d+):\d+: error:""").findAll(said).map { it.groupValues[1].toInt() - 1 }
        val accepted = lines.indices - refused.map { it - IMPORTS.size }.toSet()
        assertEquals(listOf(lines.first()), accepted.map { lines[it] }, said)
    }

    @TestFactory
    fun `each mistake is refused in the words of the file`(): List<DynamicTest> {
        val refused = mistakesWith("says")
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
