import EgoiVerify
import Foundation
import XCTest

#if os(Linux)
/// Calls through toxiproxy, under load.
final class ToxicsTests: XCTestCase {
    private struct Toxics: Decodable {
        struct Path: Decodable {
            let name: String
            let fails: Bool?
        }

        let atOnce: Int
        let timeout, late: Double
        let toxics: [Path]
    }

    /// How many seconds after its deadline a call ended, and how it failed.
    private struct Ended: Sendable {
        let late: Double
        let error: VerifyError?
    }

    private static func timed(_ timeout: Double, _ call: () async throws -> Void) async throws -> Ended {
        let started = ContinuousClock.now
        var failed: VerifyError?
        do {
            try await call()
        } catch let error as VerifyError {
            failed = error
        }
        return Ended(late: (ContinuousClock.now - started) / .seconds(1) - timeout, error: failed)
    }

    private static func atOnce(_ count: Int, _ call: @escaping @Sendable () async throws -> Ended) async throws
        -> [Ended]
    {
        try await withThrowingTaskGroup(of: Ended.self) { group in
            for _ in 0..<count { group.addTask { try await call() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func load(_ service: ScriptedService, _ toxics: Toxics, _ path: Toxics.Path) async throws {
        let opened = try await service.open(["toxics": path.name])
        var options = ClientOptions(apiKey: "key", sender: "1")
        options.baseURL = opened.baseUrl
        options.timeout = toxics.timeout
        let client = try Client(options)
        let timeout = toxics.timeout
        // What a timer of this process is late by is the machine's doing.
        async let timers = Self.atOnce(toxics.atOnce) {
            try await Self.timed(timeout) { try await Task.sleep(for: .seconds(timeout)) }
        }
        async let calls = Self.atOnce(toxics.atOnce) {
            try await Self.timed(timeout) { _ = try await client.request("351-910000000") }
        }
        let ended = try await calls
        let allowed = try await max(timers.map(\.late).max() ?? 0, 0) + toxics.late
        let latest = ended.map(\.late).max() ?? 0
        XCTAssertLessThanOrEqual(latest, allowed, path.name)
        let sent = ended.filter { $0.error?.failure.smsPossiblySent ?? true }.count
        let sms = try await service.seen(opened).sms
        XCTAssertLessThanOrEqual(sms, sent, path.name)
        if path.fails == true { XCTAssertFalse(ended.contains { $0.error == nil }, path.name) }
    }

    /// Descriptors and threads.
    private func held() throws -> (descriptors: Int, threads: Int) {
        func count(_ what: String) throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(what)").count
        }
        return try (count("fd"), count("task"))
    }

    func testNoCallOutlivesItsDeadlineAndNothingIsLeftOfThem() async throws {
        try XCTSkipUnless(hasToxiproxy, "THERE IS NO TOXIPROXY: `make test-programs` BUILDS IT")
        let file = shared.appendingPathComponent("faults/toxics.json")
        let toxics = try JSONDecoder.ofSharedFiles.decode(Toxics.self, from: Data(contentsOf: file))
        let rounds = ProcessInfo.processInfo.environment["EGOI_SOAK"] == "1" ? 100 : 1
        let service = try ScriptedService()
        for path in toxics.toxics { try await load(service, toxics, path) }
        let before = try held()
        for _ in 0..<rounds {
            for path in toxics.toxics { try await load(service, toxics, path) }
        }
        print("toxiproxy: \(rounds) of 100 rounds")
        // A pool of Foundation's may start a thread at any time.
        let end = ContinuousClock.now + .seconds(10)
        var after = try held()
        while after.descriptors > before.descriptors || after.threads > before.threads + 8, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(10))
            after = try held()
        }
        XCTAssertLessThanOrEqual(after.descriptors, before.descriptors)
        XCTAssertLessThanOrEqual(after.threads, before.threads + 8)
    }
}
#endif
