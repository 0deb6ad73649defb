@file:Suppress("ktlint:standard:function-naming", "FunctionNaming", "MatchingDeclarationName", "TooManyFunctions")

package egoi.verify.readme

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.runBlocking
import kotlin.properties.ReadOnlyProperty
import kotlin.reflect.KProperty

// In the place of Android's libraries, which are in Google's own repository only: what the screen of the README uses of them, with
// their names and types. What it draws is noted in [drawn].

/** What was drawn last, a line each. */
internal val drawn = mutableListOf<String>()

/** What can be pressed, by its text. */
internal val pressed = mutableMapOf<String, () -> Unit>()

/** The text field that was drawn last. */
internal var typed: (String) -> Unit = {}

internal annotation class Composable

internal open class ViewModel {
    val viewModelScope: CoroutineScope = CoroutineScope(kotlinx.coroutines.Dispatchers.Unconfined)
}

internal class Bundle(private val values: Map<String, String>) {
    fun getString(name: String): String? = values[name]
}

internal fun bundleOf(vararg pairs: Pair<String, String>): Bundle = Bundle(mapOf(*pairs))

internal class SavedStateHandle(private val saved: Bundle? = null) {
    var provider: () -> Bundle = { bundleOf() }

    @Suppress("UNCHECKED_CAST", "UNUSED_PARAMETER")
    fun <T> get(name: String): T? = saved as T?

    @Suppress("UNUSED_PARAMETER")
    fun setSavedStateProvider(name: String, given: () -> Bundle) {
        provider = given
    }
}

internal fun <T> StateFlow<T>.collectAsStateWithLifecycle(): ReadOnlyProperty<Any?, T> =
    ReadOnlyProperty { _, _ -> value }

internal class MutableState<T>(var value: T)

@Suppress("UNUSED_PARAMETER")
internal operator fun <T> MutableState<T>.getValue(owner: Any?, property: KProperty<*>): T = value

@Suppress("UNUSED_PARAMETER")
internal operator fun <T> MutableState<T>.setValue(owner: Any?, property: KProperty<*>, given: T) {
    value = given
}

private val remembered = mutableMapOf<Any, Any>()

internal fun <T> mutableStateOf(value: T): MutableState<T> = MutableState(value)

@Suppress("UNCHECKED_CAST")
internal fun <T : Any> rememberSaveable(make: () -> T): T {
    val place = Throwable().stackTrace[1].lineNumber
    return remembered.getOrPut(place, make) as T
}

@Suppress("UNUSED_PARAMETER")
internal fun <T> remember(key: Any, make: () -> T): T = make()

internal object LifecycleScope {
    fun onPauseOrDispose(done: () -> Unit) = done()
}

@Suppress("UNUSED_PARAMETER")
internal fun LifecycleResumeEffect(key: Any, effect: LifecycleScope.() -> Unit) = LifecycleScope.effect()

/** Runs once what is drawn. */
@Suppress("UNUSED_PARAMETER")
internal fun LaunchedEffect(key: Any, effect: suspend () -> Unit) {
    if (runEffects) runBlocking { effect() }
}

/** Whether effects are waited for. */
internal var runEffects = false

internal enum class ContentType { SmsOtpCode, PhoneNumber }

internal class Semantics {
    var stateDescription: String? = null
    var contentType: ContentType? = null
}

internal open class Modifier(val semantics: Semantics = Semantics()) {
    fun semantics(set: Semantics.() -> Unit): Modifier = Modifier(Semantics().apply(set))

    companion object : Modifier()
}

internal fun Column(content: () -> Unit) = content()

@Suppress("UNUSED_PARAMETER")
internal fun Text(text: String, modifier: Modifier = Modifier) {
    drawn += text
}

@Suppress("UNUSED_PARAMETER")
internal fun TextField(value: String, onValueChange: (String) -> Unit, modifier: Modifier) {
    drawn += "field ${modifier.semantics.contentType}"
    typed = onValueChange
}

internal fun CircularProgressIndicator() {
    drawn += "progress"
}

internal fun Button(onClick: () -> Unit, enabled: Boolean = true, content: () -> Unit) {
    content()
    drawn += "${if (enabled) "button" else "disabled"} ${drawn.removeLast()}"
    pressed[drawn.last()] = onClick
}

internal fun TextButton(onClick: () -> Unit, content: () -> Unit) = Button(onClick, content = content)
