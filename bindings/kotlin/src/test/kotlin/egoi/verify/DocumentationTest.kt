package egoi.verify

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.StringWriter
import java.nio.file.Files
import java.nio.file.Path
import javax.tools.ToolProvider
import kotlin.io.path.extension
import kotlin.io.path.readLines
import kotlin.io.path.writeLines
import kotlin.streams.asSequence

/** What a file with examples imports, besides the package of the examples. */
private val KOTLIN = listOf(
    "egoi.verify.examples.*", "egoi.verify.readme.Bundle", "egoi.verify.readme.SavedStateHandle",
    "egoi.verify.readme.ViewModel", "egoi.verify.readme.bundleOf", "java.net.ConnectException", "java.time.Instant",
    "kotlin.time.Duration", "kotlin.time.Duration.Companion.days", "kotlin.time.Duration.Companion.hours",
    "kotlin.time.Duration.Companion.minutes", "kotlin.time.Duration.Companion.seconds", "kotlin.time.toJavaDuration",
)
private val JAVA = listOf("egoi.verify.java.*", "egoi.verify.testing.*", "egoi.verify.testing.java.*", "java.time.*")

/** Dokka, which checks the documentation itself, also misses what nobody can write: that of an enum's `values`. */
class DocumentationTest {
    private val sources = Files.walk(Path.of("src/main/kotlin")).asSequence().filter { it.extension == "kt" }.toList()

    private val declared = Regex("""^\s*public (?!override )|^ {4}([A-Z0-9_]+|val \w+: .*),$""")
    private val property = Regex("""^ {4}public val (\w+): |^ {4}val (\w+): .*,$""")
    private val type = Regex("""^( *)public ([a-z]+ )*(class|interface|object) """)
    private val fence = Regex("""```(kotlin|java|)\n(.*?)```""", RegexOption.DOT_MATCHES_ALL)

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

    private class Comment(val of: String, val source: Path, val text: String)

    /** The comments of the public types, without companions. The example of a sealed type is the example of its cases too. */
    private fun types(): List<Comment> = sources.flatMap { source ->
        val lines = source.readLines()
        val types = lines.indices.filter { type.containsMatchIn(lines[it]) && "companion" !in lines[it] }
        types.filterNot { isCase(lines, it) }.map { at ->
            val above = lines.subList(0, at).dropLastWhile { it.trim().startsWith("@") }
            val comment = above.drop(above.indexOfLast { it.trim().startsWith("/**") } + 1).dropLast(1)
            Comment("${source.fileName}: ${lines[at].trim()}", source, comment.joinToString("\n") { it.trim().drop(2) })
        }
    }

    private fun isCase(lines: List<String>, at: Int): Boolean {
        val outer = lines.subList(0, at).lastOrNull { type.find(it)?.groupValues?.get(1) == "" } ?: return false
        return lines[at].startsWith(" ") && "sealed" in outer
    }

    private fun examples(java: Boolean): List<Pair<Path, String>> = types().flatMap { comment ->
        fence.findAll(comment.text).filter { (it.groupValues[1] == "java") == java }
            .map { comment.source to it.groupValues[2] }
    }

    @Test
    fun `every public type has an example`() {
        val types = types()
        assertTrue(types.size > 60, "${types.size}")
        assertEquals(emptyList<String>(), types.filterNot { fence.containsMatchIn(it.text) }.map { it.of })
    }

    @Test
    fun `every example of Kotlin compiles`(@TempDir folder: Path) {
        val (inApp, onServer) = examples(java = false).partition { (source, _) -> source.parent.endsWith("phone") }
        val server = folder.resolve("Server.kt")
        val app = folder.resolve("App.kt")
        for ((file, examples, packages) in listOf(
            Triple(server, onServer, listOf("egoi.verify.*", "egoi.verify.testing.*")),
            Triple(app, inApp, listOf("egoi.verify.phone.*")),
        )) {
            val surroundings = if (file == app) "InApp" else "OnServer"
            file.writeLines(
                (packages + KOTLIN).map { "import $it" } + examples.mapIndexed { at, (_, code) ->
                    "internal suspend fun $surroundings.example$at() {\n$code}"
                },
            )
        }
        assertEquals(emptyList<String>(), compiled(server, app).lines().filter { "error:" in it })
        assertTrue(Files.exists(folder.resolve("out")))
    }

    @Test
    fun `every example of Java compiles`(@TempDir folder: Path) {
        val file = folder.resolve("Examples.java")
        val examples = examples(java = true).map { (_, code) -> code }
        val methods = examples.mapIndexed { at, code -> "void example$at() throws Exception {\n$code}" }
        val open = "abstract class Examples extends egoi.verify.examples.Surroundings {"
        file.writeLines(JAVA.map { "import $it;" } + open + methods + "}")
        val said = StringWriter()
        val options = listOf("-classpath", System.getProperty("java.class.path"), "-d", "$folder")
        val compiler = ToolProvider.getSystemJavaCompiler()
        val units = compiler.getStandardFileManager(null, null, null).getJavaFileObjects(file)
        assertTrue(compiler.getTask(said, null, null, options, null, units).call(), "$said")
    }
}
