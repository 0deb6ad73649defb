import EgoiVerifyPhone
import EgoiVerifyPhoneTesting
import XCTest

#if canImport(Observation) && (!os(Linux) || EGOI_OBSERVATION)
import Observation
#endif

/// The app's server, of which each answer is given by the test.
private struct Server: VerificationServer {
    var requesting: @Sendable (String) async throws -> CodeSent = { _ in
        CodeSent(id: "r1", expiresIn: 600, resendIn: 30, attemptsLeft: 5)
    }
    var validating: @Sendable (String) async throws -> CodeChecked = { _ in CodeChecked(.verified) }

    func request(_ number: String) async throws -> CodeSent { try await requesting(number) }
    func validate(_ id: String, code: String) async throws -> CodeChecked { try await validating(code) }
    func resend(_ id: String) async throws -> CodeSent { try await requesting(id) }
    func cancel(_ id: String) async throws -> VerificationState { .cancelled }
}

@MainActor
private func session(_ server: Server = Server(), clock device: TestDevice = TestDevice()) -> VerificationSession {
    VerificationSession(server: server, clock: device)
}

private func words(_ state: SessionState?) -> String {
    switch state {
    case .idle: "idle"
    case .sending: "sending"
    case .awaitingCode(let code):
        "awaiting\(code.canResend ? ", can resend" : "")\(code.reason.map { ", \($0)" } ?? "")"
    case .checking: "checking"
    case .verified: "verified"
    case .expired: "expired"
    case .cancelled: "cancelled"
    case .failed(let problem, let advice, _): "\(problem.code), \(advice)"
    case nil: "nothing"
    }
}

/// What is not in the vectors: what is Swift's own.
final class SessionTests: XCTestCase {
    func testEachStateIsTold() async throws {
        try await onMain {
            let server = Server(validating: { CodeChecked($0 == "123456" ? .verified : .wrongCode, attemptsLeft: 4) })
            let session = session(server)
            var states = session.states.makeAsyncIterator()
            try await session.start(number)
            try await session.submit("000000")
            try await session.submit("١٢٣ ٤٥٦")
            var told: [String] = []
            for _ in 0..<7 { told.append(words(await states.next())) }
            XCTAssertEqual(
                told, ["idle", "sending", "awaiting", "checking", "awaiting, wrongCode", "checking", "verified"])
        }
    }

    func testEverybodyWhoWatchesIsToldFromTheStateNowOn() async throws {
        try await onMain {
            let session = session()
            var early = session.states.makeAsyncIterator()
            try await session.start(number)
            var late = session.states.makeAsyncIterator()
            try await session.cancel()
            var told: [[String]] = [[], []]
            for _ in 0..<5 { told[0].append(words(await early.next())) }
            for _ in 0..<3 { told[1].append(words(await late.next())) }
            XCTAssertEqual(told[0], ["idle", "sending", "awaiting", "checking", "cancelled"])
            XCTAssertEqual(told[1], ["awaiting", "checking", "cancelled"])
        }
    }

    func testWhatChangesByTimeAloneIsTold() async throws {
        try await onMain {
            let device = TestDevice()
            let session = session(clock: device)
            try await session.start(number)
            var states = session.states.makeAsyncIterator()
            var told = [words(await states.next())]
            device.advance(30)
            told.append(words(await states.next()))
            device.advance(570)
            told.append(words(await states.next()))
            XCTAssertEqual(told, ["awaiting", "awaiting, can resend", "expired"])
        }
    }

    func testARestoredSessionTellsOfItsExpiry() async throws {
        try await onMain {
            let device = TestDevice()
            let first = session(clock: device)
            try await first.start(number)
            let session = VerificationSession(server: Server(), restoring: first.save(), clock: device)
            XCTAssertEqual(session.number, whole)
            var states = session.states.makeAsyncIterator()
            _ = await states.next()
            device.advance(600)
            let told = words(await states.next())
            XCTAssertEqual(told, "expired")
        }
    }

    func testWhatIsNoSavedSessionStartsAnewAndSaysSo() async throws {
        try await onMain {
            for saved in ["", "{}", "a session of another library"] {
                let session = VerificationSession(server: Server(), restoring: saved)
                XCTAssertEqual(words(session.state), "invalid_input, startOver")
                try await session.start(number)
                XCTAssertEqual(words(session.state), "awaiting")
            }
        }
    }

    func testASavedSessionGoesThroughDataToo() async throws {
        try await onMain {
            let device = TestDevice()
            let first = session(clock: device)
            try await first.start(number)
            let kept = Data(first.save().utf8)
            let second = VerificationSession(
                server: Server(), restoring: String(decoding: kept, as: UTF8.self), clock: device)
            XCTAssertEqual(second.state, first.state)
            XCTAssertFalse(String(decoding: kept, as: UTF8.self).contains("123456"))
        }
    }

    func testTheSystemsClocksAreUsedWhereNoneIsGiven() async throws {
        try await onMain {
            let session = VerificationSession(server: Server())
            guard case .awaitingCode(let code) = try await session.start(number) else {
                return XCTFail("\(session.state)")
            }
            XCTAssertEqual(code.expiresIn, 600, accuracy: 60)
            let restored = VerificationSession(server: Server(), restoring: session.save())
            XCTAssertEqual(words(restored.state), "awaiting")
        }
    }

