internal import EgoiVerifyNative
import Foundation

/// The options of `request`. An option that is `nil` has the library's default.
///
/// ```swift
/// let verification = try await client.request(number, options: RequestOptions(message: "Your code is {CODE}", ttl: 300))
/// ```
public struct RequestOptions: Sendable {
    /// The text of the SMS: 1 to 1,000 characters and at most 6 SMS parts. The code replaces `{CODE}`. Default:
    /// `{CODE} is your verification code.`
    public var message: String?
    /// The characters of the code. Default: numeric.
    public var codeType: CodeType?
    /// The length of the code, 4 to 20 characters. Default: 6.
    public var codeSize: Int?
    /// The validity of the code, 1 to 3,600 whole seconds. Default: 600.
    public var ttl: TimeInterval?
    /// A label for E-goi's reports, 1 to 100 characters. Only V1 sends it. Default: `2FA`.
    public var group: String?
    /// A key of 1 to 256 characters. A second call with the same key returns the same request and sends no SMS.
    public var idempotencyKey: String?
    /// The caller: an address, a session or a device, 1 to 256 characters. `smsPerClient` counts the SMS of each caller.
    /// Resends of the request count for the same caller. Only a keyed hash of the text is stored.
    public var client: String?
    /// The country of a number without its calling code: an ISO 3166 code such as `PT`.
    public var defaultRegion: String?
    /// The deadline of this call, in seconds.
    public var timeout: TimeInterval?
    /// The maximum of retries of each HTTP request of this call, 0 to 2. Default: that of the ``Client``. An ``Engine`` repeats
    /// nothing.
    public var retries: Int?

    /// Makes options. An option that is not given has the library's default.
    public init(
        message: String? = nil, codeType: CodeType? = nil, codeSize: Int? = nil, ttl: TimeInterval? = nil,
        group: String? = nil, idempotencyKey: String? = nil, client: String? = nil, defaultRegion: String? = nil,
        timeout: TimeInterval? = nil, retries: Int? = nil
    ) {
        self.message = message
        self.codeType = codeType
        self.codeSize = codeSize
        self.ttl = ttl
        self.group = group
        self.idempotencyKey = idempotencyKey
        self.client = client
        self.defaultRegion = defaultRegion
        self.timeout = timeout
        self.retries = retries
    }

    func native(_ number: String) -> NativeRequest {
        NativeRequest(
            number: number, text: message, codeType: codeType?.native, codeSize: codeSize.map(Int64.init), ttl: ttl,
            group: group, idempotencyKey: idempotencyKey, client: client, defaultRegion: defaultRegion,
            timeout: timeout, retries: retries.map(Int64.init))
    }
}

extension RequestOptions: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "RequestOptions" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The options of `validate`. Printed, it shows nothing.
///
/// ```swift
/// let outcome = try await client.validate(verification.id, code: given, options: ValidateOptions(number: number))
/// ```
public struct ValidateOptions: Sendable {
    /// The number that the request must be for. Take it from your own session and not from the form. A request for another number is
    /// ``VerifyError/notFound(_:)``, and no code is checked. V1 cannot check it: ``VerifyError/unsupported(_:)``. Over V1, keep
    /// id and number together in the session.
    public var number: String?
    /// The caller: an address, a session or a device, 1 to 256 characters. `wrongCodesPerClient` counts the wrong codes of
    /// each caller. Only a keyed hash of it is stored.
    public var client: String?
    /// The country of a ``number`` without its calling code: an ISO 3166 code such as `PT`.
    public var defaultRegion: String?
    /// The deadline of this call, in seconds.
    public var timeout: TimeInterval?
    /// The maximum of retries of each HTTP request of this call, 0 to 2. Default: that of the ``Client``. An ``Engine`` repeats
    /// nothing.
    public var retries: Int?

    /// Makes options. An option that is not given has the library's default.
    public init(
        number: String? = nil, client: String? = nil, defaultRegion: String? = nil, timeout: TimeInterval? = nil,
        retries: Int? = nil
    ) {
        self.number = number
        self.client = client
        self.defaultRegion = defaultRegion
        self.timeout = timeout
        self.retries = retries
    }
}

extension ValidateOptions: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "ValidateOptions" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The options of the other calls.
///
/// ```swift
/// let state = try await client.cancel(verification.id, options: CallOptions(timeout: 5))
/// ```
public struct CallOptions: Sendable {
    /// The deadline of this call, in seconds.
    public var timeout: TimeInterval?
    /// The maximum of retries of each HTTP request of this call, 0 to 2. Default: that of the ``Client``. An ``Engine`` repeats
    /// nothing.
    public var retries: Int?

    /// Makes options. An option that is not given has the library's default.
    public init(timeout: TimeInterval? = nil, retries: Int? = nil) {
        self.timeout = timeout
        self.retries = retries
    }
}

