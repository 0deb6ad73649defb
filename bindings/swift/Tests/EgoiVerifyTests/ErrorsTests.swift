import EgoiVerifyNative
import EgoiVerifyTesting
import XCTest

@testable import EgoiVerify

final class ErrorsTests: XCTestCase {
    func testEveryCodeOfTheLibraryHasACaseOfItsOwn() {
        XCTAssertEqual(Set(nativeErrorCodes().keys), Set(VerifyError.byCode.keys))
        for code in nativeErrorCodes().keys {
            let error = VerifyError(code: code, failure: .init(detail: "words"))
            XCTAssertEqual(error.code, code)
            XCTAssertEqual(error.docsURL, "https://egoi-verify.example/errors/\(code).html")
        }
    }

    func testAStatusIsToldByItsCase() async throws {
        let codes = [
            401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict", 422: "rejected", 408: "timeout",
            302: "redirected", 500: "unavailable",
        ]
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        for (status, code) in codes {
            try sandbox.failNext(Fault(call: .request, status: status))
            let failure = try await failing(code) { try await client.request(number) }
            XCTAssertEqual(failure.httpStatus, status)
        }
    }

    func testAWrongKeyIsUnauthorized() async throws {
        let sandbox = try await Sandbox.start(SandboxOptions(apiKey: "the-right-one"))
        var options = try sandbox.clientOptions()
        options.apiKey = "another"
        let client = try Client(options)
        let failure = try await failing("unauthorized") { try await client.request(number) }
        XCTAssertEqual(failure.httpStatus, 401)
        XCTAssertFalse(failure.smsPossiblySent)
    }

    func testNobodyThereIsUnreachableAndMayBeRepeated() async throws {
        var options = ClientOptions(apiKey: "key", sender: "1")
        options.baseURL = "http://127.0.0.1:\(try Listener().port)/api"
        let client = try Client(options)
        let failure = try await failing("unreachable") { try await client.request(number) }
        XCTAssertTrue(failure.retryIsSafe)
        XCTAssertFalse(failure.smsPossiblySent)
        XCTAssertNotNil(failure.underlying)
    }

    func testARefusedOptionNamesItsFieldAndItsLimit() async throws {
        let sandbox = try await Sandbox.start()
        let client = try sandbox.client()
        let failure = try await failing("invalid_input") { try await client.request(number, codeSize: 3) }
        XCTAssertEqual(failure.detail, "`codeSize` is 3 characters; the minimum is 4 characters")
        XCTAssertEqual(failure.field, "codeSize")
    }

    func testWhatIsWrongWithAClientsOptionsIsSaidWhenItIsMade() async throws {
        _ = try await failing("invalid_input") { try Client(apiKey: "a\nb", sender: "1") }
    }

    func testAPanicIsInternalAndTheLibraryGoesOn() async throws {
        let failure = try await failing("internal") { try await ffi { _ in try await nativePanicking() } }
        XCTAssertFalse(failure.detail.contains("on purpose"), failure.detail)
        let sandbox = try await Sandbox.start()
        let state = try await sandbox.client().request(number).state
        XCTAssertEqual(state, .pending)
    }
}
