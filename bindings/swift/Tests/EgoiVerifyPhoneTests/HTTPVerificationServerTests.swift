import EgoiVerifyPhone
import XCTest

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A server in this process: what it was asked, and what it answers.
private final class Answering: URLProtocol, @unchecked Sendable {
    nonisolated(unsafe) static var status = 200
    nonisolated(unsafe) static var body = ""
    nonisolated(unsafe) static var asked: [URLRequest] = []

    override class func canInit(with request: URLRequest) -> Bool { true }
    override class func canonicalRequest(for request: URLRequest) -> URLRequest { request }

    override func startLoading() {
        Self.asked.append(request)
        let response = HTTPURLResponse(
            url: request.url!, statusCode: Self.status, httpVersion: "HTTP/1.1", headerFields: [:])!
        client?.urlProtocol(self, didReceive: response, cacheStoragePolicy: .notAllowed)
        client?.urlProtocol(self, didLoad: Data(Self.body.utf8))
        client?.urlProtocolDidFinishLoading(self)
    }

    override func stopLoading() {}
}

final class HTTPVerificationServerTests: XCTestCase {
    private func server(
        _ status: Int, _ body: String, resendAfter: TimeInterval? = 30, headers: [String: String] = [:]
    ) -> HTTPVerificationServer {
        Answering.status = status
        Answering.body = body
        Answering.asked = []
        let configuration = URLSessionConfiguration.ephemeral
        configuration.protocolClasses = [Answering.self]
        return HTTPVerificationServer(
            url: URL(string: "http://127.0.0.1:1/phone")!, session: URLSession(configuration: configuration),
            validity: 120, resendAfter: resendAfter, headers: { headers })
    }

    private func problem(_ call: () async throws -> some Sendable) async throws -> Problem {
        do {
            _ = try await call()
        } catch let problem as Problem {
            return problem
        }
        throw XCTSkip("there is no problem to look at")
    }

    func testACodeThatWasSentHasWhatTheServerStates() async throws {
        let server = server(
            202, #"{"expires_in": 299.5, "resend_in": 29.5, "resends_left": 2}"#, headers: ["Authorization": "Bearer t"]
        )
        let sent = try await server.request(whole)
        XCTAssertEqual(sent, CodeSent(id: "session", expiresIn: 299.5, resendIn: 29.5))
        let asked = try XCTUnwrap(Answering.asked.first)
        XCTAssertEqual(asked.url?.path, "/phone/request")
        XCTAssertEqual(asked.httpMethod, "POST")
        XCTAssertEqual(asked.value(forHTTPHeaderField: "Authorization"), "Bearer t")
        XCTAssertEqual(asked.value(forHTTPHeaderField: "Content-Type"), "application/json")
    }

    func testWhatTheServerDoesNotStateIsTheApps() async throws {
        let body = #"{"expires_in": null, "resend_in": null, "resends_left": null}"#
        let sent = try await server(202, body, resendAfter: nil).resend("session")
        XCTAssertEqual(sent, CodeSent(id: "session", expiresIn: 120))
    }

    func testAnOutcomeIsRead() async throws {
        let checked = try await server(200, #"{"outcome": "wrong_code"}"#).validate("session", code: "123456")
        XCTAssertEqual(checked, CodeChecked(.wrongCode))
    }

    func testARefusalHasTheWordsOfTheServer() async throws {
        let body =
            #"{"error": {"code": "rate_limited", "detail": "5 an hour", "retry_after": 60, "sms_possibly_sent": false}}"#
        let server = server(429, body)
        let refused = try await problem { try await server.request(whole) }
        XCTAssertEqual(
            refused, Problem(code: "rate_limited", detail: "5 an hour", retryAfter: 60, smsPossiblySent: false))
    }

    func testWhatIsNoResponseOfTheseEndpointsIsNotUnderstood() async throws {
        for (status, code) in [(200, "invalid_response"), (307, "invalid_response"), (401, "unauthorized")] {
            let server = server(status, "<html>")
            let refused = try await problem { try await server.resend("session") }
            XCTAssertEqual(refused.code, code)
        }
    }

    func testACancellationForgetsTheRequestAsNoEndpointCancels() async throws {
        let state = try await server(500, "").cancel("session")
        XCTAssertEqual(state, .cancelled)
        XCTAssertEqual(Answering.asked.count, 0)
    }
}
