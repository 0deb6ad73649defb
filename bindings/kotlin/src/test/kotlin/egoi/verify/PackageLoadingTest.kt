package egoi.verify

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.nio.file.Path

class PackageLoadingTest {
    private fun java(vararg arguments: String): String {
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        val command = listOf(java, "-cp", System.getProperty("java.class.path"), *arguments)
        val program = ProcessBuilder(command).redirectErrorStream(true).start()
        val printed = program.inputStream.readAllBytes().decodeToString()
        assertEquals(1, program.waitFor(), printed)
        return printed
    }

    @Test
    fun `on a system without a native library the exception names those that have one`() {
        val printed = java("-Dos.arch=riscv64", "egoi.verify.demo.DemoKt")
        assertTrue("UnsupportedOperationException" in printed.lines().first(), printed)
        assertTrue("riscv64" in printed && "Linux on x86-64" in printed, printed)
    }

    @Test
    fun `where the library is missing the exception names the systems that have one`() {
        val printed = java("-Duniffi.component.egoi_verify_native.libraryOverride=nowhere", "egoi.verify.demo.DemoKt")
        assertTrue("UnsupportedOperationException" in printed && "Linux on x86-64" in printed, printed)
    }

    @Test
    fun `where the library cannot be unpacked the exception says what to set`() {
        val printed = java("-Djna.tmpdir=/proc", "-Djna.nosys=true", "egoi.verify.demo.DemoKt")
        assertTrue("UnsupportedOperationException" in printed.lines().first(), printed)
        assertTrue("-Djna.tmpdir" in printed, printed)
    }
}
