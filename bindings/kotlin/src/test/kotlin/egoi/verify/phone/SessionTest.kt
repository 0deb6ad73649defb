package egoi.verify.phone

import egoi.verify.Client
import egoi.verify.NUMBER
import egoi.verify.WHOLE
import egoi.verify.testing.SandboxOptions
import egoi.verify.withSandbox
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.UnconfinedTestDispatcher
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

class SessionTest {
    private fun playing(play: suspend TestScope.(Phone) -> Unit) = runTest {
        val phone = Phone(this)
        try {
            play(phone)
        } finally {
            phone.scope.cancel()
        }
    }

    private fun sent() = CodeSent("r1", expiresIn = 10.minutes, resendIn = 30.seconds, attemptsLeft = 5)

    private fun Phone.awaitsACode() {
        session.start(NUMBER)
        answers(sent())
    }

    private fun Phone.failed() = assertInstanceOf(SessionState.Failed::class.java, state)

    @Test
    fun `every state is shown as it comes, those of the clock by themselves`() = playing { phone ->
        val shown = mutableListOf<SessionState>()
        backgroundScope.launch(UnconfinedTestDispatcher(testScheduler)) { phone.session.state.toList(shown) }
        phone.awaitsACode()
        phone.session.submit("000000")
        phone.answers(CodeChecked(Outcome.WRONG_CODE, attemptsLeft = 4))
        phone.pass(30.seconds)
        phone.pass(10.minutes)
        val names = shown.map { it::class.simpleName }
        val awaiting = "AwaitingCode"
        assertEquals(
            listOf("Idle", "Sending", awaiting, "Checking", awaiting, awaiting, "Expired"),
            names,
        )
        val (first, wrong, resendAllowed) = shown.filterIsInstance<SessionState.AwaitingCode>()
        assertNull(first.reason)
        assertEquals(AskedAgain.WRONG_CODE to 4, wrong.reason to wrong.attemptsLeft)
        assertTrue(resendAllowed.mayResend)
    }

    @Test
    fun `what is left is counted down whenever it is read`() = playing { phone ->
        phone.awaitsACode()
        val state = phone.state as SessionState.AwaitingCode
        assertEquals(30.seconds to false, state.resendIn to state.mayResend)
        phone.pass(29.seconds)
        assertEquals(1.seconds to false, state.resendIn to state.mayResend)
        phone.pass(1.seconds)
        assertEquals(Duration.ZERO to true, state.resendIn to state.mayResend)
        assertEquals(9.minutes + 30.seconds, state.expiresIn)
    }

    @Test
    fun `time that passes changes no state by itself`() = playing { phone ->
        phone.awaitsACode()
        val before = phone.state
        phone.pass(10.seconds)
        phone.session.refresh()
        assertEquals(before, phone.state)
    }

    @Test
    fun `while a device sleeps its timers stand still, and a look at the clock tells`() = playing { phone ->
        phone.awaitsACode()
        phone.sleeps(11.minutes)
        assertInstanceOf(SessionState.AwaitingCode::class.java, phone.state)
        phone.session.refresh()
        assertEquals(SessionState.Expired, phone.state)
    }

    @Test
    fun `one call is under way at a time`() = playing { phone ->
        phone.session.start(NUMBER)
        runCurrent()
        for (other in listOf<() -> Any>(
            { phone.session.start(NUMBER) },
            { phone.session.submit("123456") },
            { phone.session.resend() },
            { phone.session.cancel() },
            { phone.session.reset() },
        )) {
            other()
            assertEquals(SessionState.Sending, phone.state)
        }
        runCurrent()
        assertEquals(1, phone.asked.size)
    }

    @Test
    fun `of calls at the same moment one is made`(): Unit = runBlocking {
        repeat(200) {
            val scope = CoroutineScope(Dispatchers.Default + Job())
            val session = VerificationSession(Unanswering, scope)
            val begun = List(4) { async(Dispatchers.Default) { session.start(NUMBER) } }
            assertEquals(1, begun.awaitAll().count { it.isActive })
            scope.cancel()
        }
    }

