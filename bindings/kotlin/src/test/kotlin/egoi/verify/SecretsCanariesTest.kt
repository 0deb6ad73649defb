package egoi.verify

import egoi.verify.Canaries.given
import egoi.verify.testing.Sandbox
import egoi.verify.testing.SandboxOptions
import egoi.verify.testing.TestClock
import egoi.verify.testing.withClock
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.net.ServerSocket
import java.util.logging.Handler
import java.util.logging.Level
import java.util.logging.LogRecord
import java.util.logging.Logger
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/**
 * No key, code, message or whole number in anything that the module prints, logs, serialises or says of a failure: through
 * every verb of every verifier, whatever the service repeats.
 */
class SecretsCanariesTest {
    private val key = given("api_key")
    private val code = given("code")
    private val letters = given("code_of_letters")
    private val number = given("number")
    private val message = given("message")
    private val engineKey = given("engine_key").toByteArray()

    private fun client(
        call: String,
        baseUrl: String,
        timeout: Duration? = null,
        proxy: String? = null,
        apiKey: String = key,
    ) = Client(
        ClientOptions(
            apiKey = apiKey,
            sender = "1",
            api = Api.valueOf(call.take(2).uppercase()),
            baseUrl = baseUrl,
            timeout = timeout,
            proxy = proxy,
            store = Store("memory:", engineKey),
        ),
    )

    private suspend fun make(client: Client, verb: String): Any? = when (verb) {
        "request" -> client.request(number, message = message, codeSize = 12)
        "validate" -> client.validate(Canaries.id, letters)
        "cancel" -> client.cancel(Canaries.id)
        "resend" -> client.resend(Canaries.id)
        "get" -> client.get(Canaries.id)
        "ping" -> client.ping()
        "senders" -> client.senders()
        else -> error("no verb $verb")
    }

    /** Looks at all that is printed and logged meanwhile, by whatever is in this process. */
    private suspend fun listening(looked: Looked, play: suspend () -> Unit) {
        val printed = ByteArrayOutputStream()
        val into = PrintStream(printed, true)
        val (out, err) = System.out to System.err
        val root = Logger.getLogger("")
        val level = root.level
        val handler = object : Handler() {
            override fun publish(record: LogRecord) =
                into.println("${record.loggerName} ${record.message} ${record.thrown}")
            override fun flush() = Unit
            override fun close() = Unit
        }.apply { setLevel(Level.ALL) }
        root.addHandler(handler)
        root.level = Level.ALL
        System.setOut(into)
        System.setErr(into)
        val events = CallEvents.observe { into.println(it) }
        try {
            play()
        } finally {
            events.close()
            System.setOut(out)
            System.setErr(err)
            root.removeHandler(handler)
            root.level = level
        }
        looked.at("what was printed and logged", "- $printed")
    }

    @Test
    fun `whatever a service repeats, no call tells a secret`(): Unit = runBlocking {
        val looked = Looked()
        val codes = mutableSetOf<String>()
        var exchanges = 0
        Hostile().use { service ->
            listening(looked) {
                for (answer in Canaries.answers) {
                    for (call in answer.getAsJsonArray("calls")?.map { it.asString } ?: Canaries.calls) {
                        val row = "$call, ${answer["name"].asString}"
                        service.answer = answer
                        service.isReadFirst = call == "v2 validate"
                        client(call, service.url).use { client ->
                            val failure = failing<VerifyException> { make(client, call.drop(3)) }
                            assertEquals(answer["code"].asString, failure.code, row)
                            codes += failure.code
                            looked.atThrowable(row, failure)
                            looked.atValue(row, client, failure.detail)
                        }
                        exchanges += 1
                    }
                }
            }
        }
        assertTrue(exchanges >= 200)
        assertEquals(10, codes.size) { "$codes" }
        looked.end("failures of a service that repeats secrets", 9 * exchanges)
    }

