import EgoiVerify
import EgoiVerifyTesting
import XCTest

#if os(Linux)
/// A day of verifications through one process.
final class LoadTests: XCTestCase {
    private actor Inbox {
        private var text = ""

        func take(_ sms: OutgoingSMS) { text = sms.text }
        var code: String { String(text.prefix { $0 != " " }) }
    }

    private func residentBytes() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
        return try XCTUnwrap(Int(pages)) * sysconf(Int32(_SC_PAGESIZE))
    }

    func testADayOfTrafficLeavesTheMemoryAsItIsAndIsForgotten() async throws {
        let verifications = ProcessInfo.processInfo.environment["EGOI_SOAK"] == "1" ? 1_000_000 : 5_000
        let inbox = Inbox()
        let clock = TestClock()
        clock.freeze()
        var options = EngineOptions()
        // What is kept is an hour's traffic and not a day's, so that the store is as large at the end as after the warm-up.
        var store = Store("memory:")
        store.retention = 50 * 60
        options.store = store
        options.smsPerNumber = .off
        options.resendAfter = .off
        options.wrongCodesPerNumber = .off
        let engine = try Engine(options.with(clock)) { await inbox.take($0) }
        let first = try await engine.request(number).id
        var last = first
        var before = 0
        for each in 0..<verifications {
            let recipient = "+3519\(10_000_000 + each % 10_000_000)"
            last = try await engine.request(recipient).id
            let outcome = try await engine.validate(last, code: inbox.code, number: recipient)
            XCTAssertEqual(outcome, .verified)
            try clock.advance(24 * 60 * 60 / Double(verifications))
            if each == verifications / 5 { before = try residentBytes() }
        }
        let growth = try residentBytes() - before
        print("\(verifications) of 1000000 verifications over a day, the process grew by \(growth / 1024) KiB")
        XCTAssertLessThan(growth, (8 << 20) + 8 * verifications)
        _ = try await failing("not_found") { try await engine.get(first) }
        let state = try await engine.get(last).state
        XCTAssertEqual(state, .verified)
        try clock.advance(60 * 60 + 1)
        _ = try await failing("not_found") { try await engine.get(last) }
    }
}
#endif
