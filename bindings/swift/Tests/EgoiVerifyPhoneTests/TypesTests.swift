import EgoiVerifyPhone
import EgoiVerifyPhoneTesting
import XCTest

final class TypesTests: XCTestCase {
    private func send<T: Sendable>(_: T.Type) {}
    private func store<T: Codable & Equatable>(_ value: T) throws {
        XCTAssertEqual(try JSONDecoder().decode(T.self, from: JSONEncoder().encode(value)), value)
    }

    /// Compiling it in Swift 6 mode is the test.
    func testEverythingMayCrossBetweenTasks() {
        send(VerificationSession.self)
        send((any VerificationServer).self)
        send(SessionState.self)
        send(AwaitingCode.self)
        send(AskedAgain.self)
        send(Advice.self)
        send(Problem.self)
        send(CodeSent.self)
        send(CodeChecked.self)
        send(TestDevice.self)
        send(Outcome.self)
        send(VerificationState.self)
        send(CodeType.self)
        send(PhoneNumber.self)
        send(NumberType.self)
        send((any SessionClock).self)
        send(SystemClock.self)
    }

    func testWhatAnAppStoresOrSendsGoesThroughJSON() throws {
        let awaiting = AwaitingCode(expiresIn: 600, resendIn: 30, attemptsLeft: 4, reason: .wrongCode)
        let problem = Problem(code: "rate_limited", detail: "5 an hour", retryAfter: 60, smsPossiblySent: false)
        for state: SessionState in [
            .idle, .sending, .awaitingCode(awaiting), .checking, .verified, .expired, .cancelled,
            .failed(problem, advice: .wait, awaiting: awaiting),
        ] { try store(state) }
        try store(CodeSent(id: "r1", expiresIn: 600, resendIn: 30, attemptsLeft: 5))
        try store(CodeChecked(.wrongCode, attemptsLeft: 4))
        try store(VerificationState.pending)
        try store(CodeType.hex)
    }

    func testAStateCanBeMadeForAPreview() {
        XCTAssertTrue(AwaitingCode(expiresIn: 60, resendIn: 0).canResend)
        XCTAssertFalse(AwaitingCode(expiresIn: 60, resendIn: 1).canResend)
    }
}