    func testTheTimeOfTheSystemTellsOfAnExpiry() async throws {
        try await onMain {
            let session = VerificationSession(server: Server(requesting: { _ in CodeSent(id: "r1", expiresIn: 0.05) }))
            try await session.start(number)
            for await state in session.states where state == .expired { return }
            XCTFail("the stream ended")
        }
    }

    func testWhileACallIsUnderWayEveryOtherChangesNothing() async throws {
        try await onMain {
            let (answers, answer) = AsyncStream.makeStream(of: CodeSent.self)
            let session = session(
                Server(requesting: { _ in
                    var answers = answers.makeAsyncIterator()
                    return await answers.next() ?? CodeSent(id: "", expiresIn: 0)
                }))
            var states = session.states.makeAsyncIterator()
            let call = Task { try await session.start(number) }
            while await states.next() != .sending {}
            let others: [@MainActor () async throws -> Void] = [
                { try await session.start(number) }, { try await session.submit("123456") },
                { try await session.resend() },
                { try await session.cancel() }, { session.reset() },
            ]
            for other in others { try await other() }
            XCTAssertEqual(session.state, .sending)
            answer.yield(CodeSent(id: "r1", expiresIn: 600))
            let state = try await call.value
            XCTAssertEqual(words(state), "awaiting")
        }
    }

    func testCancellingTheTaskCancelsTheServersCall() async throws {
        try await onMain {
            let (events, event) = AsyncStream.makeStream(of: String.self)
            let session = session(
                Server(requesting: { _ in
                    event.yield("asked")
                    // Looked at afterwards: a handler is not called where the function has seen the cancellation and gone before.
                    try? await Task.sleep(for: .seconds(60))
                    event.yield(Task.isCancelled ? "cancelled" : "left alone")
                    throw CancellationError()
                }))
            var iterator = events.makeAsyncIterator()
            let call = Task { try await session.start(number) }
            let asked = await iterator.next()
            call.cancel()
            let cancelled = await iterator.next()
            XCTAssertEqual([asked, cancelled], ["asked", "cancelled"])
            do {
                _ = try await call.value
                XCTFail("the call gave something back")
            } catch {
                XCTAssertTrue(error is CancellationError, "\(error)")
            }
            XCTAssertEqual(words(session.state), "interrupted, startOver")
            // And the session goes on.
            session.reset()
            XCTAssertEqual(session.state, .idle)
        }
    }

    func testARefusedInputIsAStateAndAsksNobody() async throws {
        try await onMain {
            let session = session(Server(requesting: { _ in fatalError("nobody may be asked") }))
            let state = try await session.start("12")
            XCTAssertEqual(words(state), "invalid_input, changeNumber")
        }
    }

    func testAnErrorOfAnotherKindIsAnInterruption() async throws {
        try await onMain {
            let session = session(Server(requesting: { _ in throw POSIXError(.EIO) }))
            let state = try await session.start(number)
            XCTAssertEqual(words(state), "interrupted, startOver")
        }
    }

    func testACallThatURLSessionGaveUpIsGivenUp() async throws {
        try await onMain {
            let session = session(Server(requesting: { _ in throw urlError(-999) }))
            do {
                try await session.start(number)
                XCTFail("the call gave something back")
            } catch {
                XCTAssertTrue(error is CancellationError, "\(error)")
            }
        }
    }

    func testAProblemOfTheServerKeepsItsWords() async throws {
        try await onMain {
            let session = session(
                Server(requesting: { _ in
                    throw Problem(code: "rate_limited", detail: "5 an hour", retryAfter: 60, smsPossiblySent: false)
                }))
            guard case .failed(let problem, .wait, nil) = try await session.start(number) else {
                return XCTFail("\(session.state)")
            }
            XCTAssertEqual(
                problem, Problem(code: "rate_limited", detail: "5 an hour", retryAfter: 60, smsPossiblySent: false))
        }
    }

    func testAProblemMayHaveSentAnSMSUnlessTheServerSaysNot() async throws {
        try await onMain {
            XCTAssertTrue(Problem(code: "internal", detail: "").smsPossiblySent)
        }
    }

    func testASessionThatIsReleasedEndsItsStreams() async throws {
        try await onMain {
            var session: VerificationSession? = session()
            try await session?.start(number)
            weak var released = session
            let states = try XCTUnwrap(session).states
            session = nil
            var last: SessionState?
            for await state in states { last = state }
            XCTAssertNil(released)
            XCTAssertEqual(words(last), "awaiting")
        }
    }

    #if canImport(Observation) && (!os(Linux) || EGOI_OBSERVATION)
    func testObservationTellsOfAChange() async throws {
        try await onMain {
            guard #available(iOS 17, macOS 14, *) else { return }
            let session = session()
            let (changes, change) = AsyncStream.makeStream(of: Void.self)
            withObservationTracking {
                _ = session.state
            } onChange: {
                change.yield()
            }
            try await session.start(number)
            var iterator = changes.makeAsyncIterator()
            let told: Void? = await iterator.next()
            XCTAssertNotNil(told)
        }
    }
    #endif

    func testNothingOfASessionIsPrinted() async throws {
        try await onMain {
            let session = session(Server(requesting: { _ in CodeSent(id: "canary-id", expiresIn: 600) }))
            try await session.start(number)
            var dumped = ""
            dump(session, to: &dumped)
            dump(session.state, to: &dumped)
            dumped += "\(session) \(session.state)"
            XCTAssertFalse(dumped.contains("910000000") || dumped.contains("canary-id"), dumped)
        }
    }
}

private func urlError(_ code: Int) -> any Error { NSError(domain: "NSURLErrorDomain", code: code) }
