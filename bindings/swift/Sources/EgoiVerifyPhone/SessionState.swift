internal import EgoiVerifyPhoneNative
public import Foundation

/// The state of the screen while a person proves a number.
///
/// ```swift
/// switch session.state {
/// case .idle: print("Ask for the number.")
/// case .awaitingCode: print("Ask for the code.")
/// case .failed(let problem, advice: _, awaiting: _): print(problem.detail)
/// case .sending, .checking, .verified, .expired, .cancelled: break
/// }
/// ```
public enum SessionState: Sendable, Hashable, Codable {
    /// Ask for the number.
    case idle
    /// The server sends a code. Show that the app waits.
    case sending
    /// Ask for the code.
    case awaitingCode(AwaitingCode)
    /// The server checks a code, or cancels. Show that the app waits.
    case checking
    /// The server reported that the number is proved. The server grants the access, not the app.
    case verified
    /// The code is not valid any more.
    case expired
    /// The request was cancelled.
    case cancelled
    /// A call failed. If a request still waits for its code, the person can still enter it.
    case failed(Problem, advice: Advice, awaiting: AwaitingCode?)
}

/// A request that waits for its code. Durations are in seconds, from the time at which the state was read.
///
/// ```swift
/// if case .awaitingCode(let awaiting) = session.state, awaiting.canResend {
///     try await session.resend()
/// }
/// ```
public struct AwaitingCode: Sendable, Hashable, Codable {
    /// The remaining validity of the code, more than 0.
    public let expiresIn: TimeInterval
    /// How long until a resend is possible. 0 if it is possible now. `nil` if the server has no resend.
    public let resendIn: TimeInterval?
    /// How many more wrong codes are accepted, if the server reports it.
    public let attemptsLeft: Int?
    /// Why the person has to enter a code again.
    public let reason: AskedAgain?

    /// Makes a value for a preview of the screen and for its tests.
    public init(
        expiresIn: TimeInterval, resendIn: TimeInterval? = nil, attemptsLeft: Int? = nil, reason: AskedAgain? = nil
    ) {
        self.expiresIn = expiresIn
        self.resendIn = resendIn
        self.attemptsLeft = attemptsLeft
        self.reason = reason
    }

    /// Whether a resend is possible now.
    public var canResend: Bool { resendIn == 0 }
}

/// Why the person has to enter a code again.
///
/// ```swift
/// if case .awaitingCode(let awaiting) = session.state, awaiting.reason == .wrongCode {
///     print("The code was wrong.")
/// }
/// ```
public enum AskedAgain: String, Sendable, CaseIterable, Codable {
    /// The last code was wrong.
    case wrongCode = "wrong_code"
    /// A new code was sent. The old code stopped working.
    case resent
}

/// What the person can do after a failure.
///
/// ```swift
/// if case .failed(_, advice: .tryAgain, awaiting: _) = session.state {
///     print("Try again.")
/// }
/// ```
public enum Advice: String, Sendable, CaseIterable, Codable {
    /// Try the same again. Nothing was sent, and no attempt was used.
    case tryAgain = "try_again"
    /// Try the same again, after ``Problem/retryAfter``.
    case wait
    /// Enter the code.
    case enterCode = "enter_code"
    /// Enter another number.
    case changeNumber = "change_number"
    /// Start again, with a new SMS. A code that still arrives does not work.
    case startOver = "start_over"
    /// The person cannot do anything: the server has a wrong configuration.
    case contactSupport = "contact_support"
}

/// The failure of a call to the app's server. Throw it in the app's ``VerificationServer``: ``Advice`` follows from it.
///
/// ```swift
/// throw Problem(code: "rate_limited", detail: "Wait before the next SMS.", retryAfter: 30, smsPossiblySent: false)
/// ```
public struct Problem: Error, Sendable, Hashable, Codable {
    /// The stable name of the error that the server passes on, for example `rate_limited`, or of an ``Outcome``.
    public let code: String
    /// The failure in words, for people. It must hold no code and no full number.
    public let detail: String
    /// How long to wait, in seconds.
    public let retryAfter: TimeInterval?
    /// Whether an SMS may have been sent. `false` is certain.
    public let smsPossiblySent: Bool

    /// Makes a problem from the server's response. Without `smsPossiblySent`, an SMS may have been sent.
    public init(code: String, detail: String, retryAfter: TimeInterval? = nil, smsPossiblySent: Bool = true) {
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter
        self.smsPossiblySent = smsPossiblySent
    }
}

extension Problem {
    /// Makes a problem from any other error of the app's server. A call that never left the device has sent nothing. For any other call
    /// that is not known.
    init(of error: any Error) {
        switch error {
        case let problem as Problem:
            self = problem
        default:
            let detail = "the app's server could not be asked: \(type(of: error))"
            switch URLFailure(error) {
            case .unreachable: self.init(code: "unreachable", detail: detail, smsPossiblySent: false)
            case .timedOut: self.init(code: "timeout", detail: detail)
            case .cancelled, nil: self.init(code: "interrupted", detail: detail)
            }
        }
    }
}

/// The errors of `URLSession`, by their numbers. The library then does not need the networking part of Foundation, which is a separate
/// library on some systems.
enum URLFailure {
    case unreachable, timedOut, cancelled

    init?(_ error: any Error) {
        let error = error as NSError
        guard error.domain == "NSURLErrorDomain" else { return nil }
        switch error.code {
        case -999: self = .cancelled
        case -1001: self = .timedOut
        // No such host, nobody there, no look-up, offline, no roaming, no mobile data.
        case -1003, -1004, -1006, -1009, -1018, -1020: self = .unreachable
        default: return nil
        }
    }
}

extension SessionState {
    init(_ native: NativeSessionState) {
        self =
            switch native {
            case .idle: .idle
            case .sending: .sending
            case .awaitingCode(let awaiting): .awaitingCode(AwaitingCode(awaiting))
            case .checking: .checking
            case .verified: .verified
            case .expired: .expired
            case .cancelled: .cancelled
            case .failed(let problem, let advice, let awaiting):
                .failed(Problem(problem), advice: Advice(advice), awaiting: awaiting.map(AwaitingCode.init))
            }
    }
}

extension AwaitingCode {
    init(_ native: NativeAwaitingCode) {
        expiresIn = native.expiresIn
        resendIn = native.resendIn
        attemptsLeft = native.attemptsLeft.map(Int.init)
        reason = native.reason.map(AskedAgain.init)
    }
}

extension AskedAgain {
    init(_ native: NativeAskedAgain) {
        self =
            switch native {
            case .wrongCode: .wrongCode
            case .resent: .resent
            }
    }
}

extension Advice {
    init(_ native: NativeAdvice) {
        self =
            switch native {
            case .tryAgain: .tryAgain
            case .wait: .wait
            case .enterCode: .enterCode
            case .changeNumber: .changeNumber
            case .startOver: .startOver
            case .contactSupport: .contactSupport
            }
    }
}

extension Problem {
    init(_ native: NativeProblem) {
        self.init(
            code: native.code, detail: native.detail, retryAfter: native.retryAfter,
            smsPossiblySent: native.smsPossiblySent)
    }

    var native: NativeProblem {
        NativeProblem(code: code, detail: detail, retryAfter: retryAfter, smsPossiblySent: smsPossiblySent)
    }
}