    @Test
    fun `the number is shown whole`() = playing { phone ->
        assertNull(phone.session.number)
        phone.awaitsACode()
        assertEquals(WHOLE, phone.session.number)
    }

    @Test
    fun `a call that the app cancels is given up, and another can be made`() = playing { phone ->
        val call = phone.session.start(NUMBER)
        runCurrent()
        call.cancel()
        runCurrent()
        assertTrue(phone.asked.single().wasCancelled)
        assertEquals("interrupted" to Advice.START_OVER, phone.failed().run { problem.code to advice })
        phone.awaitsACode()
        assertInstanceOf(SessionState.AwaitingCode::class.java, phone.state)
    }

    @Test
    fun `cancelling the scope cancels its call`() = playing { phone ->
        phone.awaitsACode()
        phone.session.submit("123456")
        runCurrent()
        phone.scope.cancel()
        runCurrent()
        assertTrue(phone.asked.last().wasCancelled)
        assertEquals("interrupted" to Advice.ENTER_CODE, phone.failed().run { problem.code to advice })
    }

    @Test
    fun `in a scope that was cancelled nothing is asked, and the session does not hang`() = playing { phone ->
        phone.scope.cancel()
        phone.session.start(NUMBER)
        runCurrent()
        assertTrue(phone.asked.isEmpty())
        assertEquals("interrupted", phone.failed().problem.code)
    }

    @Test
    fun `a job that is cancelled after its answer takes nothing back`() = playing { phone ->
        val call = phone.session.start(NUMBER)
        phone.answers(sent())
        call.cancel()
        assertInstanceOf(SessionState.AwaitingCode::class.java, phone.state)
    }

    @Test
    fun `a time limit of the app's own is a call of which nobody knows what became`() = runTest {
        val server = object : VerificationServer by Unanswering {
            override suspend fun request(number: String): CodeSent = withTimeout(5.seconds) { awaitCancellation() }
        }
        val session = VerificationSession(server, backgroundScope)
        session.start(NUMBER).join()
        assertEquals("interrupted", (session.state.value as SessionState.Failed).problem.code)
    }

    @Test
    fun `what the app's function throws is the cause, and an SMS may have been sent`() = playing { phone ->
        phone.session.start(NUMBER)
        phone.answersWith(IOException("to 351-910000000"))
        val problem = phone.failed().problem
        assertInstanceOf(IOException::class.java, problem.cause)
        assertTrue(problem.smsPossiblySent)
        assertFalse("910000000" in problem.toString(), problem.toString())
    }

    @Test
    fun `what the server said is passed on`() = playing { phone ->
        phone.session.start(NUMBER)
        phone.answersWith(
            VerificationServerException("rate_limited", "five an hour", 20.minutes, smsPossiblySent = false),
        )
        val failed = phone.failed()
        assertEquals(Advice.WAIT, failed.advice)
        assertEquals(20.minutes to "five an hour", failed.problem.run { retryAfter to detail })
        assertFalse(failed.problem.smsPossiblySent)
    }

    @Test
    fun `a failure is forgotten with the next call`() = playing { phone ->
        phone.session.start(NUMBER)
        phone.answersWith(IOException())
        phone.session.start(NUMBER)
        phone.answers(sent())
        phone.session.submit("1")
        phone.answers(CodeChecked(Outcome.TOO_MANY_ATTEMPTS, attemptsLeft = 0))
        assertNull(phone.failed().problem.cause)
    }

    @Test
    fun `after a failed check the code can still be given`() = playing { phone ->
        phone.awaitsACode()
        phone.session.submit("123456")
        phone.answersWith(IOException())
        assertEquals(10.minutes, phone.failed().awaiting?.expiresIn)
        phone.session.submit("123456")
        phone.answers(CodeChecked(Outcome.VERIFIED))
        assertEquals(SessionState.Verified, phone.state)
    }

