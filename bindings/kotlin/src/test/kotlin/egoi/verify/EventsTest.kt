package egoi.verify

import egoi.verify.testing.Fault
import egoi.verify.testing.FaultCall
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.slf4j.Marker
import org.slf4j.event.Level
import org.slf4j.helpers.LegacyAbstractLogger
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

class EventsTest {
    private val events = java.util.Collections.synchronizedList(mutableListOf<CallEvent>())

    private fun observing(play: suspend () -> Unit): Unit =
        CallEvents.observe { events += it }.use { runBlocking { play() } }

    @Test
    fun `a call of a client is one event with what it did`() = observing {
        withSandbox { sandbox ->
            val id = sandbox.client().request(NUMBER).id
            val event = events.single()
            assertEquals(listOf("request", "pending", id), listOf(event.verb, event.outcome, event.requestId))
            assertEquals(listOf(201, 0, null), listOf(event.httpStatus, event.retries, event.errorCode))
            assertEquals(listOf("+35191*****00", "PT"), listOf(event.number, event.country))
            assertTrue(event.duration > Duration.ZERO)
        }
    }

    @Test
    fun `a failure has its code and status`() = observing {
        withSandbox { sandbox ->
            sandbox.failNext(Fault(call = FaultCall.REQUEST, status = 503))
            failing<VerifyException.Unavailable> { sandbox.client().request(NUMBER) }
            val event = events.single()
            assertEquals(listOf("unavailable", "unavailable"), listOf(event.outcome, event.errorCode))
            assertEquals(503, event.httpStatus)
        }
    }

    @Test
    fun `a limit of an engine is named`() = observing {
        val engine = Engine(EngineOptions()) { }
        engine.request(NUMBER)
        failing<VerifyException.RateLimited> { engine.request(NUMBER) }
        assertEquals(listOf(null, "resendAfter"), events.map { it.limit })
    }

    @Test
    fun `a cancelled call is aborted`() = observing {
        coroutineScope {
            val isSending = CompletableDeferred<Unit>()
            val engine = Engine(EngineOptions()) {
                isSending.complete(Unit)
                awaitCancellation()
            }
            val call = launch { engine.request(NUMBER) }
            isSending.await()
            call.cancelAndJoin()
            withTimeout(30.seconds) { while (events.isEmpty()) yield() }
            assertEquals(listOf("aborted", null), listOf(events.single().outcome, events.single().errorCode))
        }
    }

    @Test
    fun `SLF4J gets a success as information, a mistake as a warning, the rest as errors`(): Unit = runBlocking {
        val logged = mutableListOf<String>()
        val logger = object : LegacyAbstractLogger() {
            override fun isTraceEnabled() = false
            override fun isDebugEnabled() = false
            override fun isInfoEnabled() = true
            override fun isWarnEnabled() = true
            override fun isErrorEnabled() = true
            override fun getFullyQualifiedCallerName() = null
            override fun handleNormalizedLoggingCall(
                level: Level,
                marker: Marker?,
                message: String,
                arguments: Array<out Any>?,
                throwable: Throwable?,
            ) {
                logged += "$level $message"
            }
        }
        CallEvents.observe(Slf4jCallObserver(logger)).use {
            val engine = Engine(EngineOptions(resendAfter = Limit.Off)) { throw NotSentException("closed") }
            failing<VerifyException.DeliveryFailed> { engine.request(NUMBER) }
            failing<VerifyException.InvalidInput> { engine.request("1") }
            engine.ping()
        }
        assertEquals(listOf("ERROR", "WARN", "INFO"), logged.map { it.substringBefore(" ") }) { "$logged" }
        assertTrue("verb=request outcome=delivery_failed" in logged.first()) { "$logged" }
        assertTrue(logged.none { "910000000" in it }) { "$logged" }
    }

    @Test
    fun `what an observer throws is ignored, and the next one is called`() = runBlocking {
        CallEvents.observe { error("on purpose") }.use {
            CallEvents.observe { events += it }.use { Engine(EngineOptions()) { }.request(NUMBER) }
        }
        assertEquals(1, events.size)
    }

    @Test
    fun `a closed observation receives nothing`() {
        observing { }
        runBlocking { Engine(EngineOptions()) { }.request(NUMBER) }
        assertTrue(events.isEmpty())
    }

    @Test
    fun `an event is printed without the full number`() = observing {
        Engine(EngineOptions()) { }.request(NUMBER)
        val text = events.single().toString()
        assertTrue("number=+35191*****00" in text && "910000000" !in text, text)
    }
}
