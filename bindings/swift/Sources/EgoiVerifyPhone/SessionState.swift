internal import EgoiVerifyPhoneNative
public import Foundation

/// What the screen shows while a person proves a number.
public enum SessionState: Sendable, Hashable, Codable {
    /// Nothing has begun: ask for the number.
    case idle
    /// The server was asked to send a code.
    case sending
    /// Ask for the code.
    case awaitingCode(AwaitingCode)
    /// A code, or a cancellation, is with the server.
    case checking
    /// The server said that the number is proved. The server grants the access: this proves nothing to it.
    case verified
    /// The code is not valid any more.
    case expired
    /// Cancelled.
    case cancelled
    /// A call failed. If a request still waits for its code, the code may still be given.
    case failed(Problem, advice: Advice, awaiting: AwaitingCode?)
}

/// A request that waits for its code. Lengths of time in seconds, from when the state was read.
public struct AwaitingCode: Sendable, Hashable, Codable {
    /// How much longer the code is good; more than 0.
    public let expiresIn: TimeInterval
    /// How long until a new code may be asked for: 0 from then on, `nil` if the server sends no other.
    public let resendIn: TimeInterval?
    /// How many wrong codes are left, if the server counts them.
    public let attemptsLeft: Int?
    /// Why the code is asked for again.
    public let reason: AskedAgain?

    /// One for a preview of the screen and for its tests.
    public init(
        expiresIn: TimeInterval, resendIn: TimeInterval? = nil, attemptsLeft: Int? = nil, reason: AskedAgain? = nil
    ) {
        self.expiresIn = expiresIn
        self.resendIn = resendIn
        self.attemptsLeft = attemptsLeft
        self.reason = reason
    }

    /// Whether a new code may be asked for now.
    public var canResend: Bool { resendIn == 0 }
}

/// Why a code is asked for again.
public enum AskedAgain: String, Sendable, CaseIterable, Codable {
    /// The one before was wrong.
    case wrongCode = "wrong_code"
    /// A new one was sent, and the old one stopped working.
    case resent
}

/// What the person may do after a failure.
public enum Advice: String, Sendable, CaseIterable, Codable {
    /// The same again: nothing was sent and nothing spent.
    case tryAgain = "try_again"
    /// The same again, after ``Problem/retryAfter``.
    case wait
    /// Give the code, again or for the first time.
    case enterCode = "enter_code"
    /// Give another number.
    case changeNumber = "change_number"
    /// Begin anew, with a new SMS; a code that still arrives will not do.
    case startOver = "start_over"
    /// Nothing here helps: the server is set up wrongly.
    case contactSupport = "contact_support"
}

/// Why a call to the app's server failed. What the app's ``VerificationServer`` throws, so that ``Advice`` fits.
public struct Problem: Error, Sendable, Hashable, Codable {
    /// The stable string of the error that the server passes on, for example `rate_limited`; or that of an ``Outcome``.
    public let code: String
    /// For people. It must hold no code and no full number.
    public let detail: String
    /// How long to wait, in seconds.
    public let retryAfter: TimeInterval?
    /// Whether an SMS may have gone out; `false` is certain.
    public let smsPossiblySent: Bool

    /// As the server says it. If it does not say whether an SMS may have gone out, one may.
    public init(code: String, detail: String, retryAfter: TimeInterval? = nil, smsPossiblySent: Bool = true) {
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter
        self.smsPossiblySent = smsPossiblySent
    }
}

extension Problem {
    /// Of whatever else the app's server throws. What never left the device has sent nothing; of anything else that is not
    /// known.
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

/// What `URLSession` throws, as far as it matters here. By its numbers, so that the library does not need the networking part
/// of Foundation where that is a library of its own.
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
