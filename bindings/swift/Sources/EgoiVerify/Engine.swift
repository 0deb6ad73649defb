package import EgoiVerifyNative
import Foundation

/// An SMS to send. Its text holds the code: it is not printed.
///
/// ```swift
/// let engine = try Engine { (sms: OutgoingSMS) in
///     try await gateway.deliver(to: sms.number, sms.text, once: sms.attemptID)
/// }
/// ```
public struct OutgoingSMS: Sendable {
    /// The number, `+351910000000`.
    public let number: String
    /// The text.
    public let text: String
    /// The id of this delivery attempt. A gateway may drop a second SMS with the same id.
    public let attemptID: String
}

extension OutgoingSMS: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "OutgoingSMS" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The error of the function that sends.
///
/// ```swift
/// let engine = try Engine { sms in
///     do {
///         try await gateway.deliver(to: sms.number, sms.text)
///     } catch let refused as ConnectionRefused {
///         throw SendError.notSent(underlying: refused)
///     }
/// }
/// ```
public enum SendError: Error {
    /// It is certain that nothing was sent. The engine keeps no request and counts nothing.
    case notSent(underlying: (any Error)? = nil)
}

/// A limit of the ``Engine``: the library's default, no limit, or yours.
///
/// ```swift
/// var options = EngineOptions()
/// options.maxAttempts = .at(3)
/// options.maxResends = .off
/// ```
public enum Limit<Value: Sendable>: Sendable {
    /// The library's default.
    case standard
    /// No limit.
    case off
    /// This limit.
    case at(Value)
}

/// A limit: at most this many events in a window. The window starts at its first event.
///
/// ```swift
/// var options = EngineOptions()
/// options.smsPerNumber = .at(Quota(3, per: 60 * 60))
/// ```
public struct Quota: Sendable, Hashable {
    /// The maximum of events in the window.
    public var limit: Int
    /// The length of the window in seconds.
    public var per: TimeInterval

    /// Makes a limit.
    public init(_ limit: Int, per: TimeInterval) {
        self.limit = limit
        self.per = per
    }
}

/// A limit: at most this many SMS in a window to numbers that differ only in their last digits. The window starts at its first SMS.
///
/// ```swift
/// var options = EngineOptions()
/// options.smsPerPrefix = .at(PrefixQuota(10, per: 24 * 60 * 60, lastDigits: 3))
/// ```
public struct PrefixQuota: Sendable, Hashable {
    /// The maximum of SMS in the window.
    public var limit: Int
    /// The length of the window in seconds.
    public var per: TimeInterval
    /// The number of digits at the end that may differ, 1 to 14.
    public var lastDigits: Int

    /// Makes a limit.
    public init(_ limit: Int, per: TimeInterval, lastDigits: Int) {
        self.limit = limit
        self.per = per
        self.lastDigits = lastDigits
    }
}

/// The options of an ``Engine``. An option that is not set has the library's default.
///
/// ```swift
/// var options = EngineOptions()
/// options.store = Store("postgres://app@db.internal/app", key: key)
/// options.countries = ["PT", "ES"]
/// options.smsPerClient = .at(Quota(5, per: 24 * 60 * 60))
/// ```
public struct EngineOptions: Sendable {
    /// The store of the requests. Default: `memory:`, which ends with the process.
    public var store: Store?
    /// The time that the gateway may take, in seconds, if the call has no timeout. Default: 15. The maximum is 600.
    public var timeout: TimeInterval?
    /// The maximum of requests that `memory:` holds. Default: 10 million.
    public var maxRequests: Int?
    /// The maximum of wrong codes for one request. Default: 5.
    public var maxAttempts: Limit<Int> = .standard
    /// The maximum of wrong codes for one number, over all its requests. Default: 20 a day.
    public var wrongCodesPerNumber: Limit<Quota> = .standard
    /// The maximum of SMS to one number, requests and resends together. Default: 5 an hour.
    public var smsPerNumber: Limit<Quota> = .standard
    /// The maximum of wrong codes of one `client`, over all numbers. Default: no limit.
    public var wrongCodesPerClient: Limit<Quota> = .standard
    /// The maximum of SMS for one `client`, requests and resends together. Default: no limit.
    public var smsPerClient: Limit<Quota> = .standard
    /// The maximum of SMS to numbers that differ only in their last digits. Default: no limit.
    public var smsPerPrefix: Limit<PrefixQuota> = .standard
    /// The maximum of resends of one request. Default: 3.
    public var maxResends: Limit<Int> = .standard
    /// The pause between two SMS to one number, in seconds. A request within it fails with ``VerifyError/rateLimited(_:)``, whose
    /// `requestID` is the pending request's. Default: 30.
    public var resendAfter: Limit<TimeInterval> = .standard
    /// Which numbers get an SMS. Any other number is ``VerifyError/invalidInput(_:)``. Default: ``Accept/valid``.
    public var accept: Accept?
    /// The allowed countries, by ISO 3166 code, for example `["PT", "ES"]`. A number of another country, or of an unknown country,
    /// is ``VerifyError/rejected(_:)``. Default: all.
    public var countries: [String]?
    /// The allowed calling codes, for example `[1]`. A calling code allows all its countries. With ``countries``, a number is allowed if
    /// either list allows it. Default: all.
    public var callingCodes: [Int]?

