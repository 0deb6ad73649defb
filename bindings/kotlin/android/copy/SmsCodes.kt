// Copy this file into your app. It needs `com.google.android.gms:play-services-auth-api-phone`, which this library does not.

package com.example

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import com.google.android.gms.auth.api.phone.SmsRetriever
import com.google.android.gms.common.api.CommonStatusCodes
import com.google.android.gms.common.api.Status
import egoi.verify.phone.VerificationSession
import egoi.verify.phone.codeInSms

/**
 * Submits the code of the SMS to the session, by SMS Retriever or by SMS User Consent. Register it while the screen is shown, with the
 * permission that only Google Play services have, so that no other app can send it a text:
 *
 * ```kotlin
 * val codes = SmsCodes(session) { consent -> startActivityForResult(consent, CONSENT) }
 * val filter = IntentFilter(SmsRetriever.SMS_RETRIEVED_ACTION)
 * ContextCompat.registerReceiver(this, codes, filter, SmsRetriever.SEND_PERMISSION, null, ContextCompat.RECEIVER_EXPORTED)
 * codes.listenForOurSms(this) // Or, if your server's SMS has no hash of the app: codes.askForConsent(this)
 * ```
 *
 * @param session takes the code
 * @param onConsent starts the activity in which the person lets the app read this one SMS. Give its result to [consented]
 */
class SmsCodes(
    private val session: VerificationSession,
    private val onConsent: (Intent) -> Unit = {},
) : BroadcastReceiver() {
    /** SMS Retriever: for five minutes, an SMS that ends with the hash of this app (`withAppHash` on your server). Asks nobody. */
    fun listenForOurSms(context: Context) {
        SmsRetriever.getClient(context).startSmsRetriever()
    }

    /** SMS User Consent: for five minutes, an SMS with a code of somebody who is not a contact. The person is asked. */
    fun askForConsent(context: Context) {
        SmsRetriever.getClient(context).startSmsUserConsent(null)
    }

    override fun onReceive(context: Context, intent: Intent) {
        if (intent.action != SmsRetriever.SMS_RETRIEVED_ACTION) return
        val extras = intent.extras ?: return
        @Suppress("DEPRECATION") // Its successor needs API level 33.
        val status = extras.get(SmsRetriever.EXTRA_STATUS) as? Status
        // After five minutes it is TIMEOUT: the person types the code.
        if (status?.statusCode != CommonStatusCodes.SUCCESS) return
        @Suppress("DEPRECATION")
        val consent = extras.get(SmsRetriever.EXTRA_CONSENT_INTENT) as? Intent
        if (consent == null) read(extras.getString(SmsRetriever.EXTRA_SMS_MESSAGE)) else onConsent(consent)
    }

    /** The result of the activity of [onConsent]; `null` if the person refused. */
    fun consented(result: Intent?) {
        read(result?.getStringExtra(SmsRetriever.EXTRA_SMS_MESSAGE))
    }

    private fun read(text: String?) {
        val code = text?.let { codeInSms(it) } ?: return
        session.submit(code)
    }
}
