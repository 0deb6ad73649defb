package egoi.verify

import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonNull
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import com.google.gson.JsonPrimitive
import egoi.verify.testing.Fault
import egoi.verify.testing.Sandbox
import egoi.verify.testing.SandboxOptions
import egoi.verify.testing.TestClock
import egoi.verify.testing.withClock
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.parallel.Execution
import org.junit.jupiter.api.parallel.ExecutionMode
import java.lang.reflect.InvocationTargetException
import java.nio.file.Files
import java.nio.file.Path
import kotlin.math.abs
import kotlin.reflect.KCallable
import kotlin.reflect.KClass
import kotlin.reflect.KFunction
import kotlin.reflect.KParameter
import kotlin.reflect.KType
import kotlin.reflect.KVisibility
import kotlin.reflect.full.callSuspendBy
import kotlin.reflect.full.memberFunctions
import kotlin.reflect.jvm.jvmErasure
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.DurationUnit
import kotlin.time.toKotlinDuration

/** Every file of `tests/scenarios` on every verifier that it names, a test each; its README says what a file holds. */
class ScenariosTest {
    @TestFactory
    @Execution(ExecutionMode.CONCURRENT)
    fun scenarios(): List<DynamicTest> {
        val folder = Path.of(System.getProperty("egoi.vectors"), "../scenarios")
        val files = Files.list(folder).use { all -> all.filter { "$it".endsWith(".json") }.sorted().toList() }
        check(files.isNotEmpty()) { "there is no scenario" }
        return files.flatMap { file ->
            val name = file.fileName.toString().removeSuffix(".json")
            val scenario = JsonParser.parseString(Files.readString(file)).asJsonObject
            val all = scenario.getAsJsonArray("on").also { check(!it.isEmpty) { "$name is on nothing" } }
            // The other verifiers have no such store.
            all.filter { store == null || it.asString == "engine" }.map { on ->
                dynamicTest("$name on ${on.asString}") { runBlocking { play(name, on.asString, scenario.deepCopy()) } }
            }
        }
    }

    private suspend fun play(name: String, on: String, scenario: JsonObject) {
        val given = scenario.taken("sandbox")?.asJsonObject ?: JsonObject()
        when (on) {
            "client-v1", "client-v2", "engine" -> {}
            "client-v2-words" -> given.addProperty("v2_words", true)
            "client-v2-400" -> given.addProperty("v2_wrong", 400)
            else -> error("there is no verifier $on")
        }
        Sandbox.start(made(::SandboxOptions, given)).use { ScenarioRun(name, on, it).play(scenario) }
    }
}

/** Another store for every engine, as `tests/stores.py` says it. */
private val store: String? = System.getenv("EGOI_SCENARIOS_STORE")

/** The constructor that takes a key as bytes. */
private val storeOfBytes = Store::class.constructors.single { of -> of.parameters.any { it.name == "poolSize" } }

private const val NOTHING = "nothing is said of what it gives"

private class ScenarioRun(private val name: String, private val on: String, private val sandbox: Sandbox) {
    private val clock = TestClock()
    private val sent = mutableListOf<OutgoingSms>()
    private var sendFails: String? = null
    private val kept = mutableMapOf<String, String>()
    private lateinit var verifier: Verifier

    suspend fun play(scenario: JsonObject) {
        sandbox.clock.freeze()
        clock.freeze()
        val options = listOf("client", "engine").associateWith { scenario.taken(it)?.asJsonObject ?: JsonObject() }
        val steps = scenario.taken("steps")!!.asJsonArray
        assertEquals(setOf("about", "on"), scenario.keySet())
        make(told(options.getValue(if (on == "engine") on else "client")).asJsonObject)
        for (element in steps) {
            val step = element.deepCopy().asJsonObject
            val here = step.taken("on")?.asJsonArray?.any { it.asString == on } ?: true
            val gives = step.taken("gives") ?: JsonPrimitive(NOTHING)
            repeat(if (here) step.taken("times")?.asInt ?: 1 else 0) {
                val gave = gaveBy(told(step).asJsonObject)
                val isFailure = gave is JsonObject && gave.has("error")
                val right = if (gives == JsonPrimitive(NOTHING)) !isFailure else matches(told(gives), gave)
                assertTrue(right) { "$element\ngave $gave" }
            }
        }
        verifier.close()
    }

