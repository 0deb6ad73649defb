import EgoiVerify
import EgoiVerifyTesting

func prove(_ number: String) async throws -> Bool {
    let sandbox = try await Sandbox.start()
    // For the real service: try Client(apiKey: key, sender: "1234")
    let client = try sandbox.client()

    let verification = try await client.request(number, message: "Your code is {CODE}", ttl: 300)
    let given = try await sandbox.waitForCode(number, timeout: 5)

    switch try await client.validate(verification.id, code: given, number: number) {
    case .verified: return true
    case .wrongCode: return false  // The person may try again.
    case .expired, .cancelled, .tooManyAttempts: return false  // Ask for a new code.
    case .alreadyVerified: return false  // Verified before, which proves nothing now.
    }
}
