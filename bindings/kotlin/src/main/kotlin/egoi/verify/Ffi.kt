package egoi.verify

import egoi.verify.internal.InternalException
import egoi.verify.internal.NativeException
import egoi.verify.internal.Thrown
import kotlin.coroutines.cancellation.CancellationException
import kotlin.time.toKotlinDuration

/** The error of a user's function, on its way through the native module and back. */
internal class HeldThrowable(val throwable: Throwable) : Thrown {
    override fun isHeld(): Boolean = true
}

/** Runs what crosses the FFI and throws its failures as this language's. */
internal inline fun <T> ffi(call: () -> T): T = try {
    call()
} catch (failure: NativeException.Failed) {
    throw VerifyException.of(
        VerifyException.Facts(
            code = failure.code,
            detail = failure.detail,
            httpStatus = failure.httpStatus,
            requestId = failure.requestId,
            retryAfter = failure.retryAfter?.toKotlinDuration(),
            retryIsSafe = failure.retryIsSafe,
            smsPossiblySent = failure.smsPossiblySent,
            field = failure.`field`,
            reason = failure.reason,
            limit = failure.limit,
            causeCode = failure.causeCode,
            retries = failure.retries,
            cause = (failure.thrown as? HeldThrowable)?.throwable ?: failure.causeInWords?.let { Exception(it) },
        ),
    )
} catch (failure: NativeException.Cancelled) {
    throw CancellationException("the call was cancelled")
} catch (failure: InternalException) {
    throw VerifyException.of(
        VerifyException.Facts("internal", failure.message ?: "a panic in the native module", smsPossiblySent = true),
    )
} catch (failure: LinkageError) {
    throw notLoaded(failure)
}

/** A native library was not found, or could not be loaded. A later call has only a `NoClassDefFoundError`. */
internal fun notLoaded(failure: LinkageError): UnsupportedOperationException {
    val system = "${System.getProperty("os.name")} on ${System.getProperty("os.arch")}"
    return UnsupportedOperationException(
        "the native library of egoi-verify could not be loaded on $system. It is there for Linux on x86-64 with " +
            "glibc. JNA must be able to unpack it: if `java.io.tmpdir` is mounted with `noexec`, set " +
            "`-Djna.tmpdir` to another folder",
        failure,
    )
}
