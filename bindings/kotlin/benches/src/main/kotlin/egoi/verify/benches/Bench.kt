package egoi.verify.benches

import com.google.gson.Gson
import com.google.gson.JsonParser
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import java.io.File
import kotlin.system.exitProcess

private const val OURS = "egoi-verify"

/** A line of a table: `benches/README.md`. */
@Suppress("unused") // Written as JSON.
private class Record(
    val name: String,
    val settings: String,
    val measure: String,
    val ours: List<Double>,
    val others: Map<String, List<Double>> = mapOf(),
    val floors: Map<String, List<Double>> = mapOf(),
) {
    val unit = "ns"
    val versions = "Java ${System.getProperty("java.version")}, OkHttp 5.5.1, Ktor 3.5.2, JNA 5.19.1"
}

private fun cost(calls: Int, form: Form, call: suspend () -> String): Cost {
    suspend fun calling() = repeat(calls) { check(call() == ID) { "another response" } }
    return when (form) {
        Form.ONE_AT_A_TIME -> costOf(calls) { runBlocking(Dispatchers.Default) { launch { calling() } } }

        Form.AT_ONCE -> costOf(calls * AT_ONCE) {
            runBlocking(Dispatchers.Default) { repeat(AT_ONCE) { launch { calling() } } }
        }

        // The thread of this loop is the one that waits.
        Form.BLOCKING -> costOf(calls) { runBlocking { calling() } }
    }
}

private fun clients(base: String, pem: String, settings: String, form: Form): List<Record> {
    val calls = (if (form == Form.AT_ONCE) 64 else 2_000) / if (SHORT) 64 else 1
    val measured = rounds(ways(base, pem, form)) { cost(calls, form, it) }
    return measures { measure, of ->
        val figures = measured.mapValues { (_, costs) -> costs.map(of) }
        Record("kotlin-client", settings, measure, figures.getValue(OURS), others = figures - OURS)
    }
}

private fun border(): List<Record> {
    val measured = crossings()
    return measures { measure, of ->
        val figures = measured.mapValues { (_, costs) -> costs.map(of) }
        Record("kotlin-border", ENGINE, measure, figures.getValue(ENGINE), floors = mapOf(JNA to figures.getValue(JNA)))
    } + listOf(JNA, UNIFFI).map { Record("kotlin-border", it, "time", measured.getValue(it).map(Cost::time)) }
}

private fun measures(record: (String, (Cost) -> Double) -> Record): List<Record> =
    listOf(record("time", Cost::time), record("processor time", Cost::processor))

/** The server has a processor of its own, everything that is measured shares the other. */
fun main() {
    val server = ProcessBuilder("taskset", "-c", "1", System.getProperty("server"))
        .redirectError(ProcessBuilder.Redirect.INHERIT).start()
    val urls = JsonParser.parseString(server.inputStream.bufferedReader().readLine()).asJsonObject
    val pem = urls["pem"].asString
    val records = listOf("plain" to "plain", "tls" to "TLS").flatMap { (over, title) ->
        clients(urls[over].asString, pem, "$title, one at a time", Form.ONE_AT_A_TIME) +
            clients(urls[over].asString, pem, "$title, one at a time, blocking", Form.BLOCKING) +
            clients(urls[over].asString, pem, "$title, $AT_ONCE at once", Form.AT_ONCE)
    } + border()
    server.outputStream.close()
    File(System.getenv("EGOI_BENCH_RESULTS"), "kotlin.json").writeText(Gson().toJson(records))
    exitProcess(0) // Ktor and OkHttp keep threads.
}
