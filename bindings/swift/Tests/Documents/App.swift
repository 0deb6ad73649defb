// An app as somebody writes it. TypesTests compiles it in Swift 5 mode with every check of concurrency, and in Swift 6 mode, each
// without a warning.

import EgoiVerifyPhone
import EgoiVerifyPhoneTesting
import Foundation

actor Shop: VerificationServer {
    private var asked = 0

    func request(_ number: String) async throws -> CodeSent {
        asked += 1
        return CodeSent(id: "r\(asked)", expiresIn: 300)
    }

    func validate(_ id: String, code: String) async throws -> CodeChecked { CodeChecked(.wrongCode, attemptsLeft: 4) }
    func resend(_ id: String) async throws -> CodeSent { try await request(id) }
    func cancel(_ id: String) async throws -> VerificationState { .cancelled }
}

@MainActor
final class Screen {
    private let session: VerificationSession
    private(set) var text = ""

    init(server: any VerificationServer, clock: any SessionClock) {
        session = VerificationSession(server: server, clock: clock)
    }

    func follow() -> Task<Void, Never> {
        Task {
            for await state in session.states { text = state.text(language: "en").text }
        }
    }

    func start(_ number: String) {
        Task { try await session.start(number) }
    }
}

func play() async {
    let device = TestDevice()
    let screen = await Screen(server: Shop(), clock: device)
    let following = await screen.follow()
    await screen.start("+351 910 000 000")
    await Task.detached { device.advance(300) }.value
    following.cancel()
}
