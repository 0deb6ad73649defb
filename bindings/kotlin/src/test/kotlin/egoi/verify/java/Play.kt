package egoi.verify.java

import egoi.verify.Client
import egoi.verify.ClientOptions
import egoi.verify.testing.Sandbox
import egoi.verify.testing.SandboxOptions
import kotlinx.coroutines.runBlocking

/** What a Java test plays with. */
internal object Play {
    const val CODE: String = "123456"

    @JvmStatic
    fun sandbox(): Sandbox = runBlocking { Sandbox.start(SandboxOptions(code = CODE)) }

    @JvmStatic
    fun clientOf(port: Int): Client = Client(ClientOptions("key", "1", baseUrl = "http://127.0.0.1:$port/api"))
}
