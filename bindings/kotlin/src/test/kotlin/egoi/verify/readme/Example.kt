package egoi.verify.readme

import egoi.verify.Outcome
import egoi.verify.testing.Sandbox
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

suspend fun prove(number: String): Boolean = Sandbox.start().use { sandbox ->
    // For the real service: Client(apiKey = key, sender = "1234")
    sandbox.client().use { client ->
        val verification = client.request(number, message = "Your code is {CODE}", ttl = 5.minutes)
        val given = sandbox.waitForCode(number, timeout = 5.seconds)

        when (client.validate(verification.id, given, number = number)) {
            Outcome.VERIFIED -> true
            Outcome.WRONG_CODE -> false // The person may try again.
            Outcome.EXPIRED, Outcome.CANCELLED, Outcome.TOO_MANY_ATTEMPTS -> false // Ask for a new code.
            Outcome.ALREADY_VERIFIED -> false // Verified before, which proves nothing now.
        }
    }
}
