package egoi.verify

import egoi.verify.java.BlockingVerifier
import egoi.verify.java.ClientBuilder
import egoi.verify.testing.SandboxOptions
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import java.net.InetAddress
import java.net.ServerSocket
import java.util.concurrent.atomic.AtomicLong
import java.util.concurrent.atomic.AtomicReference
import kotlin.concurrent.thread
import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.startCoroutine

/** What [Calls] and the native module keep to: `docs/decisions/kotlin-border.md`. */
class BorderTest {
    private val manySenders = SandboxOptions(senders = List(5_000) { "sender $it" })

    @Test
    fun `a reply that is longer than the buffers arrives`(): Unit = runBlocking {
        withSandbox(manySenders) { sandbox ->
            assertEquals(5_000, sandbox.client().senders().size)
            assertEquals(5_000, ClientBuilder(sandbox.clientOptions()).blocking().senders().size)
        }
    }

    @Test
    fun `a call that is longer than the buffers is refused by its length`(): Unit = runBlocking {
        val engine = Engine { }
        val refused = failing<VerifyException.InvalidInput> {
            engine.request(
                NUMBER,
                message =
                "{CODE}" + "ç".repeat(9_000),
            )
        }
        assertEquals("message", refused.field)
    }

    @Test
    fun `buffers are wiped after a call`(): Unit = runBlocking {
        Engine { }.request(NUMBER)
        repeat(64) {
            Room.lend(0) { room ->
                room.bytes.clear()
                while (room.bytes.hasRemaining()) assertEquals(0, room.bytes.get())
            }
        }
    }

    @Test
    fun `a panic on the worker is internal`(): Unit = runBlocking {
        val clock = BreakingClock("a secret")
        val engine = Engine(clock.engineOptions()) {
            yield()
            clock.broken = true
        }
        val failure = failing<VerifyException.Internal> { engine.request(NUMBER) }
        assertTrue(failure.smsPossiblySent)
        assertFalse("a secret" in failure.stackTraceToString())
    }

    @Test
    fun `a panic in a call that waits is internal`() {
        val clock = BreakingClock("a secret")
        val engine = BlockingVerifier(Engine(sending(clock.engineOptions()) { }, waits = true))
        clock.broken = true
        val failure = assertThrows(VerifyException.Internal::class.java) { engine.request(NUMBER) }
        assertFalse("a secret" in failure.stackTraceToString())
    }

    @Test
    fun `an interrupt is seen within 50 ms`(): Unit =
        ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { server ->
            val options = ClientOptions("key", "1", baseUrl = "http://127.0.0.1:${server.localPort}/api")
            val client = ClientBuilder(options).blocking()
            val ended = AtomicReference<Throwable>()
            val at = AtomicLong()
            // The quickest of some, as this machine does other things too.
            val took = List(5) {
                val caller = thread {
                    ended.set(runCatching { client.request(NUMBER) }.exceptionOrNull())
                    at.set(System.nanoTime())
                }
                server.accept().use { socket ->
                    socket.getInputStream().read()
                    val interrupted = System.nanoTime()
                    caller.interrupt()
                    caller.join()
                    assertTrue(ended.get() is InterruptedException, "${ended.get()}")
                    (at.get() - interrupted) / 1e6
                }
            }
            assertTrue(took.min() < 50, "$took")
        }

    @Test
    fun `a thread that was interrupted before sends nothing`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = ClientBuilder(sandbox.clientOptions()).blocking()
            withContext(Dispatchers.IO) {
                Thread.currentThread().interrupt()
                assertThrows(InterruptedException::class.java) { client.request(NUMBER) }
            }
            assertEquals(listOf<Any>(), sandbox.messages())
        }
    }

    @Test
    fun `threads share a client whose calls wait`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = ClientBuilder(sandbox.clientOptions()).blocking()
            val ids = coroutineScope { List(64) { async(Dispatchers.IO) { client.request(NUMBER).id } }.awaitAll() }
            assertEquals(64, ids.toSet().size)
        }
    }

    @Test
    fun `a caller without a dispatcher does not go on in the worker's thread`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = sandbox.client()
            val thread = CompletableDeferred<String>()
            val calling: suspend () -> Unit = {
                client.ping()
                thread.complete(Thread.currentThread().name)
            }
            calling.startCoroutine(Continuation(EmptyCoroutineContext) { it.getOrThrow() })
            assertFalse("egoi-verify" in thread.await())
        }
    }

    @Test
    fun `the worker ends with the last client, and another client has another`() {
        assertEquals("no, yes, yes, no, yes, no", java("egoi.verify.WorkerEnds").trim())
    }

    private fun java(program: String): String {
        val java = File(System.getProperty("java.home"), "bin/java").path
        val command = listOf(java, "-cp", System.getProperty("java.class.path"), program)
        val started = ProcessBuilder(command).redirectErrorStream(true).start()
        val printed = started.inputStream.readAllBytes().decodeToString()
        assertEquals(0, started.waitFor(), printed)
        return printed
    }
}

/** Waits, at most 20 s. */
private fun until(what: () -> Boolean): Boolean {
    val end = System.nanoTime() + 20_000_000_000
    while (!what()) if (System.nanoTime() > end) return false else Thread.sleep(5)
    return true
}

private fun workers(): Int = Thread.getAllStackTraces().keys.count { it.name == "egoi-verify" }

/** Prints whether there is a worker: after a call of an engine in memory, with one client, with a second, with none, with a third, with none. */
internal object WorkerEnds {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val seen = mutableListOf<Int>()

        fun open(): Client = Client(ClientOptions("key", "1", baseUrl = "http://127.0.0.1:9/api")).also {
            runBlocking { failing<VerifyException.Unreachable> { it.ping() } }
        }
        // An engine in memory responds at once, in the thread that calls.
        Engine { }.use { engine -> runBlocking { failing<VerifyException.NotFound> { engine.get("1") } } }
        seen += workers()
        val first = open()
        val second = open()
        seen += workers()
        first.close()
        seen += workers()
        second.close()
        until { workers() == 0 }
        seen += workers()
        val third = open()
        seen += workers()
        third.close()
        until { workers() == 0 }
        seen += workers()
        println(
            seen.joinToString {
                if (it == 1) {
                    "yes"
                } else if (it == 0) {
                    "no"
                } else {
                    "$it"
                }
            },
        )
    }
}
