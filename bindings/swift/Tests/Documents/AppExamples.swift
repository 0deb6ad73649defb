// What the examples in the comments of EgoiVerifyPhone and EgoiVerifyPhoneTesting find in their surroundings.

import EgoiVerifyPhone

struct ShopServer: VerificationServer {
    func request(_ number: String) async throws -> CodeSent { fatalError("only the compiler reads this") }
    func validate(_ id: String, code: String) async throws -> CodeChecked { fatalError("only the compiler reads this") }
    func resend(_ id: String) async throws -> CodeSent { fatalError("only the compiler reads this") }
    func cancel(_ id: String) async throws -> VerificationState { fatalError("only the compiler reads this") }
}

let given = "123456"
let server: any VerificationServer = ShopServer()
@MainActor var session: VerificationSession { VerificationSession(server: server) }