    @Test
    fun `a negative count of the server's is none left`() = playing { phone ->
        phone.session.start(NUMBER)
        phone.answers(CodeSent("r1", 10.minutes, attemptsLeft = -1))
        assertEquals(0, (phone.state as SessionState.AwaitingCode).attemptsLeft)
    }

    @Test
    fun `what was saved holds no code`() = playing { phone ->
        phone.awaitsACode()
        phone.session.submit("948271")
        runCurrent()
        assertFalse("948271" in phone.session.save())
    }

    @Test
    fun `a session that was restored goes on by itself`() = playing { phone ->
        phone.awaitsACode()
        phone.endAndStartApp(after = 5.minutes)
        phone.pass(5.minutes)
        assertEquals(SessionState.Expired, phone.state)
    }

    @Test
    fun `a call that was under way when the app ended changes nothing in the session that was restored`() =
        playing { phone ->
            phone.session.start(NUMBER)
            runCurrent()
            phone.endAndStartApp()
            phone.answers(sent())
            assertEquals("interrupted", phone.failed().problem.code)
        }

    @Test
    fun `what was not saved here starts anew and says so`() = runTest {
        for (saved in listOf("", "{}", "null", "\"idle\"")) {
            val state = VerificationSession(Unanswering, backgroundScope, saved).state.value as SessionState.Failed
            assertEquals("invalid_input" to Advice.START_OVER, state.problem.code to state.advice)
        }
    }

    @Test
    fun `neither session nor state prints number or code`() = playing { phone ->
        phone.awaitsACode()
        phone.session.submit("948271")
        phone.answers(CodeChecked(Outcome.WRONG_CODE))
        val printed = "${phone.session} ${phone.state}"
        assertFalse("910000000" in printed || "948271" in printed, printed)
    }

    @Test
    fun `a device's clock runs since it was started`() {
        fun uptime() = Files.readString(Path.of("/proc/uptime")).substringBefore(' ').toDouble().seconds
        val before = uptime()
        val read = SessionClock.Device.sinceBoot()
        // The kernel says hundredths.
        assertTrue(read >= before && read <= uptime() + 0.01.seconds, "$read")
    }

    @Test
    fun `a session proves a number against a sandbox`(): Unit = runBlocking {
        withSandbox(SandboxOptions(code = "123456")) { sandbox ->
            val scope = CoroutineScope(Dispatchers.Default + Job())
            val session = VerificationSession(ServerOf(sandbox.client()), scope)
            session.start("+351 910 000 000").join()
            session.submit("00 00 00").join()
            assertEquals(AskedAgain.WRONG_CODE, (session.state.value as SessionState.AwaitingCode).reason)
            session.resend().join()
            assertEquals(AskedAgain.RESENT, (session.state.value as SessionState.AwaitingCode).reason)
            session.submit("١٢٣-٤٥٦").join()
            assertEquals(SessionState.Verified, session.state.value)
            scope.cancel()
        }
    }

    /** Never answers. */
    private object Unanswering : VerificationServer {
        override suspend fun request(number: String): CodeSent = awaitCancellation()

        override suspend fun validate(id: String, code: String): CodeChecked = awaitCancellation()

        override suspend fun resend(id: String): CodeSent = awaitCancellation()

        override suspend fun cancel(id: String): State = awaitCancellation()
    }

    /** What an app's server does, without the way there. */
    private class ServerOf(private val client: Client) : VerificationServer {
        override suspend fun request(number: String): CodeSent {
            val made = client.request(number)
            return CodeSent(made.id, expiresIn = 10.minutes, resendIn = Duration.ZERO)
        }

        override suspend fun validate(id: String, code: String): CodeChecked =
            CodeChecked(Outcome.valueOf(client.validate(id, code, NUMBER).name))

        override suspend fun resend(id: String): CodeSent =
            CodeSent(client.resend(id).id, expiresIn = 10.minutes, resendIn = Duration.ZERO)

        override suspend fun cancel(id: String): State = State.valueOf(client.cancel(id).name)
    }
}
