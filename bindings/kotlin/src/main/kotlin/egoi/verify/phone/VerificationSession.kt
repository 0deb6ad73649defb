package egoi.verify.phone

import egoi.verify.phone.internal.NativeAwaitingCode
import egoi.verify.phone.internal.NativeCodeSent
import egoi.verify.phone.internal.NativeProblem
import egoi.verify.phone.internal.NativeSession
import egoi.verify.phone.internal.NativeSessionState
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.DurationUnit
import kotlin.time.toKotlinDuration
import java.time.Duration as JavaDuration

/**
 * The state of a screen while a person proves a number.
 *
 * **It proves something only to the person who looks at the screen.** An app must not hold an E-goi key, as everyone who
 * unpacks the app has it. The session talks to the app's own server, which decides: see [VerificationServer].
 *
 * ```kotlin
 * class NumberViewModel(saved: SavedStateHandle) : ViewModel() {
 *     val session = VerificationSession(MyServer(), viewModelScope, saved.get<Bundle>("number")?.getString("session"))
 *
 *     init {
 *         saved.setSavedStateProvider("number") { bundleOf("session" to session.save()) }
 *     }
 * }
 * ```
 *
 * **No input of a person throws.** A text that is not a number, an empty code and an early resend are
 * [SessionState.Failed] with the reason, and the server is not called. A call that does not fit the state changes nothing, for
 * example a second tap during a call.
 *
 * There is one call at a time. Calls run in [scope]. If the scope
 * or the [Job] of a call is cancelled, the call is cancelled, and the state shows it. The code expires by the
 * clock since the start of the device: a change of the time of day changes nothing.
 *
 * It may be used from every thread. Its methods do not wait, but the very first use loads the native library: see [preload].
 *
 * @param server the app's own server
 * @param scope where calls run, and a timer while a code is awaited: no code waits for its end, for example `viewModelScope`
 * @param saved what [save] gave, if the system ended the app in between. A call that was under way then was dropped. What
 *   this version cannot read is a new session, in [SessionState.Failed] with [Advice.START_OVER]
 * @param clock the device's clocks, or a test's
 */
