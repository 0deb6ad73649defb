package egoi.verify.benches

import com.sun.jna.Native
import egoi.verify.Engine
import egoi.verify.normalisedCode
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.suspendCancellableCoroutine
import java.io.File
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicLong
import kotlin.coroutines.Continuation
import kotlin.coroutines.resume

/** The least that a bridge by JNI would be: `bridge.c`. */
internal object Bridge {
    init {
        System.load(File(System.getProperty("bridge")).absolutePath)
        begin()
    }

    private val waiting = ConcurrentHashMap<Long, Continuation<ByteArray>>()
    private val calls = AtomicLong()

    @JvmStatic
    private external fun begin()

    @JvmStatic
    private external fun ask(call: Long, bytes: ByteArray)

    @JvmStatic
    @Suppress("unused") // Called from below.
    private fun answered(call: Long, bytes: ByteArray) {
        waiting.remove(call)?.resume(bytes)
    }

    suspend fun call(bytes: ByteArray): ByteArray = suspendCancellableCoroutine { continuation ->
        val call = calls.incrementAndGet()
        waiting[call] = continuation
        ask(call, bytes)
    }
}

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
internal const val SUSPENDING: String = "a suspending call by uniffi, to the worker and back"
internal const val JNI: String = "by JNI"

/** What going over the FFI takes: nothing here opens a connection. */
internal fun crossings(): Map<String, List<Cost>> {
    val calls = if (SHORT) 200 else 20_000
    val engine = Engine { }
    val id = runBlocking { engine.request("+351 910 000 000").id }
    val request = ByteArray(100)
    val ways: Map<String, suspend () -> Any> = mapOf(
        JNA to { Direct.labs(-1) },
        UNIFFI to { normalisedCode("123456") },
        SUSPENDING to { engine.get(id) },
        JNI to { Bridge.call(request) },
    )
    return rounds(ways) { call ->
        costOf(calls) { runBlocking(Dispatchers.Default) { repeat(calls) { call() } } }
    }
}
