package egoi.verify.phone

import egoi.verify.WHOLE
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

class FunctionsTest {
    @Test
    fun `a number is read as people write it`() {
        val read = parseNumber("910 000 000", "PT")!!
        assertEquals(listOf(WHOLE, "PT", NumberType.MOBILE), listOf(read.e164, read.country, read.type))
        assertEquals(read, parseNumber("00351-910000000"))
        assertFalse("910000000" in "$read")
        assertNull(parseNumber("12"))
        assertNull(parseNumber("910 000 000", "Portugal"))
    }

    @Test
    fun `a code is read out of an SMS`() {
        assertEquals("123456", codeInSms("Your code is 123456"))
        assertNull(codeInSms("Your code is 123456", codeSize = 99))
        assertNull(codeInSms("no code here"))
    }

    @Test
    fun `a code is normalised`() {
        assertEquals("123456", normalisedCode("١٢٣-٤٥٦"))
        assertNull(normalisedCode(" - "))
    }

    @Test
    fun `the library can be loaded before it is used`() = preload()

    @Test
    fun `a panic is an exception, which repeats nothing of its words`() {
        val failure = assertThrows<IllegalStateException> { ffi { egoi.verify.phone.internal.nativePanicking() } }
        assertTrue("panic" in failure.message!! && "on purpose" !in failure.message!!, failure.message)
    }

    @Test
    fun `a state can be made for a preview, and its times stand still`() {
        val awaiting = SessionState.AwaitingCode(5.minutes, resendIn = 20.seconds, attemptsLeft = 4, AskedAgain.RESENT)
        assertEquals(5.minutes to 20.seconds, awaiting.expiresIn to awaiting.resendIn)
        assertEquals(awaiting, SessionState.AwaitingCode(5.minutes, 20.seconds, 4, AskedAgain.RESENT))
        assertTrue(SessionState.AwaitingCode(5.minutes, Duration.ZERO).mayResend)
        fun failed(code: String) = SessionState.Failed(Problem(code, "no more"), Advice.WAIT, awaiting)
        assertEquals(failed("rate_limited"), failed("rate_limited"))
        assertFalse(failed("rate_limited") == failed("timeout"))
    }
}
