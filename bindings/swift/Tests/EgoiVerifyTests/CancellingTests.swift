import EgoiVerify
import EgoiVerifyTesting
import XCTest

final class CancellingTests: XCTestCase {
    func testCancellingATaskClosesTheSocketOfItsCall() async throws {
        let server = try SilentServer()
        var options = ClientOptions(apiKey: "key", sender: "1")
        options.baseURL = "http://127.0.0.1:\(server.port)/api"
        let client = try Client(options)
        var events = server.watch().makeAsyncIterator()

        let call = Task { try await client.request(number) }
        let seen = await events.next()
        call.cancel()
        let ended = await events.next()
        XCTAssertEqual([seen, ended], ["seen", "ended"])
        do {
            _ = try await call.value
            XCTFail("the call gave something back")
        } catch {
            XCTAssertTrue(error is CancellationError, "\(error)")
        }
    }

    func testATaskThatWasCancelledBeforeSendsNothing() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        let call = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.request(number)
        }
        do {
            _ = try await call.value
            XCTFail("the call gave something back")
        } catch {
            XCTAssertTrue(error is CancellationError, "\(error)")
        }
        XCTAssertTrue(try sandbox.messages().isEmpty)
    }

    func testCancellingAnEnginesCallCancelsTheFunctionThatSends() async throws {
        let (events, event) = AsyncStream.makeStream(of: String.self)
        let engine = try Engine { _ in
            event.yield("started")
            await withTaskCancellationHandler {
                while !Task.isCancelled { await Task.yield() }
            } onCancel: {
                event.yield("cancelled")
            }
        }
        let call = Task { try await engine.request(number) }
        var iterator = events.makeAsyncIterator()
        let started = await iterator.next()
        call.cancel()
        let cancelled = await iterator.next()
        XCTAssertEqual([started, cancelled], ["started", "cancelled"])
    }
}
