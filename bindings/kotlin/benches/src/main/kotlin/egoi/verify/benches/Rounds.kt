package egoi.verify.benches

import com.sun.jna.Native
import com.sun.jna.Structure

/** The figures of one round: nanoseconds a call. */
internal class Cost(val time: Double, val processor: Double)

@Structure.FieldOrder("seconds", "nanoseconds")
internal open class Timespec : Structure() {
    @JvmField var seconds: Long = 0

    @JvmField var nanoseconds: Long = 0
}

/** The kernel's own count, as the virtual machine's has steps of 10 ms. */
internal object Processor {
    init {
        Native.register("c")
    }

    private const val OF_THIS_PROCESS = 2
    private const val NANOSECONDS = 1_000_000_000

    // C's name.
    @Suppress("ktlint:standard:function-naming", "FunctionNaming")
    @JvmStatic
    private external fun clock_gettime(clock: Int, into: Timespec): Int

    fun time(): Long {
        val spent = Timespec().also { clock_gettime(OF_THIS_PROCESS, it) }
        return spent.seconds * NANOSECONDS + spent.nanoseconds
    }
}

internal val SHORT: Boolean = System.getenv("EGOI_BENCH_SHORT") == "1"
private val ROUNDS = if (SHORT) 1 else System.getenv("EGOI_BENCH_ROUNDS")?.toInt() ?: 15

/** Rounds for the virtual machine to compile in. */
private val WARM_UP = if (SHORT) 0 else 8

/**
 * Runs every way in every round, another one first each time, so that whatever else the machine does meets all of them alike.
 */
internal fun <W> rounds(ways: Map<String, W>, measure: (W) -> Cost): Map<String, List<Cost>> {
    val measured = ways.mapValues { mutableListOf<Cost>() }
    val names = ways.keys.toList()
    for (round in 0 until WARM_UP + ROUNDS) {
        for (turn in names.indices) {
            val name = names[(round + turn) % names.size]
            val cost = measure(ways.getValue(name))
            if (round >= WARM_UP) measured.getValue(name) += cost
        }
    }
    return measured
}

/** Counts what a number of calls takes. */
internal inline fun costOf(calls: Int, run: () -> Unit): Cost {
    val (started, spent) = System.nanoTime() to Processor.time()
    run()
    val (ended, spentThen) = System.nanoTime() to Processor.time()
    return Cost((ended - started).toDouble() / calls, (spentThen - spent).toDouble() / calls)
}
