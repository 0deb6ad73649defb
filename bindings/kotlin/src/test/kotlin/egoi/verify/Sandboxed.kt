package egoi.verify

import egoi.verify.testing.Sandbox
import egoi.verify.testing.SandboxOptions

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
