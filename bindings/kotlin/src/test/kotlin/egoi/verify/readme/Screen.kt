@file:Suppress("ktlint:standard:function-naming", "FunctionNaming", "MatchingDeclarationName", "TooManyFunctions")

package egoi.verify.readme

import egoi.verify.phone.Advice
import egoi.verify.phone.HttpVerificationServer
import egoi.verify.phone.SessionButton
import egoi.verify.phone.SessionState
import egoi.verify.phone.VerificationSession
import egoi.verify.phone.text
import kotlinx.coroutines.delay
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

internal class NumberViewModel(saved: SavedStateHandle) : ViewModel() {
    private val server = HttpVerificationServer("https://example.com/phone")
    val session = VerificationSession(server, viewModelScope, saved.get<Bundle>("number")?.getString("session"))

    init {
        saved.setSavedStateProvider("number") { bundleOf("session" to session.save()) }
    }
}

@Composable
internal fun NumberScreen(session: VerificationSession) {
    val state by session.state.collectAsStateWithLifecycle()
    var number by rememberSaveable { mutableStateOf("") }
    var code by rememberSaveable { mutableStateOf("") }
    LifecycleResumeEffect(session) {
        session.refresh() // Timers stand still while the device sleeps.
        onPauseOrDispose { }
    }
    Column {
        val said = state.text()
        Text(said.text, Modifier.semantics { stateDescription = said.hint })
        val now = state
        val awaiting = now as? SessionState.AwaitingCode ?: (now as? SessionState.Failed)?.awaiting
        when {
            now is SessionState.Sending || now is SessionState.Checking -> CircularProgressIndicator()
            now is SessionState.Verified -> Unit
            awaiting != null -> {
                TextField(code, { code = it }, Modifier.semantics { contentType = ContentType.SmsOtpCode })
                Button({ session.submit(code) }) { Text(SessionButton.CHECK.text().text) }
                ResendButton(awaiting, session)
                TextButton({ session.reset() }) { Text(SessionButton.CHANGE_NUMBER.text().text) }
            }
            now is SessionState.Failed && now.advice == Advice.CONTACT_SUPPORT -> Unit
            else -> {
                TextField(number, { number = it }, Modifier.semantics { contentType = ContentType.PhoneNumber })
                Button({ session.start(number) }) { Text(SessionButton.SEND.text().text) }
            }
        }
    }
}

@Composable
internal fun ResendButton(awaiting: SessionState.AwaitingCode, session: VerificationSession) {
    if (awaiting.resendIn == null) return // The server sends no other.
    var left by remember(awaiting) { mutableStateOf(awaiting.resendIn) }
    LaunchedEffect(awaiting) {
        while (awaiting.resendIn != Duration.ZERO) {
            delay(1.seconds)
            left = awaiting.resendIn
        }
    }
    Button({ session.resend() }, enabled = left == Duration.ZERO) { Text(SessionButton.RESEND.text(left).text) }
}
