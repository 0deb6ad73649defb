package egoi.verify.testing.java

import egoi.verify.Api
import egoi.verify.java.ClientBuilder
import egoi.verify.java.EngineBuilder
import egoi.verify.testing.Cut
import egoi.verify.testing.Fault
import egoi.verify.testing.FaultBody
import egoi.verify.testing.FaultCall
import egoi.verify.testing.Message
import egoi.verify.testing.Sandbox
import egoi.verify.testing.SandboxOptions
import egoi.verify.testing.TestClock
import kotlinx.coroutines.runBlocking
import java.time.Duration
import java.time.Instant
import kotlin.time.toKotlinDuration

/**
 * Starts a [Sandbox] from Java. An option that is not set has its default.
 *
 * ```java
 * try (var sandbox = new SandboxBuilder().code("123456").start()) {
 *     var client = sandbox.client().blocking();
 * }
 * ```
 */
public class SandboxBuilder {
    private var host: String? = null
    private var port: Int? = null
    private var seed: Long? = null
    private var code: String? = null
    private var apiKey: String? = null
    private var v2Words: Boolean? = null
    private var v2Wrong: Int? = null
    private var senders: List<String>? = null
    private var ownLimits: Boolean? = null
    private var allowHosts: List<String>? = null

    /** The address to listen on. Default: 127.0.0.1, which no other machine reaches. */
    public fun host(host: String): SandboxBuilder = apply { this.host = host }

    /** The port. Default: a free one. */
    public fun port(port: Int): SandboxBuilder = apply { this.port = port }

    /** Draws the same codes in every run. */
    public fun seed(seed: Long): SandboxBuilder = apply { this.seed = seed }

    /** Every code is this one, for every size. */
    public fun code(code: String): SandboxBuilder = apply { this.code = code }

    /** The one key that is accepted. Default: any. */
    public fun apiKey(key: String): SandboxBuilder = apply { apiKey = key }

    /** V2's response to a validation has a status word in each item. */
    public fun v2Words(words: Boolean): SandboxBuilder = apply { v2Words = words }

    /** The status of V2's response to a wrong code: 200 or 400. Default: 200. */
    public fun v2Wrong(status: Int): SandboxBuilder = apply { v2Wrong = status }

    /** The senders of the account: V2's ids, V1's hashes. Default: `1`. */
    public fun senders(senders: List<String>): SandboxBuilder = apply { this.senders = senders }

    /** Whether the library's own limits hold, which E-goi does not document. Default: yes. */
    public fun ownLimits(hold: Boolean): SandboxBuilder = apply { ownLimits = hold }

    /** Host names that programs may call it by. Default: `localhost` and addresses. */
    public fun allowHosts(names: List<String>): SandboxBuilder = apply { allowHosts = names }

    /** Starts it. A port that is taken is `VerifyException.InvalidInput`. */
    @Throws(InterruptedException::class)
    public fun start(): BlockingSandbox = runBlocking {
        val options = SandboxOptions(host, port, seed, code, apiKey, v2Words, v2Wrong, senders, ownLimits, allowHosts)
        BlockingSandbox(Sandbox.start(options))
    }
}

/**
 * A [Fault] from Java. An option that is not set has the sandbox's default.
 *
 * ```java
 * sandbox.failNext(new FaultBuilder().call(FaultCall.REQUEST).status(503));
 * ```
 */
public class FaultBuilder {
    private var fault = Fault()

    /** The call that fails. Default: every call. */
    public fun call(call: FaultCall): FaultBuilder = apply { fault = fault.copy(call = call) }

    /** The number that the request is for. Default: every number. */
    public fun number(number: String): FaultBuilder = apply { fault = fault.copy(number = number) }

    /** The status of the response, 300 to 599. */
    public fun status(status: Int): FaultBuilder = apply { fault = fault.copy(status = status) }

    /** How long to wait first, at most a minute. */
    public fun delay(delay: Duration): FaultBuilder = apply { fault = fault.copy(delay = delay.toKotlinDuration()) }

    /** When to cut the connection. */
    public fun cut(cut: Cut): FaultBuilder = apply { fault = fault.copy(cut = cut) }

    /** What replaces the response. */
    public fun body(body: FaultBody): FaultBuilder = apply { fault = fault.copy(body = body) }

    /** How likely it strikes, 0 to 1. */
    public fun probability(probability: Double): FaultBuilder = apply { fault = fault.copy(probability = probability) }

    /** How often it strikes. */
    public fun count(count: Int): FaultBuilder = apply { fault = fault.copy(count = count) }

    /** The fault. */
    public fun build(): Fault = fault
}

/**
 * A [Sandbox] from Java.
 *
 * ```java
 * try (var sandbox = new SandboxBuilder().start(); var client = sandbox.client().blocking()) {
 *     var verification = client.request(number);
 *     var code = sandbox.waitForCode(number, Duration.ofSeconds(5));
 *     var outcome = client.validate(verification.getId(), code);
 * }
 * ```
 *
 * @property sandbox the sandbox below
 */
public class BlockingSandbox(public val sandbox: Sandbox) : AutoCloseable {
    /** Its address, `http://127.0.0.1:PORT`. */
    public val url: String get() = sandbox.url

    /** What makes a client of this sandbox. */
    @JvmOverloads
    public fun client(api: Api = Api.V2): ClientBuilder = ClientBuilder(sandbox.clientOptions(api))

    /** Returns the SMS that were sent to a number, or to all numbers, the newest first. */
    @JvmOverloads
    public fun messages(number: String? = null): List<Message> = sandbox.messages(number)

    /**
     * Waits for a new SMS to a number and returns its code. Each code is returned once. If no SMS comes in time, it is
     * `VerifyException.Timeout`.
     */
    @Throws(InterruptedException::class)
    public fun waitForCode(number: String, timeout: Duration): String =
        runBlocking { sandbox.waitForCode(number, timeout.toKotlinDuration()) }

    /** Injects a failure. */
    public fun failNext(fault: FaultBuilder): Unit = sandbox.failNext(fault.build())

    /** Moves the sandbox's time on. */
    public fun advance(by: Duration): Unit = sandbox.clock.advance(by.toKotlinDuration())

    /** Stops the sandbox's time, or lets it continue. */
    public fun freeze(frozen: Boolean): Unit = sandbox.clock.freeze(frozen)

    /** The sandbox's time now. */
    public fun now(): Instant = sandbox.clock.now()

    /** Gives the engine the sandbox's clock. */
    public fun clockOf(engine: EngineBuilder): EngineBuilder = engine.clock(sandbox.clock.forEngine())

    /** Forgets every request, message, failure and journal entry. The clock goes on. */
    public fun reset(): Unit = sandbox.reset()

    override fun close(): Unit = sandbox.close()
}

/**
 * A [TestClock] from Java.
 *
 * ```java
 * var clock = new JavaTestClock();
 * var engine = clock.of(EngineBuilder.sending(sends)).blocking();
 * clock.advance(Duration.ofMinutes(10));
 * ```
 */
public class JavaTestClock {
    private val clock = TestClock()

    /** Moves the time on. */
    public fun advance(by: Duration): Unit = clock.advance(by.toKotlinDuration())

    /** Stops the time, or lets it continue. */
    public fun freeze(frozen: Boolean): Unit = clock.freeze(frozen)

    /** The time now. */
    public fun now(): Instant = clock.now()

    /** Makes the engine use this clock. */
    public fun of(engine: EngineBuilder): EngineBuilder = engine.clock(clock.forEngine())
}
