package egoi.verify.benches

import com.sun.jna.Native
import egoi.verify.Engine
import egoi.verify.normalisedCode
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking

/** JNA's own, without what uniffi adds. */
internal object Direct {
    init {
        Native.register("c")
    }

    @JvmStatic
    external fun labs(value: Long): Long
}

internal const val JNA: String = "a call by JNA"
internal const val UNIFFI: String = "a call by uniffi, with a string each way"
internal const val ENGINE: String = "a call of an engine in memory"

/** What going over the FFI takes: nothing here opens a connection. */
internal fun crossings(): Map<String, List<Cost>> {
    val calls = if (SHORT) 200 else 20_000
    val engine = Engine { }
    val id = runBlocking { engine.request("+351 910 000 000").id }
    val ways: Map<String, suspend () -> Any> = mapOf(
        JNA to { Direct.labs(-1) },
        UNIFFI to { normalisedCode("123456") },
        ENGINE to { engine.get(id) },
    )
    return rounds(ways) { call ->
        costOf(calls) { runBlocking(Dispatchers.Default) { repeat(calls) { call() } } }
    }
}
