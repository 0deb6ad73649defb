package egoi.verify.readme

import egoi.verify.phone.SessionButton
import egoi.verify.phone.SessionState
import egoi.verify.phone.text
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path
import java.util.Locale
import kotlin.io.path.extension
import kotlin.io.path.readText
import kotlin.streams.asSequence

class ReadmeTest {
    private val readme = Files.readString(Path.of("README.md"))

    /** Without what moving it into a function changes. */
    private fun lines(code: String): List<String> =
        code.lines().map { it.trim().removePrefix("internal ") }.filter { it.isNotEmpty() }

    private fun isIn(block: List<String>, file: List<String>): Boolean = file.windowed(block.size).any { it == block }

    @Test
    fun `every block of Kotlin and Java in the README is compiled with these tests`() {
        val compiled = listOf("src/test/kotlin/egoi/verify/readme", "src/test/java/egoi/verify/readme")
            .flatMap { Files.walk(Path.of(it)).asSequence().filter { file -> file.extension in listOf("kt", "java") } }
            .map { lines(it.readText()) }
        val blocks = Regex("```(kotlin|java)\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(readme)
            .map { it.groupValues[2] }.toList()
        assertTrue(blocks.size >= 9, "${blocks.size}")
        assertEquals(listOf<String>(), blocks.filterNot { block -> compiled.any { isIn(lines(block), it) } })
    }

    @Test
    fun `the first example of the README proves a number`(): Unit = runBlocking {
        assertTrue(prove("+351 910 000 000"))
    }

    @Test
    fun `the code of a test expires`(): Unit = runBlocking { anExpiredCode() }

    private fun draw(model: NumberViewModel): List<String> {
        drawn.clear()
        NumberScreen(model.session)
        return drawn.toList()
    }

    @Test
    fun `the screen of the README asks for a number again after one that is none, and has no progress without end`() {
        val locale = Locale.getDefault()
        Locale.setDefault(Locale.ENGLISH)
        try {
            val model = NumberViewModel(SavedStateHandle())
            val idle = SessionState.Idle.text("en").text
            val send = "button ${SessionButton.SEND.text(language = "en")}"
            assertEquals(listOf(idle, "field PhoneNumber", send), draw(model))
            typed("12")
            pressed.getValue(send)()
            val failed = model.session.state.value as SessionState.Failed
            assertEquals("invalid_input", failed.problem.code)
            assertEquals(listOf(failed.text("en").text, "field PhoneNumber", send), draw(model))
        } finally {
            Locale.setDefault(locale)
        }
    }

    @Test
    fun `the session of the README is saved, and an unreadable one starts anew`() {
        val handle = SavedStateHandle()
        NumberViewModel(handle)
        val saved = handle.provider()
        assertEquals(SessionState.Idle, NumberViewModel(SavedStateHandle(saved)).session.state.value)
        val unreadable = NumberViewModel(SavedStateHandle(bundleOf("session" to "{}")))
        assertTrue(unreadable.session.state.value is SessionState.Failed)
    }
}
