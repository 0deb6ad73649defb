package import EgoiVerifyNative
import Foundation

/// The failure of a call. It never holds a key, a code, a full phone number or a message.
///
/// A cancelled call fails with `CancellationError`, as everywhere.
///
/// ```swift
/// do {
///     _ = try await client.request(number)
/// } catch VerifyError.rateLimited(let failure) {
///     print("again in", failure.retryAfter ?? 0, "seconds")
/// } catch let error as VerifyError {
///     print(error.code, error.detail, error.docsURL)
/// }
/// ```
public enum VerifyError: Error, Sendable {
    /// An argument or an option was refused before anything was sent. The detail names the field, the fault and the limit.
    case invalidInput(Failure)
    /// 401: the API key is missing or wrong.
    case unauthorized(Failure)
    /// 403: the account may not do this. Often its transactional service is not active.
    case forbidden(Failure)
    /// 404: the request is unknown, or it is for another number.
    case notFound(Failure)
    /// Any other 4xx except 408, a V1 `Error`, or a country that is not allowed.
    case rejected(Failure)
    /// 409, the resend of a finished request, or an idempotency key that was used for another number.
    case conflict(Failure)
    /// 429, or a limit of the library. Wait for ``VerifyError/retryAfter``.
    case rateLimited(Failure)
    /// There was no connection: DNS, refused, proxy, certificate, connect timeout. Nothing was sent.
    case unreachable(Failure)
    /// The request was sent, and no complete response came in time.
    case timeout(Failure)
    /// The request was sent, and the connection broke before a complete response came.
    case interrupted(Failure)
    /// 5xx: the service has a failure of its own.
    case unavailable(Failure)
    /// 3xx. The library follows no redirect, as it would send the key there.
    case redirected(Failure)
    /// The response does not match the documented API.
    case invalidResponse(Failure)
    /// The API version or the store does not have this.
    case unsupported(Failure)
    /// The store is down, full or slow. Nothing was verified.
    case storage(Failure)
    /// An operator must change something: a key that does not match the store, missing rights, a missing database.
    case misconfigured(Failure)
    /// The SMS could not be sent (``Engine``); the underlying error is your function's.
    case deliveryFailed(Failure)
    /// The object was used after it was closed.
    case closed(Failure)
    /// A memory store or a sandbox was used in a forked child process.
    case forked(Failure)
    /// A bug in the library: a panic that became an error.
    case `internal`(Failure)

    /// The facts about a failure.
    ///
    /// ```swift
    /// if let failure = (error as? VerifyError)?.failure, failure.retryIsSafe {
    ///     print("again in", failure.retryAfter ?? 0, "seconds")
    /// }
    /// ```
    public struct Failure: Sendable {
        /// The failure in words, for people. Secrets are removed.
        public let detail: String
        /// The HTTP status of the service's response, if there was one.
        public let httpStatus: Int?
        /// The id of the request, if it is known.
        public let requestID: String?
        /// How long to wait before the next try, in seconds, if it is known.
        public let retryAfter: TimeInterval?
        /// Whether you may repeat the call: it may succeed, and it cannot send another SMS or use up an attempt.
        public let retryIsSafe: Bool
        /// Whether this `request` or `resend` may have sent an SMS. `false` is certain.
        public let smsPossiblySent: Bool
        /// The name of the refused option or argument (``VerifyError/invalidInput(_:)``, ``VerifyError/misconfigured(_:)``).
        public let field: String?
        /// The fault of that field as a stable string, for example `too_long`. Of ``VerifyError/unreachable(_:)``, the cause.
        public let reason: String?
        /// The name of the limit that stopped the call, for example `smsPerNumber`.
        public let limit: String?
        /// The code of the error that caused this one. Of ``VerifyError/deliveryFailed(_:)`` with E-goi's SMS call, for example `unauthorized`.
        public let causeCode: String?
        /// The number of HTTP requests of the call that were repeated. ``VerifyError/deliveryFailed(_:)`` has those of E-goi's SMS call.
        public let retries: Int
        /// The error that caused this one. From an ``Engine``, the error of your function.
        public let underlying: (any Error)?

