import EgoiVerify
import EgoiVerifyTesting
import XCTest

/// What an engine handed over.
private actor Outbox {
    private(set) var sent: [OutgoingSMS] = []

    func add(_ sms: OutgoingSMS) {
        sent.append(sms)
    }

    func code() throws -> String {
        try XCTUnwrap(codeInSMS(XCTUnwrap(sent.last).text, codeType: .numeric, codeSize: 6))
    }
}

private struct GatewayWentAway: Error {}

final class EngineTests: XCTestCase {
    private let outbox = Outbox()

    private func engine(_ options: EngineOptions = EngineOptions()) throws -> Engine {
        let outbox = outbox
        return try Engine(options) { await outbox.add($0) }
    }

    func testTheFunctionIsGivenNumberTextAndAttemptID() async throws {
        _ = try await engine().request(number, message: "Your code is {CODE}")
        let sent = await outbox.sent
        XCTAssertEqual(sent.count, 1)
        XCTAssertEqual(sent.first?.number, whole)
        XCTAssertEqual(sent.first?.attemptID.count, 32)
        XCTAssertTrue(try XCTUnwrap(sent.first).text.hasPrefix("Your code is "))
    }

    func testTheRightCodeVerifiesOnce() async throws {
        let engine = try engine()
        let id = try await engine.request(number).id
        let code = try await outbox.code()
        let outcomes = try await [
            engine.validate(id, code: code, number: number), engine.validate(id, code: code, number: number),
        ]
        XCTAssertEqual(outcomes, [.verified, .alreadyVerified])
    }

    func testAttemptsAreCountedThenNoCodeIsLookedAt() async throws {
        var options = EngineOptions()
        options.maxAttempts = .at(1)
        let engine = try engine(options)
        let id = try await engine.request(number).id
        let code = try await outbox.code()
        let outcomes = try await [
            engine.validate(id, code: code == "000000" ? "111111" : "000000"), engine.validate(id, code: code),
        ]
        XCTAssertEqual(outcomes, [.wrongCode, .tooManyAttempts])
    }

    func testALimitThatIsOffDoesNotCount() async throws {
        var options = EngineOptions()
        options.maxAttempts = .off
        let left = try await engine(options).request(number).attemptsLeft
        XCTAssertNil(left)
    }

    func testALimitPastItIsRateLimitedWithTheTimeToWait() async throws {
        var options = EngineOptions()
        options.smsPerNumber = .at(Quota(1, per: 3600))
        options.resendAfter = .off
        let engine = try engine(options)
        _ = try await engine.request(number)
        let failure = try await failing("rate_limited") { try await engine.request(number) }
        XCTAssertGreaterThan(try XCTUnwrap(failure.retryAfter), 3500)
    }

    func testATestsClockMovesTheValidity() async throws {
        let clock = TestClock()
        let engine = try engine(EngineOptions().with(clock))
        let id = try await engine.request(number, ttl: 60).id
        try clock.advance(60)
        let outcome = try await engine.validate(id, code: outbox.code())
        XCTAssertEqual(outcome, .expired)
    }

    func testAnEngineGoesByASandboxsClockWhichStandsStillOnceTheSandboxIsClosed() async throws {
        let sandbox = try await Sandbox.start()
        let engine = try engine(EngineOptions().with(sandbox.clock))
        let late = try await engine.request(number, ttl: 60).id
        try sandbox.clock.advance(60)
        let expired = try await engine.get(late).state
        XCTAssertEqual(expired, .expired)
        try sandbox.clock.advance(60)
        let made = try await engine.request(number, ttl: 60).id
        sandbox.close()
        let pending = try await engine.get(made).state
        XCTAssertEqual(pending, .pending)
    }

    func testNotSentLeavesNoRequestBehindAndIsTheUnderlyingError() async throws {
        let engine = try Engine { _ in throw SendError.notSent() }
        let failure = try await failing("delivery_failed") { try await engine.request(number) }
        XCTAssertFalse(failure.smsPossiblySent)
        XCTAssertTrue(failure.retryIsSafe)
        XCTAssertNil(failure.requestID)
        XCTAssertTrue(failure.underlying is SendError)
    }

    func testAfterAnyOtherErrorTheCodeCountsAndTheRequestIsNamed() async throws {
        let outbox = outbox
        let engine = try Engine {
            await outbox.add($0)
            throw GatewayWentAway()
        }
        let failure = try await failing("delivery_failed") { try await engine.request(number) }
        XCTAssertTrue(failure.smsPossiblySent)
        XCTAssertTrue(failure.underlying is GatewayWentAway)
        let outcome = try await engine.validate(XCTUnwrap(failure.requestID), code: outbox.code())
        XCTAssertEqual(outcome, .verified)
    }

    func testTheSameIdempotencyKeyGivesTheSameRequestAndNoSecondSMS() async throws {
        let engine = try engine()
        let first = try await engine.request(number, idempotencyKey: "order 7").id
        let second = try await engine.request(number, idempotencyKey: "order 7").id
        let sent = await outbox.sent.count
        XCTAssertEqual(first, second)
        XCTAssertEqual(sent, 1)
    }

    func testEgoisOwnCallSendsTheSMS() async throws {
        let sandbox = try await Sandbox.start()
        _ = try await Engine(EgoiSMS(sandbox.clientOptions())).request(number)
        XCTAssertEqual(try sandbox.messages(number).count, 1)
    }

    func testCodeForAnyVerifierRunsOnBoth() async throws {
        let sandbox = try await Sandbox.start()
        let verifiers: [any Verifier] = try [sandbox.client(), engine()]
        for verifier in verifiers {
            let id = try await verifier.request(number).id
            let state = try await verifier.cancel(id)
            XCTAssertEqual(state, .cancelled)
        }
    }
}
