internal import EgoiVerifyPhoneNative
public import Foundation

/// The app's own server, which holds the key, runs the verification and decides. The app implements it with its own way to call
/// the server.
///
/// A call that fails throws a ``Problem`` with the server's error. A `URLError` and other errors are also understood.
/// ``VerificationSession`` cancels the task of a call that is cancelled.
///
/// **The phone's word proves nothing.** The server keeps the number in its own session, passes it to `validate` there, and
/// grants the access itself.
///
/// ```swift
/// struct MyServer: VerificationServer {
///     func request(_ number: String) async throws -> CodeSent { CodeSent(id: "1f", expiresIn: 300) }
///     func validate(_ id: String, code: String) async throws -> CodeChecked { CodeChecked(.verified) }
///     func resend(_ id: String) async throws -> CodeSent { try await request(id) }
///     func cancel(_ id: String) async throws -> VerificationState { .cancelled }
/// }
/// ```
public protocol VerificationServer: Sendable {
    /// Sends a code to the number, `+351910000000`.
    func request(_ number: String) async throws -> CodeSent
    /// Checks the code that the person typed.
    func validate(_ id: String, code: String) async throws -> CodeChecked
    /// Sends a new code. It is called only if ``CodeSent/resendIn`` is not `nil`.
    func resend(_ id: String) async throws -> CodeSent
    /// Cancels the request and returns its new state.
    func cancel(_ id: String) async throws -> VerificationState
}

/// The server's response to a request or a resend. It has durations and no instants, because the time of day of a phone may be
/// wrong.
///
/// ```swift
/// let sent = CodeSent(id: "1f", expiresIn: 300, resendIn: 30)
/// ```
public struct CodeSent: Sendable, Hashable, Codable {
    /// The id of the request for the server: at most 128 characters of `A-Z a-z 0-9 . _ -`.
    public var id: String
    /// The validity of the code in seconds: more than 0, at most 3,600.
    public var expiresIn: TimeInterval
    /// How long until a resend is possible, in seconds. `nil` if the server has no resend.
    public var resendIn: TimeInterval?
    /// How many wrong codes are accepted, if the server limits them.
    public var attemptsLeft: Int?

    /// Makes a response of the server.
    public init(id: String, expiresIn: TimeInterval, resendIn: TimeInterval? = nil, attemptsLeft: Int? = nil) {
        self.id = id
        self.expiresIn = expiresIn
        self.resendIn = resendIn
        self.attemptsLeft = attemptsLeft
    }

    var native: NativeCodeSent {
        NativeCodeSent(
            id: id, expiresIn: expiresIn, resendIn: resendIn, attemptsLeft: attemptsLeft.flatMap(UInt32.init(exactly:)))
    }
}

/// The server's response to a code.
///
/// ```swift
/// let checked = CodeChecked(.wrongCode, attemptsLeft: 4)
/// ```
public struct CodeChecked: Sendable, Hashable, Codable {
    /// The outcome of the code.
    public var outcome: Outcome
    /// How many more wrong codes are accepted, if the server reports it.
    public var attemptsLeft: Int?

    /// Makes a response of the server.
    public init(_ outcome: Outcome, attemptsLeft: Int? = nil) {
        self.outcome = outcome
        self.attemptsLeft = attemptsLeft
    }
}
