package egoi.verify

import egoi.verify.testing.Fault
import egoi.verify.testing.FaultCall
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.extension
import kotlin.io.path.readText
import kotlin.streams.asSequence
import kotlin.time.Duration.Companion.hours

class ValuesTest {
    @Test
    fun `values are equal by what they hold`() {
        val made = listOf<() -> Any>(
            { Verification("1", State.PENDING, WHOLE, attemptsLeft = 4) },
            { SenderInfo("1", "Example", WHOLE, null) },
            { SmsParts(SmsEncoding.GSM7, 20, 1) },
            { Quota(5, 1.hours) },
            { PrefixQuota(5, 1.hours, 3) },
            { Limit.At(5) },
            { Fault(FaultCall.REQUEST, status = 503) },
        )
        for (make in made) {
            assertEquals(make(), make())
            assertEquals(make().hashCode(), make().hashCode())
        }
        assertEquals(made.size, made.map { it() }.toSet().size)
        assertNotEquals(Quota(5, 1.hours), Quota(6, 1.hours))
        assertFalse("910000000" in "${made[0]()} ${made[1]()}")
    }

    /** A property more of one changes its `copy` and `componentN`, which breaks what was compiled before. */
    @Test
    fun `no public class is a data class`() {
        val sources = Files.walk(Path.of("src/main/kotlin")).asSequence().filter { it.extension == "kt" }.toList()
        val dataClass = Regex("^ *public data class", RegexOption.MULTILINE)
        assertEquals(listOf<Path>(), sources.filter { dataClass.containsMatchIn(it.readText()) })
    }
}
