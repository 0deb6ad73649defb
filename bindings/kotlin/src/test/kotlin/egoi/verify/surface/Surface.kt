package egoi.verify.surface

import egoi.verify.Client
import java.nio.file.Files
import java.nio.file.Path
import kotlin.reflect.KCallable
import kotlin.reflect.KClass
import kotlin.reflect.KFunction
import kotlin.reflect.KMutableProperty
import kotlin.reflect.KParameter
import kotlin.reflect.KProperty
import kotlin.reflect.KType
import kotlin.reflect.KVisibility
import kotlin.reflect.full.companionObject
import kotlin.reflect.full.declaredMembers
import kotlin.reflect.jvm.kotlinFunction

private val lines = sortedSetOf<String>()

/** What every data class and every enum class has. */
private val USUAL = Regex("component\\d+|copy|equals|hashCode|toString|entries|values|valueOf")

/** The public surface of the module, from its compiled classes, into the file that is named. */
public fun main(arguments: Array<String>) {
    val folder = Path.of(Client::class.java.protectionDomain.codeSource.location.toURI())
    val files = Files.walk(folder.resolve("egoi/verify")).use { all ->
        all.filter { "$it".endsWith(".class") }.toList()
    }
    for (file in files) {
        val name = folder.relativize(file).toString().removeSuffix(".class").replace('/', '.')
        // What uniffi generates is nobody's to use, and what is within a class is shown with it.
        if (".internal." in name || '$' in name) continue
        val loaded = Class.forName(name)
        val kind = loaded.getAnnotation(Metadata::class.java)?.kind
        if (kind == 1) {
            show(loaded.kotlin)
        } else {
            loaded.declaredMethods.mapNotNull { it.kotlinFunction }.filter { it.visibility == KVisibility.PUBLIC }
                .forEach { callable(inPackage(name.substringBeforeLast('.')) + it.name, it) }
        }
    }
    Files.write(Path.of(arguments[0]), lines)
}

/** `egoi.verify` is left out. */
private fun inPackage(name: String): String = "$name.".removePrefix("egoi.verify.")

private fun typed(type: KType): String = "$type".replace(Regex("\\b(?:[a-z]+\\.)+(?=[A-Z])| /\\*.*?\\*/"), "")

private fun show(shown: KClass<*>, path: String = inPackage(shown.java.packageName) + shown.simpleName) {
    if (shown.visibility != KVisibility.PUBLIC) return
    val kind = if (shown.isSealed) {
        " sealed"
    } else if (shown.isData) {
        " data"
    } else {
        ""
    }
    lines += path + shown.supertypes.map(::typed).filter { it != "Any" }.joinToString("") { " < $it" } + kind
    shown.java.enumConstants?.forEach { lines += "$path.$it" }
    shown.constructors.filter { it.visibility == KVisibility.PUBLIC }.forEach { callable("$path.constructor", it) }
    for (member in shown.declaredMembers +
        (shown.companionObject?.takeIf { it.visibility == KVisibility.PUBLIC }?.declaredMembers ?: listOf())) {
        if (member.visibility != KVisibility.PUBLIC || USUAL.matches(member.name)) continue
        when (member) {
            is KProperty<*> ->
                lines +=
                    "$path.${member.name}: ${typed(member.returnType)}" +
                    if (member is KMutableProperty<*>) " var" else ""
            is KFunction<*> -> callable("$path.${member.name}", member)
        }
    }
    shown.nestedClasses.filterNot { it.isCompanion }.forEach { show(it, "$path.${it.simpleName}") }
}

private fun callable(path: String, shown: KCallable<*>) {
    lines += path + if (shown.isSuspend) " suspend" else ""
    for (parameter in shown.parameters.filter { it.kind == KParameter.Kind.VALUE }) {
        lines += "$path ${parameter.name}${if (parameter.isOptional) "?" else ""}: ${typed(parameter.type)}"
    }
    if (shown.returnType.classifier != Unit::class) lines += "$path -> ${typed(shown.returnType)}"
}
