@file:Suppress("PackageDirectoryMismatch", "InvalidPackageDeclaration")

package com.google.android.gms.common.api

class Status(val statusCode: Int)

object CommonStatusCodes {
    const val SUCCESS = 0
    const val TIMEOUT = 15
}
