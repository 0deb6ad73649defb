internal import EgoiVerifyPhoneNative

/// The state of a request.
///
/// ```swift
/// let state = try await server.cancel("1f")
/// print(state == .cancelled)
/// ```
public enum VerificationState: String, Sendable, CaseIterable, Codable {
    /// The request waits for the right code.
    case pending
    /// The right code was given in time.
    case verified
    /// The validity ended first.
    case expired
    /// The request was cancelled first.
    case cancelled
}

/// The server's result for a code.
///
/// ```swift
/// let checked = CodeChecked(.wrongCode, attemptsLeft: 4)
/// print(checked.outcome == .verified)
/// ```
public enum Outcome: String, Sendable, CaseIterable, Codable {
    /// The code is right, in time, and was used for the first time. This is the only success.
    case verified
    /// The code is wrong. The request waits for the right code until it expires.
    case wrongCode = "wrong_code"
    /// The validity has ended.
    case expired
    /// The request was verified before. That proves nothing now.
    case alreadyVerified = "already_verified"
    /// The request was cancelled before.
    case cancelled
    /// There were too many wrong codes. This code was not checked.
    case tooManyAttempts = "too_many_attempts"
}

/// The characters of a code.
///
/// ```swift
/// let code = codeInSMS("123456 is your code.", codeType: .numeric)
/// ```
public enum CodeType: String, Sendable, CaseIterable, Codable {
    /// `0-9`
    case numeric
    /// `A-Z`
    case alpha
    /// `0-9A-Z`
    case alphanumeric
    /// `0-9A-F`
    case hex
}

extension VerificationState {
    var native: NativeState {
        switch self {
        case .pending: .pending
        case .verified: .verified
        case .expired: .expired
        case .cancelled: .cancelled
        }
    }
}

extension Outcome {
    var native: NativeOutcome {
        switch self {
        case .verified: .verified
        case .wrongCode: .wrongCode
        case .expired: .expired
        case .alreadyVerified: .alreadyVerified
        case .cancelled: .cancelled
        case .tooManyAttempts: .tooManyAttempts
        }
    }
}

extension CodeType {
    var native: NativeCodeType {
        switch self {
        case .numeric: .numeric
        case .alpha: .alpha
        case .alphanumeric: .alphanumeric
        case .hex: .hex
        }
    }
}
