package egoi.verify.phone

import egoi.verify.phone.internal.NativeMoment
import egoi.verify.phone.internal.nativeNow
import java.time.Instant
import kotlin.time.Duration
import kotlin.time.toJavaDuration
import kotlin.time.toKotlinDuration

/**
 * The two clocks of a device, for a [VerificationSession]. A test has its own.
 *
 * ```kotlin
 * class TestClock(var time: Duration = Duration.ZERO) : SessionClock {
 *     override fun sinceBoot(): Duration = time
 *     override fun wall(): Instant = Instant.EPOCH + time.toJavaDuration()
 * }
 * val session = VerificationSession(server, scope, clock = TestClock())
 * ```
 */
public interface SessionClock {
    /**
     * How long ago the device was started, sleep included; it cannot be changed. Validities are counted on it. On Android
     * that is `SystemClock.elapsedRealtime()`.
     */
    public fun sinceBoot(): Duration

    /** The time of day, which the person may change; used only to bridge a restart of the device. */
    public fun wall(): Instant

    /** The clocks of this device. */
    public companion object Device : SessionClock {
        override fun sinceBoot(): Duration = ffi { nativeNow() }.sinceBoot.toKotlinDuration()

        override fun wall(): Instant = ffi { nativeNow() }.wall
    }
}

internal fun SessionClock.now(): NativeMoment =
    if (this === SessionClock.Device) ffi { nativeNow() } else NativeMoment(sinceBoot().toJavaDuration(), wall())
