package egoi.verify

import com.google.gson.JsonArray
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.net.URI
import java.net.URLEncoder
import java.nio.file.Files
import java.nio.file.Path
import kotlin.text.Charsets.UTF_8

/** A file of the repository's `tests` folder. */
internal fun shared(file: String): Path = Path.of(System.getProperty("egoi.vectors")).resolveSibling(file)

/** The program through which calls go slowly and unreliably; `make test-programs` builds it. */
internal val toxiproxy: Path = shared("bin/toxiproxy-server")

/** The scripted service of `tests/service`: what it is asked, and what it saw. It ends with its standard input. */
internal class ScriptedService : AutoCloseable {
    private val process: Process
    private val url: String

    init {
        val program = shared("bin/scripted-service")
        check(Files.exists(program)) { "there is no scripted service: `make test-programs` builds it" }
        val command = listOf(program, toxiproxy).filter(Files::exists).map(Path::toString)
        process = ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        url = JsonParser.parseString(process.inputReader().readLine()).asJsonObject["url"].asString
    }

    /** The client of a session, with the calls to make where they are drawn. */
    fun open(vararg query: Pair<String, Any>): JsonObject = ask("/open", *query)

    /** What the service saw since it was last asked. */
    fun seen(opened: JsonObject): Map<String, Int> =
        ask("/seen", "id" to opened["id"].asLong).asMap().mapValues { it.value.asInt }

    /** What the service was asked to send by E-goi's SMS call. */
    fun smsCalls(opened: JsonObject): JsonArray = ask("/sms", "id" to opened["id"].asLong).getAsJsonArray("sms_calls")

    private fun ask(path: String, vararg query: Pair<String, Any>): JsonObject {
        val pairs = query.joinToString("&") { (name, value) -> "$name=${URLEncoder.encode(value.toString(), UTF_8)}" }
        val answer = URI("$url$path?$pairs").toURL().openStream().use { it.readBytes() }
        return JsonParser.parseString(answer.toString(UTF_8)).asJsonObject
    }

    override fun close() {
        process.outputStream.close()
        process.waitFor()
    }
}
