internal import EgoiVerifyPhoneNative

/// The state of a request.
public enum VerificationState: String, Sendable, CaseIterable, Codable {
    /// Waits for the right code.
    case pending
    /// The right code was given in time.
    case verified
    /// The validity ran out first.
    case expired
    /// Cancelled first.
    case cancelled
}

/// What the server says to a code.
public enum Outcome: String, Sendable, CaseIterable, Codable {
    /// The right code, in time, for the first time: the one success.
    case verified
    /// A wrong code; the request waits for the right one until it expires.
    case wrongCode = "wrong_code"
    /// The validity ran out.
    case expired
    /// Verified before; no proof now.
    case alreadyVerified = "already_verified"
    /// Cancelled before.
    case cancelled
    /// Too many wrong codes; this one was not looked at.
    case tooManyAttempts = "too_many_attempts"
}

/// What a code is made of.
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