    private suspend fun gaveBy(step: JsonObject): JsonElement {
        val kind = step.taken("do")!!.asString
        val keepAs = step.taken("as")?.asString ?: mapOf("request" to "id", "read" to "code")[kind]
        val gave = try {
            plain(doing(kind, step))
        } catch (failure: VerifyException) {
            plain(failure)
        } catch (thrown: InvocationTargetException) { // What a function that is called by reflection throws at once.
            plain(thrown.targetException as? VerifyException ?: throw thrown)
        }
        val keep = (gave as? JsonObject)?.let { it["id"] ?: it["code"] } ?: gave
        if (keepAs != null && keep is JsonPrimitive) kept[keepAs] = keep.asString
        return gave
    }

    private suspend fun doing(kind: String, step: JsonObject): Any? {
        fun default(name: String, value: String?) = if (!step.has(name)) step.addProperty(name, value) else Unit
        when (kind) {
            "request" -> default("number", NUMBER)
            "validate", "validate_with_details" -> {
                default("id", kept["id"])
                default("code", kept["code"])
            }
            "cancel", "resend", "get" -> default("id", kept["id"])
        }
        return when (kind) {
            "request", "validate", "validate_with_details", "cancel", "resend", "get" ->
                called(Verifier::class.function(camel(kind)), verifier, step)
            "ping" -> "up".also { called(Client::class.function(kind), verifier, step) }
            "senders" -> called(Client::class.function(kind), verifier, step)
            "make" -> make(step.taken("options")!!.asJsonObject).also { step.done() }
            "close" -> verifier.close().also { step.done() }
            "read" -> messages(step).firstOrNull()
            "count" -> messages(step).size
            "advance" -> {
                val by = step.taken("seconds")!!.asDouble.seconds
                step.done()
                sandbox.clock.advance(by)
                clock.advance(by)
            }
            "fail" -> sandbox.failNext(made(::Fault, step))
            "send_fails" -> {
                sendFails = step.taken("with")!!.asString
                assertTrue(sendFails in listOf("not_sent", "maybe"))
                step.done()
            }
            "reset" -> sandbox.reset().also { step.done() }
            "generate_code" -> made(::generateCode, step)
            "parse_number" -> made(::parseNumber, step)
            "sms_parts" -> made(::smsParts, step)
            "with_origin" -> made(::withOrigin, step.apply { add("message", taken("text")) })
            "with_app_hash" -> made(::withAppHash, step.apply { add("message", taken("text")) })
            "code_in_sms" -> made(::codeInSms, step)
            else -> error("there is no step $kind")
        }
    }

    private fun make(options: JsonObject): String {
        if (on == "engine") {
            options.storeOr(store?.replace("<name>", name))
            verifier = Engine(made(EngineOptions::class.constructor(), options).withClock(clock)) { send(it) }
        } else {
            val (api, path) = if (on == "client-v1") "v1" to "/api/public" else "v2" to "/api"
            val own = mapOf("api_key" to "key", "sender" to "1", "api" to api, "base_url" to sandbox.url + path)
            for ((option, value) in own) if (!options.has(option)) options.addProperty(option, value)
            options.storeOr(null)
            verifier = Client(made(ClientOptions::class.constructor(), options))
        }
        return "made"
    }

    private fun send(sms: OutgoingSms) {
        val fails = sendFails.also { sendFails = null }
        if (fails == "not_sent") throw NotSentException("no credit")
        sent += sms
        if (fails != null) error("the gateway went away")
    }

    /** What the recipients got, newest first. */
    private fun messages(step: JsonObject): List<Map<String, Any?>> {
        val number = step.taken("number")?.asString
        val codeType = step.taken("code_type")?.let { CodeType.valueOf(it.asString.uppercase()) }
        val codeSize = step.taken("code_size")?.asInt
        step.done()
        if (on != "engine") {
            return sandbox.messages(number).map {
                mapOf(
                    "number" to it.number,
                    "text" to it.text,
                    "code" to it.code,
                    "parts" to it.parts,
                    "sender" to it.sender,
                )
            }
        }
        val whole = number?.let { parseNumber(it).e164 }
        return sent.reversed().filter { whole == null || it.number == whole }.map {
            val code = codeInSms(it.text, codeType, codeSize)
            mapOf("number" to it.number, "text" to it.text, "code" to code, "parts" to smsParts(it.text).parts)
        }
    }

