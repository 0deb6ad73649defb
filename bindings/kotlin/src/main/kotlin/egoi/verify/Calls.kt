package egoi.verify

import egoi.verify.internal.FfiConverterTypeNativeCall
import egoi.verify.internal.FfiConverterTypeNativeReply
import egoi.verify.internal.NativeCall
import egoi.verify.internal.NativeCalls
import egoi.verify.internal.NativeReply
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext
import java.lang.ref.Reference
import java.nio.Buffer
import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicLong
import kotlin.concurrent.thread
import kotlin.coroutines.Continuation
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.intrinsics.startCoroutineUninterceptedOrReturn
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException

/**
 * The verbs of one verifier, over the [Border].
 *
 * @property waits whether a call waits in the thread that makes it
 */
internal class Calls(private val native: NativeCalls, val waits: Boolean) {
    private val verifier = native.number()

    fun shut(): Unit = native.shut()

    suspend fun verification(call: NativeCall): Verification =
        (reply(call) as NativeReply.Verification).verification.public()

    suspend fun outcome(call: NativeCall): OutcomeDetails = (reply(call) as NativeReply.Outcome).details.public()

    suspend fun state(call: NativeCall): State = (reply(call) as NativeReply.State).state.public()

    suspend fun senders(call: NativeCall): List<SenderInfo> =
        (reply(call) as NativeReply.Senders).senders.map { it.public() }

    suspend fun nothing(call: NativeCall) {
        reply(call)
    }

    private suspend fun reply(call: NativeCall): NativeReply = ffi {
        val reply = if (waits) waited(call) else awaited(call)
        if (reply is NativeReply.Failed) throw reply.failure
        reply
    }

    private suspend fun awaited(call: NativeCall): NativeReply {
        val context = currentCoroutineContext()
        context.ensureActive()
        // A caller without a dispatcher would go on in the worker thread, and its work there would hold up every other call.
        val dispatcher = context[ContinuationInterceptor] as? CoroutineDispatcher
        return if (dispatcher?.isDispatchNeeded(context) == true) {
            onWorker(call)
        } else {
            withContext(Dispatchers.Default) { onWorker(call) }
        }
    }

    private suspend fun onWorker(call: NativeCall): NativeReply = suspendCancellableCoroutine { continuation ->
        val number = NUMBERS.incrementAndGet()
        Worker.waiting[number] = continuation
        try {
            begin(number, call)?.let { Worker.waiting.remove(number)?.resume(it) }
        } catch (failure: Throwable) {
            Worker.waiting.remove(number)
            throw failure
        }
        continuation.invokeOnCancellation {
            if (Worker.waiting.remove(number) != null) Border.egoi_verify_cancel(number)
        }
    }

    /** A call that stays in this thread until it has ended. The native module comes back for an interrupt. */
    private fun waited(call: NativeCall): NativeReply {
        interrupted { }
        val number = NUMBERS.incrementAndGet()
        var reply = begin(number, call)
        while (reply == null) {
            interrupted { Border.egoi_verify_cancel(number) }
            reply =
                Room.lend(0) { reply(number, Border.egoi_verify_go_on(number, it.address, it.capacity.toLong()), it) }
        }
        return reply
    }

    private inline fun interrupted(cancel: () -> Unit) {
        if (!Thread.interrupted()) return
        cancel()
        throw InterruptedException()
    }

    /** The reply, if the call has ended. */
    private fun begin(number: Long, call: NativeCall): NativeReply? =
        Room.lend(FfiConverterTypeNativeCall.allocationSize(call).toLong()) {
            val length = it.write(call)
            val returned = Border.egoi_verify_call(verifier, number, it.address, length, it.capacity.toLong())
            // Collected before, its number would be nobody's.
            Reference.reachabilityFence(native)
            reply(number, returned, it)
        }

    private fun reply(number: Long, returned: Long, room: Room): NativeReply? = when {
        returned == Border.PENDING -> null
        returned == Border.NEEDS_WORKER -> Worker.start(number)
        returned == Border.PANICKED -> throw panicked()
        returned > 0 -> room.read(returned, FfiConverterTypeNativeReply::read)
        else -> Room.lend(-returned) {
            reply(number, Border.egoi_verify_go_on(number, it.address, it.capacity.toLong()), it)
        }
    }

    private companion object {
        val NUMBERS = AtomicLong()
    }
}

private fun panicked() =
    VerifyException.of(VerifyException.Facts("internal", "a panic in the native module", smsPossiblySent = true))

/** The thread that drives the calls that suspend. It ends when the last client is closed. */
internal object Worker {
    val waiting = ConcurrentHashMap<Long, CancellableContinuation<NativeReply>>()

    /** Starts it for this call. */
    fun start(call: Long): Nothing? {
        try {
            // It outlives the call, and so holds no class loader of the caller's.
            thread(isDaemon = true, contextClassLoader = javaClass.classLoader, name = "egoi-verify") { work() }
        } catch (failure: Throwable) {
            Border.egoi_verify_no_worker()
            Border.egoi_verify_cancel(call)
            throw failure
        }
        return null
    }

    private fun work() {
        val worker = Border.egoi_verify_worker()
        var room = Room(AT_ONCE * Room.USUAL)
        while (true) {
            val returned = Border.egoi_verify_work(worker, room.address, room.capacity.toLong())
            when {
                returned == Border.PENDING -> return
                returned == Border.PANICKED -> waiting.keys.forEach {
                    waiting.remove(it)?.resumeWithException(panicked())
                }
                returned > 0 -> room.read(returned, ::ended)
                else -> room = Room(Math.toIntExact(-returned))
            }
            room.wipe()
        }
    }

    private fun ended(replies: ByteBuffer) {
        while (replies.hasRemaining()) {
            val call = replies.getLong()
            val end = replies.getInt() + replies.position()
            // Read even where nobody waits for it any more: it may hold what is kept on this side.
            val reply = runCatching { FfiConverterTypeNativeReply.read(replies) }
            (replies as Buffer).position(end)
            waiting.remove(call)?.resumeWith(reply)
        }
    }

    private const val AT_ONCE = 16
}

/** Runs a suspending call of a verifier in this thread, which waits for its end. */
internal fun <T> waiting(verifier: Verifier, call: suspend () -> T): T {
    val calls = (verifier as? Client)?.calls ?: (verifier as? Engine)?.calls
    if (calls?.waits != true) return runBlocking { call() }
    // It never suspends, and so nobody goes on with it.
    @Suppress("UNCHECKED_CAST")
    return call.startCoroutineUninterceptedOrReturn(Nobody) as T
}

private object Nobody : Continuation<Any?> {
    override val context: CoroutineContext get() = EmptyCoroutineContext

    override fun resumeWith(result: Result<Any?>) = error("a call that waits has suspended")
}
