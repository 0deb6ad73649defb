package egoi.verify

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.Test
import java.io.File
import java.nio.file.Files
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/** Calls through toxiproxy, under load. */
class ToxicsTest {
    private val toxics = JsonParser.parseString(Files.readString(shared("faults/toxics.json"))).asJsonObject
    private val timeout = toxics["timeout"].asDouble.seconds

    /** How long after its deadline a call ended, and how it failed. */
    private suspend fun timed(call: suspend () -> Unit): Pair<Duration, VerifyException?> {
        val started = TimeSource.Monotonic.markNow()
        val failure = try {
            call().let { null }
        } catch (failure: VerifyException) {
            failure
        }
        return started.elapsedNow() - timeout to failure
    }

    private suspend fun load(service: ScriptedService, path: JsonObject, isMeasured: Boolean): Unit = coroutineScope {
        val name = path["name"].asString
        val opened = service.open("toxics" to name)
        val options = ClientOptions("key", "1", baseUrl = opened["base_url"].asString, timeout = timeout)
        val (calls, timers) = Client(options).use { client ->
            val each = 0 until toxics["at_once"].asInt
            val timers = each.map { async(Dispatchers.Default) { timed { delay(timeout) } } }
            val calls = each.map { async(Dispatchers.Default) { timed { client.request("351-910000000") } } }
            calls.awaitAll() to timers.awaitAll()
        }
        // What a timer of this process is late by is the machine's doing.
        val allowed = maxOf(timers.maxOf { it.first }, Duration.ZERO) + toxics["late"].asDouble.seconds
        val latest = calls.maxOf { it.first }
        assertTrue(!isMeasured || latest <= allowed, "$name: $latest late, $allowed are allowed")
        val sent = calls.count { (_, failure) -> failure?.smsPossiblySent ?: true }
        val sms = service.seen(opened).getValue("sms")
        assertTrue(sms <= sent, "$name: $sms SMS, and $sent calls that say so")
        assertTrue(path["fails"]?.asBoolean != true || calls.all { it.second != null }, "$name: a call succeeded")
    }

    /** Descriptors and threads. */
    private fun held(): List<Int> = listOf("fd", "task").map { File("/proc/self/$it").list()?.size ?: 0 }

    @Test
    fun `no call outlives its deadline and nothing is left of them`(): Unit = runBlocking {
        assumeTrue(Files.exists(toxiproxy), "THERE IS NO TOXIPROXY: `make test-programs` BUILDS IT")
        val rounds = if (System.getenv("EGOI_SOAK") == "1") 100 else 1
        ScriptedService().use { service ->
            val paths = toxics.getAsJsonArray("toxics").map { it.asJsonObject }
            // The virtual machine loads and compiles what a call takes at its first calls, which takes longer than they.
            paths.forEach { load(service, it, isMeasured = false) }
            val before = held()
            repeat(rounds) { paths.forEach { load(service, it, isMeasured = true) } }
            println("$rounds of 100 rounds through toxiproxy")
            val started = TimeSource.Monotonic.markNow()

            // A pool of Java's and of Kotlin's may start a thread at any time.
            fun isMore() = held()[0] > before[0] || held()[1] > before[1] + 8
            while (isMore() && started.elapsedNow() < 10.seconds) delay(10)
            assertTrue(!isMore(), "${held()} descriptors and threads are left, $before before")
        }
    }
}
