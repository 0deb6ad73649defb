import EgoiVerify

/// A call by its name.
typealias NamedCall = (verb: String, call: @Sendable () async throws -> Void)

/// Every verb, on a request that need not exist.
func calls(of verifier: any Verifier) -> [NamedCall] {
    [
        ("request", { _ = try await verifier.request(number) }),
        ("validate", { _ = try await verifier.validate("1", code: "123456") }),
        ("cancel", { _ = try await verifier.cancel("1") }),
        ("resend", { _ = try await verifier.resend("1") }),
        ("get", { _ = try await verifier.get("1") }),
    ]
}

/// What only a client has.
func calls(ofAClient client: Client) -> [NamedCall] {
    [
        ("ping", { try await client.ping() }),
        ("senders", { _ = try await client.senders() }),
    ]
}
