import EgoiVerify
import EgoiVerifyTesting
import XCTest

final class ClientTests: XCTestCase {
    func testTheRightCodeVerifiesOverBothVersions() async throws {
        let sandbox = try await Sandbox.start()
        for api in API.allCases {
            let client = try sandbox.client(api)
            let verification = try await client.request(number, message: "Your code is {CODE}", codeSize: 8, ttl: 300)
            let code = try await sandbox.waitForCode(number, timeout: 5)
            XCTAssertEqual(code.count, 8)
            let outcome = try await client.validate(verification.id, code: code)
            XCTAssertEqual(outcome, .verified, api.rawValue)
        }
    }

    func testAWrongCodeIsAnOutcomeAndNoSuccess() async throws {
        let sandbox = try await Sandbox.start(SandboxOptions(code: "123456"))
        for api in API.allCases {
            let client = try sandbox.client(api)
            let outcome = try await client.validate(client.request(number).id, code: "654321")
            XCTAssertEqual(outcome, .wrongCode)
            XCTAssertFalse(outcome.isVerified)
        }
    }

    func testACodeIsGoodOnce() async throws {
        let sandbox = try await Sandbox.start(SandboxOptions(code: "123456"))
        let client = try sandbox.client()
        let id = try await client.request(number).id
        let first = try await client.validate(id, code: "123456", number: number)
        let second = try await client.validate(id, code: "123456", number: number)
        XCTAssertEqual([first, second], [.verified, .alreadyVerified])
    }

    func testARequestForAnotherNumberIsNotFound() async throws {
        let sandbox = try await Sandbox.start(SandboxOptions(code: "123456"))
        let client = try sandbox.client()
        let id = try await client.request(number).id
        _ = try await failing("not_found") {
            try await client.validate(id, code: "123456", number: "+351 910 000 001")
        }
    }

    func testWhatARequestGivesBackHasTheServicesTimes() async throws {
        let sandbox = try await Sandbox.start()
        let made = try await sandbox.client().request(number, ttl: 300)
        XCTAssertEqual(made.state, .pending)
        XCTAssertEqual(made.number, whole)
        XCTAssertEqual(made.sms, .sent)
        XCTAssertNil(made.attemptsLeft)
        let created = try XCTUnwrap(made.createdAt)
        XCTAssertEqual(try XCTUnwrap(made.expiresAt).timeIntervalSince(created), 300, accuracy: 0.001)
    }

    func testAnExpiredRequestSaysSo() async throws {
        let sandbox = try await Sandbox.start(SandboxOptions(code: "123456"))
        let client = try sandbox.client()
        let id = try await client.request(number, ttl: 60).id
        try sandbox.clock.advance(61)
        let outcome = try await client.validate(id, code: "123456")
        let state = try await client.get(id).state
        XCTAssertEqual(outcome, .expired)
        XCTAssertEqual(state, .expired)
    }

    func testCancellingTwiceIsNoFailure() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        let id = try await client.request(number).id
        let states = try await [client.cancel(id), client.cancel(id)]
        XCTAssertEqual(states, [.cancelled, .cancelled])
    }

    func testAfterAResendTheOldCodeNoLongerWorks() async throws {
        let sandbox = try await Sandbox.start(SandboxOptions(seed: 7))
        let client = try sandbox.client()
        let id = try await client.request(number).id
        let old = try await sandbox.waitForCode(number, timeout: 5)
        let resent = try await client.resend(id)
        let new = try await sandbox.waitForCode(number, timeout: 5)
        XCTAssertEqual(resent.id, id)
        let outcomes = try await [client.validate(id, code: old), client.validate(id, code: new)]
        XCTAssertEqual(outcomes, [.wrongCode, .verified])
    }

    func testV1HasNoResendNoGetAndNoCheckOfTheNumber() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client(.v1)
        let id = try await client.request(number).id
        _ = try await failing("unsupported") { try await client.resend(id) }
        _ = try await failing("unsupported") { try await client.get(id) }
        _ = try await failing("unsupported") { try await client.validate(id, code: "123456", number: number) }
    }

    func testPingAndSendersAnswer() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        try await client.ping()
        let senders = try await client.senders()
        XCTAssertFalse(senders.isEmpty)
    }

    func test64VerificationsAtOnceEachGetTheirOwnCode() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        let verified = try await withThrowingTaskGroup(of: Outcome.self) { group in
            for each in 10..<74 {
                group.addTask {
                    let number = "+3519100000\(each)"
                    let id = try await client.request(number).id
                    let code = try await sandbox.waitForCode(number, timeout: 30)
                    return try await client.validate(id, code: code, number: number)
                }
            }
            return try await group.reduce(into: 0) { $0 += $1.isVerified ? 1 : 0 }
        }
        XCTAssertEqual(verified, 64)
    }

    func testAnAnswerThatBreaksOffMayHaveSentAnSMS() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        try sandbox.failNext(Fault(call: .request, cut: .after))
        let failure = try await failing("interrupted") { try await client.request(number) }
        XCTAssertTrue(failure.smsPossiblySent)
        XCTAssertFalse(failure.retryIsSafe)
        XCTAssertEqual(try sandbox.messages(number).count, 1)
    }

    func testRetriesOfACallGoBeforeThoseOfTheClientAndTheErrorHasTheirCount() async throws {
        let sandbox = try await Sandbox.start()
        let id = try await sandbox.client().request(number).id
        for (ofClient, ofCall, retries) in [(nil, nil, 2), (0, nil, 0), (0, 1, 1)] as [(Int?, Int?, Int)] {
            var options = try sandbox.clientOptions()
            options.retries = ofClient
            let client = try Client(options)
            try sandbox.failNext(Fault(call: .get, status: 503, count: retries + 1))
            let failure = try await failing("unavailable") { try await client.get(id, retries: ofCall) }
            XCTAssertEqual(failure.retries, retries)
        }
    }

    func testMoreThanTwoRetriesAreRefusedOfAClientAndOfEachCall() async throws {
        var options = ClientOptions(apiKey: "key", sender: "1")
        options.baseURL = "http://127.0.0.1:9"
        let client = try Client(options)
        options.retries = 3
        let tooMany = options
        let refused: [() async throws -> Void] = [
            { _ = try Client(tooMany) }, { _ = try await client.request(number, retries: 3) },
            { _ = try await client.validate("1", code: "123456", retries: 3) },
            { _ = try await client.cancel("1", retries: 3) }, { try await client.ping(retries: -1) },
        ]
        for call in refused {
            let failure = try await failing("invalid_input") { try await call() }
            XCTAssertEqual(failure.field, "retries")
        }
    }

    func testACallEndsByItsDeadline() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        try sandbox.failNext(Fault(call: .request, delay: 30))
        let failure = try await failing("timeout") { try await client.request(number, timeout: 0.2) }
        XCTAssertTrue(failure.smsPossiblySent)
    }

    func testANegativeLengthOfTimeIsRefusedByItsField() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        let failure = try await failing("invalid_input") { try await client.request(number, timeout: -1) }
        XCTAssertTrue(failure.detail.hasPrefix("`timeout`"), failure.detail)
    }
}
