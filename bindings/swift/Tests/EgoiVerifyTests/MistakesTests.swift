import EgoiVerify
import EgoiVerifyTesting
import XCTest

/// The mistakes of `tests/mistakes` that the compiler lets pass, each with its whole message.
final class MistakesTests: XCTestCase {
    private struct Mistakes: Decodable {
        struct Mistake: Decodable {
            struct Refusal: Decodable {
                let error, says: String
            }

            let name: String
            /// Absent where the compiler refuses it.
            let swift: Refusal?

            private enum Key: String, CodingKey {
                case name, swift
            }

            init(from decoder: any Decoder) throws {
                let fields = try decoder.container(keyedBy: Key.self)
                name = try fields.decode(String.self, forKey: .name)
                swift = try? fields.decode(Refusal.self, forKey: .swift)
            }
        }

        let mistakes: [Mistake]
    }

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
        let file = package.appendingPathComponent("../../tests/mistakes/mistakes.json")
        let read = try JSONDecoder().decode(Mistakes.self, from: Data(contentsOf: file))
        let refused = read.mistakes.filter { $0.swift != nil }
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
