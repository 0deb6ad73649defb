package egoi.verify

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.net.InetAddress
import java.net.ServerSocket
import kotlin.time.Duration.Companion.seconds

class CancellingTest {
    @Test
    fun `cancelling a coroutine closes the socket of its call`(): Unit = runBlocking {
        ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { server ->
            val client = Client(ClientOptions("key", "1", baseUrl = "http://127.0.0.1:${server.localPort}/api"))
            val wasSeen = CompletableDeferred<Unit>()
            val ended = async(Dispatchers.IO) {
                server.accept().use { socket ->
                    val input = socket.getInputStream()
                    input.read()
                    wasSeen.complete(Unit)
                    // Never answered: what ends it is the other side.
                    while (input.read() >= 0) Unit
                }
            }
            val call = launch { client.request(NUMBER) }
            withTimeout(30.seconds) {
                wasSeen.await()
                call.cancelAndJoin()
                ended.await()
            }
            assertTrue(call.isCancelled)
        }
    }

    @Test
    fun `a cancelled call ends with the language's own exception`(): Unit = runBlocking {
        ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { server ->
            val client = Client(ClientOptions("key", "1", baseUrl = "http://127.0.0.1:${server.localPort}/api"))
            val failure = CompletableDeferred<Throwable>()
            val call = launch {
                try {
                    client.request(NUMBER)
                } catch (ended: Throwable) {
                    failure.complete(ended)
                    throw ended
                }
            }
            withContext(Dispatchers.IO) { server.accept().getInputStream().read() }
            call.cancelAndJoin()
            assertTrue(failure.await() is CancellationException)
        }
    }

    @Test
    fun `cancelling an engine's call cancels the function that sends`(): Unit = runBlocking {
        val started = CompletableDeferred<Unit>()
        val ended = CompletableDeferred<Unit>()
        val engine = Engine {
            started.complete(Unit)
            try {
                awaitCancellation()
            } finally {
                ended.complete(Unit)
            }
        }
        val call = launch { engine.request(NUMBER) }
        withTimeout(30.seconds) {
            started.await()
            call.cancelAndJoin()
            ended.await()
        }
    }

    @Test
    fun `cancelling one call leaves the others alone`(): Unit = runBlocking {
        withSandbox { sandbox ->
            val client = sandbox.client()
            coroutineScope {
                val slow = launch { client.request("+44 7700 900003") }
                val other = async { client.request(NUMBER) }
                slow.cancelAndJoin()
                assertEquals(State.PENDING, other.await().state)
            }
        }
    }
}
