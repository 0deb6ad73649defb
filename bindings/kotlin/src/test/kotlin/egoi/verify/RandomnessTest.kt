package egoi.verify

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource
import java.util.Collections
import kotlin.concurrent.thread
import kotlin.math.pow
import kotlin.math.sqrt

/** Codes as they come out of the module: each character as often as the others, and no code twice. */
class RandomnessTest {
    private val codes = if (System.getenv("EGOI_SOAK") == "1") 1_000_000 else 10_000

    private fun alphabet(codeType: CodeType): String = when (codeType) {
        CodeType.NUMERIC -> "0123456789"
        CodeType.ALPHA -> "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        CodeType.ALPHANUMERIC -> "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        CodeType.HEX -> "0123456789ABCDEF"
    }

    /** Pearson's statistic of the counts against all being equally likely. */
    private fun chiSquare(counts: IntArray): Double {
        val expected = counts.sum().toDouble() / counts.size
        return counts.sumOf { (it - expected).pow(2) / expected }
    }

    /** What the statistic passes once in 10^9 times, by Wilson and Hilferty's approximation. */
    private fun limit(characters: Int): Double {
        val freedom = characters - 1
        val spread = 2.0 / (9 * freedom)
        return freedom * (1 - spread + 6 * sqrt(spread)).pow(3)
    }

    @ParameterizedTest
    @EnumSource(CodeType::class)
    fun `in every place of a code each character comes equally often`(codeType: CodeType) {
        val alphabet = alphabet(codeType)
        val places = List(6) { IntArray(alphabet.length) }
        repeat(codes) {
            generateCode(codeType, 6).forEachIndexed { place, c -> places[place][alphabet.indexOf(c)] += 1 }
        }
        for (counts in places) assertTrue(chiSquare(counts) < limit(alphabet.length)) { counts.contentToString() }
        println("$codeType: $codes codes")
    }

    @Test
    fun `the statistic finds the bias of a byte taken modulo ten`() {
        assertTrue(chiSquare(IntArray(10) { (if (it < 6) 26 else 25) * 4_000 }) > limit(10))
    }

    @Test
    fun `no two threads draw the same code`() {
        val drawn = Collections.synchronizedList(mutableListOf<String>())
        List(8) { thread { repeat(500) { drawn += generateCode(CodeType.HEX, 20) } } }.forEach { it.join() }
        assertEquals(4_000, drawn.toSet().size)
    }
}
