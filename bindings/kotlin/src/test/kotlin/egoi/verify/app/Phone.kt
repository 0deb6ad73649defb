package egoi.verify.app

import egoi.verify.phone.HttpVerificationServer
import egoi.verify.phone.SessionState
import egoi.verify.phone.VerificationSession
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.transformWhile
import kotlinx.coroutines.launch
import kotlin.concurrent.thread
import kotlin.system.exitProcess

// --8<-- [start:screen]
private fun words(state: SessionState): String = when (state) {
    SessionState.Idle -> "idle"
    SessionState.Sending -> "sending"
    is SessionState.AwaitingCode -> listOfNotNull("awaiting_code", state.reason?.name?.lowercase()).joinToString(" ")
    SessionState.Checking -> "checking"
    SessionState.Verified -> "verified"
    SessionState.Expired -> "expired"
    SessionState.Cancelled -> "cancelled"
    is SessionState.Failed -> "failed ${state.problem.code} ${state.advice.name.lowercase()}"
}
// --8<-- [end:screen]

/** Whether there is no code to give any more. */
private fun isOver(state: SessionState): Boolean = when (state) {
    SessionState.Verified, SessionState.Expired, SessionState.Cancelled -> true
    is SessionState.Failed -> state.awaiting == null
    SessionState.Idle, SessionState.Sending, is SessionState.AwaitingCode, SessionState.Checking -> false
}

/**
 * An app on a terminal: with the URL of its server and a number. It prints the states of its screen, a line each, and takes a
 * code, `resend` or `cancel` from its standard input. What it says proves nothing: at the end it asks the server whether the
 * number is proved. With `routed` behind the number, the server has the library's own endpoints; it knows then what is proved.
 */
suspend fun main(arguments: Array<String>) {
    if (arguments.size !in 2..3) {
        println("with the URL of the server and a number")
        exitProcess(2)
    }
    val shop = if (arguments.size == 2) ShopServer.signIn(arguments[0]) else null
    val server = shop ?: HttpVerificationServer(arguments[0])
    val proved = coroutineScope {
        val session = VerificationSession(server, this)
        val given = Channel<String>(Channel.UNLIMITED)
        thread(isDaemon = true) {
            generateSequence(::readLine).forEach { given.trySend(it) }
            given.close()
        }
        val screen = launch {
            session.state.transformWhile { state ->
                emit(state)
                !isOver(state)
            }.collect { println(words(it)) }
            given.close()
        }
        session.start(arguments[1])
        for (line in given) {
            when (line) {
                "resend" -> session.resend()
                "cancel" -> session.cancel()
                else -> session.submit(line)
            }
        }
        if (isOver(session.state.value)) screen.join() else screen.cancel()
        if (session.state.value == SessionState.Verified) (if (shop == null) "so" else shop.provedNumber()) else null
    }
    if (proved == null) exitProcess(1)
    println("the server says $proved")
}
