package egoi.verify

import egoi.verify.internal.NativeSetting
import kotlin.time.Duration

/** Options by their names in core, as the native module takes them. An option that is `null` has core's default. */
internal fun settings(vararg options: Pair<String, Any?>): Map<String, NativeSetting> = settings(options.toMap())

private fun settings(options: Map<*, *>): Map<String, NativeSetting> = buildMap {
    for ((name, value) in options) setting(value)?.let { put("$name", it) }
}

private fun setting(value: Any?): NativeSetting? = when (value) {
    null, Limit.Default -> null

    Limit.Off -> NativeSetting.Null

    is Limit.At<*> -> setting(value.value)

    is Boolean -> NativeSetting.Flag(value)

    is Int -> NativeSetting.Whole(value.toLong())

    is Long -> NativeSetting.Whole(value)

    is Duration -> NativeSetting.Number(value.seconds())

    is String -> NativeSetting.Text(value)

    is Enum<*> -> NativeSetting.Text(value.wireName)

    is ByteArray -> NativeSetting.Bytes(value)

    is Quota -> NativeSetting.Named(settings("limit" to value.limit, "per" to value.per))

    is PrefixQuota -> NativeSetting.Named(
        settings("limit" to value.limit, "per" to value.per, "last_digits" to value.lastDigits),
    )

    is Store -> NativeSetting.Named(value.settings)

    is List<*> -> NativeSetting.Each(value.mapNotNull(::setting))

    is Map<*, *> -> NativeSetting.Named(settings(value))

    else -> error("no option is a ${value.javaClass.name}")
}
