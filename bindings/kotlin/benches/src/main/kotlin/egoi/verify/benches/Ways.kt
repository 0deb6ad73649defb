package egoi.verify.benches

import com.google.gson.JsonParser
import egoi.verify.Client
import egoi.verify.ClientOptions
import egoi.verify.java.ClientBuilder
import io.ktor.client.engine.okhttp.OkHttp
import io.ktor.client.request.get
import io.ktor.client.request.header
import io.ktor.client.statement.bodyAsText
import kotlinx.coroutines.future.await
import kotlinx.coroutines.suspendCancellableCoroutine
import okhttp3.Call
import okhttp3.Callback
import okhttp3.Dispatcher
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.Response
import java.io.IOException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.security.KeyStore
import java.security.cert.CertificateFactory
import javax.net.ssl.SSLContext
import javax.net.ssl.TrustManagerFactory
import javax.net.ssl.X509TrustManager
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import io.ktor.client.HttpClient as Ktor

internal const val ID: String = "9a7c0de1f2b34455a6b7c8d9e0f10213"
private const val KEY = "0123456789abcdef0123456789abcdef01234567"
internal const val AT_ONCE: Int = 64

private fun trusting(pem: String): X509TrustManager {
    val store = KeyStore.getInstance(KeyStore.getDefaultType()).apply { load(null) }
    store.setCertificateEntry(
        "server",
        CertificateFactory.getInstance("X.509").generateCertificate(pem.byteInputStream()),
    )
    val made = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm()).apply { init(store) }
    return made.trustManagers.single() as X509TrustManager
}

private fun idOf(body: String): String = JsonParser.parseString(body).asJsonObject["id"].asString

/** How a call is made. */
internal enum class Form {
    /** In a coroutine. One at a time, the other libraries wait in its thread where they can: that is their fastest. */
    ONE_AT_A_TIME,

    /** In coroutines, many at once. */
    AT_ONCE,

    /** In a thread that waits, as Java does it. */
    BLOCKING,
}

/** The same call by each library: one read over V2, with the key in a header, and the response as a value. */
internal fun ways(base: String, pem: String, form: Form): Map<String, suspend () -> String> {
    val url = "$base/v2/verify/$ID"
    val trust = trusting(pem)
    val tls = SSLContext.getInstance("TLS").apply { init(null, arrayOf(trust), null) }

    val options = ClientOptions(KEY, "1234", baseUrl = base, caCertificates = pem.toByteArray())
    val suspending = Client(options)
    val waiting = ClientBuilder(options).blocking()

    fun okHttp(): OkHttpClient = OkHttpClient.Builder().sslSocketFactory(tls.socketFactory, trust)
        .dispatcher(Dispatcher().apply { maxRequestsPerHost = AT_ONCE }).build()
    val ok = okHttp()
    val okRequest = Request.Builder().url(url).header("apikey", KEY).header("accept", "application/json").build()

    val java = HttpClient.newBuilder().sslContext(tls).version(HttpClient.Version.HTTP_1_1).build()
    val javaRequest =
        HttpRequest.newBuilder(URI(url)).header("apikey", KEY).header("accept", "application/json").build()

    // Its own engine, CIO, makes a connection for every call, over TLS with a whole handshake.
    val ktor = Ktor(OkHttp) { engine { preconfigured = okHttp() } }

    return mapOf(
        "egoi-verify" to { if (form == Form.BLOCKING) waiting.get(ID).id else suspending.get(ID).id },
        "OkHttp" to {
            if (form == Form.AT_ONCE) {
                idOf(ok.body(okRequest))
            } else {
                ok.newCall(okRequest).execute().use { idOf(it.body.string()) }
            }
        },
        "java.net.http" to {
            if (form == Form.AT_ONCE) {
                idOf(java.sendAsync(javaRequest, BodyHandlers.ofString()).await().body())
            } else {
                idOf(java.send(javaRequest, BodyHandlers.ofString()).body())
            }
        },
        "Ktor on OkHttp" to {
            idOf(
                ktor.get(url) {
                    header("apikey", KEY)
                    header("accept", "application/json")
                }.bodyAsText(),
            )
        },
    )
}

private suspend fun OkHttpClient.body(request: Request): String = suspendCancellableCoroutine { waiting ->
    newCall(request).enqueue(object : Callback {
        override fun onFailure(call: Call, e: IOException) = waiting.resumeWithException(e)

        override fun onResponse(call: Call, response: Response) = response.use { waiting.resume(it.body.string()) }
    })
}
