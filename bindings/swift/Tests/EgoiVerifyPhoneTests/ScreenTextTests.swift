import EgoiVerifyPhone
import XCTest

final class ScreenTextTests: XCTestCase {
    private struct Text: Decodable {
        let text, hint: String
    }

    private func texts() throws -> [String: [String: Text]] {
        let file = package.appendingPathComponent("../../core/src/session/texts.json")
        return try JSONDecoder().decode([String: [String: Text]].self, from: Data(contentsOf: file))
    }

    private func failed(_ code: String, _ advice: Advice) -> SessionState {
        let problem = Problem(code: code, detail: "no more", retryAfter: advice == .wait ? 30 : nil)
        return .failed(problem, advice: advice, awaiting: nil)
    }

    func testEveryStateSaysTheTextOfItsKeyInEveryLanguage() throws {
        let said: [String: SessionState] = [
            "idle": .idle, "sending": .sending, "checking": .checking, "verified": .verified, "expired": .expired,
            "cancelled": .cancelled, "awaiting_code": .awaitingCode(AwaitingCode(expiresIn: 300, resendIn: 30)),
            "awaiting_code.wrong_code": .awaitingCode(AwaitingCode(expiresIn: 300, reason: .wrongCode)),
            "awaiting_code.resent": .awaitingCode(AwaitingCode(expiresIn: 300, reason: .resent)),
            "failed.try_again": failed("timeout", .tryAgain), "failed.enter_code": failed("timeout", .enterCode),
            "failed.change_number": failed("rejected", .changeNumber),
            "failed.invalid_input.change_number": failed("invalid_input", .changeNumber),
            "failed.start_over": failed("conflict", .startOver),
            "failed.contact_support": failed("forbidden", .contactSupport),
        ]
        for (language, texts) in try texts() {
            for (key, state) in said {
                let text = state.text(language: language)
                let expected = try XCTUnwrap(texts[key])
                XCTAssertEqual([text.text, text.hint], [expected.text, expected.hint], "\(language) \(key)")
            }
        }
    }

    func testEveryButtonSaysTheTextOfItsKey() throws {
        let portuguese = try XCTUnwrap(texts()["pt"])
        for button in SessionButton.allCases {
            XCTAssertEqual(button.text(language: "pt-PT").text, portuguese["button.\(button.rawValue)"]?.text)
        }
    }

    func testAButtonForANewCodeCountsDown() {
        XCTAssertTrue(SessionButton.resend.text(wait: 24, language: "es").text.contains("24 s"))
        XCTAssertEqual(
            SessionButton.resend.text(wait: 0, language: "es"), SessionButton.resend.text(language: "es"))
    }

    func testALimitSaysHowLongToWait() {
        XCTAssertTrue(failed("rate_limited", .wait).text(language: "en").text.contains("30 s"))
    }
}
