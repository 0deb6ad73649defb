import EgoiVerify
import EgoiVerifyTesting
import XCTest

final class ClosingTests: XCTestCase {
    func testEveryCallOfAClosedClientIsClosedAndSendsNothing() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        client.close()
        client.close()
        for (_, call) in calls(of: client) + calls(ofAClient: client) {
            let failure = try await failing("closed") { try await call() }
            XCTAssertFalse(failure.smsPossiblySent)
            XCTAssertFalse(failure.retryIsSafe)
        }
        XCTAssertTrue(try sandbox.messages().isEmpty)
    }

    func testEveryCallOfAClosedEngineIsClosedAndSendsNothing() async throws {
        let engine = try Engine { _ in XCTFail("nothing may be sent") }
        engine.close()
        engine.close()
        for (_, call) in calls(of: engine) {
            _ = try await failing("closed") { try await call() }
        }
    }

    func testEveryCallOfAClosedSandboxIsClosed() async throws {
        let sandbox = try await Sandbox.start()
        sandbox.close()
        sandbox.close()
        let calls: [() async throws -> Void] = [
            { _ = try sandbox.url }, { _ = try sandbox.client() }, { _ = try sandbox.messages() },
            { _ = try await sandbox.waitForCode(number, timeout: 1) }, { try sandbox.clock.advance(1) },
            { try sandbox.clock.freeze() }, { _ = try sandbox.clock.now }, { try sandbox.failNext(Fault()) },
            { try sandbox.reset() },
        ]
        for call in calls {
            _ = try await failing("closed") { try await call() }
        }
    }

    func testAClientThatIsReleasedClosesItsConnection() async throws {
        let server = try SilentServer()
        var events = server.watch(answering: #"{"id":"1","status":"pending"}"#).makeAsyncIterator()
        var client: Client? = try server.client()
        _ = try await client?.get("1")
        let seen = await events.next()
        weak var released = client
        client = nil
        XCTAssertNil(released)
        let start = ContinuousClock.now
        let ended = await events.next()
        XCTAssertEqual([seen, ended], ["seen", "ended"])
        // One that is kept and not used is closed after 4 s.
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(3))
    }

    func testAnEngineThatIsReleasedReleasesTheFunctionThatSends() async throws {
        final class Gateway: Sendable {
            func deliver() {}
        }
        var gateway: Gateway? = Gateway()
        weak var released = gateway
        var engine: Engine? = try Engine { [gateway] _ in gateway?.deliver() }
        gateway = nil
        _ = try await engine?.request(number)
        XCTAssertNotNil(released)
        engine = nil
        try await eventually { released == nil }
    }

    func testASandboxThatIsReleasedNoLongerListens() async throws {
        var sandbox: Sandbox? = try await Sandbox.start()
        let client = try XCTUnwrap(sandbox).client()
        try await client.ping()
        sandbox = nil
        try await eventually {
            do {
                try await client.ping()
                return false
            } catch VerifyError.unreachable {
                return true
            } catch VerifyError.interrupted {
                return false
            }
        }
    }

    /// Waits for what the native module does on a thread of its own.
    private func eventually(_ isSo: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while try await !isSo() {
            guard ContinuousClock.now < deadline else { return XCTFail("not in 10 s") }
            await Task.yield()
        }
    }
}