        package init(
            detail: String, httpStatus: Int? = nil, requestID: String? = nil, retryAfter: TimeInterval? = nil,
            retryIsSafe: Bool = false, smsPossiblySent: Bool = false, field: String? = nil, reason: String? = nil,
            limit: String? = nil, causeCode: String? = nil, retries: Int = 0, underlying: (any Error)? = nil
        ) {
            self.detail = detail
            self.httpStatus = httpStatus
            self.requestID = requestID
            self.retryAfter = retryAfter
            self.retryIsSafe = retryIsSafe
            self.smsPossiblySent = smsPossiblySent
            self.field = field
            self.reason = reason
            self.limit = limit
            self.causeCode = causeCode
            self.retries = retries
            self.underlying = underlying
        }
    }

    private var both: (code: String, failure: Failure) {
        switch self {
        case .invalidInput(let failure): ("invalid_input", failure)
        case .unauthorized(let failure): ("unauthorized", failure)
        case .forbidden(let failure): ("forbidden", failure)
        case .notFound(let failure): ("not_found", failure)
        case .rejected(let failure): ("rejected", failure)
        case .conflict(let failure): ("conflict", failure)
        case .rateLimited(let failure): ("rate_limited", failure)
        case .unreachable(let failure): ("unreachable", failure)
        case .timeout(let failure): ("timeout", failure)
        case .interrupted(let failure): ("interrupted", failure)
        case .unavailable(let failure): ("unavailable", failure)
        case .redirected(let failure): ("redirected", failure)
        case .invalidResponse(let failure): ("invalid_response", failure)
        case .unsupported(let failure): ("unsupported", failure)
        case .storage(let failure): ("storage", failure)
        case .misconfigured(let failure): ("misconfigured", failure)
        case .deliveryFailed(let failure): ("delivery_failed", failure)
        case .closed(let failure): ("closed", failure)
        case .forked(let failure): ("forked", failure)
        case .internal(let failure): ("internal", failure)
        }
    }

    /// The stable name, for example `rate_limited`. It is the same in every language.
    public var code: String { both.code }
    /// The facts about the failure.
    public var failure: Failure { both.failure }
    /// The failure in words, for people. Secrets are removed.
    public var detail: String { failure.detail }
    /// The HTTP status for your own server's response, if this error makes a request of your user fail.
    public var suggestedStatus: Int { Self.suggestedStatus(of: code) }
    /// The HTTP status of the service's response, if there was one.
    public var httpStatus: Int? { failure.httpStatus }
    /// The id of the request, if it is known.
    public var requestID: String? { failure.requestID }
    /// How long to wait before the next try, in seconds, if it is known.
    public var retryAfter: TimeInterval? { failure.retryAfter }
    /// Whether you may repeat the call: it may succeed, and it cannot send another SMS or use up an attempt.
    public var retryIsSafe: Bool { failure.retryIsSafe }
    /// Whether this `request` or `resend` may have sent an SMS. `false` is certain.
    public var smsPossiblySent: Bool { failure.smsPossiblySent }
    /// The name of the refused option or argument (``invalidInput(_:)``, ``misconfigured(_:)``).
    public var field: String? { failure.field }
    /// The fault of that field as a stable string, for example `too_long`. Of ``unreachable(_:)``, the cause.
    public var reason: String? { failure.reason }
    /// The name of the limit that stopped the call, for example `smsPerNumber`.
    public var limit: String? { failure.limit }
    /// The code of the error that caused this one. Of ``deliveryFailed(_:)`` with E-goi's SMS call, for example `unauthorized`.
    public var causeCode: String? { failure.causeCode }
    /// The address of the page about this failure, its causes and what to do.
    public var docsURL: String { nativeDocsUrl(code: code) }
    /// The number of HTTP requests of the call that were repeated. ``deliveryFailed(_:)`` has those of E-goi's SMS call.
    public var retries: Int { failure.retries }
    /// The error that caused this one. From an ``Engine``, the error of your function.
    public var underlying: (any Error)? { failure.underlying }

