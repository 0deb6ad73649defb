import EgoiVerify
import XCTest

let number = "+351 910 000 000"
let whole = "+351910000000"

/// The failure of what must fail with this code.
func failing(
    _ code: String, isolation: isolated (any Actor)? = #isolation, file: StaticString = #filePath, line: UInt = #line,
    _ call: () async throws -> some Sendable
) async throws -> VerifyError.Failure {
    do {
        let value = try await call()
        XCTFail("expected \(code), got the value \(value)", file: file, line: line)
    } catch let error as VerifyError {
        XCTAssertEqual(error.code, code, error.detail, file: file, line: line)
        return error.failure
    }
    throw XCTSkip("there is no failure to look at")
}

/// Runs a test of what belongs to the screen. A test case of XCTest cannot be bound to it as a whole.
@MainActor
func onMain(_ test: @MainActor () async throws -> Void) async throws {
    try await test()
}
