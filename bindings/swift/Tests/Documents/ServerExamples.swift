// What the examples in the comments of EgoiVerify and EgoiVerifyTesting find in their surroundings, besides Server.swift.

import EgoiVerify
import EgoiVerifyTesting

struct ConnectionRefused: Error {}

extension Gateway {
    func deliver(to number: String, _ text: String) async throws {}
}

actor Outbox {
    func add(_: OutgoingSMS) {}
}

struct Visitor {
    var id: String?
    var number: String?
}

let outbox = Outbox()
@MainActor var session = Visitor()
@MainActor var account = Visitor()
var error: any Error { surroundings() }
var given: String { surroundings() }
var id: String { surroundings() }
var sandbox: Sandbox { surroundings() }
