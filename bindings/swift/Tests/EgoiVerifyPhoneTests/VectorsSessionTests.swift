import EgoiVerifyPhone
import EgoiVerifyPhoneTesting
import XCTest

private typealias Step = [String: Any]

/// Answers in the words of a step, while the time passes that it takes.
private final class ScriptedServer: VerificationServer {
    /// What is asked, and what is made of it.
    let answer: @Sendable ([String: String]) async throws -> Data

    init(answer: @escaping @Sendable ([String: String]) async throws -> Data) {
        self.answer = answer
    }

    private func asked<Answer: Decodable>(_ question: [String: String], as: Answer.Type = Answer.self) async throws
        -> Answer
    {
        let answer = try await answer(question)
        return try JSONDecoder.ofSharedFiles.decode(Answer.self, from: answer)
    }

    private struct Sent: Decodable {
        struct Code: Decodable {
            let id: String
            let expiresIn: Double
            let resendIn: Double?
            let attemptsLeft: Int?
        }
        let sent: Code

        var code: CodeSent {
            CodeSent(id: sent.id, expiresIn: sent.expiresIn, resendIn: sent.resendIn, attemptsLeft: sent.attemptsLeft)
        }
    }

    private struct Checked: Decodable {
        let outcome: String
        let attemptsLeft: Int?
    }

    private struct Ended: Decodable {
        let ended: VerificationState
    }

    func request(_ number: String) async throws -> CodeSent {
        try await asked(["call": "request", "number": number], as: Sent.self).code
    }

    func validate(_ id: String, code: String) async throws -> CodeChecked {
        let checked = try await asked(["call": "validate", "id": id, "code": code], as: Checked.self)
        return CodeChecked(try XCTUnwrap(Outcome(rawValue: checked.outcome)), attemptsLeft: checked.attemptsLeft)
    }

    func resend(_ id: String) async throws -> CodeSent {
        try await asked(["call": "resend", "id": id], as: Sent.self).code
    }

    func cancel(_ id: String) async throws -> VerificationState {
        try await asked(["call": "cancel", "id": id], as: Ended.self).ended
    }
}

/// A phone that shows a session, and its server.
@MainActor
private final class Phone {
    private let device = TestDevice()
    private var session: VerificationSession!
    private var step: Step = [:]
    private var wasAsked = false
    private var place = ""

    init() {
        session = VerificationSession(server: server, clock: device)
    }

    func play(_ steps: [Step], of name: String) async throws {
        for (nth, step) in steps.enumerated() {
            self.step = step
            place = "\(name), step \(nth + 1)"
            try await go()
        }
    }

    private func seconds(_ field: String) -> TimeInterval { (step[field] as? NSNumber)?.doubleValue ?? 0 }

    private var server: ScriptedServer {
        ScriptedServer { [unowned self] question in try await self.answered(question) }
    }

    private func answered(_ question: [String: String]) throws -> Data {
        wasAsked = true
        XCTAssertEqual(question, step["asks"] as? [String: String], place)
        if let during = step["during"] as? Step {
            XCTAssertEqual(shown(session.state), during as NSDictionary, place)
        }
        device.advance(seconds("takes"))
        switch step["server"] {
        case let word as String where word == "cancelled":
            throw CancellationError()
        case let word as String where word == "app_ended":
            saveAndRestore()
            throw CancellationError()
        case let answer as Step where answer["failed"] is Step:
            let failed = try XCTUnwrap(answer["failed"] as? Step)
            throw Problem(
                code: try XCTUnwrap(failed["code"] as? String), detail: try XCTUnwrap(failed["detail"] as? String),
                retryAfter: (failed["retry_after"] as? NSNumber)?.doubleValue,
                smsPossiblySent: try XCTUnwrap(failed["sms_possibly_sent"] as? Bool))
        default:
            return try JSONSerialization.data(withJSONObject: XCTUnwrap(step["server"] as? Step))
        }
    }

    private func saveAndRestore() {
        let saved = session.save()
        device.advance(seconds("after"))
        device.changeWallClock(by: seconds("wall_clock_changed_by"))
        if step["restarted_for"] is NSNumber { device.restart(secondsAgo: seconds("restarted_for")) }
        session = VerificationSession(server: server, restoring: saved, clock: device)
    }

