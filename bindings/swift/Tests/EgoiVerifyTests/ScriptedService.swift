import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The repository's `tests` folder.
let shared = package.appendingPathComponent("../../tests").standardizedFileURL

/// The program through which calls go slowly and unreliably; `make test-programs` builds it.
private let toxiproxy = shared.appendingPathComponent("bin/toxiproxy-server")
let hasToxiproxy = FileManager.default.fileExists(atPath: toxiproxy.path)

/// The scripted service of `tests/service`: what it is asked, and what it saw. It ends with its standard input.
final class ScriptedService: Sendable {
    struct Opened: Decodable {
        struct Planned: Decodable {
            let verb: String
            let code: String?
        }

        let id: Int
        let baseUrl: String
        let caCertificates, proxy: String?
        /// Where calls are drawn: over which version, and which.
        let api: String?
        let calls: [Planned]?
    }

    /// What the service saw since it was last asked.
    struct Seen: Decodable {
        let tries, submits, sms, verified: Int
    }

    private struct First: Decodable {
        let url: String
    }

    private let url: String
    private let input = Pipe()

    init() throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = shared.appendingPathComponent("bin/scripted-service")
        process.arguments = hasToxiproxy ? [toxiproxy.path] : []
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        url = try JSONDecoder().decode(First.self, from: output.fileHandleForReading.availableData).url
    }

    func open(_ query: [String: String]) async throws -> Opened {
        try await ask("/open", query)
    }

    func seen(_ opened: Opened) async throws -> Seen {
        try await ask("/seen", ["id": "\(opened.id)"])
    }

    func ask<Answer: Decodable>(_ path: String, _ query: [String: String]) async throws -> Answer {
        var asked = URLComponents(string: url + path)!
        asked.queryItems = query.map { URLQueryItem(name: $0.key, value: $0.value) }
        asked.percentEncodedQuery = asked.percentEncodedQuery?.replacingOccurrences(of: "+", with: "%2B")
        let (answer, _) = try await URLSession.shared.data(from: asked.url!)
        return try JSONDecoder.ofSharedFiles.decode(Answer.self, from: answer)
    }
}
