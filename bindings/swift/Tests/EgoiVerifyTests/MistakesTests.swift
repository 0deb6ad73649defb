import EgoiVerify
import EgoiVerifyTesting
import XCTest

/// The mistakes of `tests/mistakes`. What the compiler lets pass is refused, each with its whole message.
final class MistakesTests: XCTestCase {
    private struct Mistakes: Decodable {
        struct Mistake: Decodable {
            struct Refusal: Decodable {
                let error, says: String
            }

            struct Uncompiled: Decodable {
                let code: String

                private enum CodingKeys: String, CodingKey {
                    case code = "does_not_compile"
                }
            }

            let name: String
            /// Absent where the compiler refuses it.
            let swift: Refusal?
            /// Present where the compiler refuses it.
            let uncompiled: Uncompiled?

            private enum Key: String, CodingKey {
                case name, swift
            }

            init(from decoder: any Decoder) throws {
                let fields = try decoder.container(keyedBy: Key.self)
                name = try fields.decode(String.self, forKey: .name)
                swift = try? fields.decode(Refusal.self, forKey: .swift)
                uncompiled = try? fields.decode(Uncompiled.self, forKey: .swift)
            }
        }

        let mistakes: [Mistake]
    }

    private func mistakes() throws -> [Mistakes.Mistake] {
        let file = package.appendingPathComponent("../../tests/mistakes/mistakes.json")
        return try JSONDecoder().decode(Mistakes.self, from: Data(contentsOf: file)).mistakes
    }

    #if os(Linux)
    func testTheCompilerRefusesEveryOtherMistake() throws {
        // The first is right, so that a compiler that refuses everything is noticed.
        let right = "await client.request(\"+351910000000\", ttl: 300)"
        let lines = try [right] + mistakes().compactMap(\.uncompiled?.code)
        let given = "client: Client, options: inout ClientOptions, store: inout Store, limits: inout EngineOptions"
        let functions = lines.enumerated().map { at, line in
            "func mistake\(at)(\(given)) async throws { \(line.contains(" = ") ? "" : "_ = try ")\(line) }"
        }
        let imports = ["import EgoiVerify", "import EgoiVerifyTesting", "import Foundation"]
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("Mistakes-\(UUID()).swift")
        defer { try? FileManager.default.removeItem(at: file) }
        try (imports + functions).joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        let arguments = ["-frontend", "-typecheck", "-swift-version", "6"] + importing + [file.path]
        var said = ""
        XCTAssertThrowsError(try output(of: "swiftc", arguments)) { said = ($0 as? Failed)?.words ?? "\($0)" }
        let refused = said.matches(of: /Mistakes-[-0-9A-F]+\.swift:(\d+):\d+: error:/).compactMap { Int($0.1) }
        let accepted = lines.indices.filter { !refused.contains($0 + imports.count + 1) }
        XCTAssertEqual(accepted.map { lines[$0] }, [right], said)
    }
    #endif

    private func client(_ change: (inout ClientOptions) -> Void = { _ in }) throws -> Client {
        var options = ClientOptions(apiKey: "key", sender: "1")
        options.baseURL = "http://127.0.0.1:1"
        change(&options)
        return try Client(options)
    }

    func testEachMistakeIsRefusedInTheWordsOfTheFile() async throws {
        let made: [String: () async throws -> Void] = [
            "the API key is empty": { _ = try Client(apiKey: "", sender: "1") },
            "the timeout is negative": { _ = try self.client { $0.timeout = -1 } },
            "the maximum of parts of an SMS is 0": {
                var sms = EgoiSMS(ClientOptions(apiKey: "key", sender: "1"))
                sms.maxParts = 0
                _ = try Engine(sms)
            },
            "the base URL is plain HTTP": { _ = try self.client { $0.baseURL = "http://example.com" } },
            "the number has no country": { _ = try await self.client().request("910000000") },
            "the message has no place for the code": {
                _ = try await self.client().request("+351910000000", message: "Hello")
            },
            "the validity is too long": { _ = try await self.client().request("+351910000000", ttl: 7200) },
            "the code is empty": { _ = try await self.client().validate("1", code: " ") },
            "the id leaves its path": { _ = try await self.client().get("../senders") },
            "a fault without one": { try await Sandbox.start().failNext(Fault(call: .request)) },
        ]
        let refused = try mistakes().filter { $0.swift != nil }
        XCTAssertEqual(Set(refused.map(\.name)), Set(made.keys))
        for mistake in refused {
            do {
                try await made[mistake.name]?()
                XCTFail("\(mistake.name) passed")
            } catch let error as VerifyError {
                XCTAssertEqual(error.description, mistake.swift?.says, mistake.name)
            }
        }
    }
}