/// Proves that a phone number belongs to a person. Two types implement it: ``Client`` (E-goi runs the verification) and
/// ``Engine`` (this process runs it).
///
/// Every call fails with a ``VerifyError``. Cancelling the task cancels the call with a `CancellationError` and drops
/// its HTTP request. An SMS may have been sent before.
///
/// ```swift
/// func isProved(_ verifier: any Verifier, id: String, given: String, number: String) async throws -> Bool {
///     try await verifier.validate(id, code: given, number: number).isVerified
/// }
/// ```
public protocol Verifier: Sendable {
    /// Sends one SMS with a code to the number.
    ///
    /// - Returns: The request. Keep its id and number in your session.
    /// - Throws: ``VerifyError/invalidInput(_:)`` for a number or an option that is not accepted: ask the person again, or
    ///   correct it. ``VerifyError/rateLimited(_:)``: wait for ``VerifyError/retryAfter``. After any other, repeat the call
    ///   only if ``VerifyError/retryIsSafe``; if ``VerifyError/smsPossiblySent``, an SMS may arrive.
    func request(_ number: String, options: RequestOptions) async throws -> Verification
    /// Submits the code that the person typed. A wrong code is an outcome, not an error.
    ///
    /// - Returns: The outcome. Only ``Outcome/verified`` proves the number.
    /// - Throws: ``VerifyError/notFound(_:)`` if the request is unknown, or is for another number: start a new request.
    ///   After any other, repeat the call only if ``VerifyError/retryIsSafe``. An error never proves a number.
    func validate(_ id: String, code: String, options: ValidateOptions) async throws -> Outcome
    /// Submits the code as ``validate(_:code:options:)`` does, with the same errors. A type that does not implement it returns no
    /// details.
    ///
    /// - Returns: The outcome with its details: how many attempts are left, and the limit that stopped the call. A ``Client`` has
    ///   only those of its own limit, because E-goi counts the attempts.
    /// - Throws: ``VerifyError/notFound(_:)`` if the request is unknown, or is for another number: start a new request.
    ///   After any other, repeat the call only if ``VerifyError/retryIsSafe``.
    func validateWithDetails(_ id: String, code: String, options: ValidateOptions) async throws -> OutcomeDetails
    /// Cancels the request. Cancelling twice is not an error.
    ///
    /// - Returns: The new state: cancelled, or verified or expired if it was too late.
    /// - Throws: ``VerifyError/notFound(_:)`` if the request is unknown. After any other, repeat the call only if
    ///   ``VerifyError/retryIsSafe``.
    func cancel(_ id: String, options: CallOptions) async throws -> VerificationState
    /// Sends a new code. The old code stops working, and the validity starts again. V2 and ``Engine``.
    ///
    /// - Throws: ``VerifyError/conflict(_:)`` if the request is finished: start a new request. ``VerifyError/rateLimited(_:)`` if it
    ///   is too early: wait for ``VerifyError/retryAfter``; without one, the resends are used up. After any other, look at
    ///   ``VerifyError/smsPossiblySent`` before you call again.
    func resend(_ id: String, options: CallOptions) async throws -> Verification
    /// Reads the request. V2 and ``Engine``.
    ///
    /// - Throws: ``VerifyError/notFound(_:)`` if the request is unknown. After any other, repeat the call only if
    ///   ``VerifyError/retryIsSafe``.
    func get(_ id: String, options: CallOptions) async throws -> Verification
    /// Closes the object. Every later call is ``VerifyError/closed(_:)``. Calls in flight go on.
    func close()
}

extension Verifier {
    /// Sends one SMS with a code to a number as people write it: `+351 910 000 000`, `00351910000000`, `351-910000000`, or with
    /// `defaultRegion` a national number. See ``RequestOptions``.
    public func request(
        _ number: String, message: String? = nil, codeType: CodeType? = nil, codeSize: Int? = nil,
        ttl: TimeInterval? = nil, group: String? = nil, idempotencyKey: String? = nil, client: String? = nil,
        defaultRegion: String? = nil,
        timeout: TimeInterval? = nil, retries: Int? = nil
    ) async throws -> Verification {
        let options = RequestOptions(
            message: message, codeType: codeType, codeSize: codeSize, ttl: ttl, group: group,
            idempotencyKey: idempotencyKey, client: client, defaultRegion: defaultRegion, timeout: timeout,
            retries: retries)
        return try await request(number, options: options)
    }

    /// Submits the code that the recipient gave. See ``ValidateOptions``.
    public func validate(
        _ id: String, code: String, number: String? = nil, client: String? = nil, defaultRegion: String? = nil,
        timeout: TimeInterval? = nil, retries: Int? = nil
    ) async throws -> Outcome {
        let options = ValidateOptions(
            number: number, client: client, defaultRegion: defaultRegion, timeout: timeout, retries: retries)
        return try await validate(id, code: code, options: options)
    }

    /// Submits the code that the recipient gave, and returns the outcome without details.
    public func validateWithDetails(
        _ id: String, code: String, options: ValidateOptions
    ) async throws -> OutcomeDetails {
        try await OutcomeDetails(validate(id, code: code, options: options))
    }

    /// Submits the code that the recipient gave, and returns the outcome with its details. See ``ValidateOptions``.
    public func validateWithDetails(
        _ id: String, code: String, number: String? = nil, client: String? = nil, defaultRegion: String? = nil,
        timeout: TimeInterval? = nil, retries: Int? = nil
    ) async throws -> OutcomeDetails {
        let options = ValidateOptions(
            number: number, client: client, defaultRegion: defaultRegion, timeout: timeout, retries: retries)
        return try await validateWithDetails(id, code: code, options: options)
    }

    /// Cancels the request and returns its new state.
    public func cancel(_ id: String, timeout: TimeInterval? = nil, retries: Int? = nil) async throws
        -> VerificationState
    {
        try await cancel(id, options: CallOptions(timeout: timeout, retries: retries))
    }

    /// Sends a new code. The old code stops working, and the validity starts again. V2 and ``Engine``.
    public func resend(_ id: String, timeout: TimeInterval? = nil, retries: Int? = nil) async throws -> Verification {
        try await resend(id, options: CallOptions(timeout: timeout, retries: retries))
    }

    /// Reads the request. V2 and ``Engine``.
    public func get(_ id: String, timeout: TimeInterval? = nil, retries: Int? = nil) async throws -> Verification {
        try await get(id, options: CallOptions(timeout: timeout, retries: retries))
    }
}
