package egoi.verify

import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import com.sun.jna.Library
import com.sun.jna.Native
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.sync.Semaphore
import kotlinx.coroutines.sync.withPermit
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.assertThrows
import java.nio.file.Files
import kotlin.time.Duration.Companion.seconds

/** Every fault of `tests/faults/faults.json`, and random runs of them. */
class FaultsTest {
    private val table = JsonParser.parseString(Files.readString(shared("faults/faults.json"))).asJsonObject
    private val key = table.text("key")
    private val code = table.text("code")
    private val number = table.text("number")
    private val id = table.text("id")

    private class Row(val fault: JsonObject, val expectation: JsonObject, val name: String, val call: JsonObject) {
        val verb: String = call["verb"].asString

        override fun toString(): String = "${fault["name"].asString}: $name"
    }

    private fun JsonObject.text(name: String): String = get(name).asString

    private fun JsonElement?.orNull(): JsonElement? = takeUnless { it == null || it.isJsonNull }

    private fun rows(): List<Row> = table.getAsJsonArray("faults").map { it.asJsonObject }.flatMap { fault ->
        val expect = fault["expect"]
        val expectations = if (expect.isJsonArray) expect else table.getAsJsonObject("patterns")[expect.asString]
        expectations.asJsonArray.map { it.asJsonObject }.flatMap { expectation ->
            expectation.getAsJsonArray("of").map { it.asString }
                .flatMap { of -> table.getAsJsonObject("groups")[of]?.asJsonArray?.map { it.asString } ?: listOf(of) }
                .map { name -> Row(fault, expectation, name, table.getAsJsonObject("calls").getAsJsonObject(name)) }
        }
    }

    private fun client(opened: JsonObject, api: String, timeout: Double, connectTimeout: Double? = null) = Client(
        ClientOptions(
            apiKey = key,
            sender = "1234",
            api = Api.valueOf(api.uppercase()),
            baseUrl = opened.text("base_url"),
            timeout = timeout.seconds,
            connectTimeout = connectTimeout?.seconds,
            caCertificates = opened["ca_certificates"]?.asString?.toByteArray(),
            proxy = opened["proxy"].orNull()?.asString,
            allowHttp = opened["proxy"].orNull() != null,
        ),
    )

    /** What a call came to: its outcome in a word or its failure, and the id of the request there is now. */
    private class Done(val word: String?, val failure: VerifyException?, val id: String) {
        override fun toString(): String = word ?: failure.toString()
    }

    private suspend fun make(client: Client, verb: String, id: String, given: String): Done = try {
        when (verb) {
            "request" -> client.request(number).let { Done(it.state.word(), null, it.id) }
            else -> Done(
                when (verb) {
                    "validate" -> client.validate(id, given).word()
                    "cancel" -> client.cancel(id).word()
                    "resend" -> client.resend(id).state.word()
                    "get" -> client.get(id).state.word()
                    "ping" -> client.ping().let { "up" }
                    "senders" -> client.senders().let { "listed" }
                    else -> error("there is no verb $verb")
                },
                null,
                id,
            )
        }
    } catch (failure: VerifyException) {
        Done(null, failure, id)
    }

    private fun Enum<*>.word(): String = name.lowercase()

    /** What must never be, whatever happened. */
    private fun never(verb: String, done: Done, seen: Map<String, Int>): List<String> = listOf(
        "more than one SMS" to (seen.getValue("sms") > 1),
        "a code submitted twice" to (seen.getValue("submits") > 1),
        "an SMS that was denied" to (done.failure?.smsPossiblySent == false && seen.getValue("sms") > 0),
        "verified without the service's word" to
            (verb in listOf("validate", "get") && done.word == "verified" && seen.getValue("verified") == 0),
    ).filter { it.second }.map { "${it.first}: $done, $seen" }

    /** Options have Kotlin's names. */
    private fun named(words: String) = Regex("`[a-z_]+`").replace(words) { camel(it.value) }

    private fun unsaid(failure: VerifyException, row: JsonObject): List<String> =
        row["says"]?.asJsonArray?.map { named(it.asString) }.orEmpty().filter { it !in failure.detail }