    /** A value with what earlier steps kept in the place of `<name>`, and with texts that are described made. */
    private fun told(value: JsonElement): JsonElement = when {
        value is JsonPrimitive && value.isString ->
            JsonPrimitive(Regex("<([a-z_]+)>").replace(value.asString) { kept[it.groupValues[1]] ?: it.value })
        value is JsonArray -> JsonArray().apply { value.forEach { add(told(it)) } }
        value is JsonObject && value.keySet() == setOf("pieces") ->
            JsonPrimitive(
                value.getAsJsonArray("pieces").joinToString("") { (piece, times) ->
                    told(piece).asString.repeat(times.asInt)
                },
            )
        value is JsonObject && value.has("characters_of") -> {
            assertTrue(setOf("characters_of", "become", "between").containsAll(value.keySet())) { "$value" }
            val (from, to) = value["become"]?.asJsonArray?.map { it.asString.characters() }
                ?: listOf(listOf(), listOf())
            val become = from.zip(to).toMap()
            val between = value["between"]?.asString ?: ""
            JsonPrimitive(told(value["characters_of"]).asString.characters().joinToString(between) { become[it] ?: it })
        }
        value is JsonObject -> JsonObject().apply { value.entrySet().forEach { (name, each) -> add(name, told(each)) } }
        else -> value
    }
}

private operator fun JsonElement.component1(): JsonElement = asJsonArray[0]

private operator fun JsonElement.component2(): JsonElement = asJsonArray[1]

private fun String.characters(): List<String> = codePoints().toArray().map { String(Character.toChars(it)) }

private fun JsonObject.taken(name: String): JsonElement? = remove(name)

private fun JsonObject.done(): Unit = assertEquals(emptySet<String>(), keySet())

/** The files have the options of a store beside those of an engine or a client; without a URL they are the default store's. */
private fun JsonObject.storeOr(url: String?) {
    val given = listOf("key", "previous_keys", "retention").filter(::has)
    val store = JsonObject()
    val where = taken("store")?.asString ?: url ?: "memory:".takeIf { given.isNotEmpty() } ?: return
    store.addProperty("url", where)
    if (where == url && !has("key")) store.addProperty("key", "k".repeat(32))
    for (option in given) store.add(option, taken(option))
    add("store", store)
}

private fun <T : Any> KClass<T>.constructor(): KFunction<T> = constructors.single {
    it.visibility == KVisibility.PUBLIC
}

private fun KClass<*>.function(name: String): KFunction<*> = memberFunctions.single { it.name == name }

internal fun camel(name: String): String = Regex("_([a-z0-9])").replace(name) { it.groupValues[1].uppercase() }

/** What a function gives for these arguments, by their names in the files; one that it does not have fails. */
private fun arguments(function: KFunction<*>, given: JsonObject): Map<KParameter, Any?> =
    given.entrySet().associate { (name, value) ->
        val parameter = function.parameters.single { it.name == camel(name) }
        parameter to typed(value, parameter.type)
    }

@Suppress("UNCHECKED_CAST")
private fun <T> made(function: KCallable<T>, given: JsonObject): T =
    (function as KFunction<T>).callBy(arguments(function, given))

private suspend fun called(function: KFunction<*>, on: Any, given: JsonObject): Any? =
    function.callSuspendBy(arguments(function, given) + (function.parameters.first() to on))

/** A value of a file, of the type that the library wants. */
private fun typed(value: JsonElement, type: KType): Any? {
    fun within(n: Int) = type.arguments[n].type!!
    val wanted = type.jvmErasure
    return when {
        wanted == Limit::class -> if (value.isJsonNull) Limit.Off else Limit.At(typed(value, within(0)))
        value.isJsonNull -> null
        wanted == String::class -> value.asString
        wanted == Int::class -> value.asInt
        wanted == Long::class -> value.asLong
        wanted == Double::class -> value.asDouble
        wanted == Boolean::class -> value.asBoolean
        wanted == Duration::class -> value.asDouble.seconds
        wanted == ByteArray::class -> value.asString.toByteArray()
        wanted == Store::class -> made(storeOfBytes, value.asJsonObject)
        wanted == Quota::class -> Quota(value.asJsonArray[0].asInt, value.asJsonArray[1].asDouble.seconds)
        wanted == PrefixQuota::class -> value.asJsonArray.let {
            PrefixQuota(it[0].asInt, it[1].asDouble.seconds, it[2].asInt)
        }
        wanted == List::class -> value.asJsonArray.map { typed(it, within(0)) }
        wanted == Map::class -> value.asJsonObject.entrySet().associate { (name, each) ->
            name to typed(each, within(1))
        }
        wanted.java.isEnum -> wanted.java.enumConstants.single { (it as Enum<*>).name == value.asString.uppercase() }
        else -> error("no value of a file is a $type")
    }
}

