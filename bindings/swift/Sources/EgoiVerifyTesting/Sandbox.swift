public import EgoiVerify
internal import EgoiVerifyTestingNative
import Foundation

/// An SMS in the sandbox's inbox. Printed, it shows neither number nor text nor code.
///
/// ```swift
/// let texts = try sandbox.messages("+351 910 000 000").map(\.text)
/// ```
public struct Message: Sendable, Identifiable {
    /// The id of the message, which counts up from 1.
    public let id: UInt64
    /// The number, `+351910000000`.
    public let number: String
    /// The sender: V1's hash or V2's id.
    public let sender: String
    /// The text, with the code.
    public let text: String
    /// The code.
    public let code: String
    /// The id of its request.
    public let requestID: String
    /// The time of sending by the sandbox's clock: RFC 3339, UTC, milliseconds.
    public let sentAt: String
    /// The number of SMS parts of the text.
    public let parts: Int
}

extension Message: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "Message(id: \(id), requestID: \(requestID))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["id": id, "requestID": requestID]) }
}

/// A failure of the sandbox, for the calls that match it. An option that is `nil` has the sandbox's default.
///
/// ```swift
/// try sandbox.failNext(Fault(call: .request, status: 503))
/// ```
public struct Fault: Sendable {
    /// A call of the service.
    ///
    /// ```swift
    /// try sandbox.failNext(Fault(call: .request, status: 503))
    /// ```
    public enum Call: String, Sendable, Encodable {
        /// Makes a request.
        case request
        /// Submits a code.
        case validate
        /// Cancels a request.
        case cancel
        /// Sends a new code.
        case resend
        /// Reads a request.
        case get
        /// Checks that the service is up.
        case ping
        /// Lists the senders.
        case senders
        /// Sends an SMS of an engine.
        case sms
    }

    /// The moment at which a connection is cut.
    ///
    /// ```swift
    /// try sandbox.failNext(Fault(call: .request, cut: .after))
    /// ```
    public enum Cut: String, Sendable, Encodable {
        /// Before the call takes effect.
        case before
        /// After the call took effect, in place of the response.
        case after
    }

    /// The change of a response.
    ///
    /// ```swift
    /// try sandbox.failNext(Fault(body: .malformed))
    /// ```
    public enum Body: String, Sendable, Encodable {
        /// JSON that breaks off.
        case malformed
        /// 100 MiB.
        case huge
        /// The same JSON, labelled `text/html; charset=UTF-8`, which is PHP's default.
        case textHTML = "text_html"
        /// For `request`: the id is a JSON number, in this response and in later responses about the request.
        case integerIDs = "integer_ids"
        /// For `get`: the request before a code was used, as a lagging read replica shows it.
        case laggingRead = "lagging_read"
        /// For `get`: asterisks instead of the code.
        case maskedCode = "masked_code"
        /// `errors` and `errorCode`, as V1's clients read them. The call has no effect.
        case errors
    }

    /// The call that fails. `nil`: every call.
    public var call: Call?
    /// The number of the request. `nil`: every number.
    public var number: String?
    /// The status of the response, 300 to 599.
    public var status: Int?
    /// The delay before the response in seconds, at most 60.
    public var delay: TimeInterval?
    /// When to cut the connection.
    public var cut: Cut?
    /// The change of the response.
    public var body: Body?
    /// The probability that a call that matches fails, 0 to 1.
    public var probability: Double?
    /// How many calls fail.
    public var count: Int?

    /// Makes a failure. A value that is not given has the sandbox's default.
    public init(
        call: Call? = nil, number: String? = nil, status: Int? = nil, delay: TimeInterval? = nil, cut: Cut? = nil,
        body: Body? = nil, probability: Double? = nil, count: Int? = nil
    ) {
        self.call = call
        self.number = number
        self.status = status
        self.delay = delay
        self.cut = cut
        self.body = body
        self.probability = probability
        self.count = count
    }
}

extension Fault: Encodable {
    private enum Key: String, CodingKey {
        case call, number, status, cut, body, probability, count
        case delay = "delay_ms"
    }

    public func encode(to encoder: any Encoder) throws {
        var fault = encoder.container(keyedBy: Key.self)
        try fault.encodeIfPresent(call, forKey: .call)
        try fault.encodeIfPresent(number, forKey: .number)
        try fault.encodeIfPresent(status, forKey: .status)
        try fault.encodeIfPresent(delay.map { Int(($0 * 1000).rounded()) }, forKey: .delay)
        try fault.encodeIfPresent(cut, forKey: .cut)
        try fault.encodeIfPresent(body, forKey: .body)
        try fault.encodeIfPresent(probability, forKey: .probability)
        try fault.encodeIfPresent(count, forKey: .count)
    }
}

/// The options of a ``Sandbox``. An option that is `nil` has its default.
///
/// ```swift
/// var options = SandboxOptions()
/// options.code = "1234"
/// let sandbox = try await Sandbox.start(options)
/// ```
public struct SandboxOptions: Sendable {
    /// The address to listen on. Default: 127.0.0.1, which no other machine reaches.
    public var host: String?
    /// The port. Default: a free one.
    public var port: Int?
    /// A seed: the sandbox then draws the same codes in every run.
    public var seed: Int64?
    /// The code of every request, also if a request asks for another size.
    public var code: String?
    /// The only API key that is accepted. Default: any key.
    public var apiKey: String?
    /// Whether V2's response to a validation has a status word in each item. Default: no.
    public var v2Words: Bool?
    /// The status of V2's response to a wrong code: 200 or 400. Default: 200.
    public var v2Wrong: Int?
    /// The senders of the account: V2's ids, V1's hashes. A request of another sender is refused. Default: `1`.
    public var senders: [String]?
    /// Whether the sandbox applies the library's own limits, which E-goi does not document: a code of at least 4 characters, a message of
    /// at most 1,000 characters and 6 SMS parts. Default: yes.
    public var ownLimits: Bool?
    /// More host names that programs may use. Default: `localhost` and addresses.
    public var allowHosts: [String]?

