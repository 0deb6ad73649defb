package egoi.verify

import egoi.verify.internal.NativeCallEvent
import egoi.verify.internal.NativeObserver
import egoi.verify.internal.nativeObserve
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.time.Duration
import kotlin.time.toJavaDuration
import kotlin.time.toKotlinDuration
import java.time.Duration as JavaDuration

/**
 * The event of one call of a [Client] or an [Engine]. It holds no key, code, message or full number.
 *
 * ```kotlin
 * CallEvents.observe { event -> if (event.errorCode != null) println("${event.verb} failed: ${event.errorCode}") }
 * ```
 */
public class CallEvent internal constructor(native: NativeCallEvent) {
    /** The name of the call, for example `request`; `sendSms` is a call of [EgoiSms]. */
    public val verb: String = native.verb

    /**
     * The outcome of a success: an [Outcome], the [State] of the request afterwards, or `ok`. The error's code of a failure.
     * `aborted`, if the call was cancelled.
     */
    public val outcome: String = native.outcome

    /** The error's code, if the call failed. */
    public val errorCode: String? = native.errorCode

    /** How long the call took. */
    public val duration: Duration = native.duration.toKotlinDuration()

    /** [duration] for Java, where it is called `getDuration`. */
    @JvmName("getDuration")
    public fun durationAsJava(): JavaDuration = duration.toJavaDuration()

    /** How often a [Client] repeated an HTTP request in this call. */
    public val retries: Int = native.retries

    /** The status of the service's last response, if there was one. */
    public val httpStatus: Int? = native.httpStatus

    /** The id of the request, if it is known. */
    public val requestId: String? = native.requestId

    /** The number, masked, if the call had one. */
    public val number: String? = native.number

    /** The ISO 3166 code of the number's country, for example `PT`. */
    public val country: String? = native.country

    /** The name of the limit that stopped the call, for example `smsPerNumber`. */
    public val limit: String? = native.limit

    /** The fields that are known, by name. */
    internal val fields: Map<String, Any>
        get() = listOf(
            "verb" to verb, "outcome" to outcome, "duration" to duration, "retries" to retries,
            "httpStatus" to httpStatus, "requestId" to requestId, "number" to number, "country" to country,
            "limit" to limit,
        ).mapNotNull { (name, value) -> value?.let { name to it } }.toMap()

    override fun toString(): String = fields.entries.joinToString(" ")
}

/**
 * Receives the event of each call. The library calls it in a thread of its own, or in the thread that made the call: it must not
 * block. The library ignores what it throws, and the call goes on.
 *
 * ```kotlin
 * val slow = CallObserver { event -> if (event.duration > 1.seconds) println("slow: $event") }
 * CallEvents.observe(slow)
 * ```
 */
public fun interface CallObserver {
    /** Is called when a call has ended. */
    public fun ended(event: CallEvent)
}

/**
 * The events of the calls of every [Client] and [Engine] of the process. Without an observer there are none.
 *
 * ```kotlin
 * val observing = CallEvents.observe { event -> println("${event.verb} ${event.outcome} ${event.duration}") }
 * client.request(number)
 * observing.close()
 * ```
 */
public object CallEvents {
    private val observers = CopyOnWriteArrayList<CallObserver>()

    private val native = object : NativeObserver {
        override fun ended(event: NativeCallEvent) {
            val made = CallEvent(event)
            for (observer in observers) {
                runCatching { observer.ended(made) }
            }
        }
    }

    /** Calls the observer at the end of each call, until what this returns is closed. */
    @JvmStatic
    public fun observe(observer: CallObserver): AutoCloseable {
        synchronized(observers) {
            observers.add(observer)
            nativeObserve(native)
        }
        return AutoCloseable {
            synchronized(observers) {
                observers.remove(observer)
                if (observers.isEmpty()) {
                    nativeObserve(null)
                }
            }
        }
    }
}