/** What a step gave, in the words of the files. */
private fun plain(gave: Any?): JsonElement = when (gave) {
    null, Unit -> JsonNull.INSTANCE
    is JsonElement -> gave
    is String -> JsonPrimitive(gave)
    is Boolean -> JsonPrimitive(gave)
    is Number -> JsonPrimitive(gave)
    is Duration -> JsonPrimitive(gave.toDouble(DurationUnit.SECONDS))
    is Enum<*> -> JsonPrimitive(gave.name.lowercase())
    is PhoneNumber -> JsonPrimitive(gave.e164)
    is List<*> -> JsonArray().apply { gave.forEach { add(plain(it)) } }
    is Map<*, *> -> JsonObject().apply { gave.forEach { (name, value) -> add("$name", plain(value)) } }
    is Verification -> {
        val lives = gave.createdAt?.let { from ->
            gave.expiresAt?.let { java.time.Duration.between(from, it).toKotlinDuration() }
        }
        val resendIn = gave.createdAt?.let { from ->
            gave.resendAt?.let { java.time.Duration.between(from, it).toKotlinDuration() }
        }
        plain(
            mapOf(
                "id" to gave.id,
                "state" to gave.state,
                "number" to gave.number,
                "sms" to gave.sms,
                "attempts_left" to gave.attemptsLeft,
                "resends_left" to gave.resendsLeft,
                "resend_in" to resendIn,
                "lives" to lives,
            ),
        )
    }
    is OutcomeDetails -> plain(
        mapOf("outcome" to gave.outcome, "attempts_left" to gave.attemptsLeft, "limit" to gave.limit?.let(::snake)),
    )
    is SmsParts -> plain(mapOf("encoding" to gave.encoding, "characters" to gave.characters, "parts" to gave.parts))
    is SenderInfo -> plain(
        mapOf("id" to gave.id, "name" to gave.name, "number" to gave.number, "status" to gave.status),
    )
    is VerifyException -> plain(
        mapOf(
            "error" to gave.code, "detail" to inSnakeCase(gave.detail), "http_status" to gave.httpStatus,
            "request_id" to gave.requestId,
            "retry_after" to gave.retryAfter, "retry_is_safe" to gave.retryIsSafe,
            "sms_possibly_sent" to gave.smsPossiblySent,
            "field" to gave.field?.let(::snake), "reason" to gave.reason, "limit" to gave.limit?.let(::snake),
            "cause_code" to gave.causeCode,
        ),
    )
    else -> error("no file has a word for $gave")
}

/** With the names of options as the files have them. */
private fun inSnakeCase(detail: String): String = detail.replace(Regex("`[a-zA-Z0-9.]+`")) { snake(it.value) }

private fun snake(name: String): String = name.replace(Regex("[A-Z]")) { "_${it.value.lowercase()}" }

/** Whether what a step gave is what it must give. */
private fun matches(expected: JsonElement, given: JsonElement): Boolean = when {
    expected is JsonObject && given is JsonPrimitive && given.isString -> {
        val text = given.asString
        expected.entrySet().all { (about, value) ->
            when (about) {
                "starts" -> text.startsWith(value.asString)
                "has" -> value.asString in text
                "made_of" -> text.all { it in value.asString }
                "size" -> text.characters().size == value.asInt
                else -> error("$about is nothing that is said of a text")
            }
        }
    }
    expected is JsonObject && given is JsonObject ->
        expected.entrySet().all { (name, each) -> given.has(name) && matches(each, given[name]) }
    expected is JsonArray && given is JsonPrimitive && given.isNumber ->
        given.asDouble in expected[0].asDouble..expected[1].asDouble
    expected is JsonArray && given is JsonArray ->
        expected.size() == given.size() && expected.zip(given).all { (each, other) -> matches(each, other) }
    expected is JsonPrimitive && expected.isNumber && given is JsonPrimitive && given.isNumber ->
        abs(expected.asDouble - given.asDouble) < 1e-3
    else -> expected == given
}
