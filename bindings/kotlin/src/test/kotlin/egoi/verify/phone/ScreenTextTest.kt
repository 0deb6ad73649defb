package egoi.verify.phone

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

class ScreenTextTest {
    private val texts =
        JsonParser.parseString(Files.readString(Path.of("../../core/src/session/texts.json"))).asJsonObject

    private fun JsonObject.at(key: String): String =
        getAsJsonObject(key).run { "${get("text").asString} ${get("hint").asString}" }

    private fun ScreenText.both() = "$text $hint"

    private fun failed(code: String, advice: Advice, awaiting: SessionState.AwaitingCode? = null) =
        SessionState.Failed(Problem(code, "no more", if (advice == Advice.WAIT) 30.seconds else null), advice, awaiting)

    @Test
    fun `every state says the text of its key in every language`() {
        val awaiting = SessionState.AwaitingCode(5.minutes, 30.seconds, 4)
        val said = mapOf(
            "idle" to SessionState.Idle,
            "sending" to SessionState.Sending,
            "awaiting_code" to awaiting,
            "awaiting_code.wrong_code" to SessionState.AwaitingCode(5.minutes, reason = AskedAgain.WRONG_CODE),
            "awaiting_code.resent" to SessionState.AwaitingCode(5.minutes, reason = AskedAgain.RESENT),
            "checking" to SessionState.Checking,
            "verified" to SessionState.Verified,
            "expired" to SessionState.Expired,
            "cancelled" to SessionState.Cancelled,
            "failed.try_again" to failed("timeout", Advice.TRY_AGAIN),
            "failed.enter_code" to failed("timeout", Advice.ENTER_CODE, awaiting),
            "failed.change_number" to failed("rejected", Advice.CHANGE_NUMBER),
            "failed.invalid_input.change_number" to failed("invalid_input", Advice.CHANGE_NUMBER),
            "failed.start_over" to failed("conflict", Advice.START_OVER),
            "failed.contact_support" to failed("forbidden", Advice.CONTACT_SUPPORT),
        )
        for (language in listOf("en", "pt", "es")) {
            for ((key, state) in said) {
                assertEquals(texts.getAsJsonObject(language).at(key), state.text(language).both(), "$language $key")
            }
        }
    }

    @Test
    fun `every button says the text of its key`() {
        for (button in SessionButton.entries) {
            val key = "button.${button.name.lowercase()}"
            assertEquals(texts.getAsJsonObject("pt").at(key), button.text(language = "pt-PT").both())
        }
    }

    @Test
    fun `a button for a new code counts down`() {
        assertTrue("24 s" in SessionButton.RESEND.text(24.seconds, "es").text)
        assertEquals(SessionButton.RESEND.text(language = "es").text, SessionButton.RESEND.text(0.seconds, "es").text)
    }

    @Test
    fun `a limit says how long to wait`() {
        assertTrue("30 s" in failed("rate_limited", Advice.WAIT).text("en").text)
    }
}
