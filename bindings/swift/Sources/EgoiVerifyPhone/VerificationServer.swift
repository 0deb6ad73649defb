internal import EgoiVerifyPhoneNative
public import Foundation

/// The app's own server, which holds the key, runs the verification and decides. The app implements it over whatever it
/// speaks with its server.
///
/// A call that fails throws a ``Problem`` with what the server said; a `URLError` and any other error are understood as far as
/// they go. ``VerificationSession`` cancels the task of a call that is cancelled.
///
/// **What the phone says proves nothing.** The server keeps the number in its own session, passes it to `validate` there, and
/// grants the access itself.
public protocol VerificationServer: Sendable {
    /// Sends a code to the number, `+351910000000`.
    func request(_ number: String) async throws -> CodeSent
    /// Checks the code that the person typed.
    func validate(_ id: String, code: String) async throws -> CodeChecked
    /// Sends a new code. Called only if the server said that it sends one, by ``CodeSent/resendIn``.
    func resend(_ id: String) async throws -> CodeSent
    /// Cancels the request and returns its state afterwards.
    func cancel(_ id: String) async throws -> VerificationState
}

/// The response of the server to a request and to a resend. Lengths of time and no instants, as a phone's idea of the time of
/// day may be wrong.
public struct CodeSent: Sendable, Hashable, Codable {
    /// What the server knows the request by: at most 128 characters of `A-Z a-z 0-9 . _ -`.
    public var id: String
    /// How long the code is good, in seconds: more than 0, at most 3,600.
    public var expiresIn: TimeInterval
    /// How long until another code may be asked for, in seconds; `nil` if the server sends no other.
    public var resendIn: TimeInterval?
    /// How many wrong codes are allowed, if the server counts them.
    public var attemptsLeft: Int?

    /// What the server said.
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

/// What the server answers to a code.
public struct CodeChecked: Sendable, Hashable, Codable {
    /// What it says to it.
    public var outcome: Outcome
    /// How many wrong codes are left, if the server counts them.
    public var attemptsLeft: Int?

    /// What the server said.
    public init(_ outcome: Outcome, attemptsLeft: Int? = nil) {
        self.outcome = outcome
        self.attemptsLeft = attemptsLeft
    }
}
