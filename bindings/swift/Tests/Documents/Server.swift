// What the blocks of README.md find in their surroundings.

import EgoiVerify

protocol Gateway: Sendable {
    func deliver(to number: String, _ text: String, once: String) async throws
}

func surroundings<Value>(_: Value.Type = Value.self) -> Value { fatalError("only the compiler reads this") }

var client: Client { surroundings() }
var verification: Verification { surroundings() }
var gateway: any Gateway { surroundings() }
var number: String { surroundings() }
var key: String { surroundings() }
