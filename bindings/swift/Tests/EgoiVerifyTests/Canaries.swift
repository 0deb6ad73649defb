import EgoiVerify
import Foundation
import XCTest

#if canImport(Glibc)
import Glibc
private let noSignal = Int32(MSG_NOSIGNAL)
#else
import Darwin
private let noSignal: Int32 = 0
#endif

/// What must never be seen, from `tests/secrets`.
struct Canaries: Decodable {
    struct Canary: Decodable {
        let given: String
        let spellings: [String: String]
    }

    struct Answer: Decodable {
        let name: String?
        let status: Int
        let headers: [String: String]
        let body: String
        let code: String?
        let calls: [String]?
    }

    let id: String
    let canaries: [String: Canary]
    let calls: [String]
    let beforeAV2Validation: Answer
    let answers: [Answer]
    let codes: [String]

    static func read() throws -> Canaries {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../../tests/secrets/secrets.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in
            // Of the file's own keys one has several words; the names of canaries are kept.
            let key = path.last!
            return key.stringValue == "before_a_v2_validation" ? Key("beforeAV2Validation") : key
        }
        return try decoder.decode(Canaries.self, from: Data(contentsOf: path))
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// A canary as a program gives it.
    func given(_ name: String) -> String { canaries[name]!.given }

    /// Every spelling, in small letters.
    var spellings: [(name: String, written: String)] {
        canaries.flatMap { name, canary in canary.spellings.map { ("\(name), \($0.key)", $0.value.lowercased()) } }
    }
}

/// Everything that was looked at.
final class Looked {
    private let spellings: [(name: String, written: [UInt8])]
    private(set) var texts = 0
    private(set) var found: [String] = []

    init(_ canaries: Canaries) {
        spellings = canaries.spellings.map { ($0.name, Array($0.written.utf8)) }
    }

    /// Which canaries are in a text, in whatever case, and how they are spelled there.
    func foundIn(_ text: String) -> [String] {
        let bytes = Array(text.lowercased().utf8)
        return bytes.withUnsafeBytes { all in
            spellings.filter { spelling in
                spelling.written.withUnsafeBytes {
                    memmem(all.baseAddress!, all.count, $0.baseAddress!, $0.count) != nil
                }
            }.map(\.name)
        }
    }

    func at(_ place: String, _ text: String) {
        XCTAssertFalse(text.isEmpty, "\(place): there is nothing to look at")
        texts += 1
        let here = foundIn(text)
        if !here.isEmpty { found.append("\(place) shows \(here): \(text)") }
    }

    /// At everything that printing, interpolating, reflecting and dumping show of a value.
    func atValue(_ place: String, _ value: Any) {
        var dumped = ""
        dump(value, to: &dumped)
        for text in ["\(value)", String(reflecting: value), dumped, "\([value])", String(describing: Optional(value))] {
            at(place, text)
        }
    }

    /// At an error with everything below it.
    func atError(_ place: String, _ error: any Error) {
        atValue(place, error)
        at(place, error.localizedDescription)
        at(place, "\(error as NSError) \((error as NSError).userInfo)")
        if let error = error as? VerifyError {
            atValue(place, error.failure)
            if let below = error.underlying { atError(place, below) }
        }
    }

    /// Fails where anything was found, or where less was looked at than there is.
    func end(_ what: String, atLeast: Int) {
        XCTAssertEqual(found, [])
        XCTAssertGreaterThanOrEqual(texts, atLeast, what)
        print("\(what): looked at \(texts) texts")
    }
}

/// A service that answers as it is told to. Before a validation over V2 it lets itself be read. One connection at a time
/// is served by a thread of its own.
final class Hostile: @unchecked Sendable {
    enum Doing {
        case answer(Canaries.Answer)
        case close
        case hold
    }

    let url: String
    private let listener: Listener
    private let beforeAValidation: Canaries.Answer
    private let lock = NSLock()
    private var doing = Doing.close
    private var isReadFirst = false

    init(_ canaries: Canaries) throws {
        beforeAValidation = canaries.beforeAV2Validation
        let listener = try Listener()
        self.listener = listener
        url = "http://127.0.0.1:\(listener.port)"
        Thread.detachNewThread { [self] in
            while let connection = listener.connection() {
                Thread.detachNewThread { [self] in serve(connection) }
            }
        }
    }

    func next(_ doing: Doing, isReadFirst: Bool) {
        lock.withLock { (self.doing, self.isReadFirst) = (doing, isReadFirst) }
    }

    func stop() {
        listener.stop()
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let end = Array("\r\n\r\n".utf8)
            while received.firstRange(of: end) == nil {
                let count = recv(connection, &chunk, chunk.count, 0)
                guard count > 0 else { return }
                received += chunk[..<count]
            }
            let head = received.firstRange(of: end)!
            let lines = String(decoding: received[..<head.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
            let length =
                lines.compactMap { line in
                    line.lowercased().hasPrefix("content-length:")
                        ? Int(line.dropFirst(15).trimmingCharacters(in: .whitespaces)) : nil
                }.first ?? 0
            while received.count < head.upperBound + length {
                let count = recv(connection, &chunk, chunk.count, 0)
                guard count > 0 else { return }
                received += chunk[..<count]
            }
            received.removeFirst(head.upperBound + length)
            let isRead = lines[0].hasPrefix("GET ") && lines[0].contains("/verify/")
            let (doing, isReadFirst) = lock.withLock { (self.doing, self.isReadFirst) }
            switch isRead && isReadFirst ? .answer(beforeAValidation) : doing {
            case .close: return
            case .hold:
                // Until the other side goes away.
                while recv(connection, &chunk, chunk.count, 0) > 0 {}
                return
            case .answer(let answer):
                let headers = answer.headers.map { "\($0.key): \($0.value)\r\n" }.joined()
                let text =
                    "HTTP/1.1 \(answer.status) X\r\n\(headers)Content-Length: \(answer.body.utf8.count)\r\n\r\n\(answer.body)"
                var bytes = Array(text.utf8)
                while !bytes.isEmpty {
                    let sent = send(connection, bytes, bytes.count, noSignal)
                    guard sent > 0 else { return }
                    bytes.removeFirst(sent)
                }
            }
        }
    }
}