public class VerificationSession @JvmOverloads constructor(
    private val server: VerificationServer,
    private val scope: CoroutineScope,
    saved: String? = null,
    private val clock: SessionClock = SessionClock.Device,
) {
    private val native = ffi { if (saved == null) NativeSession() else NativeSession.restore(saved, clock.now()) }
    private var thrown: Throwable? = null
    private var timer: Job? = null
    private val shown = MutableStateFlow(read())

    /** What the screen shows. */
    public val state: StateFlow<SessionState> = shown.asStateFlow()

    /** The number that is being proved, for the screen: `+351910000000`. `null` until one was given. */
    public val number: String? get() = ffi { native.number() }

    init {
        show()
    }

    /**
     * Asks for a code to a number as people write it with its country. Ignored while a call is under way
     * or a code is awaited: [cancel] first. If it is no number, the state says so, with [Advice.CHANGE_NUMBER].
     */
    public fun start(number: String): Job = calling(
        begin = { native.start(number, clock.now()) },
        ask = { server.request(it) },
        answered = { native.sent(it.native(), clock.now()) },
    )

    /**
     * Submits the code that the person gave: typed or pasted, in any case and script, with spaces, hyphens and direction
     * marks. Of a whole SMS that was pasted, the code in it. A wrong one goes back to [SessionState.AwaitingCode] with the
     * reason. If it has no code, the state says so, with [Advice.ENTER_CODE]. Ignored if no code is awaited.
     */
    public fun submit(code: String): Job = calling(
        begin = { native.submit(code, clock.now()) },
        ask = { server.validate(it.id, it.code) },
        answered = { native.checked(it.outcome.native(), it.attemptsLeft?.count(), clock.now()) },
    )

    /**
     * Asks for a new code. Before it is allowed the state says so, with [Advice.WAIT]. Ignored if no code is awaited or the
     * server sends no other.
     */
    public fun resend(): Job = calling(
        begin = { native.resend(clock.now()) },
        ask = { server.resend(it) },
        answered = { native.sent(it.native(), clock.now()) },
    )

    /**
     * Cancels the request. Ignored if no code is awaited, and while a call is under way.
     */
    public fun cancel(): Job = calling(
        begin = { native.cancel(clock.now()) },
        ask = { server.cancel(it) },
        answered = { native.ended(it.native(), clock.now()) },
    )

    /**
     * Goes back to the beginning. The server is not told. Ignored while a call is under way.
     */
    public fun reset() {
        ffi { native.reset() }
        show()
    }

    /**
     * Looks at the clock. The session does so by itself when something changes, but timers stand still while a device
     * sleeps: call it when the screen is shown again, for example in `onResume`.
     */
    public fun refresh(): Unit = show()

    /** The session as a text, for when the system ends the app. It holds the number and the request's id, no code. */
    public fun save(): String = ffi { native.save(clock.now()) }

    private fun <B : Any, A> calling(begin: () -> B?, ask: suspend (B) -> A, answered: (A) -> Unit): Job {
        val begun = ffi(begin)
        if (begun == null) {
            show()
            return Job().apply { complete() }
        }
        thrown = null
        show()
        var ended = false
        val call = scope.launch {
            try {
                val response = ask(begun)
                ffi { answered(response) }
            } catch (cancelled: CancellationException) {
                throw cancelled
            } catch (failure: Exception) {
                thrown = failure
                ffi { native.failed(failure.problem(), clock.now()) }
            }
            ended = true
            show()
        }
        // Also where the scope was cancelled before the call could begin.
        call.invokeOnCompletion {
            if (!ended) {
                ffi { native.cancelled(clock.now()) }
                show()
            }
        }
        return call
    }

    /** Publishes the state now, and again when it changes by itself. */
    private fun show(): Unit = synchronized(native) {
        shown.value = read()
        timer?.cancel()
        timer = ffi { native.nextChange(clock.now()) }?.let { next ->
            scope.launch {
                delay(next.toKotlinDuration())
                show()
            }
        }
    }

    private fun read(): SessionState {
        val now = clock.now()
        return when (val state = ffi { native.state(now) }) {
            NativeSessionState.Idle -> SessionState.Idle
            NativeSessionState.Sending -> SessionState.Sending
            is NativeSessionState.AwaitingCode -> state.awaiting.at(now.sinceBoot)
            NativeSessionState.Checking -> SessionState.Checking
            NativeSessionState.Verified -> SessionState.Verified
            NativeSessionState.Expired -> SessionState.Expired
            NativeSessionState.Cancelled -> SessionState.Cancelled
            is NativeSessionState.Failed -> SessionState.Failed(
                problem = state.problem.run { Problem(code, detail, retryAfter?.seconds, smsPossiblySent, thrown) },
                advice = state.advice.public(),
                awaiting = state.awaiting?.at(now.sinceBoot),
            )
        }
    }

    private fun NativeAwaitingCode.at(now: JavaDuration): SessionState.AwaitingCode {
        // What is left was counted in whole milliseconds.
        val since: Duration = now.toMillis().milliseconds
        return SessionState.AwaitingCode(
            clock = clock,
            expiresAt = since + expiresIn.toKotlinDuration(),
            // Since when one that is allowed has been so, nobody needs to know.
            resendAt = resendIn?.let { if (it.isZero) Duration.ZERO else since + it.toKotlinDuration() },
            attemptsLeft = attemptsLeft?.toInt(),
            reason = reason?.public(),
        )
    }
}

private fun CodeSent.native(): NativeCodeSent =
    NativeCodeSent(id, expiresIn.seconds(), resendIn?.seconds(), attemptsLeft?.count())

private fun Duration.seconds(): Double = toDouble(DurationUnit.SECONDS)

/** A count from the server, which cannot be negative. */
private fun Int.count(): UInt = coerceAtLeast(0).toUInt()

private fun Exception.problem(): NativeProblem = when (this) {
    is VerificationServerException -> NativeProblem(code, detail, retryAfter?.seconds(), smsPossiblySent)
    else -> {
        val failure = ConnectionFailure.of(this)
        NativeProblem(failure.code, "no response came from the app's server", null, failure.smsPossiblySent)
    }
}
