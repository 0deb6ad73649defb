// What must not compile, each with what the compiler says to it. TypesTests checks it.

import EgoiVerify

// A wrong code must not pass for a right one.
func aVerdictThatIsNotLookedAt(_ outcome: Outcome) {
    if outcome {}  // expected-error {{cannot convert value of type 'Outcome' to expected condition type 'Bool'}}
}

func anOutcomeThatIsForgotten(_ outcome: Outcome) -> Bool {
    // expected-error@+1 {{switch must be exhaustive}} expected-note@+1 {{add missing case: '.alreadyVerified'}}
    switch outcome {
    case .verified: true
    case .wrongCode, .expired, .cancelled, .tooManyAttempts: false
    }
}

func aFailureThatIsForgotten(_ error: VerifyError) -> Bool {
    // expected-error@+1 {{switch must be exhaustive}} expected-note@+1 {{add missing case: '.deliveryFailed(_)'}}
    switch error {
    case .invalidInput, .unauthorized, .forbidden, .notFound, .rejected, .conflict, .rateLimited, .unreachable: false
    case .timeout, .interrupted, .unavailable, .redirected, .invalidResponse, .unsupported, .storage, .misconfigured:
        false
    case .closed, .forked, .internal: false
    }
}

final class Outbox {
    var count = 0  // expected-note@-1 {{class 'Outbox' does not conform to the 'Sendable' protocol}}
}

// The function that sends is called from any thread.
func aFunctionThatSendsFromWhatIsNotSafe(_ outbox: Outbox) throws {
    _ = try Engine { _ in
        // expected-error@+1 {{capture of 'outbox' with non-sendable type 'Outbox' in a `@Sendable` closure}}
        outbox.count += 1
    }
}

func aVerbWithoutAwait(_ client: Client) throws -> Verification {
    // expected-note@-1 {{add 'async' to function 'aVerbWithoutAwait' to make it asynchronous}}
    // expected-error@+1 {{'async' call in a function that does not support concurrency}}
    try client.request("+351 910 000 000")
}
