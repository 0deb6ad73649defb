package egoi.verify

import com.sun.jna.Function
import egoi.verify.internal.FfiConverterTypeThrown
import egoi.verify.internal.uniffiForeignFutureHandleCount
import egoi.verify.java.ClientBuilder
import egoi.verify.testing.Fault
import egoi.verify.testing.FaultCall
import egoi.verify.testing.SandboxOptions
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

/**
 * Many calls without growth. The heap has a fixed size in these tests (`pom.xml`), so that what the process grows by is
 * what leaks below it; what is held on this side of the FFI is counted.
 */
class ResourcesTest {
    /** What waits on this side for something on the other. */
    private fun held(): Int =
        Worker.waiting.size + uniffiForeignFutureHandleCount() + FfiConverterTypeThrown.handleMap.size

    private fun residentBytes(): Long {
        // What is free, and what the C library keeps for later, is no leak.
        Function.getFunction("c", "malloc_trim").invokeInt(arrayOf<Any>(0L))
        return Files.readString(Path.of("/proc/self/statm")).split(' ')[1].toLong() * PAGE
    }

    private suspend fun atOnce(calls: Int, call: suspend () -> Unit): Unit = coroutineScope {
        val left = AtomicInteger(calls)
        repeat(AT_ONCE) {
            launch(Dispatchers.Default) { while (left.getAndDecrement() > 0) call() }
        }
    }

    private fun withoutGrowth(calls: Int, call: suspend () -> Unit): Unit = runBlocking {
        // Many calls come after as many as the sandbox, which is in this process, keeps in its journal: 10,000.
        atOnce(soak("calls to begin with", 500, 12_000), call)
        val before = residentBytes()
        atOnce(calls, call)
        val grown = residentBytes() - before
        println("grown by ${grown / 1_000_000.0} MB")
        // The virtual machine itself compiles and loads for a while.
        assertTrue(grown < 16_000_000 + 16L * calls, "grown by $grown bytes")
        withTimeout(30.seconds) { while (held() > 0) yield() }
    }

    @Test
    fun `calls leave nothing behind`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = sandbox.client()
            val id = client.request(NUMBER).id
            withoutGrowth(soak("calls", 1_000, 1_000_000)) { client.get(id) }
        }
    }

    @Test
    fun `calls that wait leave nothing behind`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = ClientBuilder(sandbox.clientOptions()).blocking()
            val id = client.request(NUMBER).id
            withoutGrowth(soak("calls that wait", 1_000, 1_000_000)) { client.get(id) }
        }
    }

    @Test
    fun `failures leave nothing behind`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = sandbox.client()
            withoutGrowth(soak("failed calls", 1_000, 1_000_000)) {
                failing<VerifyException.NotFound> { client.get("1") }
            }
        }
    }

    @Test
    fun `the function that sends leaves nothing behind`() {
        val options = EngineOptions(maxResends = Limit.Off, smsPerNumber = Limit.Off, resendAfter = Limit.Off)
        val requests = List(AT_ONCE) { "+3519100000%02d".format(it) }
        runBlocking {
            val engine = Engine(options) { throw NotSentException("never") }
            val sending = Engine(options) { }
            val free = LinkedBlockingQueue(requests.map { sending.request(it).id })
            withoutGrowth(soak("hand-overs", 1_000, 1_000_000)) {
                val id = free.remove()
                sending.resend(id)
                free.add(id)
                failing<VerifyException.DeliveryFailed> { engine.request(NUMBER) }
            }
        }
    }

    @Test
    fun `calls that are given up leave nothing behind`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = sandbox.client()
            val id = client.request(NUMBER).id
            sandbox.failNext(Fault(call = FaultCall.GET, delay = 1.minutes, count = Int.MAX_VALUE))
            withoutGrowth(soak("calls that are given up", 1_000, 300_000)) {
                coroutineScope { launch(start = CoroutineStart.UNDISPATCHED) { client.get(id) }.cancelAndJoin() }
            }
        }
    }

    @Test
    fun `hand-overs that are given up leave nothing behind`(): Unit = runBlocking {
        val begun = ConcurrentHashMap<String, CompletableDeferred<Unit>>()
        val engine = Engine(EngineOptions(smsPerNumber = Limit.Off, resendAfter = Limit.Off)) { sms ->
            begun.getValue(sms.text.substringAfter(' ')).complete(Unit)
            awaitCancellation()
        }
        val count = AtomicInteger()
        withoutGrowth(soak("hand-overs that are given up", 1_000, 10_000)) {
            coroutineScope {
                val name = count.getAndIncrement().toString()
                val has = CompletableDeferred<Unit>().also { begun[name] = it }
                val call = launch { engine.request(NUMBER, message = "{CODE} $name") }
                has.await()
                call.cancelAndJoin()
                begun.remove(name)
            }
        }
    }

    @Test
    fun `clients that are closed leave nothing behind`(): Unit = runBlocking {
        withSandbox(SandboxOptions(apiKey = "sandbox")) { sandbox ->
            withoutGrowth(soak("clients", 100, 100_000)) {
                sandbox.client().use { it.ping() }
                ClientBuilder(sandbox.clientOptions()).blocking().use { it.ping() }
            }
        }
    }

    private companion object {
        const val AT_ONCE = 64
        const val PAGE = 4096
    }
}
