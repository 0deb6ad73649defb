internal import EgoiVerifyPhoneNative
public import Foundation

#if canImport(FoundationNetworking)
public import FoundationNetworking
#endif

/// The app's server, if it has the endpoints `/request`, `/validate` and `/resend` of this library's routers for web frameworks.
///
/// ```swift
/// let session = VerificationSession(server: HTTPVerificationServer(url: URL(string: "https://example.com/phone")!))
/// ```
///
/// Such a server identifies the visitor by a cookie, which `URLSession` keeps (but not on Linux), or by a header of the app. It follows no
/// redirect.
/// The server has no endpoint to cancel: ``cancel(_:)`` forgets the request in the app, and the server forgets it when the code expires.
public struct HTTPVerificationServer: VerificationServer {
    private let url: URL
    private let session: URLSession
    private let validity: TimeInterval
    private let resendAfter: TimeInterval?
    private let headers: @Sendable () async throws -> [String: String]

    /// - Parameters:
    ///   - url: The address of the endpoints.
    ///   - session: The session for the calls. Its configuration has the timeouts and keeps the cookies.
    ///   - validity: The validity of a code in seconds, if the server does not report it.
    ///   - resendAfter: How long until a resend is possible, in seconds, if the server does not report it. `nil` if the server has no
    ///     resend.
    ///   - headers: The headers of every call, for example `Authorization`.
    public init(
        url: URL, session: URLSession = .shared, validity: TimeInterval = 600, resendAfter: TimeInterval? = 30,
        headers: @escaping @Sendable () async throws -> [String: String] = { [:] }
    ) {
        self.url = url
        self.session = session
        self.validity = validity
        self.resendAfter = resendAfter
        self.headers = headers
    }

    /// Asks the server to send a code to the number.
    public func request(_ number: String) async throws -> CodeSent {
        try sent(await post("request", nativeNumberBody(number: number)))
    }

    /// Asks the server to check the code. The server finds the request by its own session.
    public func validate(_ id: String, code: String) async throws -> CodeChecked {
        let response = try await post("validate", nativeCodeBody(code: code))
        switch try nativeCheckedAnswer(status: response.status, body: response.body) {
        case .checked(let outcome, let attemptsLeft):
            return CodeChecked(Outcome(outcome), attemptsLeft: attemptsLeft.map(Int.init))
        case .refused(let problem): throw Problem(problem)
        case .sent: throw Problem(code: "internal", detail: "a code was checked")
        }
    }

    /// Asks the server to send a new code.
    public func resend(_ id: String) async throws -> CodeSent {
        try sent(await post("resend", "{}"))
    }

    /// Forgets the request in the app.
    public func cancel(_ id: String) async throws -> VerificationState { .cancelled }

    private func sent(_ response: (status: UInt16, body: String)) throws -> CodeSent {
        switch try nativeSentAnswer(
            status: response.status, body: response.body, expiresIn: validity, resendIn: resendAfter)
        {
        case .sent(let sent): return CodeSent(sent)
        case .refused(let problem): throw Problem(problem)
        case .checked: throw Problem(code: "internal", detail: "a code was sent")
        }
    }

    private func post(_ path: String, _ body: String) async throws -> (status: UInt16, body: String) {
        var request = URLRequest(url: url.appendingPathComponent(path))
        request.httpMethod = "POST"
        request.httpBody = Data(body.utf8)
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        for (name, value) in try await headers() { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await session.data(for: request, delegate: RefusingRedirects())
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        return (UInt16(clamping: status), String(decoding: data, as: UTF8.self))
    }
}

/// Refuses redirects: a redirected request would be a second request, to an unknown server.
private final class RefusingRedirects: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}

extension Outcome {
    fileprivate init(_ native: NativeOutcome) {
        self =
            switch native {
            case .verified: .verified
            case .wrongCode: .wrongCode
            case .expired: .expired
            case .alreadyVerified: .alreadyVerified
            case .cancelled: .cancelled
            case .tooManyAttempts: .tooManyAttempts
            }
    }
}

extension CodeSent {
    fileprivate init(_ native: NativeCodeSent) {
        self.init(
            id: native.id, expiresIn: native.expiresIn, resendIn: native.resendIn,
            attemptsLeft: native.attemptsLeft.map(Int.init))
    }
}
