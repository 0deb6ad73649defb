package egoi.verify.copy

import android.content.Context
import android.content.Extras
import android.content.Intent
import com.example.SmsCodes
import com.google.android.gms.auth.api.phone.SmsRetriever
import com.google.android.gms.common.api.CommonStatusCodes
import com.google.android.gms.common.api.Status
import egoi.verify.phone.CodeChecked
import egoi.verify.phone.CodeSent
import egoi.verify.phone.Outcome
import egoi.verify.phone.State
import egoi.verify.phone.VerificationServer
import egoi.verify.phone.VerificationSession
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import kotlin.time.Duration.Companion.minutes

/** The file that an app copies, with stand-ins for Android and for Google Play services. */
class SmsCodesTest : VerificationServer {
    private val submitted = mutableListOf<String>()
    private val consents = mutableListOf<Intent>()
    private val session = VerificationSession(this, CoroutineScope(Dispatchers.Unconfined)).apply {
        start("+351910000000")
    }
    private val codes = SmsCodes(session) { consents += it }

    override suspend fun request(number: String) = CodeSent("r1", 5.minutes)

    override suspend fun validate(id: String, code: String) = CodeChecked(Outcome.WRONG_CODE).also { submitted += code }

    override suspend fun resend(id: String) = CodeSent("r1", 5.minutes)

    override suspend fun cancel(id: String) = State.CANCELLED

    private fun receive(vararg extras: Pair<String, Any?>, action: String = SmsRetriever.SMS_RETRIEVED_ACTION) =
        codes.onReceive(Context(), Intent(action, Extras(mapOf(*extras))))

    private val success = SmsRetriever.EXTRA_STATUS to Status(CommonStatusCodes.SUCCESS)
    private val sms = SmsRetriever.EXTRA_SMS_MESSAGE to "123456 is your code.\n\nFA+9qCX9VSu"

    @Test
    fun `the code of a retrieved SMS is submitted`() {
        receive(success, sms)
        assertEquals(listOf("123456"), submitted)
    }

    @Test
    fun `with consent the SMS comes with the result`() {
        val consent = Intent(null, null)
        receive(success, SmsRetriever.EXTRA_CONSENT_INTENT to consent)
        assertEquals(listOf(consent) to listOf<String>(), consents to submitted)
        codes.consented(null)
        codes.consented(Intent(null, Extras(mapOf(sms))))
        assertEquals(listOf("123456"), submitted)
    }

    @Test
    fun `nothing is submitted of another broadcast, after a timeout, and of an SMS without a code`() {
        receive(success, sms, action = "another")
        receive(SmsRetriever.EXTRA_STATUS to Status(CommonStatusCodes.TIMEOUT), sms)
        receive(success, SmsRetriever.EXTRA_SMS_MESSAGE to "no code here")
        assertEquals(listOf<String>(), submitted)
    }

    @Test
    fun `both ways of listening can be started`() {
        SmsRetriever.started.clear()
        codes.listenForOurSms(Context())
        codes.askForConsent(Context())
        assertEquals(listOf("retriever", "consent"), SmsRetriever.started)
    }
}
