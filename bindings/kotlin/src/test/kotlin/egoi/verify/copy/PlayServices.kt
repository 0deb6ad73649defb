@file:Suppress("PackageDirectoryMismatch", "InvalidPackageDeclaration", "MatchingDeclarationName", "UNUSED_PARAMETER")

package com.google.android.gms.auth.api.phone

import android.content.Context

// In the place of Google Play services, which are in Google's own repository only: what `android/copy` uses of them.

object SmsRetriever {
    const val SMS_RETRIEVED_ACTION = "com.google.android.gms.auth.api.phone.SMS_RETRIEVED"
    const val EXTRA_STATUS = "com.google.android.gms.auth.api.phone.EXTRA_STATUS"
    const val EXTRA_SMS_MESSAGE = "com.google.android.gms.auth.api.phone.EXTRA_SMS_MESSAGE"
    const val EXTRA_CONSENT_INTENT = "com.google.android.gms.auth.api.phone.EXTRA_CONSENT_INTENT"

    val started = mutableListOf<String>()

    fun getClient(context: Context): SmsRetrieverClient = SmsRetrieverClient()
}

class SmsRetrieverClient {
    fun startSmsRetriever() {
        SmsRetriever.started += "retriever"
    }

    fun startSmsUserConsent(sender: String?) {
        SmsRetriever.started += "consent"
    }
}
