package egoi.verify.phone

import egoi.verify.phone.internal.InternalException
import egoi.verify.phone.internal.NativeException

/** Runs what crosses the FFI. What fails there is a bug of this library, or a system that it does not know. */
internal inline fun <T> ffi(call: () -> T): T = try {
    call()
} catch (failure: NativeException.Failed) {
    throw IllegalStateException(failure.detail)
} catch (failure: InternalException) {
    throw IllegalStateException(failure.message ?: "a panic in the native module")
} catch (failure: LinkageError) {
    throw notLoaded(failure)
}

/** A native library was not found, or could not be loaded. A later call has only a `NoClassDefFoundError`. */
internal fun notLoaded(failure: LinkageError): UnsupportedOperationException {
    val system = "${System.getProperty("os.name")} on ${System.getProperty("os.arch")}"
    return UnsupportedOperationException(
        "the native library of egoi-verify-phone could not be loaded on $system. It is there for Android, and for " +
            "Linux on x86-64 with glibc. JNA must be able to unpack it there: if `java.io.tmpdir` is mounted with " +
            "`noexec`, set `-Djna.tmpdir` to another folder",
        failure,
    )
}
