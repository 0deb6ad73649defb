internal import EgoiVerifyNative
import Foundation

/// The state of a request.
///
/// ```swift
/// if try await client.cancel(verification.id) != .cancelled {
///     print("It was too late.")
/// }
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

/// The result of `validate`. Only ``verified`` proves anything.
///
/// ```swift
/// let outcome = try await client.validate(id, code: given, number: session.number)
/// if outcome.isVerified { account.number = session.number }
/// ```
public enum Outcome: String, Sendable, CaseIterable {
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

    /// Whether the number is proved.
    public var isVerified: Bool { self == .verified }
}

/// An outcome with its details.
///
/// ```swift
/// let checked = try await client.validateWithDetails(verification.id, code: given, number: number)
/// if checked.outcome == .wrongCode, let left = checked.attemptsLeft { print("\(left) tries left") }
/// ```
public struct OutcomeDetails: Sendable, Hashable {
    /// The outcome. Only ``Outcome/verified`` proves anything.
    public let outcome: Outcome
    /// How many more wrong codes are accepted: the fewest that a limit of the request, the number or the client leaves. Of a wrong
    /// code and of too many attempts. `nil` if no limit counts here, if E-goi counts, or if a store repeated the call after a
    /// lost response.
    public let attemptsLeft: Int?
    /// The name of the limit that stopped the call: `maxAttempts`, `wrongCodesPerNumber` or `wrongCodesPerClient`.
    public let limit: String?

    /// Makes details, for a fake.
    public init(_ outcome: Outcome, attemptsLeft: Int? = nil, limit: String? = nil) {
        self.outcome = outcome
        self.attemptsLeft = attemptsLeft
        self.limit = limit
    }
}

/// The characters of a code.
///
/// ```swift
/// let verification = try await client.request(number, codeType: .alphanumeric)
/// ```
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

/// Whether the SMS of a request was sent.
///
/// ```swift
/// if verification.sms == .unknown {
///     print("The SMS may be missing.")
/// }
/// ```
public enum SMSStatus: String, Sendable, CaseIterable {
    /// The SMS was sent.
    case sent
    /// A process died or a connection broke during sending.
    case unknown
}

/// The encoding of an SMS.
///
/// ```swift
/// let needsUCS2 = try smsParts("Код 123456").encoding == .ucs2
/// ```
public enum SMSEncoding: String, Sendable, CaseIterable {
    /// The GSM 7-bit default alphabet with its extension table.
    case gsm7
    /// UCS-2, in practice UTF-16.
    case ucs2
}

/// A request and its state. It never holds the code or the message. Printed, the number is masked.
///
/// ```swift
/// let verification = try await client.request("+351 910 000 000")
/// session.id = verification.id
/// ```
public struct Verification: Sendable, Hashable, Identifiable {
    /// The request's id, for `validate`, `cancel`, `resend` and `get`.
    public let id: String
    /// The state of the request.
    public let state: VerificationState
    /// The full number, `+351910000000`, if the service reports it.
    public let number: String?
    /// The time of the request, if it is known.
    public let createdAt: Date?
    /// The code is valid before this time, if it is known. Never later than the service's own time.
    public let expiresAt: Date?
    /// Whether the SMS was sent, if it is known.
    public let sms: SMSStatus?
    /// How many more wrong codes are accepted. Only an ``Engine`` that limits them reports it.
    public let attemptsLeft: Int?
    /// A resend before this time is `rate_limited`. Only an ``Engine`` with a pause reports it, while a resend is possible.
    public let resendAt: Date?
    /// How many more resends are accepted. Only an ``Engine`` that limits them reports it.
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

/// The known fields of a value, for printing.
private func mirror<Value>(of value: Value, _ known: [(String, (any Sendable)?)]) -> Mirror {
    let fields: [Mirror.Child] = known.compactMap { label, value in value.map { (label: label, value: $0) } }
    return Mirror(value, children: fields, displayStyle: .struct)
}

/// A sender of the account. Printed, its number is masked.
///
/// ```swift
/// let ids = try await client.senders().map(\.id)
/// ```
public struct SenderInfo: Sendable, Hashable, Identifiable {
    /// The id of the sender. Over V2 the option `sender` takes it.
    public let id: String
    /// The name of the sender, if it has one.
    public let name: String?
    /// The number of the sender, if it has one.
    public let number: String?
    /// The state of the sender, as the service names it, if it is known.
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

extension OutcomeDetails {
    init(_ native: NativeOutcomeDetails) {
        self.init(Outcome(native.outcome), attemptsLeft: native.attemptsLeft.map(Int.init), limit: native.limit)
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
