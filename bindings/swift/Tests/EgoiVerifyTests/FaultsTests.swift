import EgoiVerify
import Foundation
import Testing
import XCTest

/// The fault table, `tests/faults/faults.json`.
private struct Table: Decodable, Sendable {
    struct Call: Decodable {
        let api, verb: String
        let gives: String?
    }

    struct Expectation: Decodable {
        enum Key: String, CodingKey {
            case of, code, sms, safe, tries, gives
        }

        let of: [String]
        /// Whether the call succeeds; without a code of its own it has the fault's.
        let isGood: Bool
        let code, gives: String?
        let sms, safe: Bool?
        let tries: Int

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Key.self)
            of = try fields.decode([String].self, forKey: .of)
            code = try fields.decodeIfPresent(String.self, forKey: .code)
            isGood = fields.contains(.code) && code == nil
            gives = try fields.decodeIfPresent(String.self, forKey: .gives)
            sms = try fields.decodeIfPresent(Bool.self, forKey: .sms)
            safe = try fields.decodeIfPresent(Bool.self, forKey: .safe)
            tries = try fields.decode(Int.self, forKey: .tries)
        }
    }

    enum Expected: Decodable {
        case pattern(String)
        case these([Expectation])

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let pattern = try? value.decode(String.self) {
                self = .pattern(pattern)
            } else {
                self = try .these(value.decode([Expectation].self))
            }
        }
    }

    struct Fault: Decodable {
        let name: String
        let code, reason: String?
        let says: [String]?
        let httpStatus: Int?
        let retryAfter: [Double]?
        let timeout, connectTimeout: Double?
        let expect: Expected
    }

    struct Environment: Decodable, CustomTestStringConvertible {
        let variables: [String: String]
        let field, reason: String
        let says: [String]

        var testDescription: String { "\(variables)" }
    }

    let key, number, code, id: String
    let environment: [Environment]
    let timeout: Double
    let calls: [String: Call]
    let groups: [String: [String]]
    let patterns: [String: [Expectation]]
    let faults: [Fault]

    var rows: [Row] {
        faults.flatMap { fault in
            let expectations =
                switch fault.expect {
                case .pattern(let name): patterns[name]!
                case .these(let these): these
                }
            return expectations.flatMap { expectation in
                expectation.of.flatMap { groups[$0] ?? [$0] }.map {
                    Row(fault: fault, expectation: expectation, name: $0, call: calls[$0]!)
                }
            }
        }
    }
}

private struct Row: Sendable, CustomTestStringConvertible {
    let fault: Table.Fault
    let expectation: Table.Expectation
    let name: String
    let call: Table.Call

    var testDescription: String { "\(fault.name): \(name)" }
}

private let table: Table = {
    let file = shared.appendingPathComponent("faults/faults.json")
    return try! JSONDecoder.ofSharedFiles.decode(Table.self, from: Data(contentsOf: file))
}()

private typealias Seen = ScriptedService.Seen

/// What a call came to, and the id of the request there is now.
private struct Done {
    let word: String?
    let error: VerifyError?
    let id: String

    var told: String { word ?? error.map { "\($0)" } ?? "" }
}

/// The words of the other languages.
private func word(_ given: some Any) -> String {
    "\(given)".reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : "\($1)" }
}

private func client(
    _ opened: ScriptedService.Opened, _ api: String, timeout: Double, connectTimeout: Double? = nil
) throws -> Client {
    var options = ClientOptions(apiKey: table.key, sender: "1234")
    options.api = API(rawValue: api)
    options.baseURL = opened.baseUrl
    options.timeout = timeout
    options.connectTimeout = connectTimeout
    options.proxy = opened.proxy
    options.allowHTTP = opened.proxy != nil
    options.caCertificates = opened.caCertificates.map { Data($0.utf8) }
    return try Client(options)
}

private func make(_ client: Client, _ verb: String, _ id: String, _ code: String) async throws -> Done {
    do {
        let said: String
        switch verb {
        case "request":
            let made = try await client.request(table.number)
            return Done(word: word(made.state), error: nil, id: made.id)
        case "validate": said = try await word(client.validate(id, code: code))
        case "cancel": said = try await word(client.cancel(id))
        case "resend": said = try await word(client.resend(id).state)
        case "get": said = try await word(client.get(id).state)
        case "ping":
            try await client.ping()
            said = "up"
        default:
            _ = try await client.senders()
            said = "listed"
        }
        return Done(word: said, error: nil, id: id)
    } catch let error as VerifyError {
        return Done(word: nil, error: error, id: id)
    }
}

/// What must never be, whatever happened.
private func never(_ verb: String, _ done: Done, _ seen: Seen) -> [String] {
    let isBelieved = ["validate", "get"].contains(verb) && done.word == "verified"
    let faults = [
        ("more than one SMS", seen.sms > 1),
        ("a code submitted twice", seen.submits > 1),
        ("an SMS that was denied", done.error?.failure.smsPossiblySent == false && seen.sms > 0),
        ("verified without the service's word", isBelieved && seen.verified == 0),
    ]
    return faults.filter(\.1).map { "\($0.0): \(done.told), \(seen)" }
}

/// Options have Swift's names.
private func named(_ words: String) -> String {
    let parts = words.components(separatedBy: "`").enumerated()
    return parts.map { $0.offset % 2 == 1 ? camel($0.element) : $0.element }.joined(separator: "`")
}

