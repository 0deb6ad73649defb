import EgoiVerify
import EgoiVerifyTesting
import XCTest

#if os(Linux)
/// Calls without growth of the process: few in `make test`, as many as the names say with `EGOI_SOAK=1`.
final class ResourcesTests: XCTestCase {
    /// Makes these calls, and checks that the process is no bigger afterwards than after the first tenth of them.
    private func repeated(
        _ short: Int, of full: Int, name: String = #function, call: (Int) async throws -> Void
    ) async throws {
        let count = ProcessInfo.processInfo.environment["EGOI_SOAK"] == "1" ? full : short
        for each in 0..<count / 10 { try await call(each) }
        let before = try residentBytes()
        for each in count / 10..<count { try await call(each) }
        let growth = try residentBytes() - before
        print("\(name): \(count) of \(full), the process grew by \(growth / 1024) KiB")
        XCTAssertLessThan(growth, 2 << 20)
    }

    private func residentBytes() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
        return try XCTUnwrap(Int(pages)) * sysconf(Int32(_SC_PAGESIZE))
    }

    func testAMillionCallsOverHTTP() async throws {
        let server = try SilentServer()
        let watched = server.watch(answering: #"{"id":"1","status":"pending","recipientNumber":"351-910000000"}"#)
        let client = try server.client()
        try await repeated(10_000, of: 1_000_000) { _ in
            let number = try await client.get("1").number
            XCTAssertEqual(number, whole)
        }
        withExtendedLifetime(watched) {}
    }

    func testAMillionCallsThatFail() async throws {
        let engine = try Engine { _ in }
        try await repeated(50_000, of: 1_000_000) { _ in
            do {
                _ = try await engine.get("1")
                XCTFail("there is no such request")
            } catch VerifyError.notFound {
            }
        }
    }

    func testAMillionCallsThatDoNotWait() async throws {
        try await repeated(100_000, of: 1_000_000) { _ in
            XCTAssertEqual(try codeInSMS("123456 is your verification code."), "123456")
        }
    }

    func testAHundredThousandCallsThatAreGivenUp() async throws {
        let server = try SilentServer()
        var events = server.watch().makeAsyncIterator()
        let client = try server.client()
        try await repeated(2_000, of: 100_000) { _ in
            let call = Task { try await client.get("1") }
            _ = await events.next()
            call.cancel()
            do {
                _ = try await call.value
                XCTFail("the call gave something back")
            } catch is CancellationError {
            }
            _ = await events.next()
        }
    }

    func testAHundredThousandEnginesWithAFunctionThatSends() async throws {
        try await repeated(2_000, of: 100_000) { _ in
            let state = try await Engine { _ in }.request(number).state
            XCTAssertEqual(state, .pending)
        }
    }
}
#endif