    /// Makes options. An option that is not given has its default.
    public init(
        host: String? = nil, port: Int? = nil, seed: Int64? = nil, code: String? = nil, apiKey: String? = nil,
        v2Words: Bool? = nil, v2Wrong: Int? = nil, senders: [String]? = nil, ownLimits: Bool? = nil,
        allowHosts: [String]? = nil
    ) {
        self.host = host
        self.port = port
        self.seed = seed
        self.code = code
        self.apiKey = apiKey
        self.v2Words = v2Words
        self.v2Wrong = v2Wrong
        self.senders = senders
        self.ownLimits = ownLimits
        self.allowHosts = allowHosts
    }
}

extension SandboxOptions: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "SandboxOptions" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// E-goi's interface on localhost, with an inbox instead of a phone network. It is for tests. It ends when it is released.
///
/// ```swift
/// let sandbox = try await Sandbox.start()
/// let client = try sandbox.client()
/// let id = try await client.request("+351 910 000 000").id
/// let code = try await sandbox.waitForCode("+351 910 000 000", timeout: 5)
/// let outcome = try await client.validate(id, code: code)  // .verified
/// ```
public final class Sandbox: Sendable {
    private let native: NativeSandbox
    private let apiKey: String

    private init(_ native: NativeSandbox, apiKey: String) {
        self.native = native
        self.apiKey = apiKey
    }

    deinit { native.shut() }

    /// Starts a sandbox. A port that is in use is `VerifyError.invalidInput`.
    public static func start(_ options: SandboxOptions = SandboxOptions()) async throws -> Sandbox {
        do {
            let native = try await nativeStartSandbox(
                options: NativeSandboxOptions(
                    host: options.host, port: options.port.map(Int64.init), seed: options.seed, code: options.code,
                    apiKey: options.apiKey, v2Words: options.v2Words, v2Wrong: options.v2Wrong.map(Int64.init),
                    senders: options.senders, ownLimits: options.ownLimits, allowHosts: options.allowHosts))
            return Sandbox(native, apiKey: options.apiKey ?? "sandbox")
        } catch {
            throw translated(error)
        }
    }

    /// The address of the sandbox, `http://127.0.0.1:PORT`.
    public var url: String {
        get throws { try ffi { try native.url() } }
    }

    /// The options of a client of this sandbox.
    public func clientOptions(_ api: API = .v2) throws -> ClientOptions {
        var options = ClientOptions(apiKey: apiKey, sender: "1")
        options.api = api
        options.baseURL = try ffi { try native.baseUrl(api: api.rawValue) }
        options.allowHTTP = true
        return options
    }

    /// Makes a client of this sandbox, ready to use.
    public func client(_ api: API = .v2) throws -> Client {
        try Client(clientOptions(api))
    }

    /// Returns the SMS that were sent to a number, or to all numbers, the newest first.
    public func messages(_ number: String? = nil) throws -> [Message] {
        try ffi { try native.messages(number: number) }.map {
            Message(
                id: $0.id, number: $0.number, sender: $0.sender, text: $0.text, code: $0.code,
                requestID: $0.requestId, sentAt: $0.sentAt, parts: Int($0.parts))
        }
    }

    /// Waits for a new SMS to a number and returns its code. Each code is returned once. If no SMS comes in time, it is
    /// `VerifyError.timeout`.
    public func waitForCode(_ number: String, timeout: TimeInterval) async throws -> String {
        let token = SandboxCancelToken()
        do {
            return try await withTaskCancellationHandler {
                try await native.waitForCode(number: number, timeout: timeout, token: token)
            } onCancel: {
                token.cancel()
            }
        } catch {
            throw translated(error)
        }
    }

    /// The clock of the sandbox. Advance it instead of waiting for a code to expire.
    public var clock: Clock { Clock(sandbox: self) }

    /// The clock of a sandbox.
    ///
    /// ```swift
    /// try sandbox.clock.advance(601)
    /// ```
    public struct Clock: Sendable {
        fileprivate let sandbox: Sandbox

        /// Advances the time.
        public func advance(_ seconds: TimeInterval) throws {
            try ffi { try sandbox.native.advance(by: seconds) }
        }

        /// Stops the time, or lets it continue.
        public func freeze(_ frozen: Bool = true) throws {
            try ffi { try sandbox.native.freeze(frozen: frozen) }
        }

        /// The time now.
        public var now: Date {
            get throws { try ffi { try sandbox.native.now() } }
        }
    }

    /// Injects a failure into the next calls that match it.
    public func failNext(_ fault: Fault) throws {
        let words = try String(decoding: JSONEncoder().encode(fault), as: UTF8.self)
        try ffi { try native.failNext(fault: words) }
    }

    /// Forgets every request, message, failure and journal entry. The clock goes on.
    public func reset() throws {
        try ffi { try native.reset() }
    }

    /// Stops the sandbox.
    public func close() {
        native.shut()
    }
}

extension Sandbox: CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: []) }
}

private func ffi<T>(_ call: () throws -> T) throws -> T {
    do {
        return try call()
    } catch {
        throw translated(error)
    }
}

private func translated(_ error: any Error) -> any Error {
    switch error {
    case SandboxError.Cancelled: CancellationError()
    case SandboxError.Failed(let code, let detail): VerifyError(code: code, failure: .init(detail: detail))
    default: VerifyError.internal(.init(detail: "a panic in the native module"))
    }
}
