package egoi.verify.readme

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path

class ReadmeTest {
    @Test
    fun `the first example of the README is this one`() {
        val readme = Files.readString(Path.of("README.md"))
        val example = Files.readString(Path.of("src/test/kotlin/egoi/verify/readme/Example.kt"))
        assertEquals(example.substringAfter("\n\n"), readme.substringAfter("```kotlin\n").substringBefore("```"))
    }

    @Test
    fun `the first example of the README proves a number`(): Unit = runBlocking {
        assertTrue(prove("+351 910 000 000"))
    }
}
