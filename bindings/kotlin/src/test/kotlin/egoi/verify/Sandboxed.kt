package egoi.verify

import egoi.verify.internal.NativeEngineClock
import egoi.verify.internal.NativeTimeSource
import egoi.verify.testing.Sandbox
import egoi.verify.testing.SandboxOptions
import java.time.Instant

internal const val NUMBER: String = "+351 910 000 000"
internal const val WHOLE: String = "+351910000000"

internal suspend fun <T> withSandbox(options: SandboxOptions = SandboxOptions(), play: suspend (Sandbox) -> T): T =
    Sandbox.start(options).use { play(it) }

/** The failure of what must fail with this class. */
internal suspend inline fun <reified E : Throwable> failing(crossinline call: suspend () -> Any?): E {
    val value = try {
        call()
    } catch (failure: Throwable) {
        if (failure is E) return failure
        throw AssertionError("expected ${E::class.simpleName}, got $failure", failure)
    }
    throw AssertionError("expected ${E::class.simpleName}, got the value $value")
}

/** How to make an engine in which every call panics, once its clock is [broken]: what it throws then ends in the native module. */
internal class BreakingClock(private val words: String) : NativeTimeSource {
    @Volatile
    var broken = false

    override fun now(): Instant = if (broken) throw IllegalStateException(words) else Instant.now()

    fun engineOptions() = EngineOptions(EngineOptions().native.copy(clock = NativeEngineClock.of(this)))
}

/** An engine in which every call panics. */
internal fun panicking(words: String): Engine {
    val clock = BreakingClock(words)
    return Engine(clock.engineOptions()) { }.also { clock.broken = true }
}
