// The code of the guides in `docs/guides`, run. The site shows the sections between two markers.

import EgoiVerify
import EgoiVerifyTesting
import Foundation
import XCTest

/// What a reader sends SMS with.
private actor Gateway {
    struct Refused: Error {}

    private var texts: [String] = []
    private let refuses: Bool

    init(refuses: Bool = false) {
        self.refuses = refuses
    }

    func deliver(to number: String, _ text: String, once reference: String) throws {
        if refuses { throw Refused() }
        texts.append(text)
    }

    /// The code of the last SMS: "123456 is your verification code."
    func code() throws -> String {
        try String(XCTUnwrap(texts.last).prefix(6))
    }
}

// --8<-- [start:first]
private func proveNumber(_ number: String) async throws -> Bool {
    let sandbox = try await Sandbox.start()
    let client = try sandbox.client()

    let verification = try await client.request(number)
    let code = try await sandbox.waitForCode(number, timeout: 5)
    return try await client.validate(verification.id, code: code, number: number).isVerified
}
// --8<-- [end:first]

// --8<-- [start:client]
/// Once, when your server starts: the client holds the pool of connections.
private func connect(apiKey: String, sender: String) throws -> Client {
    try Client(apiKey: apiKey, sender: sender)
}
// --8<-- [end:client]

// --8<-- [start:outcomes]
/// What to tell the person. `id` and `number` come from your session, `given` from the form.
private func check(_ verifier: any Verifier, id: String, number: String, given: String) async throws -> String {
    switch try await verifier.validate(id, code: given, number: number) {
    case .verified: "the number is proved"
    case .wrongCode: "not that code; try again"
    case .expired, .cancelled, .tooManyAttempts: "ask for a new code"
    case .alreadyVerified: "verified before, which proves nothing now"
    }
}
// --8<-- [end:outcomes]

// --8<-- [start:engine]
private func engine(_ gateway: Gateway) throws -> Engine {
    try Engine { sms in
        do {
            try await gateway.deliver(to: sms.number, sms.text, once: sms.attemptID)
        } catch let refused as Gateway.Refused {
            throw SendError.notSent(underlying: refused)  // Only if it is certain that nothing was sent.
        }
    }
}
// --8<-- [end:engine]

// --8<-- [start:store]
/// `url` is `sqlite:PATH`, `postgres://…` or `redis://…`. Make the key once: `openssl rand -hex 32`.
private func withAStore(
    _ url: String, key: String, send: @escaping @Sendable (OutgoingSMS) async throws -> Void
) async throws -> Engine {
    var options = EngineOptions()
    options.store = Store(url, key: key)
    let engine = try Engine(options, send: send)
    try await engine.ping()  // Throws if the store cannot be used.
    return engine
}
// --8<-- [end:store]

// --8<-- [start:limits]
private func forProduction(send: @escaping @Sendable (OutgoingSMS) async throws -> Void) throws -> Engine {
    let day: TimeInterval = 24 * 60 * 60
    var options = EngineOptions()
    options.countries = ["PT", "ES"]
    options.smsPerClient = .at(Quota(5, per: day))
    options.wrongCodesPerClient = .at(Quota(20, per: day))
    options.smsPerPrefix = .at(PrefixQuota(20, per: day, lastDigits: 4))
    return try Engine(options, send: send)
}

/// `caller` is an address, a session or a device.
private func request(_ engine: Engine, for caller: String, number: String) async throws -> Verification {
    try await engine.request(number, client: caller)
}
// --8<-- [end:limits]

// --8<-- [start:resend]
/// For "Send again in 24 s". At 0 the button works.
private func secondsUntilResend(_ verification: Verification) -> Int {
    guard let at = verification.resendAt else { return 0 }
    return max(0, Int(at.timeIntervalSinceNow.rounded(.up)))
}

/// The old code stops working, and the validity starts again.
private func sendAgain(_ verifier: any Verifier, id: String) async throws -> Verification {
    try await verifier.resend(id)
}

/// `.cancelled`; `.verified` or `.expired` if it was too late.
private func giveUp(_ verifier: any Verifier, id: String) async throws -> VerificationState {
    try await verifier.cancel(id)
}
// --8<-- [end:resend]

// --8<-- [start:errors]
/// What to do after a `request` failed.
private func advice(_ error: VerifyError) -> String {
    switch error {
    case .invalidInput, .rejected: return "correct the number: \(error.detail)"
    default: break
    }
    if error.retryIsSafe {
        return error.retryAfter.map { "try again in \(Int($0.rounded(.up))) s" } ?? "try again"
    }
    if error.smsPossiblySent {
        return "an SMS may arrive: wait for it before you try again"
    }
    return "tell an operator: \(error)"
}
// --8<-- [end:errors]

// --8<-- [start:log]
/// One line for your log. It contains no key, no code and no full number.
private func logLine(_ error: VerifyError) -> String {
    "code=\(error.code) reason=\(error.reason ?? "") limit=\(error.limit ?? "") "
        + "status=\(error.httpStatus.map(String.init) ?? "") request_id=\(error.requestID ?? "") "
        + "sms_possibly_sent=\(error.smsPossiblySent)"
}
// --8<-- [end:log]

