package egoi.verify.examples

import egoi.verify.Client
import egoi.verify.Engine
import egoi.verify.OutgoingSms
import egoi.verify.phone.VerificationServer
import egoi.verify.phone.VerificationSession
import egoi.verify.testing.Sandbox
import kotlinx.coroutines.CoroutineScope

// What the examples in the documentation of the public types find in their surroundings. Only the compiler reads this.

internal interface Gateway {
    suspend fun deliver(number: String, text: String, once: String = "")
}

internal class Visitor(var id: String?, var number: String?)

/** Of the examples of `egoi.verify` and `egoi.verify.testing`. */
internal interface OnServer {
    val client: Client
    val engine: Engine
    val sandbox: Sandbox
    val gateway: Gateway
    val sent: MutableList<OutgoingSms>
    val session: Visitor
    val account: Visitor
    val key: String
    val senderHash: String
    val number: String
    val given: String
    val id: String
}

internal interface ShopApi {
    fun request(number: String): String
    fun validate(code: String): String
    fun resend(): String
}

internal class MyServer(shop: VerificationServer) : VerificationServer by shop {
    constructor() : this(error("only the compiler reads this"))
}

/** Of the examples of `egoi.verify.phone`. */
internal interface InApp {
    val server: VerificationServer
    val session: VerificationSession
    val scope: CoroutineScope
    val viewModelScope: CoroutineScope
    val text: String
    val given: String
    val id: String
}
