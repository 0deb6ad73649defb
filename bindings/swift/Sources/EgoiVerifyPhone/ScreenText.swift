internal import EgoiVerifyPhoneNative
public import Foundation

/// A text for a screen in English, Portuguese or Spanish.
///
/// ```swift
/// let screen = session.state.text(language: "pt-PT")
/// print(screen.text, screen.hint)
/// ```
public struct ScreenText: Sendable, Hashable {
    /// The text for the screen.
    public let text: String
    /// The `accessibilityHint` for a screen reader: what the person can do now.
    public let hint: String
}

/// A button of the screen.
///
/// ```swift
/// let label = SessionButton.send.text()
/// ```
public enum SessionButton: String, Sendable, CaseIterable {
    /// Asks for a code.
    case send
    /// Submits the code.
    case check
    /// Asks for a new code.
    case resend
    /// Goes back to enter another number.
    case changeNumber = "change_number"

    /// The text of the button. With `wait`, ``AwaitingCode/resendIn``, the text for a new code counts down. A language is a tag such as
    /// `pt-PT`. An unknown language is English.
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
    /// The text for this state, and for the reason of a failure. A language is a tag such as `pt-PT`. An unknown language is English.
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
