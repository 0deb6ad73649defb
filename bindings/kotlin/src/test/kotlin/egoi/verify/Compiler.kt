package egoi.verify

import java.io.File
import java.nio.file.Path

private const val COMPILER = "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"

/**
 * Returns what the compiler of the build reports for the files of one folder. They see what is internal to the tests. The
 * compiler runs in a process of its own: it needs more memory and a newer library.
 */
internal fun compiled(vararg files: Path): String {
    val (version, jars) = System.getProperty("egoi.kotlin").split(" ", limit = 2)
    val compiler = listOf("compiler-embeddable", "stdlib", "script-runtime").map {
        Path.of(jars, "kotlin-$it", version, "kotlin-$it-$version.jar").toString()
    }
    val here = System.getProperty("java.class.path")
    val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
    val run = listOf(java, "-cp", (compiler + here).joinToString(File.pathSeparator), COMPILER)
    val out = files.first().resolveSibling("out").toString()
    val friends = "-Xfriend-paths=${Path.of("target/test-classes").toAbsolutePath()}"
    val options = listOf("-no-stdlib", "-no-reflect", "-classpath", here, friends, "-d", out)
    val process = ProcessBuilder(run + options + files.map { "$it" }).redirectErrorStream(true).start()
    return process.inputStream.bufferedReader().use { it.readText() }
}
