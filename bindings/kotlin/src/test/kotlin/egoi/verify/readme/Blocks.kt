@file:Suppress("UNUSED_VARIABLE")

package egoi.verify.readme

import egoi.verify.CallEvents
import egoi.verify.Client
import egoi.verify.Engine
import egoi.verify.EngineOptions
import egoi.verify.Outcome
import egoi.verify.Store
import egoi.verify.Verification
import egoi.verify.VerifyException
import egoi.verify.testing.Sandbox
import org.junit.jupiter.api.Assertions.assertEquals
import java.time.Duration
import java.time.Instant
import kotlin.time.Duration.Companion.seconds

/** A gateway of the reader's own. */
internal interface Gateway {
    suspend fun deliver(number: String, text: String, once: String = "")
}

internal suspend fun resendAndCancel(client: Client, verification: Verification) {
    val again = client.resend(verification.id) // The old code stops working, and the validity starts again.
    val state = client.cancel(again.id) // CANCELLED; VERIFIED or EXPIRED if it was too late.
}

/** For "Send again in 24 s". At zero the button works. */
fun untilResend(verification: Verification): Duration =
    verification.resendAt?.let { Duration.between(Instant.now(), it) }?.takeIf { !it.isNegative } ?: Duration.ZERO

internal fun anEngine(gateway: Gateway) {
    val engine = Engine { sms -> gateway.deliver(sms.number, sms.text, once = sms.attemptId) }
}

internal fun anEngineWithAStore(gateway: Gateway) {
    val store = Store("postgres://app@db.internal/app", key = System.getenv("STORE_KEY"))
    val engine = Engine(EngineOptions(store)) { sms -> gateway.deliver(sms.number, sms.text) }
}

internal suspend fun errors(client: Client, number: String) {
    try {
        client.request(number)
    } catch (error: VerifyException.RateLimited) {
        println("again in ${error.retryAfter}")
    } catch (error: VerifyException) {
        println("${error.code}: ${error.detail} ${error.smsPossiblySent} ${error.retryIsSafe}")
    }
}

internal suspend fun anExpiredCode() {
    Sandbox.start().use { sandbox ->
        val client = sandbox.client()
        val verification = client.request("+351 910 000 000", ttl = 60.seconds)
        val code = sandbox.waitForCode("+351 910 000 000", timeout = 5.seconds)
        sandbox.clock.advance(61.seconds)
        assertEquals(Outcome.EXPIRED, client.validate(verification.id, code))
    }
}

internal fun events(): AutoCloseable =
    CallEvents.observe { event -> println("${event.verb} ${event.outcome} ${event.duration}") }
