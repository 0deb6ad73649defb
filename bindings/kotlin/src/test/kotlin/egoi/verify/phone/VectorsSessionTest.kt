package egoi.verify.phone

import com.google.gson.JsonElement
import com.google.gson.JsonNull
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import egoi.verify.NUMBER
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

class VectorsSessionTest {
    @TestFactory
    fun `sessions go as the vectors say`() = Path.of(System.getProperty("egoi.vectors"), "session.json").let { path ->
        val sessions = JsonParser.parseString(Files.readString(path)).asJsonObject.getAsJsonArray("sessions")
        assertTrue(sessions.size() >= 70)
        sessions.map { it.asJsonObject }.map { vector ->
            dynamicTest(vector.text("name")) {
                runTest {
                    val phone = Phone(this)
                    for (step in vector.getAsJsonArray("steps")) phone.go(step.asJsonObject) { runCurrent() }
                    phone.scope.cancel()
                }
            }
        }
    }

    @TestFactory
    fun `what HTTP clients throw has the code and advice of the vectors`() =
        Path.of(System.getProperty("egoi.vectors"), "platform_errors.json").let { path ->
            val rows = JsonParser.parseString(Files.readString(path)).asJsonObject.getAsJsonArray("errors")
            rows.map { it.asJsonObject }.flatMap { row -> row.getAsJsonArray("kotlin").map { it.asString to row } }
                .map { (name, row) ->
                    dynamicTest(name) {
                        runTest {
                            val phone = Phone(this)
                            phone.session.start(NUMBER)
                            phone.answersWith(thrown(name))
                            val failed = phone.state as SessionState.Failed
                            assertEquals(row.text("code"), failed.problem.code)
                            assertEquals(row.text("advice"), failed.advice.name.lowercase())
                            phone.scope.cancel()
                        }
                    }
                }
        }

    private fun thrown(name: String): Exception {
        val constructors = Class.forName(name).constructors
        val made = constructors.firstOrNull { it.parameterCount == 0 }?.newInstance()
            ?: constructors.single { it.parameterTypes.contentEquals(arrayOf(String::class.java)) }.newInstance("gone")
        return made as Exception
    }

    private fun Phone.go(step: JsonObject, settle: () -> Unit) {
        val calls = asked.size
        val call = doing(step)
        settle()
        if (call == null || step.has("refused")) {
            assertEquals(calls, asked.size, "asked although nothing was to be: $step")
        } else {
            assertEquals(step.of("asks"), asked.last().json(), "$step")
            step["during"]?.let { assertEquals(it, state.json(), "$step") }
            pass(step.span("takes"))
            answer(step.of("server"), call)
            settle()
        }
        assertEquals(step.of("state"), state.json(), "$step")
    }

    private fun Phone.doing(step: JsonObject): Job? = when (val what = step.text("do")) {
        "look" -> null
        "start" -> session.start(step.text("number"))
        "submit" -> session.submit(step.text("code"))
        "resend" -> session.resend()
        "cancel" -> session.cancel()
        "reset" -> session.reset().let { null }
        "advance" -> pass(step.span("seconds")).let { null }
        "change_wall_clock" -> changeWallClock(step.span("seconds")).let { null }
        "save_and_restore" -> {
            val onFor = step.of("restarted_for").takeUnless { it.isJsonNull }?.asDouble?.seconds
            endAndStartApp(step.span("after"), step.span("wall_clock_changed_by"), onFor).let { null }
        }
        else -> throw AssertionError("$what is no step")
    }

    private fun Phone.answer(server: JsonElement, call: Job) {
        if (server.isJsonPrimitive) {
            when (server.asString) {
                "cancelled" -> call.cancel()
                "app_ended" -> endAndStartApp()
                else -> throw AssertionError("$server is no answer")
            }
            return
        }
        val answer = server.asJsonObject
        when (val kind = answer.keySet().first()) {
            "sent" -> answer.getAsJsonObject(kind).run {
                answers(CodeSent(text("id"), span("expires_in"), spanOrNull("resend_in"), countOrNull("attempts_left")))
            }
            "outcome" ->
                answers(
                    CodeChecked(Outcome.valueOf(answer.text(kind).uppercase()), answer.countOrNull("attempts_left")),
                )
            "ended" -> answers(State.valueOf(answer.text(kind).uppercase()))
            "failed" -> answer.getAsJsonObject(kind).run {
                val mayBeSent = get("sms_possibly_sent").asBoolean
                answersWith(
                    VerificationServerException(text("code"), text("detail"), spanOrNull("retry_after"), mayBeSent),
                )
            }
            else -> throw AssertionError("$kind is no answer")
        }
    }

    private fun Asked.json() = JsonObject().apply {
        addProperty("call", call)
        addProperty(if (call == "request") "number" else "id", argument)
        if (code != null) addProperty("code", code)
    }

    private fun SessionState.json(): JsonObject = JsonObject().apply {
        val name = this@json::class.simpleName ?: throw AssertionError("a state without a name")
        addProperty("state", name.replace(Regex("(?<=.)[A-Z]"), "_$0").lowercase())
        when (val state = this@json) {
            is SessionState.AwaitingCode -> {
                addProperty("expires_in", state.expiresIn.inWholeSeconds)
                addProperty("resend_in", state.resendIn?.inWholeSeconds)
                addProperty("attempts_left", state.attemptsLeft)
                addProperty("reason", state.reason?.name?.lowercase())
            }
            is SessionState.Failed -> {
                addProperty("code", state.problem.code)
                addProperty("advice", state.advice.name.lowercase())
                add("awaiting", state.awaiting?.json() ?: JsonNull.INSTANCE)
            }
            SessionState.Idle, SessionState.Sending, SessionState.Checking, SessionState.Verified,
            SessionState.Expired, SessionState.Cancelled,
            -> Unit
        }
    }

    private fun JsonObject.of(name: String): JsonElement = get(name) ?: JsonNull.INSTANCE

    private fun JsonObject.text(name: String): String = get(name).asString

    private fun JsonObject.spanOrNull(name: String): Duration? = of(name).takeUnless {
        it.isJsonNull
    }?.asDouble?.seconds

    private fun JsonObject.span(name: String): Duration = spanOrNull(name) ?: Duration.ZERO

    private fun JsonObject.countOrNull(name: String): Int? = of(name).takeUnless { it.isJsonNull }?.asInt
}
