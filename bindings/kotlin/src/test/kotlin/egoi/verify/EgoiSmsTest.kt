package egoi.verify

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import egoi.verify.testing.Sandbox
import egoi.verify.testing.SandboxOptions
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.assertThrows
import java.nio.file.Files
import kotlin.time.Duration.Companion.seconds

/** Every row of `tests/egoi-sms/egoi-sms.json`: what E-goi's own SMS call sends. */
class EgoiSmsTest {
    private val table = JsonParser.parseString(Files.readString(shared("egoi-sms/egoi-sms.json"))).asJsonObject

    private fun egoiSms(client: ClientOptions, sms: JsonObject) = EgoiSms(
        client,
        urgent = sms["urgent"]?.asBoolean,
        encoding = sms["encoding"]?.let { SmsEncoding.valueOf(it.asString.uppercase()) },
        maxParts = sms["max_parts"]?.asInt,
    )

    @TestFactory
    fun `an engine sends what the table says`(): List<DynamicTest> =
        table.getAsJsonArray("sends").map { it.asJsonObject }.map { row ->
            dynamicTest(row["name"].asString) {
                ScriptedService().use { service ->
                    val opened = service.open()
                    val given = row.getAsJsonObject("client")
                    val client = ClientOptions(
                        apiKey = "key",
                        sender = "1234",
                        api = given["api"]?.let { Api.valueOf(it.asString.uppercase()) },
                        baseUrl = opened["base_url"].asString,
                        v2Paths = given["v2_paths"]?.asJsonObject?.asMap()?.mapValues { it.value.asString },
                    )
                    Engine(egoiSms(client, row.getAsJsonObject("sms"))).use { engine ->
                        runBlocking { engine.request(table["number"].asString, message = row["message"].asString) }
                    }
                    val sent = service.smsCalls(opened).single().asJsonObject
                    assertEquals(row["path"] to row["body"], sent["path"] to sent["body"])
                }
            }
        }

    @Test
    fun `it says whether the service is up and which senders there are`(): Unit = runBlocking {
        Sandbox.start(SandboxOptions(apiKey = "right", senders = listOf("1", "2"))).use { sandbox ->
            val (right, wrong) = listOf("right", "wrong").map {
                EgoiSms(ClientOptions(apiKey = it, sender = "1", baseUrl = "${sandbox.url}/api"))
            }
            right.ping()
            wrong.ping(5.seconds)
            assertEquals(listOf("1", "2"), right.senders(5.seconds).map { it.id })
            assertThrows<VerifyException.Unauthorized> { runBlocking { wrong.senders() } }
        }
    }

    @TestFactory
    fun `what is no option is refused`(): List<DynamicTest> =
        table.getAsJsonArray("refused").map { it.asJsonObject }.map { row ->
            dynamicTest(row["sms"].toString()) {
                val failure = assertThrows<VerifyException.InvalidInput> {
                    Engine(egoiSms(ClientOptions(apiKey = "key", sender = "1234"), row.getAsJsonObject("sms")))
                }
                assertEquals(camel(row["field"].asString) to row["reason"].asString, failure.field to failure.reason)
            }
        }
}
