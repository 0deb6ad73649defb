package egoi.verify

import com.sun.jna.Native
import com.sun.jna.Pointer
import egoi.verify.internal.FfiConverterTypeNativeCall
import egoi.verify.internal.NativeCall
import java.nio.Buffer
import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentLinkedQueue

/** The native module's functions that take numbers and bytes: `bindings/src/border/mod.rs` describes them. */
@Suppress("ktlint:standard:function-naming", "FunctionNaming") // C's names.
internal object Border {
    /** What a function returns in place of a length. */
    const val PENDING: Long = 0
    const val NEEDS_WORKER: Long = 1
    const val PANICKED: Long = 2

    init {
        Native.register(Border::class.java, "egoi_verify_native")
    }

    @JvmStatic
    external fun egoi_verify_call(verifier: Long, call: Long, buffer: Long, length: Long, capacity: Long): Long

    @JvmStatic
    external fun egoi_verify_go_on(call: Long, buffer: Long, capacity: Long): Long

    @JvmStatic
    external fun egoi_verify_cancel(call: Long)

    @JvmStatic
    external fun egoi_verify_worker(): Long

    @JvmStatic
    external fun egoi_verify_no_worker()

    @JvmStatic
    external fun egoi_verify_work(worker: Long, buffer: Long, capacity: Long): Long
}

/** Memory that is lent to the native module. It holds codes and numbers: whoever used it wipes it. */
internal class Room(val capacity: Int) {
    val bytes: ByteBuffer = ByteBuffer.allocateDirect(capacity)
    val address: Long = Pointer.nativeValue(Native.getDirectBufferPointer(bytes))
    private var used = 0

    /** With the methods that Java 8 and Android know. */
    private val bounds: Buffer get() = bytes

    /** Writes a call, and returns its length. */
    fun write(call: NativeCall): Long {
        used = capacity
        bounds.clear()
        FfiConverterTypeNativeCall.write(call, bytes)
        used = bytes.position()
        return used.toLong()
    }

    /** Reads what the native module has written up to this length. */
    inline fun <T> read(length: Long, read: (ByteBuffer) -> T): T {
        wrote(length)
        return read(bytes)
    }

    private fun wrote(length: Long) {
        used = maxOf(used, length.toInt())
        bounds.clear().limit(length.toInt())
    }

    fun wipe() {
        bounds.clear()
        while (used > 0) {
            val some = minOf(used, ZEROS.size)
            bytes.put(ZEROS, 0, some)
            used -= some
        }
    }

    companion object {
        /** Enough for a call and its reply, but for a long message or a long list. */
        const val USUAL: Int = 4096
        private val ZEROS = ByteArray(USUAL)
        private val free = ConcurrentLinkedQueue<Room>()

        /** Lends one of at least this size. */
        inline fun <T> lend(size: Long, use: (Room) -> T): T {
            val room = take(size)
            try {
                return use(room)
            } finally {
                give(room)
            }
        }

        private fun take(size: Long): Room =
            if (size <= USUAL) free.poll() ?: Room(USUAL) else Room(Math.toIntExact(size))

        private fun give(room: Room) {
            room.wipe()
            if (room.capacity == USUAL) free.add(room)
        }
    }
}
