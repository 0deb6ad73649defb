import EgoiVerify
import EgoiVerifyTesting

// The article's story: one SMS, a wrong code, the right one; and what E-goi's interface makes of a code that comes late.
let number = "+351 910 000 000"
let sandbox = try await Sandbox.start()
print("a sandbox of E-goi Verify listens on \(try sandbox.url)")

for api in API.allCases {
    let client = try sandbox.client(api)
    let verification = try await client.request(number, message: "Your code is {CODE}", ttl: 300)
    print("\(api.rawValue): requested: \(verification)")

    let code = try await sandbox.waitForCode(number, timeout: 5)
    let wrong = code == "000000" ? "111111" : "000000"
    let first = try await client.validate(verification.id, code: wrong)
    let second = try await client.validate(verification.id, code: code)
    let third = try await client.validate(verification.id, code: code)
    print(
        "\(api.rawValue): a wrong code: \(first.rawValue); the right one: \(second.rawValue); again: \(third.rawValue)")
    precondition(first == .wrongCode && second == .verified && third == .alreadyVerified)

    let late = try await client.request(number, ttl: 60)
    let lateCode = try await sandbox.waitForCode(number, timeout: 5)
    try sandbox.clock.advance(61)
    let expired = try await client.validate(late.id, code: lateCode)
    print("\(api.rawValue): the right code a second too late: \(expired.rawValue)")
    precondition(expired == .expired)
}
print("everything was as documented")
