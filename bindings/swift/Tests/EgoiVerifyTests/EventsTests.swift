import EgoiVerify
import EgoiVerifyTesting
import XCTest

/// The events that came.
final class Events: @unchecked Sendable {
    private let lock = NSLock()
    private var events: [CallEvent] = []

    func add(_ event: CallEvent) {
        lock.withLock { events.append(event) }
    }

    var all: [CallEvent] { lock.withLock { events } }
}

final class EventsTests: XCTestCase {
    private let events = Events()

    override func setUp() {
        let events = events
        let observation = CallEvents.observe { events.add($0) }
        addTeardownBlock { observation.cancel() }
    }

    func testACallOfAClientIsOneEventWithWhatItDid() async throws {
        let sandbox = try await Sandbox.start()
        let id = try await sandbox.client().request(number).id
        XCTAssertEqual(events.all.count, 1)
        let event = try XCTUnwrap(events.all.first)
        XCTAssertEqual([event.verb, event.outcome, event.requestID], ["request", "pending", id])
        XCTAssertEqual([event.httpStatus, event.retries], [201, 0])
        XCTAssertEqual([event.errorCode, event.number, event.country], [nil, "+35191*****00", "PT"])
        XCTAssertGreaterThan(event.duration, 0)
    }

    func testAFailureHasItsCodeAndStatus() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        try sandbox.failNext(Fault(call: .request, status: 503))
        _ = try await failing("unavailable") { try await client.request(number) }
        let event = try XCTUnwrap(events.all.first)
        XCTAssertEqual([event.outcome, event.errorCode], ["unavailable", "unavailable"])
        XCTAssertEqual(event.httpStatus, 503)
    }

    func testALimitOfAnEngineIsNamed() async throws {
        let engine = try Engine(EngineOptions()) { _ in }
        _ = try await engine.request(number)
        _ = try await failing("rate_limited") { try await engine.request(number) }
        XCTAssertEqual(events.all.map(\.limit), [nil, "resendAfter"])
    }

    func testACancelledCallIsAborted() async throws {
        let sending = expectation(description: "the SMS is being sent")
        let engine = try Engine { _ in
            sending.fulfill()
            try await Task.sleep(nanoseconds: 30_000_000_000)
        }
        let call = Task { try await engine.request(number) }
        await fulfillment(of: [sending], timeout: 30)
        call.cancel()
        _ = await call.result
        while events.all.isEmpty { await Task.yield() }
        XCTAssertEqual(events.all.map(\.outcome), ["aborted"])
    }

    func testAnEventIsPrintedWithoutTheFullNumber() async throws {
        _ = try await Engine(EngineOptions()) { _ in }.request(number)
        let text = try XCTUnwrap(events.all.first).description
        XCTAssertTrue(text.hasPrefix("verb=request outcome=pending"), text)
        XCTAssertTrue(text.contains("number=+35191*****00") && !text.contains("910000000"), text)
    }

    func testACancelledObservationReceivesNothing() async throws {
        let others = Events()
        let observation = CallEvents.observe { others.add($0) }
        let engine = try Engine(EngineOptions()) { _ in }
        _ = try await engine.request(number)
        observation.cancel()
        try await engine.ping()
        XCTAssertEqual(others.all.map(\.verb), ["request"])
        XCTAssertEqual(events.all.map(\.verb), ["request", "ping"])
    }

    #if os(Linux)
    /// Apple's `os`, and swift-log, which no registry here has, are stand-ins with their names and types.
    func testLoggingCompilesWhereItsModulesAre() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        addTeardownBlock { try FileManager.default.removeItem(at: folder) }
        let documents = package.appendingPathComponent("Tests/Documents").path
        for module in ["os", "Logging"] {
            let into = folder.appendingPathComponent("\(module).swiftmodule").path
            _ = try output(
                of: "swiftc",
                [
                    "-emit-module", "-parse-as-library", "-swift-version", "6", "-module-name", module, "-o", into,
                    "\(documents)/Modules/\(module).swift",
                ])
        }
        let sources = package.appendingPathComponent("Sources/EgoiVerify")
        let files = try FileManager.default.contentsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }
        let options = ["-swift-version", "6", "-warnings-as-errors", "-I", folder.path] + importing
        _ = try output(
            of: "swiftc",
            ["-typecheck", "-module-name", "EgoiVerify", "-package-name", "egoi-verify"] + options
                + files.map { sources.appendingPathComponent($0).path })
        _ = try output(of: "swiftc", ["-typecheck", "-parse-as-library"] + options + ["\(documents)/SwiftLog.swift"])
    }
    #endif
}
