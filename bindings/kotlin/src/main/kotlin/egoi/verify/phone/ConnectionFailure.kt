package egoi.verify.phone

/** What the exceptions of HTTP clients say of a call to the app's server, as `tests/vectors/platform_errors.json` has it. */
internal enum class ConnectionFailure(val code: String, val smsPossiblySent: Boolean) {
    /** No connection was made. */
    UNREACHABLE("unreachable", false),

    /** The request went out, and no response came in time. */
    TIMEOUT("timeout", true),

    /** It may have failed before or after the server was reached. */
    INTERRUPTED("interrupted", true),
    ;

    companion object {
        /** By name, as no client's library is needed here. */
        private val BY_CLASS = mapOf(
            "java.net.UnknownHostException" to UNREACHABLE,
            "java.net.ConnectException" to UNREACHABLE,
            "java.net.NoRouteToHostException" to UNREACHABLE,
            "java.net.PortUnreachableException" to UNREACHABLE,
            "java.nio.channels.UnresolvedAddressException" to UNREACHABLE,
            "java.net.http.HttpConnectTimeoutException" to UNREACHABLE,
            "java.net.SocketTimeoutException" to TIMEOUT,
            "java.net.http.HttpTimeoutException" to TIMEOUT,
            "java.util.concurrent.TimeoutException" to TIMEOUT,
            "io.ktor.client.network.sockets.ConnectTimeoutException" to UNREACHABLE,
            "io.ktor.client.plugins.HttpRequestTimeoutException" to TIMEOUT,
        )

        fun of(failure: Throwable): ConnectionFailure =
            generateSequence<Class<*>>(failure.javaClass) { it.superclass }.firstNotNullOfOrNull { BY_CLASS[it.name] }
                ?: INTERRUPTED
    }
}
