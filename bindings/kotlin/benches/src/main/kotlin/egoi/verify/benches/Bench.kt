package egoi.verify.benches

import com.google.gson.GsonBuilder
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.io.File
import kotlin.system.exitProcess
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

private fun cost(calls: Int, atOnce: Int, call: suspend () -> String): Cost = costOf(calls * atOnce) {
    runBlocking(Dispatchers.Default) {
        repeat(atOnce) { launch { repeat(calls) { check(call() == ID) { "another answer" } } } }
    }
}

/**
 * `make bench-kotlin`: writes tables for the README, and the figures as JSON into the file that is named. The server has a
 * processor of its own, everything that is measured shares the other.
 */
fun main(arguments: Array<String>) {
    val server = ProcessBuilder("taskset", "-c", "1", System.getProperty("server"))
        .redirectError(ProcessBuilder.Redirect.INHERIT).start()
    val urls = JsonParser.parseString(server.inputStream.bufferedReader().readLine()).asJsonObject
    val figures = JsonObject()
    val (times, processorTimes) = mutableListOf<String>() to mutableListOf<String>()
    var names = listOf<String>()
    for (over in listOf("plain", "tls")) for (atOnce in listOf(1, 64)) {
        val ways = ways(urls[over].asString, urls["pem"].asString, oneAtATime = atOnce == 1)
        val calls = (if (atOnce == 1) 2_000 else 64) / if (SHORT) 4 else 1
        val measured = rounds(ways) { cost(calls, atOnce, it) }
        val setting = "${if (over == "tls") "TLS" else "plain"}, ${if (atOnce == 1) "one at a time" else "64 at once"}"
        names = ways.keys.drop(1)
        times += row(setting, measured, figures, "time") { it.time }
        processorTimes += row(setting, measured, figures, "processor") { it.processor }
    }
    for ((title, rows) in listOf("times as long as ours" to times, "times as much processor time" to processorTimes)) {
        println("\n| $title | ours | ${names.joinToString(" | ")} |\n|${" --- |".repeat(names.size + 2)}")
        rows.forEach(::println)
    }
    println("\n| going over the border | takes | of processor time |\n| --- | --- | --- |")
    for ((name, costs) in crossings()) {
        val (time, processor) = median(costs.map { it.time }) to median(costs.map { it.processor })
        println("| %s | %.2f µs | %.2f µs |".format(name, time / 1000, processor / 1000))
        figures.add(name, JsonObject().apply { addProperty("time", time); addProperty("processor", processor) })
    }
    File(arguments.single()).writeText(GsonBuilder().setPrettyPrinting().create().toJson(figures))
    server.outputStream.close()
    exitProcess(0) // Ktor and OkHttp keep threads.
}

private fun row(
    setting: String,
    measured: Map<String, List<Cost>>,
    figures: JsonObject,
    kind: String,
    of: (Cost) -> Double,
): String {
    val ours = measured.getValue("egoi-verify").map(of)
    val into = JsonObject().apply { addProperty("nanoseconds", median(ours)) }
    val cells = measured.filterKeys { it != "egoi-verify" }.map { (name, costs) ->
        val ratio = Ratio(costs.map(of), ours)
        into.add(name, JsonObject().apply {
            addProperty("median", ratio.median)
            addProperty("smallest", ratio.smallest)
            addProperty("largest", ratio.largest)
        })
        ratio.toString()
    }
    figures.add("$setting, $kind", into)
    return "| $setting | %.0f µs | ${cells.joinToString(" | ")} |".format(median(ours) / 1000)
}
