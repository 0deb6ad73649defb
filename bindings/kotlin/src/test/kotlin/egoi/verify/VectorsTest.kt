package egoi.verify

import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import egoi.verify.testing.SandboxOptions
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.assertThrows
import java.nio.file.Files
import java.nio.file.Path

/** The facts that hold in every language. */
class VectorsTest {
    private fun read(file: String, list: String): List<JsonObject> {
        val path = Path.of(System.getProperty("egoi.vectors"), file)
        return JsonParser.parseString(Files.readString(path)).asJsonObject.getAsJsonArray(list).map { it.asJsonObject }
    }

    private fun JsonObject.text(name: String): String = get(name).asString

    private fun JsonObject.textOrNull(name: String): String? = get(name)?.takeUnless(JsonElement::isJsonNull)?.asString

    private fun pieces(list: JsonArray): String =
        list.map { it.asJsonArray }.joinToString("") { it[0].asString.repeat(it[1].asInt) }

    private fun facts(file: String, list: String, check: (JsonObject) -> Unit): List<DynamicTest> {
        val facts = read(file, list)
        assertTrue(facts.isNotEmpty())
        return facts.map { fact -> dynamicTest("$file: ${fact.text("name")}") { check(fact) } }
    }

    private fun refused(field: String, fault: String, call: () -> Any?): Unit = refusedBy(field, fault) { call() }

    private fun refusedBy(field: String, fault: String, call: suspend () -> Any?): Unit = runBlocking {
        val failure = failing<VerifyException.InvalidInput> { call() }
        assertTrue(failure.detail.startsWith("`$field`") && fault in failure.detail, failure.detail)
    }

    @TestFactory
    fun `an error suggests the HTTP status of its code`() = facts("suggested_statuses.json", "vectors") { fact ->
        val error = VerifyException.of(VerifyException.Facts(fact.text("name"), "words"))
        assertEquals(fact.get("status").asInt, error.suggestedStatus)
    }

    @TestFactory
    fun `numbers are read`() = facts("numbers.json", "accepted") { fact ->
        for (spelling in fact.getAsJsonArray("spellings")) {
            val number = parseNumber(spelling.asString)
            assertEquals(fact.text("number"), number.e164)
            assertEquals(fact.text("masked"), number.toString())
        }
        for (written in fact.getAsJsonArray("national") ?: JsonArray()) {
            val (text, region) = listOf("text", "default_region").map { written.asJsonObject.text(it) }
            assertEquals(fact.text("number"), parseNumber(text, region).e164)
        }
    }

    @TestFactory
    fun `a number has a type and a country if it tells one`() = facts("numbers.json", "accepted") { fact ->
        val number = parseNumber(fact.text("number"))
        assertEquals(fact.textOrNull("country"), number.country)
        assertEquals(fact.text("type"), number.type.name.lowercase())
    }

    @TestFactory
    fun `what is no number is refused`() = facts("numbers.json", "refused") { fact ->
        val read = { parseNumber(fact.text("text"), fact.textOrNull("default_region")) }
        refused("number", fact.text("fault"), read)
        assertEquals(fact.text("reason"), assertThrows<VerifyException.InvalidInput> { read() }.reason)
    }

    @TestFactory
    fun `codes are normalised`() = facts("codes.json", "accepted") { fact ->
        assertEquals(fact.text("code"), normalisedCode(fact.text("given")))
    }

    @TestFactory
    fun `what is no code is refused`() = facts("codes.json", "refused") { fact ->
        refused("code", fact.text("fault")) { normalisedCode(fact.text("given")) }
    }

    @TestFactory
    fun `codes are read out of an SMS`() = facts("code_in_sms.json", "vectors") { fact ->
        val codeType = fact.textOrNull("code_type")?.let { CodeType.valueOf(it.uppercase()) }
        val codeSize = fact.textOrNull("code_size")?.toInt()
        assertEquals(fact.textOrNull("code"), codeInSms(fact.text("text"), codeType, codeSize))
    }

    @TestFactory
    fun `SMS parts are counted`() = facts("sms_parts.json", "vectors") { fact ->
        val parts = smsParts(pieces(fact.getAsJsonArray("text")))
        assertEquals(fact.text("encoding"), parts.encoding.name.lowercase())
        assertEquals(fact.get("characters").asInt, parts.characters)
        assertEquals(fact.get("parts").asInt, parts.parts)
    }

    @TestFactory
    fun `autofill lines are added`() = facts("autofill.json", "vectors") { fact ->
        val add = if (fact.text("call") == "with_origin") ::withOrigin else ::withAppHash
        val call = { add(fact.text("message"), fact.text("argument")) }
        val text = fact.textOrNull("text")
        if (text != null) {
            assertEquals(text, call())
        } else {
            val error = fact.getAsJsonObject("error")
            refused(error.text("field"), error.text("detail"), call)
        }
    }

    @TestFactory
    fun `messages are rendered`() = facts("messages.json", "accepted") { fact ->
        runBlocking {
            withSandbox(SandboxOptions(code = fact.text("code"))) { sandbox ->
                val message = pieces(fact.getAsJsonArray("message"))
                sandbox.client().request(NUMBER, message = message, codeSize = fact.get("code_size").asInt)
                assertEquals(pieces(fact.getAsJsonArray("text")), sandbox.messages().single().text)
            }
        }
    }

    @TestFactory
    fun `what is no message is refused`() = facts("messages.json", "refused") { fact ->
        val engine = Engine { throw AssertionError("nothing may be sent") }
        refusedBy("message", fact.text("fault")) {
            engine.request(NUMBER, pieces(fact.getAsJsonArray("message")), codeSize = fact.get("code_size").asInt)
        }
    }
}
