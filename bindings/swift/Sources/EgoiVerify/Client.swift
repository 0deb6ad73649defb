internal import EgoiVerifyNative
import Foundation

/// The version of E-goi's interface.
///
/// ```swift
/// var options = ClientOptions(apiKey: key, sender: "b2f8d1c4")
/// options.api = .v1
/// ```
public enum API: String, Sendable, CaseIterable {
    /// E-goi's article. The paths of its calls are assumed.
    case v1
    /// E-goi's published SDKs.
    case v2
}

/// Which certificates are trusted.
///
/// ```swift
/// var options = ClientOptions(apiKey: key, sender: "1234")
/// options.trust = .platform
/// ```
public enum Trust: String, Sendable, CaseIterable {
    /// Mozilla's roots, which come with the library. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them.
    case bundled
    /// The certificates that the operating system trusts.
    case platform
}

/// Which numbers get an SMS. Premium-rate and toll-free numbers, pagers, satellite phones and similar numbers never get one.
///
/// ```swift
/// var options = EngineOptions()
/// options.accept = .mobile
/// ```
public enum Accept: String, Sendable, CaseIterable {
    /// Numbers that are, or may be, a mobile phone's.
    case mobile
    /// Numbers in a range that their country uses.
    case valid
    /// Numbers of a length that their country uses.
    case possible
}

/// The options of a ``Client``. An option that is `nil` has the library's default. It holds the key, and prints nothing of it.
///
/// ```swift
/// var options = ClientOptions(apiKey: key, sender: "1234")
/// options.timeout = 5
/// let client = try Client(options)
/// ```
public struct ClientOptions: Sendable {
    /// The account's key. It belongs on a server: never in an app.
    public var apiKey: String
    /// The sender: V1 takes its hash, V2 its id.
    public var sender: String
    /// The version of E-goi's interface. Default: V2.
    public var api: API?
    /// The address of the service: HTTPS, or HTTP to a loopback address. With ``allowHTTP``, HTTP to any address.
    public var baseURL: String?
    /// The time that a whole call may take, with its retries, in seconds. Default: 15.
    public var timeout: TimeInterval?
    /// The time that a connection may take, with TLS, in seconds. Default: 3.1.
    public var connectTimeout: TimeInterval?
    /// The maximum of retries of each HTTP request of a call, 0 to 2, within the deadline. A request that may have sent an SMS or
    /// used up an attempt is never repeated. Default: 2.
    public var retries: Int?
    /// An HTTP or SOCKS5 proxy for every connection: `http://…`, `socks5h://…`. Default: the environment's.
    public var proxy: String?
    /// More trusted certificates, in PEM.
    public var caCertificates: Data?
    /// Which certificates are trusted. Default: the bundled ones.
    public var trust: Trust?
    /// Allows plain HTTP to any address. Everyone on the network path can then read the key and the codes. Default: no.
    public var allowHTTP: Bool?
    /// Whether a V2 validation reads the request first. Default: yes.
    public var checkStateFirst: Bool?
    /// Which numbers get an SMS. Any other number is ``VerifyError/invalidInput(_:)``. Default: ``Accept/valid``.
    public var accept: Accept?
    /// More status words of the service, each with its meaning: `["validated": "verified"]`.
    public var statusWords: [String: String]?
    /// V1's paths below the base URL, by name.
    public var v1Paths: [String: String]?
    /// V2's paths below the base URL, by name.
    public var v2Paths: [String: String]?
    /// The name of your application. `User-Agent` has it after the library's name.
    public var appName: String?
    /// The store of the idempotency keys and of the limits. Default: no store. Then no call takes such a key, and a limit is
    /// ``VerifyError/invalidInput(_:)``. Clients that share a store share its counts.
    public var store: Store?
    /// The maximum of SMS to one number, requests and resends together. Beyond it: ``VerifyError/rateLimited(_:)``. A resend first reads
    /// the request, to know its number. Default: no limit.
    public var smsPerNumber: Quota?
    /// The maximum of SMS for one `client`, requests and resends together. A resend counts for the client of its request, and first
    /// reads the request. Default: no limit.
    public var smsPerClient: Quota?
    /// The maximum of SMS to numbers that differ only in their last digits, requests and resends together. Default: no limit.
    public var smsPerPrefix: PrefixQuota?
    /// The maximum of wrong codes of one `client`, over all numbers. Beyond it: ``Outcome/tooManyAttempts``, and no code is submitted. A
    /// success does not reset the count. A code whose result did not arrive counts as wrong. Default: no limit.
    public var wrongCodesPerClient: Quota?

    /// Makes options with the library's default for every other option.
    public init(apiKey: String, sender: String) {
        self.apiKey = apiKey
        self.sender = sender
    }

    var native: NativeClientOptions {
        NativeClientOptions(
            apiKey: apiKey, sender: sender,
            settings: settings([
                "api": api, "base_url": baseURL, "timeout": timeout, "connect_timeout": connectTimeout,
                "retries": retries, "proxy": proxy,
                "ca_certificates": caCertificates, "trust": trust, "allow_http": allowHTTP,
                "check_state_first": checkStateFirst, "accept": accept, "status_words": statusWords,
                "v1_paths": v1Paths, "v2_paths": v2Paths, "app_name": appName, "store": store,
                "sms_per_number": smsPerNumber, "sms_per_client": smsPerClient, "sms_per_prefix": smsPerPrefix,
                "wrong_codes_per_client": wrongCodesPerClient,
            ]),
            language: "swift \(swiftVersion)")
    }
}

#if compiler(>=6.2)
private let swiftVersion = "6.2"
#elseif compiler(>=6.1)
private let swiftVersion = "6.1"
#else
private let swiftVersion = "6.0"
#endif

extension ClientOptions: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "ClientOptions" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Verifications that E-goi runs. Make one client and keep it: it holds the pool of connections.
///
/// ```swift
/// let client = try Client(apiKey: key, sender: "1234")
/// let verification = try await client.request("+351 910 000 000", message: "Your code is {CODE}", ttl: 300)
/// let outcome = try await client.validate(verification.id, code: given, number: session.number)
/// ```
///
/// Over V2, keep the validations of one id in one process: `docs/production.md` has the reason.
public final class Client: Verifier {
    private let native: NativeClient

    /// Makes a client. An option that is not accepted is ``VerifyError/invalidInput(_:)``. Sends nothing.
    public init(_ options: ClientOptions) throws {
        native = try ffi { try NativeClient(options: options.native) }
    }

    /// Makes a client over V2, with the library's default for every other option.
    public convenience init(apiKey: String, sender: String) throws {
        try self.init(ClientOptions(apiKey: apiKey, sender: sender))
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

    /// Checks that the service is up. It does not check the key.
    public func ping(timeout: TimeInterval? = nil, retries: Int? = nil) async throws {
        try await ffi { try await self.native.ping(timeout: timeout, retries: retries.map(Int64.init), token: $0) }
    }

    /// Returns the account's senders: the cheapest call that proves a key.
    public func senders(timeout: TimeInterval? = nil, retries: Int? = nil) async throws -> [SenderInfo] {
        try await ffi { try await self.native.senders(timeout: timeout, retries: retries.map(Int64.init), token: $0) }
            .map(SenderInfo.init)
    }

    public func close() {
        native.shut()
    }
}
