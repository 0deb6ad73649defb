// A server as somebody writes it. TypesTests compiles it in Swift 5 mode with every check of concurrency, and in Swift 6 mode, each
// without a warning.

import EgoiVerify
import EgoiVerifyTesting
import Foundation

actor Visitors {
    private let engine: Engine
    private var pending: [String: Verification] = [:]

    init(clock: TestClock) throws {
        engine = try Engine(EngineOptions().with(clock)) { sms in print(sms.number) }
    }

    func request(_ number: String, by visitor: String) async throws {
        pending[visitor] = try await engine.request(number)
    }

    func validate(_ code: String, by visitor: String) async throws -> Bool {
        guard let id = pending[visitor]?.id else { return false }
        return try await engine.validate(id, code: code).isVerified
    }
}

func play() async throws {
    let clock = TestClock()
    let visitors = try Visitors(clock: clock)
    try await withThrowingTaskGroup(of: Void.self) { group in
        for visitor in ["one", "other"] {
            group.addTask { try await visitors.request("+351 910 000 000", by: visitor) }
        }
        try await group.waitForAll()
    }
    let sandbox = try await Sandbox.start()
    let client = try sandbox.client()
    let made = try await Task.detached { try await client.request("+351 910 000 000") }.value
    print(made.state)
}
