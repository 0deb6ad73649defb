package egoi.verify.demo

import egoi.verify.Api
import egoi.verify.Outcome
import egoi.verify.testing.Sandbox
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

private const val NUMBER = "+351 910 000 000"

/** The article's story: one SMS, a wrong code, the right one; and what becomes of a code that comes late. */
suspend fun main() {
    Sandbox.start().use { sandbox ->
        println("a sandbox of E-goi Verify listens on ${sandbox.url}")
        for (api in Api.entries) {
            sandbox.client(api).use { client ->
                val verification = client.request(NUMBER, message = "Your code is {CODE}", ttl = 5.minutes)
                println("$api: requested: $verification")

                val code = sandbox.waitForCode(NUMBER, 5.seconds)
                val wrong = if (code == "000000") "111111" else "000000"
                val outcomes = listOf(wrong, code, code).map { client.validate(verification.id, it) }
                println("$api: a wrong code, the right one, the right one again: $outcomes")
                check(outcomes == listOf(Outcome.WRONG_CODE, Outcome.VERIFIED, Outcome.ALREADY_VERIFIED))

                val late = client.request(NUMBER, ttl = 60.seconds)
                val lateCode = sandbox.waitForCode(NUMBER, 5.seconds)
                sandbox.clock.advance(61.seconds)
                val expired = client.validate(late.id, lateCode)
                println("$api: the right code a second too late: $expired")
                check(expired == Outcome.EXPIRED)
            }
        }
    }
    println("everything was as documented")
}