private func unsaid(_ error: VerifyError, _ says: [String]) -> [String] {
    says.filter { !error.detail.contains(named($0)) }
}

/// What is not as the row says.
private func wrong(_ row: Row, _ done: Done, _ seen: Seen) -> [String] {
    let fault = row.fault
    let expectation = row.expectation
    var told: [String] = []
    func same<Fact: Equatable>(_ what: String, _ found: Fact, _ should: Fact) {
        if found != should { told.append("\(what) is \(found), not \(should)") }
    }
    same("tries", seen.tries, expectation.tries)
    if let error = done.error, !expectation.isGood {
        let hasID = !["request", "ping", "senders"].contains(row.call.verb)
        same("code", error.code, expectation.code ?? fault.code)
        same("httpStatus", error.httpStatus, fault.httpStatus)
        same("reason", error.reason, fault.reason)
        same("what \(error.detail) does not say", unsaid(error, fault.says ?? []), [])
        same("smsPossiblySent", error.failure.smsPossiblySent, expectation.sms)
        same("retryIsSafe", error.failure.retryIsSafe, expectation.safe)
        same("requestID", error.requestID, hasID ? table.id : nil)
        let isRight =
            switch (error.retryAfter, fault.retryAfter) {
            case (let after?, let range?): range[0] <= after && after <= range[1]
            case (nil, nil): true
            default: false
            }
        same("whether retryAfter \(error.retryAfter ?? -1) is right", isRight, true)
        let shown = "\(error) \(String(reflecting: error))"
        same("what is shown of the secrets", [table.key, table.code, table.number].filter(shown.contains), [])
    } else {
        let gives = expectation.isGood ? expectation.gives ?? row.call.gives : expectation.code ?? fault.code
        same("what it gives", done.told, gives ?? "")
    }
    return told + never(row.call.verb, done, seen)
}

private func play(_ service: ScriptedService, _ row: Row) async throws -> [String] {
    let opened = try await service.open(["fault": row.fault.name, "call": row.name])
    let timeout = row.fault.timeout ?? table.timeout
    let client = try client(opened, row.call.api, timeout: timeout, connectTimeout: row.fault.connectTimeout)
    let done = try await make(client, row.call.verb, table.id, table.code)
    return try await wrong(row, done, service.seen(opened))
}

/// Makes the calls that this seed draws.
private func run(_ service: ScriptedService, _ seed: Int) async throws -> [String] {
    let opened = try await service.open(["seed": "\(seed)"])
    let client = try client(opened, opened.api ?? "", timeout: 0.5)
    var id = table.id
    for (at, planned) in (opened.calls ?? []).enumerated() {
        let code = planned.code ?? ""
        let done = try await make(client, planned.verb, id, code)
        var told = try await never(planned.verb, done, service.seen(opened))
        if planned.verb == "validate", done.word == "verified", code != table.code {
            told.append("a wrong code was verified")
        }
        if !told.isEmpty { return told.map { "seed \(seed), call \(at), \(planned.verb): \($0)" } }
        id = done.id
    }
    return []
}

/// 64 of them, as they wait more than they work.
private func allAtOnce<Each: Sendable>(
    _ each: [Each], _ play: @escaping @Sendable (ScriptedService, Each) async throws -> [String]
) async throws -> [[String]] {
    let service = try ScriptedService()
    return try await withThrowingTaskGroup(of: (Int, [String]).self) { group in
        var told = [[String]](repeating: [], count: each.count)
        for (at, one) in each.enumerated() {
            if at >= 64, let (done, said) = try await group.next() { told[done] = said }
            group.addTask { try await (at, play(service, one)) }
        }
        for try await (done, said) in group { told[done] = said }
        return told
    }
}

/// What was wrong with every row, played once.
private let played = Task {
    let rows = table.rows
    return try await Dictionary(uniqueKeysWithValues: zip(rows.map(\.testDescription), allAtOnce(rows, play)))
}

/// Every fault of the table, and random runs of them.
@Suite(.serialized) struct FaultsTests {
    @Test(arguments: table.rows) fileprivate func aFaultIsToldAsTheTableSays(_ row: Row) async throws {
        let told = try await played.value[row.testDescription]
        #expect(told == [])
    }

    @Test func randomRunsNeverSendTwiceDenyAnSMSOrVerify() async throws {
        let runs = ProcessInfo.processInfo.environment["EGOI_SOAK"] == "1" ? 10_000 : 200
        print("random runs: \(runs) of 10000")
        let told = try await allAtOnce(Array(0..<runs), run)
        #expect(told.flatMap { $0 } == [])
    }
}

/// The environment is the process's: XCTest runs its tests one after the other, in a process without those above.
final class FaultsOfVariablesTests: XCTestCase {
    func testAVariableThatCannotBeUsedIsNamed() throws {
        for row in table.environment {
            for (name, value) in row.variables { setenv(name, value, 1) }
            defer { for name in row.variables.keys { unsetenv(name) } }
            XCTAssertThrowsError(try Client(ClientOptions(apiKey: "key", sender: "1234"))) { thrown in
                guard let error = thrown as? VerifyError else { return XCTFail("\(thrown)") }
                XCTAssertEqual([error.code, error.field, error.reason], ["invalid_input", row.field, row.reason])
                XCTAssertEqual(unsaid(error, row.says), [], error.detail)
            }
        }
    }
}
