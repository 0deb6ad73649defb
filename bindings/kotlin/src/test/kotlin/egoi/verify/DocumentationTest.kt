package egoi.verify

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.extension
import kotlin.io.path.readLines
import kotlin.streams.asSequence

/** Dokka, which checks the documentation itself, also misses what nobody can write: that of an enum's `values`. */
class DocumentationTest {
    private val sources = Files.walk(Path.of("src/main/kotlin")).asSequence().filter { it.extension == "kt" }.toList()

    private val declared = Regex("""^\s*public (?!override )|^ {4}([A-Z0-9_]+|val \w+: .*),$""")
    private val property = Regex("""^ {4}public val (\w+): |^ {4}val (\w+): .*,$""")

    @Test
    fun `every public item is documented where it is declared`() {
        assertTrue(sources.size > 10)
        val undocumented = sources.flatMap { source ->
            val lines = source.readLines()
            lines.indices.filter { declared.containsMatchIn(lines[it]) && !documented(lines, it) }
                .map { "${source.fileName}:${it + 1}: ${lines[it].trim()}" }
        }
        assertEquals(emptyList<String>(), undocumented)
    }

    private fun documented(lines: List<String>, at: Int): Boolean {
        val above = lines.subList(0, at).dropLastWhile { it.trim().startsWith("@") }
        if (above.last().trim().endsWith("*/")) return true
        // A property that the constructor declares is documented with its class.
        val (inBody, inConstructor) = property.find(lines[at])?.destructured ?: return false
        val name = inBody.ifEmpty { inConstructor }
        val open = above.indexOfLast { "class " in it }
        val start = above.subList(0, open).indexOfLast { it.trim() == "/**" }
        return above.subList(start, open).any { "@property $name " in it }
    }
}