    @Test
    fun `every code that every language shows comes without a secret`(): Unit = runBlocking {
        val looked = Looked()
        val codes = Canaries.answers.mapTo(mutableSetOf()) { it["code"].asString } // shown above
        suspend fun fails(row: String, call: suspend () -> Any?) {
            val failure = failing<VerifyException> { call() }
            codes += failure.code
            looked.atThrowable(row, failure)
        }
        val port = ServerSocket(0).use { it.localPort }
        val nobody = "http://127.0.0.1:$port"
        val proxy = "http://u:${given("proxy_password")}@127.0.0.1:$port"
        Hostile().use { service ->
            for (call in Canaries.calls) {
                val verb = call.drop(3)
                service.isReadFirst = call == "v2 validate"
                fails("$call, nobody there") { make(client(call, nobody, 50.milliseconds), verb) }
                fails("$call, no proxy") { make(client(call, "https://nowhere.invalid", 50.milliseconds, proxy), verb) }
                service.holds = false
                fails("$call, closed") { make(client(call, service.url), verb) }
                service.holds = true
                fails("$call, silence") { make(client(call, service.url, 50.milliseconds), verb) }
            }
        }
        val first = client("v1", nobody)
        for (verb in listOf("resend", "get", "ping", "senders")) fails(verb) { make(first, verb) }
        first.close()
        fails("closed") { make(first, "cancel") }
        fails("refused") { parseNumber("${number}000") }
        panicking(number).use { engine -> fails("a panic") { engine.request(number) } }
        Engine(EngineOptions(Store("memory:", engineKey))) { sms ->
            looked.atValue("an SMS", sms)
            throw NotSentException("the gateway is closed")
        }.use { engine -> fails("not sent") { engine.request(number, message = message) } }
        val expected = Canaries.file.getAsJsonArray("codes").map { it.asString } + "internal"
        assertEquals(emptyList<String>(), expected - codes)
        looked.end("failures of every code", 150)
    }

    @Test
    fun `what is refused is not repeated`(): Unit = runBlocking {
        val looked = Looked()
        val password = given("proxy_password")
        val store = Store("x://:${given("store_password")}@x", engineKey)
        val local = "http://127.0.0.1:9"
        val client = client("v2", local)
        val engine = Engine { }
        val refused = mapOf<String, suspend () -> Any?>(
            "a key with a control character" to { client("v2", local, apiKey = "$key\u0007") },
            "a key outside ASCII" to { client("v2", local, apiKey = "${key}é") },
            "a proxy that is none" to { client("v2", local, proxy = "socks9://u:$password@x") },
            "a base URL with a password" to { client("v2", "https://u:$password@x") },
            "a base URL with a query" to { client("v2", "https://x/?key=$key") },
            "a client's store" to { Client(ClientOptions(key, "1", store = store)) },
            "an engine's store" to { Engine(EngineOptions(store = store)) { } },
            "an engine key that is too short" to { Engine(EngineOptions(Store("memory:", engineKey.copyOf(31)))) { } },
            "a previous key that is too short" to
                { Engine(EngineOptions(Store("memory:", engineKey, listOf(engineKey.copyOf(31))))) { } },
            "a number without a calling code" to { parseNumber(number.replace("+351 ", "")) },
            "a number that is too long" to { parseNumber("${number}000") },
            "a code that is too long" to { client.validate(Canaries.id, letters.repeat(6)) },
            "a code in an id" to { client.get("${Canaries.id} $code") },
            "a message without a place" to { engine.request(number, message = message.replace("{CODE}", code)) },
            "a message that is too long" to { engine.request(number, message = message.repeat(40)) },
            "an idempotency key" to { engine.request(number, idempotencyKey = key.repeat(9)) },
        )
        for ((row, call) in refused) looked.atThrowable(row, failing<VerifyException.InvalidInput> { call() })
        looked.end("refused input", 3 * refused.size)
    }

