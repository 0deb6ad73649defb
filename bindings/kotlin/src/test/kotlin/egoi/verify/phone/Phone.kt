package egoi.verify.phone

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.test.StandardTestDispatcher
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.advanceTimeBy
import kotlinx.coroutines.test.runCurrent
import java.time.Instant
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.toJavaDuration

/** A call to the app's server that waits for its answer. */
internal class Asked(val call: String, val argument: String, val code: String? = null) {
    val answer = CompletableDeferred<Any>()
    var wasCancelled = false
}

/** A phone, its clocks, the session that it shows, and a server that answers when it is told to. Its time is the test's. */
internal class Phone(private val test: TestScope) :
    SessionClock,
    VerificationServer {
    private var onSince = test.testScheduler.currentTime.milliseconds - 1000.seconds
    private var wallAtStart = Instant.ofEpochSecond(1_800_000_000)

    val asked = mutableListOf<Asked>()
    var scope = newScope()
    var session = VerificationSession(this, scope, clock = this)

    private fun newScope() = CoroutineScope(StandardTestDispatcher(test.testScheduler) + Job())

    override fun sinceBoot(): Duration = test.testScheduler.currentTime.milliseconds - onSince

    override fun wall(): Instant = wallAtStart.plusMillis(test.testScheduler.currentTime)

    override suspend fun request(number: String): CodeSent = answer(Asked("request", number)) as CodeSent

    override suspend fun validate(id: String, code: String): CodeChecked =
        answer(Asked("validate", id, code)) as CodeChecked

    override suspend fun resend(id: String): CodeSent = answer(Asked("resend", id)) as CodeSent

    override suspend fun cancel(id: String): State = answer(Asked("cancel", id)) as State

    private suspend fun answer(call: Asked): Any {
        asked += call
        try {
            return call.answer.await()
        } catch (cancelled: CancellationException) {
            call.wasCancelled = true
            throw cancelled
        }
    }

    /** What the screen shows. */
    val state: SessionState get() = session.state.value

    fun pass(time: Duration) {
        test.advanceTimeBy(time)
        test.runCurrent()
    }

    fun changeWallClock(by: Duration) {
        wallAtStart = wallAtStart.plus(by.toJavaDuration())
    }

    /** Its clock goes on, and its timers stand still. */
    fun sleeps(time: Duration) {
        onSince -= time
    }

    /** The server answers the call that waits. */
    fun answers(answer: Any) {
        test.runCurrent()
        asked.last().answer.complete(answer)
        test.runCurrent()
    }

    fun answersWith(failure: Throwable) {
        test.runCurrent()
        asked.last().answer.completeExceptionally(failure)
        test.runCurrent()
    }

    /** The system ends the app, and the person starts it again; meanwhile the device may have been restarted. */
    fun endAndStartApp(
        after: Duration = Duration.ZERO,
        wallClockChangedBy: Duration = Duration.ZERO,
        onFor: Duration? = null,
    ) {
        val saved = session.save()
        scope.cancel()
        pass(after)
        changeWallClock(wallClockChangedBy)
        if (onFor != null) onSince = test.testScheduler.currentTime.milliseconds - onFor
        scope = newScope()
        session = VerificationSession(this, scope, saved, this)
    }
}