    package static let byCode: [String: @Sendable (Failure) -> VerifyError] = [
        "invalid_input": { .invalidInput($0) },
        "unauthorized": { .unauthorized($0) },
        "forbidden": { .forbidden($0) },
        "not_found": { .notFound($0) },
        "rejected": { .rejected($0) },
        "conflict": { .conflict($0) },
        "rate_limited": { .rateLimited($0) },
        "unreachable": { .unreachable($0) },
        "timeout": { .timeout($0) },
        "interrupted": { .interrupted($0) },
        "unavailable": { .unavailable($0) },
        "redirected": { .redirected($0) },
        "invalid_response": { .invalidResponse($0) },
        "unsupported": { .unsupported($0) },
        "storage": { .storage($0) },
        "misconfigured": { .misconfigured($0) },
        "delivery_failed": { .deliveryFailed($0) },
        "closed": { .closed($0) },
        "forked": { .forked($0) },
        "internal": { .internal($0) },
    ]

    private static let statuses = nativeErrorCodes().mapValues(Int.init)

    static func suggestedStatus(of code: String) -> Int { statuses[code] ?? 500 }

    package init(code: String, failure: Failure) {
        self = Self.byCode[code]?(failure) ?? .internal(failure)
    }
}

extension VerifyError: LocalizedError, CustomStringConvertible {
    public var description: String { "\(code): \(detail)" }

    public var errorDescription: String? { description }
}

/// A cause in words.
struct Cause: Error, CustomStringConvertible {
    let description: String
}

/// The error of a user's function, on its way through the native module and back.
final class HeldError: Thrown {
    let error: any Error

    init(_ error: any Error) {
        self.error = error
    }

    func isHeld() -> Bool { true }
}

/// The names of options as Swift writes them: the native module knows camel case only.
private func inSwift(_ text: String) -> String {
    text.replacingOccurrences(of: "baseUrl", with: "baseURL").replacingOccurrences(of: "allowHttp", with: "allowHTTP")
}

/// The failure of an FFI call, as this language's error.
package func translated(_ error: any Error) -> any Error {
    switch error {
    case NativeError.Cancelled:
        CancellationError()
    case NativeError.Failed(
        let code, let detail, let httpStatus, let requestID, let retryAfter, let retryIsSafe, let smsPossiblySent,
        let field, let reason, let limit, let causeCode, let retries, let causeInWords, let thrown):
        VerifyError(
            code: code,
            failure: .init(
                detail: inSwift(detail),
                httpStatus: httpStatus.map(Int.init),
                requestID: requestID,
                retryAfter: retryAfter,
                retryIsSafe: retryIsSafe,
                smsPossiblySent: smsPossiblySent,
                field: field.map(inSwift),
                reason: reason,
                limit: limit,
                causeCode: causeCode,
                retries: Int(retries),
                underlying: (thrown as? HeldError)?.error ?? causeInWords.map(Cause.init)))
    default:
        VerifyError.internal(.init(detail: "a panic in the native module", smsPossiblySent: true))
    }
}

/// Runs an FFI call that does not wait.
package func ffi<T>(_ call: () throws -> T) throws -> T {
    do {
        return try call()
    } catch {
        throw translated(error)
    }
}

/// Runs a call, and cancels it when the task is cancelled: the native call would not end by itself.
package func ffi<T: Sendable>(_ call: @Sendable (NativeCancelToken) async throws -> T) async throws -> T {
    // Below, a call that is cancelled at once may have begun by then.
    try Task.checkCancellation()
    let token = NativeCancelToken()
    do {
        return try await withTaskCancellationHandler {
            try await call(token)
        } onCancel: {
            token.cancel()
        }
    } catch {
        throw translated(error)
    }
}
