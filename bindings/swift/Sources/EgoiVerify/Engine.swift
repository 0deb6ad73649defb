package import EgoiVerifyNative
import Foundation

/// An SMS to send. Its text holds the code: it is not printed.
public struct OutgoingSMS: Sendable {
    /// The number, `+351910000000`.
    public let number: String
    /// The text.
    public let text: String
    /// The name of this delivery attempt: a gateway that is given the same one twice may drop the second.
    public let attemptID: String
}

extension OutgoingSMS: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "OutgoingSMS" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What the function that sends throws.
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
    /// Nothing went out, for certain: no request is left behind and nothing is counted.
    case notSent(underlying: (any Error)? = nil)
}

/// A limit of the ``Engine``: the library's default, no limit, or yours.
public enum Limit<Value: Sendable>: Sendable {
    /// The library's default.
    case standard
    /// No limit.
    case off
    /// This one.
    case at(Value)
}

/// So many in so long. A window starts at its first event.
public struct Quota: Sendable, Hashable {
    /// How many.
    public var limit: Int
    /// In how many seconds.
    public var per: TimeInterval

    /// So many in so many seconds.
    public init(_ limit: Int, per: TimeInterval) {
        self.limit = limit
        self.per = per
    }
}

/// So many SMS in so long to numbers that share all but their last digits. A window starts at its first SMS.
public struct PrefixQuota: Sendable, Hashable {
    /// How many SMS.
    public var limit: Int
    /// In how many seconds.
    public var per: TimeInterval
    /// How many digits at the end of a number may differ, 1 to 14.
    public var lastDigits: Int

    /// So many SMS in so many seconds.
    public init(_ limit: Int, per: TimeInterval, lastDigits: Int) {
        self.limit = limit
        self.per = per
        self.lastDigits = lastDigits
    }
}

/// How to set an ``Engine`` up. An option that is not set has the library's default.
///
/// ```swift
/// var options = EngineOptions()
/// options.store = Store("postgres://app@db.internal/app", key: key)
/// options.countries = ["PT", "ES"]
/// options.smsPerClient = .at(Quota(5, per: 24 * 60 * 60))
/// ```
public struct EngineOptions: Sendable {
    /// The store. Default: `memory:`, gone with the process.
    public var store: Store?
    /// How long a gateway may take, in seconds, if the call has no timeout. Default: 15; at most 600.
    public var timeout: TimeInterval?
    /// How many requests `memory:` holds. Default: 10 million.
    public var maxRequests: Int?
    /// Wrong codes for one request. Default: 5.
    public var maxAttempts: Limit<Int> = .standard
    /// Wrong codes for one number across requests. Default: 20 a day.
    public var wrongCodesPerNumber: Limit<Quota> = .standard
    /// SMS to one number, requests and resends together. Default: 5 an hour.
    public var smsPerNumber: Limit<Quota> = .standard
    /// Wrong codes of one `client`, whichever the numbers. Default: no limit.
    public var wrongCodesPerClient: Limit<Quota> = .standard
    /// SMS for one `client`, requests and resends together. Default: no limit.
    public var smsPerClient: Limit<Quota> = .standard
    /// SMS to numbers that share all but their last digits. Default: no limit.
    public var smsPerPrefix: Limit<PrefixQuota> = .standard
    /// Resends of one request. Default: 3.
    public var maxResends: Limit<Int> = .standard
    /// The pause between two SMS to one number, in seconds. A request within it fails with ``VerifyError/rateLimited(_:)``, whose
    /// `requestID` is the pending request's. Default: 30.
    public var resendAfter: Limit<TimeInterval> = .standard
    /// Which numbers are sent an SMS; another is ``VerifyError/invalidInput(_:)``. Default: ``Accept/valid``.
    public var accept: Accept?
    /// The countries that are allowed, by ISO 3166 code, for example `["PT", "ES"]`; a number of another one, or of none that it
    /// tells, is ``VerifyError/rejected(_:)``. Default: all.
    public var countries: [String]?
    /// The calling codes that are allowed with every country that they have, for example `[1]`; with ``countries``, what either
    /// list allows. Default: all.
    public var callingCodes: [Int]?

    package var clock: NativeEngineClock?

    /// With the library's default for everything.
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

/// Runs verifications in this process: generates the codes, keeps the state, sends the SMS.
///
/// ```swift
/// let engine = try Engine { sms in
///     try await gateway.deliver(to: sms.number, sms.text, once: sms.attemptID)
/// }
/// ```
///
/// The function that sends throws ``SendError/notSent(underlying:)`` only if it is certain that nothing went out; after anything
/// else that it throws the code counts, and the call fails with ``VerifyError/deliveryFailed(_:)``, whose underlying error it is.
///
/// For production, set `smsPerClient` and `wrongCodesPerClient`, and name the client with each call: `docs/production.md`
/// says why.
public final class Engine: Verifier {
    private let native: NativeEngine

    /// One whose SMS this function sends.
    public init(
        _ options: EngineOptions = EngineOptions(), send: @escaping @Sendable (OutgoingSMS) async throws -> Void
    ) throws {
        native = try ffi { try NativeEngine.sending(send: GatewayFunction(send), options: options.native) }
    }

    /// One whose SMS E-goi's own call sends.
    public init(_ egoiSMS: EgoiSMS, options: EngineOptions = EngineOptions()) throws {
        let sms = try egoiSMS.native()
        native = try ffi { try NativeEngine.withEgoiSms(egoiSms: sms, options: options.native) }
    }

    deinit { native.shut() }

    public func request(_ number: String, options: RequestOptions) async throws -> Verification {
        try await Verification(ffi { try await self.native.request(request: options.native(number), token: $0) })
    }

    public func validate(_ id: String, code: String, options: ValidateOptions) async throws -> Outcome {
        let validate = NativeValidate(
            id: id, code: code, number: options.number, client: options.client, defaultRegion: options.defaultRegion,
            timeout: options.timeout)
        return try await Outcome(ffi { try await self.native.validate(validate: validate, token: $0) })
    }

    public func cancel(_ id: String, options: CallOptions) async throws -> VerificationState {
        try await VerificationState(
            ffi { try await self.native.cancel(id: id, timeout: options.timeout, token: $0) })
    }

    public func resend(_ id: String, options: CallOptions) async throws -> Verification {
        try await Verification(ffi { try await self.native.resend(id: id, timeout: options.timeout, token: $0) })
    }

    public func get(_ id: String, options: CallOptions) async throws -> Verification {
        try await Verification(ffi { try await self.native.get(id: id, timeout: options.timeout, token: $0) })
    }

    /// Checks that the store can be used, and asks E-goi, if it sends the SMS. Sends no SMS. Call it when a server starts:
    /// an engine opens a file when it is made, and connects to no server.
    ///
    /// - Throws: ``VerifyError/storage(_:)`` if the store cannot be reached; ``VerifyError/unauthorized(_:)`` if E-goi sends
    ///   the SMS and refuses the key; ``VerifyError/misconfigured(_:)`` if an operator must change something, for example
    ///   a key that does not match.
    public func ping(timeout: TimeInterval? = nil) async throws {
        try await ffi { try await self.native.ping(timeout: timeout, token: $0) }
    }

    public func close() {
        native.shut()
    }
}
