package egoi.verify

import egoi.verify.testing.TestClock
import egoi.verify.testing.withClock
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.ConcurrentHashMap
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

/** A day of verifications through one process. */
class LoadTest {
    private fun residentPages(): Long = Files.readString(Path.of("/proc/self/statm")).split(' ')[1].toLong()

    @Test
    fun `a day of traffic leaves the memory as it is and is forgotten`(): Unit = runBlocking {
        val verifications = if (System.getenv("EGOI_SOAK") == "1") 1_000_000 else 5_000
        val codes = ConcurrentHashMap<String, String>()
        val clock = TestClock().apply { freeze() }
        // What is kept is an hour's traffic and not a day's, so that the store is as large at the end as after the warm-up.
        val options = EngineOptions(
            store = Store("memory:", retention = 50.minutes),
            smsPerNumber = Limit.Off,
            resendAfter = Limit.Off,
            wrongCodesPerNumber = Limit.Off,
        )
        val engine = Engine(options.withClock(clock)) { sms -> codes[sms.number] = sms.text.substringBefore(' ') }
        val first = engine.request(NUMBER).id
        var last = first
        var before = 0L
        for (each in 0 until verifications) {
            val number = "+35191%07d".format(each % 10_000_000)
            val made = engine.request(number)
            last = made.id
            assertEquals(Outcome.VERIFIED, engine.validate(last, codes.remove(made.number)!!, number = number))
            clock.advance(1.days / verifications)
            if (each == verifications / 5) before = residentPages()
        }
        val grown = (residentPages() - before) * 4096
        println("$verifications of 1000000 verifications over a day, grown by $grown bytes")
        // The virtual machine itself compiles for a while, and takes its heap where that has no fixed size.
        assertTrue(grown < 64_000_000 + 16L * verifications, "grown by $grown bytes")
        failing<VerifyException.NotFound> { engine.get(first) }
        assertEquals(State.VERIFIED, engine.get(last).state)
        clock.advance(1.hours + 1.seconds)
        failing<VerifyException.NotFound> { engine.get(last) }
    }
}
