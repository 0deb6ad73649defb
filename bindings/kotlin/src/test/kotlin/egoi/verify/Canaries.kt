package egoi.verify

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.ObjectOutputStream
import java.net.InetSocketAddress
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.CountDownLatch
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

/** What must never be seen, from `tests/secrets`. */
internal object Canaries {
    val file: JsonObject = JsonParser.parseString(
        Files.readString(Path.of(System.getProperty("egoi.vectors")).resolveSibling("secrets").resolve("secrets.json")),
    ).asJsonObject

    val id: String = file["id"].asString
    val calls: List<String> = file.getAsJsonArray("calls").map { it.asString }
    val answers: List<JsonObject> = file.getAsJsonArray("answers").map { it.asJsonObject }

    private val canaries = file.getAsJsonObject("canaries").entrySet().associate { it.key to it.value.asJsonObject }

    val spellings: Map<String, String> = canaries.flatMap { (name, canary) ->
        canary.getAsJsonObject("spellings").entrySet().map { "$name, ${it.key}" to it.value.asString.lowercase() }
    }.toMap()

    /** A canary as a program gives it. */
    fun given(name: String): String = canaries.getValue(name)["given"].asString

    /** Which canaries are in a text, in whatever case, and how they are spelled there. */
    fun foundIn(text: String): List<String> {
        val lower = text.lowercase()
        return spellings.filterValues { it in lower }.keys.toList()
    }
}

/** Everything that was looked at. */
internal class Looked {
    private val found = mutableListOf<String>()
    private var texts = 0

    fun at(place: String, text: String) {
        assertTrue(text.isNotEmpty()) { "$place: there is nothing to look at" }
        texts += 1
        val here = Canaries.foundIn(text)
        if (here.isNotEmpty()) found += "$place shows $here: $text"
    }

    /** At what printing makes of values. */
    fun atValue(place: String, vararg values: Any?) {
        for (value in values) for (text in listOf("$value", "${listOf(value)}", "${value to 1}")) at(place, text)
    }

    /** At a throwable with everything below it, and as Java serialises it where it does. */
    fun atThrowable(place: String, thrown: Throwable) {
        at(place, thrown.stackTraceToString())
        val bytes = ByteArrayOutputStream()
        try {
            ObjectOutputStream(bytes).use { it.writeObject(thrown) }
        } catch (refused: IOException) {
            at(place, refused.stackTraceToString())
        }
        at(place, bytes.toString(Charsets.ISO_8859_1))
        var below: Throwable? = thrown
        while (below != null) {
            at(place, "$below ${below.message} ${below.localizedMessage}")
            below = below.cause
        }
    }

    fun end(what: String, atLeast: Int) {
        assertEquals(emptyList<String>(), found)
        assertTrue(texts >= atLeast) { "$what: looked at $texts texts, expected $atLeast at least" }
        println("$what: looked at $texts texts")
    }
}

/** A service that answers as it is told to. Before a validation over V2 it lets itself be read. */
internal class Hostile : AutoCloseable {
    /** An answer; or nothing, and then the connection is closed or held. */
    @Volatile
    var answer: JsonObject? = null

    @Volatile
    var holds = false

    @Volatile
    var isReadFirst = false

    private val released = CountDownLatch(1)
    private val threads: ExecutorService = Executors.newCachedThreadPool()
    private val server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0).apply {
        executor = threads
        createContext("/", ::serve)
        start()
    }

    val url: String = "http://127.0.0.1:${server.address.port}"

    private fun serve(exchange: HttpExchange) {
        exchange.requestBody.readAllBytes()
        val isRead = exchange.requestMethod == "GET" && "/verify/" in exchange.requestURI.path && isReadFirst
        val answer = if (isRead) Canaries.file.getAsJsonObject("before_a_v2_validation") else answer
        if (answer != null) {
            for ((name, value) in answer.getAsJsonObject(
                "headers",
            ).entrySet()) {
                exchange.responseHeaders.set(name, value.asString)
            }
            val body = answer["body"].asString.toByteArray()
            exchange.sendResponseHeaders(answer["status"].asInt, if (body.isEmpty()) -1 else body.size.toLong())
            exchange.responseBody.write(body)
        } else if (holds) {
            released.await()
        }
        exchange.close()
    }

    override fun close() {
        released.countDown()
        server.stop(0)
        threads.shutdown()
    }
}