    package var clock: NativeEngineClock?

    /// Makes options with the library's defaults.
    public init() {}

    var native: NativeEngineOptions {
        NativeEngineOptions(
            settings: settings([
                "store": store, "timeout": timeout, "max_requests": maxRequests, "max_attempts": maxAttempts,
                "wrong_codes_per_number": wrongCodesPerNumber, "sms_per_number": smsPerNumber,
                "wrong_codes_per_client": wrongCodesPerClient, "sms_per_client": smsPerClient,
                "sms_per_prefix": smsPerPrefix, "max_resends": maxResends, "resend_after": resendAfter,
                "accept": accept, "countries": countries, "calling_codes": callingCodes,
            ]),
            clock: clock)
    }
}

extension EngineOptions: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "EngineOptions" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

private final class GatewayFunction: NativeGateway {
    private let function: @Sendable (OutgoingSMS) async throws -> Void

    init(_ function: @escaping @Sendable (OutgoingSMS) async throws -> Void) {
        self.function = function
    }

    func send(number: String, text: String, attemptId: String) async -> NativeDelivery {
        do {
            try await function(OutgoingSMS(number: number, text: text, attemptID: attemptId))
            return .sent
        } catch let error as SendError {
            return .notSent(thrown: HeldError(error))
        } catch {
            return .possiblySent(thrown: HeldError(error))
        }
    }
}

/// Verifications that this process runs: it generates codes, keeps the state, and calls your gateway.
///
/// ```swift
/// let engine = try Engine { sms in
///     try await gateway.deliver(to: sms.number, sms.text, once: sms.attemptID)
/// }
/// ```
///
/// Throw ``SendError/notSent(underlying:)`` in the function only if it is certain that nothing was sent. After any other error
/// the code counts, and the call fails with ``VerifyError/deliveryFailed(_:)``, which has the error as its underlying error.
///
/// For production, set `smsPerClient` and `wrongCodesPerClient`, and name the client in each call: `docs/production.md` has the
/// reasons.
public final class Engine: Verifier {
    private let native: NativeEngine

    /// Makes an engine that sends its SMS by this function.
    public init(
        _ options: EngineOptions = EngineOptions(), send: @escaping @Sendable (OutgoingSMS) async throws -> Void
    ) throws {
        native = try ffi { try NativeEngine.sending(send: GatewayFunction(send), options: options.native) }
    }

    /// Makes an engine that sends its SMS by E-goi's own SMS call.
    public init(_ egoiSMS: EgoiSMS, options: EngineOptions = EngineOptions()) throws {
        let sms = try egoiSMS.native()
        native = try ffi { try NativeEngine.withEgoiSms(egoiSms: sms, options: options.native) }
    }

    deinit { native.shut() }

    public func request(_ number: String, options: RequestOptions) async throws -> Verification {
        try await Verification(ffi { try await self.native.request(request: options.native(number), token: $0) })
    }

    public func validate(_ id: String, code: String, options: ValidateOptions) async throws -> Outcome {
        try await validateWithDetails(id, code: code, options: options).outcome
    }

    public func validateWithDetails(
        _ id: String, code: String, options: ValidateOptions
    ) async throws -> OutcomeDetails {
        let validate = NativeValidate(
            id: id, code: code, number: options.number, client: options.client, defaultRegion: options.defaultRegion,
            timeout: options.timeout, retries: options.retries.map(Int64.init))
        return try await OutcomeDetails(ffi { try await self.native.validate(validate: validate, token: $0) })
    }

    public func cancel(_ id: String, options: CallOptions) async throws -> VerificationState {
        try await VerificationState(
            ffi {
                try await self.native.cancel(
                    id: id, timeout: options.timeout, retries: options.retries.map(Int64.init), token: $0)
            })
    }

    public func resend(_ id: String, options: CallOptions) async throws -> Verification {
        try await Verification(
            ffi {
                try await self.native.resend(
                    id: id, timeout: options.timeout, retries: options.retries.map(Int64.init), token: $0)
            })
    }

    public func get(_ id: String, options: CallOptions) async throws -> Verification {
        try await Verification(
            ffi {
                try await self.native.get(
                    id: id, timeout: options.timeout, retries: options.retries.map(Int64.init), token: $0)
            })
    }

    /// Checks that the store can be used, and E-goi too if it sends the SMS. Sends no SMS. Call it when your server starts:
    /// `init` opens a file at most, and calls no server.
    ///
    /// - Throws: ``VerifyError/storage(_:)`` if the store cannot be reached; ``VerifyError/unauthorized(_:)`` if E-goi sends
    ///   the SMS and refuses the key; ``VerifyError/misconfigured(_:)`` if an operator must change something, for example
    ///   a key that does not match.
    public func ping(timeout: TimeInterval? = nil) async throws {
        try await ffi { try await self.native.ping(timeout: timeout, retries: nil, token: $0) }
    }

    public func close() {
        native.shut()
    }
}
