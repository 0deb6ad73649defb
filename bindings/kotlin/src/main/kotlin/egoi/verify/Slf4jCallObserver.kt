package egoi.verify

import org.slf4j.Logger
import org.slf4j.LoggerFactory
import org.slf4j.event.Level

/**
 * Logs each call with SLF4J, with the fields of its [CallEvent] as key-value pairs too. Your program needs `org.slf4j:slf4j-api`
 * 2.0 for it, and nothing else of this library does.
 *
 * A success is logged as `INFO`. A failure is `ERROR` if its [VerifyException.suggestedStatus] is 500 or more, so that an operator
 * sees it. Any other failure is `WARN`.
 *
 * ```
 * CallEvents.observe(Slf4jCallObserver())
 * ```
 */
public class Slf4jCallObserver @JvmOverloads constructor(
    private val logger: Logger = LoggerFactory.getLogger("egoi.verify"),
) : CallObserver {
    override fun ended(event: CallEvent) {
        val entry = logger.atLevel(level(event.errorCode))
        event.fields.forEach { (name, value) -> entry.addKeyValue(name, value) }
        entry.log(event.toString())
    }

    private fun level(errorCode: String?): Level = when {
        errorCode == null -> Level.INFO
        VerifyException.suggestedStatus(errorCode) < INTERNAL_SERVER_ERROR -> Level.WARN
        else -> Level.ERROR
    }

    private companion object {
        const val INTERNAL_SERVER_ERROR = 500
    }
}