// --8<-- [start:autofill]
/// The last line of the SMS names your site, and the phone fills the code in there only.
private func requestWithAutofill(_ verifier: any Verifier, number: String) async throws -> Verification {
    try await verifier.request(number, message: withOrigin("{CODE} is your code.", host: "example.com"))
}
// --8<-- [end:autofill]

final class GuidesTests: XCTestCase {
    // --8<-- [start:testing]
    func testACodeThatComesTooLateIsExpired() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        let verification = try await client.request("+351 910 000 000", ttl: 60)
        let code = try await sandbox.waitForCode("+351 910 000 000", timeout: 5)

        try sandbox.clock.advance(60)  // Nobody waits.

        let outcome = try await client.validate(verification.id, code: code)
        XCTAssertEqual(outcome, .expired)
    }
    // --8<-- [end:testing]

    func testFirstProvesANumber() async throws {
        let isProved = try await proveNumber(number)
        XCTAssertTrue(isProved)
    }

    func testClientConnectsWithoutACall() throws {
        try connect(apiKey: "key", sender: "1234").close()
    }

    func testOutcomesSayWhatToDo() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        let id = try await client.request(number).id
        let code = try await sandbox.waitForCode(number, timeout: 5)
        var told: [String] = []
        for given in ["no", code, code] {
            try await told.append(check(client, id: id, number: number, given: given))
        }
        XCTAssertEqual(
            told,
            ["not that code; try again", "the number is proved", "verified before, which proves nothing now"])
    }

    func testEngineSendsByTheGateway() async throws {
        let gateway = Gateway()
        let engine = try engine(gateway)
        let id = try await engine.request(number).id
        let outcome = try await engine.validate(id, code: gateway.code())
        XCTAssertEqual(outcome, .verified)
    }

    func testEngineSaysThatNothingWasSent() async throws {
        let engine = try engine(Gateway(refuses: true))
        let failure = try await failing("delivery_failed") { try await engine.request(number) }
        XCTAssertFalse(failure.smsPossiblySent)
    }

    func testStoreOutlivesTheEngine() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = "sqlite:\(folder.path)/verify.db"
        let key = String(repeating: "0", count: 64)
        let before = try await withAStore(url, key: key) { _ in }
        let id = try await before.request(number).id
        before.close()
        let after = try await withAStore(url, key: key) { _ in }
        let state = try await after.get(id).state
        after.close()
        XCTAssertEqual(state, .pending)
    }

    func testLimitsStopACallerAndACountry() async throws {
        let engine = try forProduction { _ in }
        for last in 0..<5 {
            _ = try await request(engine, for: "203.0.113.1", number: "+35191000000\(last)")
        }
        let sixth = try await failing("rate_limited") {
            try await request(engine, for: "203.0.113.1", number: "+351910000005")
        }
        XCTAssertEqual(sixth.limit, "smsPerClient")
        _ = try await failing("rejected") {
            try await request(engine, for: "203.0.113.2", number: "+447911123456")
        }
    }

    func testResendCountsDownAndSendsANewCode() async throws {
        let gateway = Gateway()
        let clock = TestClock()
        let engine = try Engine(EngineOptions().with(clock)) { try await gateway.deliver(to: "", $0.text, once: "") }
        let verification = try await engine.request(number)
        XCTAssertTrue((20...30).contains(secondsUntilResend(verification)))
        try clock.advance(30)
        let again = try await sendAgain(engine, id: verification.id)
        let outcome = try await engine.validate(again.id, code: gateway.code())
        XCTAssertEqual(outcome, .verified)
        let state = try await giveUp(engine, id: again.id)
        XCTAssertEqual(state, .verified)
    }

    func testErrorsSayWhatToDo() async throws {
        let engine = try engine(Gateway())
        let wrong = try await error { try await engine.request("12") }
        XCTAssertTrue(advice(wrong).hasPrefix("correct the number: "))
        _ = try await engine.request(number)
        let early = try await error { try await engine.request(number) }
        XCTAssertEqual(advice(early), "try again in 30 s")
        let line = logLine(early)
        XCTAssertTrue(line.hasPrefix("code=rate_limited reason= limit=resendAfter status= request_id="), line)
        XCTAssertFalse(line.contains("910000000"))

        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        try sandbox.failNext(Fault(status: 500))
        let broken = try await error { try await client.request(number) }
        XCTAssertEqual(advice(broken), "an SMS may arrive: wait for it before you try again")
        try sandbox.failNext(Fault(status: 401))
        let unknown = try await error { try await client.request(number) }
        XCTAssertTrue(advice(unknown).hasPrefix("tell an operator: unauthorized: "))
    }

    func testAutofillEndsTheMessageWithTheSite() async throws {
        let sandbox = try await Sandbox.start()
        _ = try await requestWithAutofill(sandbox.client(), number: number)
        let code = try await sandbox.waitForCode(number, timeout: 5)
        let text = try XCTUnwrap(sandbox.messages(number).first).text
        XCTAssertTrue(text.hasSuffix("@example.com #\(code)"), text)
    }

    /// The error of a call that must fail.
    private func error(_ call: () async throws -> some Sendable) async throws -> VerifyError {
        do {
            _ = try await call()
        } catch let error as VerifyError {
            return error
        }
        XCTFail("the call did not fail")
        throw CancellationError()
    }
}