    private suspend fun everything(looked: Looked, verifier: Verifier, live: () -> String) {
        val made = verifier.request(number, message = message, codeSize = 12)
        looked.atValue("a verifier and what it gives", verifier, made, verifier.get(made.id))
        looked.atValue("validate", verifier.validate(made.id, letters), verifier.validate(made.id, live()))
        looked.atValue("cancel", verifier.cancel(made.id))
        assertEquals("+351917305826", made.number)
    }

    @Test
    fun `whole verifications of a client and an engine tell no secret`(): Unit = runBlocking {
        val looked = Looked()
        listening(looked) {
            Sandbox.start(SandboxOptions(code = code, apiKey = key)).use { sandbox ->
                looked.atValue("a sandbox", sandbox, SandboxOptions(code = code, apiKey = key), sandbox.clientOptions())
                everything(looked, sandbox.client()) { code }
                val client = sandbox.client()
                looked.atValue("client", client.senders(), client.resend(client.request(number, message = message).id))
                looked.atValue("messages", *sandbox.messages().toTypedArray())
            }
            val texts = mutableListOf<String>()
            val clock = TestClock()
            val store = Store("memory:", engineKey, previousKeys = listOf(engineKey.reversedArray()))
            looked.atValue("a store", store)
            val options = EngineOptions(store).withClock(clock)
            Engine(options) { sms ->
                looked.atValue("an SMS", sms)
                texts += sms.text
            }.use { engine ->
                everything(looked, engine) { codeInSms(texts.last(), null, 12)!! }
                clock.advance(31.seconds)
                val made = engine.request(number, message = message)
                clock.advance(31.seconds)
                looked.atValue("resend", engine.resend(made.id))
            }
            assertEquals(3, texts.size)
            looked.atValue(
                "others",
                options,
                clock,
                parseNumber(number),
                ClientOptions(key, "1", store = Store("memory:", engineKey)),
            )
        }
        looked.end("whole verifications", 88)
    }

    @Test
    fun `a sender is printed with its number masked`(): Unit = runBlocking {
        val body = """[{"id":"1","name":"Shop","phoneNumber":"+351917305826","senderStatus":"active"}]"""
        val answer = """{"status":200,"headers":{"Content-Type":"application/json"},"body":""}"""
        Hostile().use { service ->
            service.answer =
                com.google.gson.JsonParser.parseString(answer).asJsonObject.apply { addProperty("body", body) }
            val sender = client("v2", service.url).senders().single()
            assertEquals("+351917305826", sender.number)
            assertEquals(emptyList<String>(), Canaries.foundIn("$sender"))
        }
    }

    @Test
    fun `a canary is found in every spelling`() {
        for ((name, written) in Canaries.spellings) {
            for (text in listOf("<$written>", written.uppercase())) assertTrue(name in Canaries.foundIn(text)) { name }
        }
        assertTrue(Canaries.spellings.size >= 70)
        assertEquals(emptyList<String>(), Canaries.foundIn("the key +35191*****26 was refused, 3 of 5"))
    }

    @Test
    fun `a leak is found in a data class, bytes, a cause and what is printed`(): Unit = runBlocking {
        data class Leaking(val number: String)
        val leaks = mapOf<String, suspend (Looked) -> Unit>(
            "a data class" to { it.atValue("it", Leaking(number)) },
            "bytes" to { it.at("it", engineKey.contentToString()) },
            "a cause" to { it.atThrowable("it", IllegalStateException("it failed", IllegalArgumentException(key))) },
            "what is printed" to { looked -> listening(looked) { println(code) } },
            "a log" to { looked -> listening(looked) { Logger.getLogger("egoi").finest(letters) } },
        )
        for ((where, look) in leaks) {
            val looked = Looked()
            look(looked)
            assertThrows(AssertionError::class.java, { looked.end(where, 0) }, where)
        }
    }
}