    /** What is not as the row says. */
    private fun wrong(row: Row, done: Done, seen: Map<String, Int>): List<String> {
        val (fault, expectation) = row.fault to row.expectation
        val expected = (expectation["code"] ?: fault["code"]).orNull()?.asString
        val facts = mutableMapOf<String, Pair<Any?, Any?>>("tries" to (seen["tries"] to expectation["tries"].asInt))
        val failure = done.failure
        if (failure != null && expected != null) {
            val range = fault["retry_after"]?.asJsonArray?.let { it[0].asDouble.seconds..it[1].asDouble.seconds }
            val after = failure.retryAfter
            val shown = "$failure ${failure.stackTraceToString()}"
            facts["code"] = failure.code to expected
            facts["httpStatus"] = failure.httpStatus to fault["http_status"]?.asInt
            facts["reason"] = failure.reason to fault["reason"]?.asString
            facts["what ${failure.detail} does not say"] = unsaid(failure, fault) to emptyList<String>()
            facts["smsPossiblySent"] = failure.smsPossiblySent to expectation["sms"].asBoolean
            facts["retryIsSafe"] = failure.retryIsSafe to expectation["safe"].asBoolean
            facts["requestId"] = failure.requestId to id.takeUnless { row.verb in listOf("request", "ping", "senders") }
            val isRight = if (after != null && range != null) after in range else after == null && range == null
            facts["retryAfter $after in $range"] = isRight to true
            facts["shown secrets"] = listOf(key, code, number).filter { it in shown } to emptyList<String>()
        } else {
            val gives = if (expected == null) (expectation["gives"] ?: row.call["gives"]).asString else expected
            facts["what it gives"] = (done.word ?: failure.toString()) to gives
        }
        return facts.filterValues { (found, should) -> found != should }
            .map { (name, fact) -> "$name is ${fact.first}, not ${fact.second}" } + never(row.verb, done, seen)
    }

    private suspend fun play(service: ScriptedService, row: Row): List<String> {
        val opened = onItsOwn { service.open("fault" to row.fault.text("name"), "call" to row.name) }
        val timeout = (row.fault["timeout"] ?: table["timeout"]).asDouble
        return client(opened, row.call.text("api"), timeout, row.fault["connect_timeout"]?.asDouble).use { client ->
            val done = make(client, row.verb, id, code)
            wrong(row, done, onItsOwn { service.seen(opened) })
        }
    }

    /** Makes the calls that this seed draws. */
    private suspend fun run(service: ScriptedService, seed: Int): List<String> {
        val opened = onItsOwn { service.open("seed" to seed) }
        var current = id
        client(opened, opened.text("api"), 0.5).use { client ->
            for ((at, planned) in opened.getAsJsonArray("calls").map { it.asJsonObject }.withIndex()) {
                val (verb, given) = planned.text("verb") to planned["code"]?.asString.orEmpty()
                val done = make(client, verb, current, given)
                val told = never(verb, done, onItsOwn { service.seen(opened) }).toMutableList()
                if (verb == "validate" && done.word == "verified" && given != code) told += "a wrong code was verified"
                if (told.isNotEmpty()) return told.map { "seed $seed, call $at, $verb: $it" }
                current = done.id
            }
        }
        return emptyList()
    }

    private suspend fun <T> onItsOwn(ask: () -> T): T = withContext(Dispatchers.IO) { ask() }

    /** Most of the time is waiting. */
    private fun <T> allAtOnce(each: List<T>, play: suspend (T) -> List<String>): List<List<String>> = runBlocking {
        val room = Semaphore(64)
        each.map { async(Dispatchers.Default) { room.withPermit { play(it) } } }.awaitAll()
    }

    @TestFactory
    fun `a fault is told as the table says`(): List<DynamicTest> {
        val rows = rows()
        val played = ScriptedService().use { service -> allAtOnce(rows) { play(service, it) } }
        return rows.zip(played) { row, told -> dynamicTest(row.toString()) { assertEquals(emptyList<String>(), told) } }
    }

    /** The JVM's own environment cannot be changed, which the library does not read. */
    internal interface Environment : Library {
        fun setenv(name: String, value: String, overwrite: Int): Int

        fun unsetenv(name: String): Int
    }

    @TestFactory
    fun `a variable that cannot be used is named`(): List<DynamicTest> {
        val environment = Native.load(null, Environment::class.java)
        return table.getAsJsonArray("environment").map { it.asJsonObject }.map { row ->
            val variables = row.getAsJsonObject("variables").asMap().mapValues { it.value.asString }
            dynamicTest(variables.toString()) {
                variables.forEach { (name, value) -> environment.setenv(name, value, 1) }
                val failure = try {
                    assertThrows<VerifyException.InvalidInput> { Client(ClientOptions(apiKey = key, sender = "1234")) }
                } finally {
                    variables.keys.forEach(environment::unsetenv)
                }
                assertEquals(row.text("field") to row.text("reason"), failure.field to failure.reason)
                assertEquals(emptyList<String>(), unsaid(failure, row))
            }
        }
    }

    @Test
    fun `random runs never send twice, deny an SMS or verify`() {
        val runs = if (System.getenv("EGOI_SOAK") == "1") 10_000 else 200
        val told = ScriptedService().use { service -> allAtOnce((0 until runs).toList()) { run(service, it) } }
        println("$runs of 10000 random runs")
        assertEquals(emptyList<String>(), told.flatten())
    }
}
