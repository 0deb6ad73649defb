package egoi.verify

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.assertThrows
import java.nio.file.Files

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
