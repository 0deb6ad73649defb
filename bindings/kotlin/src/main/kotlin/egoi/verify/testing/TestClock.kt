package egoi.verify.testing

import egoi.verify.EngineOptions
import egoi.verify.ffi
import egoi.verify.internal.NativeEngineClock
import egoi.verify.internal.NativeTestClock
import egoi.verify.seconds
import java.time.Instant
import kotlin.time.Duration

/**
 * A clock for tests of an `Engine`: starts at the machine's time, and can be moved on and stopped.
 *
 * ```
 * val clock = TestClock()
 * val engine = Engine(EngineOptions().withClock(clock)) { sms -> sent += sms }
 * clock.advance(601.seconds)
 * ```
 */
public class TestClock {
    private val native = NativeTestClock()

    internal fun forEngine(): NativeEngineClock = native.forEngine()

    /** Moves the time on. */
    public fun advance(by: Duration): Unit = ffi { native.advance(by.seconds()) }

    /** Stops the time, or lets it continue. */
    public fun freeze(frozen: Boolean = true): Unit = native.freeze(frozen)

    /** The time now. */
    public fun now(): Instant = native.now()
}

/** The same options, going by this clock. */
public fun EngineOptions.withClock(clock: TestClock): EngineOptions = withClock(clock.forEngine())

/** The same options, going by the clock of a sandbox. */
public fun EngineOptions.withClock(clock: Sandbox.Clock): EngineOptions = withClock(clock.forEngine())

private fun EngineOptions.withClock(clock: NativeEngineClock) = EngineOptions(native.copy(clock = clock))