    /// In the words of the vectors.
    private func shown(_ state: SessionState) -> NSDictionary {
        func shown(_ code: AwaitingCode) -> NSDictionary {
            [
                "state": "awaiting_code", "expires_in": Int(code.expiresIn.rounded(.down)),
                "resend_in": code.resendIn.map { Int($0.rounded(.down)) as Any } ?? NSNull(),
                "attempts_left": code.attemptsLeft.map { $0 as Any } ?? NSNull(),
                "reason": code.reason.map { $0.rawValue as Any } ?? NSNull(),
            ]
        }
        return switch state {
        case .idle: ["state": "idle"]
        case .sending: ["state": "sending"]
        case .awaitingCode(let code): shown(code)
        case .checking: ["state": "checking"]
        case .verified: ["state": "verified"]
        case .expired: ["state": "expired"]
        case .cancelled: ["state": "cancelled"]
        case .failed(let problem, let advice, let awaiting):
            [
                "state": "failed", "code": problem.code, "advice": advice.rawValue,
                "awaiting": awaiting.map { shown($0) as Any } ?? NSNull(),
            ]
        }
    }

    private func go() async throws {
        let text = { (field: String) in try XCTUnwrap(self.step[field] as? String) }
        wasAsked = false
        do {
            switch try text("do") {
            case "look": break
            case "start": try await session.start(text("number"))
            case "submit": try await session.submit(text("code"))
            case "resend": try await session.resend()
            case "cancel": try await session.cancel()
            case "reset": session.reset()
            case "advance": device.advance(seconds("seconds"))
            case "change_wall_clock": device.changeWallClock(by: seconds("seconds"))
            case "save_and_restore": saveAndRestore()
            case let other: XCTFail("\(other) is no step")
            }
        } catch is CancellationError {
            XCTAssertTrue(["cancelled", "app_ended"].contains(step["server"] as? String), place)
        }
        XCTAssertEqual(wasAsked, step["asks"] is Step, place)
        XCTAssertEqual(shown(session.state), step["state"] as? NSDictionary, place)
    }
}

/// Sessions step by step, as they go in every language.
final class VectorsSessionTests: XCTestCase {
    private struct PlatformErrors: Decodable {
        struct Row: Decodable {
            let name, code, advice: String
            let swift: [Int]
        }
        let errors: [Row]
    }

    private struct Throwing: VerificationServer {
        let number: Int

        private var error: any Error { NSError(domain: "NSURLErrorDomain", code: number) }

        func request(_ number: String) async throws -> CodeSent { throw error }
        func validate(_ id: String, code: String) async throws -> CodeChecked { throw error }
        func resend(_ id: String) async throws -> CodeSent { throw error }
        func cancel(_ id: String) async throws -> VerificationState { throw error }
    }

    func testWhatURLSessionThrowsHasTheCodeAndAdviceOfTheVectors() async throws {
        try await onMain {
            let file = package.appendingPathComponent("../../tests/vectors/platform_errors.json")
            let rows = try JSONDecoder().decode(PlatformErrors.self, from: Data(contentsOf: file)).errors
            for (row, number) in rows.flatMap({ row in row.swift.map { (row, $0) } }) {
                let session = VerificationSession(server: Throwing(number: number), clock: TestDevice())
                guard case .failed(let problem, let advice, nil) = try await session.start("+351 910 000 000") else {
                    return XCTFail("\(row.name): \(session.state)")
                }
                XCTAssertEqual([problem.code, advice.rawValue], [row.code, row.advice], row.name)
            }
        }
    }

    func testSessionsGoAsTheVectorsSay() async throws {
        try await onMain {
            let file = package.appendingPathComponent("../../tests/vectors/session.json")
            let vectors = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? Step)
            let sessions = try XCTUnwrap(vectors["sessions"] as? [Step])
            XCTAssertGreaterThanOrEqual(sessions.count, 70)
            for session in sessions {
                let steps = try XCTUnwrap(session["steps"] as? [Step])
                try await Phone().play(steps, of: XCTUnwrap(session["name"] as? String))
            }
        }
    }
}
