@file:Suppress("PackageDirectoryMismatch", "InvalidPackageDeclaration")

package android.content

// In the place of Android's.

class Context

class Extras(private val values: Map<String, Any?>) {
    fun get(name: String): Any? = values[name]

    fun getString(name: String): String? = values[name] as String?
}

class Intent(val action: String?, val extras: Extras?) {
    fun getStringExtra(name: String): String? = extras?.getString(name)
}

abstract class BroadcastReceiver {
    abstract fun onReceive(context: Context, intent: Intent)
}
