internal import EgoiVerifyPhoneNative
public import Foundation

/// A text for a screen in English, Portuguese or Spanish.
public struct ScreenText: Sendable, Hashable {
    /// For everybody to read.
    public let text: String
    /// For a screen reader, as `accessibilityHint`: what the person can do now.
    public let hint: String
}

/// What a person can press.
public enum SessionButton: String, Sendable, CaseIterable {
    /// Asks for a code.
    case send
    /// Submits the code.
    case check
    /// Asks for a new code.
    case resend
    /// Gives another number.
    case changeNumber = "change_number"

    /// What the button says. With `wait`, ``AwaitingCode/resendIn``, one for a new code counts down. A language is a tag such as
    /// `pt-PT`; one that is not there is English.
    public func text(wait: TimeInterval? = nil, language: String = Locale.preferredLanguages.first ?? "en")
        -> ScreenText
    {
        ScreenText(try? nativeTextOfButton(button: native, wait: wait.map { max(0, $0) }, language: language))
    }

    private var native: NativeButton {
        switch self {
        case .send: .send
        case .check: .check
        case .resend: .resend
        case .changeNumber: .changeNumber
        }
    }
}

extension SessionState {
    /// What to say in this state; of a failure, by its reason. A language is a tag such as `pt-PT`; one that is not there is English.
    public func text(language: String = Locale.preferredLanguages.first ?? "en") -> ScreenText {
        ScreenText(try? nativeTextOfState(state: native, language: language))
    }

    private var native: NativeSessionState {
        switch self {
        case .idle: .idle
        case .sending: .sending
        case .awaitingCode(let awaiting): .awaitingCode(awaiting: awaiting.native)
        case .checking: .checking
        case .verified: .verified
        case .expired: .expired
        case .cancelled: .cancelled
        case .failed(let problem, let advice, let awaiting):
            .failed(problem: problem.native, advice: advice.native, awaiting: awaiting?.native)
        }
    }
}

extension ScreenText {
    fileprivate init(_ native: NativeText?) {
        text = native?.text ?? ""
        hint = native?.hint ?? ""
    }
}

extension AwaitingCode {
    fileprivate var native: NativeAwaitingCode {
        let reason: NativeAskedAgain? =
            switch reason {
            case .wrongCode: .wrongCode
            case .resent: .resent
            case nil: nil
            }
        return NativeAwaitingCode(
            expiresIn: max(0, expiresIn), resendIn: resendIn.map { max(0, $0) },
            attemptsLeft: attemptsLeft.flatMap(UInt32.init(exactly:)), reason: reason)
    }
}

extension Advice {
    fileprivate var native: NativeAdvice {
        switch self {
        case .tryAgain: .tryAgain
        case .wait: .wait
        case .enterCode: .enterCode
        case .changeNumber: .changeNumber
        case .startOver: .startOver
        case .contactSupport: .contactSupport
        }
    }
}
