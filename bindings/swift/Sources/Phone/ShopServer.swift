import EgoiVerifyPhone
import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The app's own server, signed in to: `examples/phone/README.md` has what it speaks. It holds the E-goi key and decides.
struct ShopServer: VerificationServer {
    private let url: URL
    private let token: String

    /// Signs in.
    init(at url: URL) async throws {
        struct Session: Decodable {
            let token: String
        }
        self.url = url
        token = try await Self.response(to: Self.call("POST", url.appendingPathComponent("sessions")), as: Session.self)
            .token
    }

    // --8<-- [start:server]
    func request(_ number: String) async throws -> CodeSent {
        try await post("verifications", ["number": number], as: Sent.self).code
    }

    func validate(_ id: String, code: String) async throws -> CodeChecked {
        struct Checked: Decodable {
            let outcome: String
            let attemptsLeft: Int?
        }
        let checked = try await post("verifications/\(id)/code", ["code": code], as: Checked.self)
        guard let outcome = Outcome(rawValue: checked.outcome) else { throw unexpected }
        return CodeChecked(outcome, attemptsLeft: checked.attemptsLeft)
    }

    func resend(_ id: String) async throws -> CodeSent {
        try await post("verifications/\(id)/resend", as: Sent.self).code
    }

    func cancel(_ id: String) async throws -> VerificationState {
        struct Ended: Decodable {
            let state: VerificationState
        }
        return try await post("verifications/\(id)/cancel", as: Ended.self).state
    }
    // --8<-- [end:server]

    /// The number that this session has proved, as the server knows it.
    func provedNumber() async throws -> String? {
        struct Me: Decodable {
            let number: String?
        }
        return try await Self.response(to: signed(Self.call("GET", url.appendingPathComponent("me"))), as: Me.self)
            .number
    }

    private struct Sent: Decodable {
        let id: String
        let expiresIn: TimeInterval
        let resendIn: TimeInterval?
        let attemptsLeft: Int?

        var code: CodeSent {
            CodeSent(id: id, expiresIn: expiresIn, resendIn: resendIn, attemptsLeft: attemptsLeft)
        }
    }

    private struct Refusal: Decodable {
        struct Failure: Decodable {
            let code, detail: String
            let retryAfter: TimeInterval?
            let smsPossiblySent: Bool?
        }
        let error: Failure
    }

    private func post<Response: Decodable>(
        _ path: String, _ body: [String: String] = [:], as: Response.Type
    ) async throws -> Response {
        var request = signed(Self.call("POST", url.appendingPathComponent(path)))
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try JSONEncoder().encode(body)
        return try await Self.response(to: request, as: Response.self)
    }

    private func signed(_ request: URLRequest) -> URLRequest {
        var request = request
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        return request
    }

    private static func call(_ method: String, _ url: URL) -> URLRequest {
        var request = URLRequest(url: url)
        request.httpMethod = method
        return request
    }

    private static func response<Response: Decodable>(to request: URLRequest, as: Response.Type) async throws
        -> Response
    {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let (data, response) = try await URLSession.shared.data(for: request)
        guard let response = response as? HTTPURLResponse, response.statusCode < 300 else {
            guard let failure = try? decoder.decode(Refusal.self, from: data).error else { throw unexpected }
            throw Problem(
                code: failure.code, detail: failure.detail, retryAfter: failure.retryAfter,
                smsPossiblySent: failure.smsPossiblySent ?? true)
        }
        guard let response = try? decoder.decode(Response.self, from: data) else { throw unexpected }
        return response
    }
}

/// A response that the server of this example does not give.
private let unexpected = Problem(code: "invalid_response", detail: "the server's response was not understood")
