internal import EgoiVerifyNative
import Foundation

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

/// What the service says to a code. Only ``verified`` proves anything.
///
/// ```swift
/// let outcome = try await client.validate(id, code: given, number: session.number)
/// if outcome.isVerified { account.number = session.number }
/// ```
public enum Outcome: String, Sendable, CaseIterable {
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

    /// Whether the number is proved.
    public var isVerified: Bool { self == .verified }
}

/// The characters of a code.
public enum CodeType: String, Sendable, CaseIterable {
    /// `0-9`
    case numeric
    /// `A-Z`
    case alpha
    /// `0-9A-Z`
    case alphanumeric
    /// `0-9A-F`
    case hex
}

/// Whether the SMS of a request went out.
public enum SMSStatus: String, Sendable, CaseIterable {
    /// Sent.
    case sent
    /// A process died or a connection broke while it was being sent.
    case unknown
}

/// How an SMS is encoded on the air.
public enum SMSEncoding: String, Sendable, CaseIterable {
    /// The GSM 7-bit default alphabet with its extension table.
    case gsm7
    /// UCS-2, in practice UTF-16.
    case ucs2
}

/// A request, as far as it is known. Never the code, never the message; printed, the number is masked.
///
/// ```swift
/// let verification = try await client.request("+351 910 000 000")
/// session.id = verification.id
/// ```
public struct Verification: Sendable, Hashable, Identifiable {
    /// The request's id, for `validate`, `cancel`, `resend` and `get`.
    public let id: String
    /// Its state.
    public let state: VerificationState
    /// The full number, `+351910000000`, if the service reports it.
    public let number: String?
    /// When it was made, if it is known.
    public let createdAt: Date?
    /// The code is valid before this time, if it is known; never later than the service's own.
    public let expiresAt: Date?
    /// Whether the SMS went out, if it is known.
    public let sms: SMSStatus?
    /// How many more wrong codes are looked at, from an ``Engine`` that counts.
    public let attemptsLeft: Int?
    /// Before this time a resend is `rate_limited`; from an ``Engine`` with a pause, while a resend is possible.
    public let resendAt: Date?
    /// How many more resends there may be, from an ``Engine`` that limits them.
    public let resendsLeft: Int?
}

extension Verification: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        let fields = customMirror.children.map { "\($0.label ?? ""): \($0.value)" }
        return "Verification(\(fields.joined(separator: ", ")))"
    }

    public var debugDescription: String { description }

    public var customMirror: Mirror {
        mirror(
            of: self,
            [
                ("id", id), ("state", state), ("number", number.map(masked)), ("createdAt", createdAt),
                ("expiresAt", expiresAt), ("sms", sms), ("attemptsLeft", attemptsLeft),
                ("resendAt", resendAt), ("resendsLeft", resendsLeft),
            ])
    }
}

private func masked(_ number: String) -> String {
    (try? nativeMasked(number: number)) ?? "*"
}

/// What is known of a value, for printing.
private func mirror<Value>(of value: Value, _ known: [(String, (any Sendable)?)]) -> Mirror {
    let fields: [Mirror.Child] = known.compactMap { label, value in value.map { (label: label, value: $0) } }
    return Mirror(value, children: fields, displayStyle: .struct)
}

/// A sender of the account. Printed, its number is masked.
public struct SenderInfo: Sendable, Hashable, Identifiable {
    /// Its id, which `sender` takes over V2.
    public let id: String
    /// Its name, if it has one.
    public let name: String?
    /// Its number, if it has one.
    public let number: String?
    /// Its state in the service's word, if the service reports it.
    public let status: String?
}

extension SenderInfo: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        let fields = customMirror.children.map { "\($0.label ?? ""): \($0.value)" }
        return "SenderInfo(\(fields.joined(separator: ", ")))"
    }

    public var debugDescription: String { description }

    public var customMirror: Mirror {
        mirror(of: self, [("id", id), ("name", name), ("number", number.map(masked)), ("status", status)])
    }
}

extension VerificationState {
    init(_ native: NativeState) {
        self =
            switch native {
            case .pending: .pending
            case .verified: .verified
            case .expired: .expired
            case .cancelled: .cancelled
            }
    }
}

extension Outcome {
    init(_ native: NativeOutcome) {
        self =
            switch native {
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

extension SMSStatus {
    init(_ native: NativeSmsStatus) {
        self =
            switch native {
            case .sent: .sent
            case .unknown: .unknown
            }
    }
}

extension SMSEncoding {
    init(_ native: NativeSmsEncoding) {
        self =
            switch native {
            case .gsm7: .gsm7
            case .ucs2: .ucs2
            }
    }
}

extension Verification {
    init(_ native: NativeVerification) {
        id = native.id
        state = VerificationState(native.state)
        number = native.number
        createdAt = native.createdAt
        expiresAt = native.expiresAt
        sms = native.sms.map(SMSStatus.init)
        attemptsLeft = native.attemptsLeft.map(Int.init)
        resendAt = native.resendAt
        resendsLeft = native.resendsLeft.map(Int.init)
    }
}

extension SenderInfo {
    init(_ native: NativeSenderInfo) {
        id = native.id
        name = native.name
        number = native.number
        status = native.status
    }
}
