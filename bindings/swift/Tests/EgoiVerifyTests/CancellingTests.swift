import EgoiVerify
import EgoiVerifyTesting
import XCTest

final class CancellingTests: XCTestCase {
    func testCancellingATaskClosesTheSocketOfItsCall() async throws {
        let server = try SilentServer()
        let client = try server.client()
        var events = server.watch().makeAsyncIterator()

        for (verb, call) in calls(of: client) + calls(ofAClient: client) {
            let task = Task { try await call() }
            let seen = await events.next()
            task.cancel()
            let ended = await events.next()
            XCTAssertEqual([seen, ended], ["seen", "ended"], verb)
            await isCancelled(task, verb)
        }
    }

    func testCancellingATaskEndsItsWaitForACode() async throws {
        let sandbox = try await Sandbox.start()
        let wait = Task { _ = try await sandbox.waitForCode(number, timeout: 60) }
        wait.cancel()
        await isCancelled(wait, "waitForCode")
    }

    private func isCancelled(_ task: Task<Void, any Error>, _ verb: String) async {
        do {
            try await task.value
            XCTFail("\(verb) gave something back")
        } catch {
            XCTAssertTrue(error is CancellationError, "\(verb): \(error)")
        }
    }

    func testATaskThatWasCancelledBeforeSendsNothing() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        let call = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await client.request(number)
        }
        await isCancelled(call, "request")
        XCTAssertTrue(try sandbox.messages().isEmpty)
    }

    func testCancellingAnEnginesCallCancelsTheFunctionThatSends() async throws {
        let (events, event) = AsyncStream.makeStream(of: String.self)
        let engine = try Engine { _ in
            event.yield("started")
            // Looked at afterwards: a handler is not called where the function has seen the cancellation and gone before.
            try? await Task.sleep(for: .seconds(60))
            event.yield(Task.isCancelled ? "cancelled" : "left alone")
        }
        let call = Task { _ = try await engine.request(number) }
        var iterator = events.makeAsyncIterator()
        let started = await iterator.next()
        call.cancel()
        let ended = await iterator.next()
        XCTAssertEqual([started, ended], ["started", "cancelled"])
        await isCancelled(call, "request")
    }
}
