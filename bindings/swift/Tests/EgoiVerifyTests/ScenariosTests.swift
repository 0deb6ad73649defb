import EgoiVerify
import EgoiVerifyTesting
import Foundation
import Testing

/// Another store for every engine, as `tests/stores.py` says it.
private let otherStore = ProcessInfo.processInfo.environment["EGOI_SCENARIOS_STORE"]

private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../../tests/scenarios").standardizedFileURL

/// A scenario on one of the verifiers that it names.
struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let on: String
    let scenario: [String: JSON]

    var testDescription: String { "\(name) on \(on)" }

    static let all: [Case] = {
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        let scenarios = files.filter { $0.pathExtension == "json" }
        precondition(!scenarios.isEmpty, "there is no scenario")
        return scenarios.flatMap { file -> [Case] in
            let name = file.deletingPathExtension().lastPathComponent
            guard let read = try? JSONDecoder().decode([String: JSON].self, from: Data(contentsOf: file)),
                case .list(let on) = read["on"], !on.isEmpty
            else { fatalError("\(name) is no scenario") }
            // The other verifiers have no such store.
            let played = on.filter { otherStore == nil || $0.text == "engine" }
            return played.map { Case(name: name, on: $0.text ?? "", scenario: read) }
        }
    }()
}

/// Every file of `tests/scenarios` on every verifier that it names, a case each; its README says what a file holds.
@Test(arguments: Case.all)
func scenario(_ played: Case) async throws {
    let scenario = Fields(played.scenario)
    let given = Fields(scenario.take("sandbox")?.object ?? [:])
    var options = SandboxOptions(
        seed: given.whole("seed").map(Int64.init), code: given.text("code"), apiKey: given.text("api_key"),
        senders: given.take("senders")?.list?.compactMap(\.text))
    try given.done()
    switch played.on {
    case "client-v1", "client-v2", "engine": break
    case "client-v2-words": options.v2Words = true
    case "client-v2-400": options.v2Wrong = 400
    default: throw Wrong("there is no verifier \(played.on)")
    }
    let sandbox = try await Sandbox.start(options)
    try sandbox.clock.freeze()
    let run = Run(played, sandbox)
    run.clock.freeze()
    try await run.play(scenario)
}

struct Wrong: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// What a file holds and what a step gives.
enum JSON: Sendable, Equatable, Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case list([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let list = try? value.decode([JSON].self) {
            self = .list(list)
        } else {
            self = try .object(value.decode([String: JSON].self))
        }
    }

    init(_ text: String?) {
        self = text.map(JSON.string) ?? .null
    }

    init(_ whole: Int?) {
        self = whole.map { .number(Double($0)) } ?? .null
    }

    var text: String? { if case .string(let text) = self { text } else { nil } }
    var number: Double? { if case .number(let number) = self { number } else { nil } }
    var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
    var list: [JSON]? { if case .list(let list) = self { list } else { nil } }
    var object: [String: JSON]? { if case .object(let object) = self { object } else { nil } }
    var texts: [String: String]? { object?.compactMapValues(\.text) }

    /// Whether this is what a step must give.
    func matches(_ given: JSON) throws -> Bool {
        switch (self, given) {
        case (.object(let about), .string(let text)):
            let about = Fields(about)
            let starts = about.text("starts").map(text.hasPrefix) ?? true
            let has = about.text("has").map { text.contains($0) } ?? true
            let madeOf = about.text("made_of").map { all in text.allSatisfy(all.contains) } ?? true
            let size = about.whole("size").map { text.unicodeScalars.count == $0 } ?? true
            try about.done()
            return starts && has && madeOf && size
        case (.object(let expected), .object(let given)):
            return try expected.allSatisfy { name, each in try given[name].map(each.matches) ?? false }
        case (.list(let range), .number(let given)):
            return (range[0].number ?? .nan) <= given && given <= (range[1].number ?? .nan)
        case (.list(let expected), .list(let given)):
            return try expected.count == given.count && zip(expected, given).allSatisfy { try $0.matches($1) }
        case (.number(let expected), .number(let given)):
            return abs(expected - given) < 1e-3
        default:
            return self == given
        }
    }
}

/// What is taken out of an object; what is left over nobody knows.
final class Fields {
    private var left: [String: JSON]

    init(_ object: [String: JSON]) {
        left = object
    }

    func take(_ name: String) -> JSON? { left.removeValue(forKey: name) }
    func has(_ name: String) -> Bool { left[name] != nil }
    func text(_ name: String) -> String? { take(name)?.text }
    func number(_ name: String) -> Double? { take(name)?.number }
    func whole(_ name: String) -> Int? { number(name).map { Int($0) } }
    func bytes(_ name: String) -> Data? { text(name).map { Data($0.utf8) } }

    func word<W: RawRepresentable<String>>(_ name: String, _: W.Type = W.self) throws -> W? {
        guard let word = text(name) else { return nil }
        guard let found = W(rawValue: word) else { throw Wrong("\(word) is no \(name)") }
        return found
    }

    /// A limit, which `null` switches off.
    func limit<V>(_ name: String, _ value: (JSON) -> V?) throws -> Limit<V> {
        guard let given = take(name) else { return .standard }
        guard given != .null else { return .off }
        guard let value = value(given) else { throw Wrong("no \(name)") }
        return .at(value)
    }

    /// The files have the options of a store beside those of an engine or a client; without a URL they are the default store's.
    func store(or url: String?) -> Store? {
        let given = text("store")
        let (key, previousKeys, retention) = (bytes("key"), take("previous_keys")?.list, number("retention"))
        let isGiven = key != nil || previousKeys != nil || retention != nil
        guard let url = given ?? url ?? (isGiven ? "memory:" : nil) else { return nil }
        var store = Store(url, key: key ?? (given == nil && url != "memory:" ? Data(repeating: 107, count: 32) : nil))
        store.previousKeys = previousKeys?.map { Data(($0.text ?? "").utf8) }
        store.retention = retention
        return store
    }

    func done() throws {
        guard left.isEmpty else { throw Wrong("unknown: \(left.keys.sorted())") }
    }
}

/// What an engine handed over, and how the next hand-over fails.
private actor Outbox {
    private(set) var sent: [OutgoingSMS] = []
    private var fails: String?

    func fail(with word: String?) throws {
        guard ["not_sent", "maybe"].contains(word) else { throw Wrong("a hand-over does not fail with \(word ?? "")") }
        fails = word
    }

    func hand(_ sms: OutgoingSMS) throws {
        let fails = fails
        self.fails = nil
        guard fails != "not_sent" else { throw SendError.notSent() }
        sent.append(sms)
        guard fails == nil else { throw Wrong("the gateway went away") }
    }
}

private final class Run {
    let clock = TestClock()
    private let played: Case
    private let sandbox: Sandbox
    private let outbox = Outbox()
    private var kept: [String: String] = [:]
    private var verifier: (any Verifier)!

    init(_ played: Case, _ sandbox: Sandbox) {
        self.played = played
        self.sandbox = sandbox
    }

    func play(_ scenario: Fields) async throws {
        let (client, engine) = (scenario.take("client"), scenario.take("engine"))
        let options = (played.on == "engine" ? engine : client) ?? .object([:])
        _ = try make(Fields(told(options).object ?? [:]))
        let steps = scenario.take("steps")?.list ?? []
        guard scenario.text("about") != nil, scenario.take("on") != nil, !steps.isEmpty else {
            throw Wrong("no scenario")
        }
        try scenario.done()
        for said in steps {
            var step = said.object ?? [:]
            let gives = step.removeValue(forKey: "gives")
            let on = step.removeValue(forKey: "on")?.list ?? [.string(played.on)]
            let times = Int(step.removeValue(forKey: "times")?.number ?? 1)
            for _ in 0..<(on.contains(.string(played.on)) ? times : 0) {
                let gave = try await gave(by: Fields(told(.object(step)).object ?? [:]))
                let right = try gives.map { try told($0).matches(gave) } ?? (gave.object?["error"] == nil)
                try #require(right, "\(said)\ngave \(gave)")
            }
        }
        verifier.close()
    }

    private func gave(by step: Fields) async throws -> JSON {
        let kind = step.text("do") ?? ""
        let keepAs = step.text("as") ?? ["request": "id", "read": "code"][kind]
        let gave: JSON = try await {
            do {
                return try await doing(kind, step)
            } catch let error as VerifyError {
                return plain(error)
            }
        }()
        try step.done()
        if let keepAs, let keep = (gave.object?["id"] ?? gave.object?["code"] ?? gave).text {
            kept[keepAs] = keep
        }
        return gave
    }

    private func doing(_ kind: String, _ step: Fields) async throws -> JSON {
        let timeout = step.number("timeout")
        let text = { (name: String) in step.text(name) ?? "" }
        let id = { step.text("id") ?? self.kept["id"] ?? "" }
        switch kind {
        case "request":
            return try await plain(
                verifier.request(
                    step.text("number") ?? number, message: step.text("message"), codeType: step.word("code_type"),
                    codeSize: step.whole("code_size"), ttl: step.number("ttl"), group: step.text("group"),
                    idempotencyKey: step.text("idempotency_key"), client: step.text("client"),
                    defaultRegion: step.text("default_region"), timeout: timeout))
        case "validate":
            let code = step.text("code") ?? kept["code"] ?? ""
            return try await .string(
                verifier.validate(
                    id(), code: code, number: step.text("number"), client: step.text("client"),
                    defaultRegion: step.text("default_region"), timeout: timeout
                ).rawValue)
        case "validate_with_details":
            let code = step.text("code") ?? kept["code"] ?? ""
            let details = try await verifier.validateWithDetails(
                id(), code: code, number: step.text("number"), client: step.text("client"),
                defaultRegion: step.text("default_region"), timeout: timeout)
            return .object([
                "outcome": .string(details.outcome.rawValue), "attempts_left": JSON(details.attemptsLeft),
                "limit": JSON(details.limit.map(snake)),
            ])
        case "cancel": return try await .string(verifier.cancel(id(), timeout: timeout).rawValue)
        case "resend": return try await plain(verifier.resend(id(), timeout: timeout))
        case "get": return try await plain(verifier.get(id(), timeout: timeout))
        case "ping":
            try await client().ping(timeout: timeout)
            return .string("up")
        case "senders":
            return try await .list(
                client().senders(timeout: timeout).map {
                    .object([
                        "id": JSON($0.id), "name": JSON($0.name), "number": JSON($0.number), "status": JSON($0.status),
                    ])
                })
        case "make": return try make(Fields(step.take("options")?.object ?? [:]))
        case "close": verifier.close()
        case "read": return try await messages(step).first ?? .null
        case "count": return try await JSON(messages(step).count)
        case "advance":
            let seconds = step.number("seconds") ?? 0
            try sandbox.clock.advance(seconds)
            try clock.advance(seconds)
        case "fail":
            try sandbox.failNext(
                Fault(
                    call: step.word("call"), number: step.text("number"), status: step.whole("status"),
                    delay: step.number("delay"), cut: step.word("cut"), body: step.word("body"),
                    probability: step.number("probability"), count: step.whole("count")))
        case "send_fails": try await outbox.fail(with: step.text("with"))
        case "reset": try sandbox.reset()
        case "generate_code":
            return try .string(generateCode(step.word("code_type") ?? .numeric, codeSize: step.whole("code_size") ?? 6))
        case "parse_number":
            return try .string(PhoneNumber(text("text"), defaultRegion: step.text("default_region")).e164)
        case "sms_parts":
            let parts = try smsParts(text("text"))
            return .object([
                "encoding": .string(parts.encoding.rawValue), "characters": JSON(parts.characters),
                "parts": JSON(parts.parts),
            ])
        case "with_origin": return try .string(withOrigin(text("text"), host: text("host")))
        case "with_app_hash": return try .string(withAppHash(text("text"), hash: text("hash")))
        case "code_in_sms":
            return try JSON(
                codeInSMS(text("text"), codeType: step.word("code_type"), codeSize: step.whole("code_size")))
        default: throw Wrong("there is no step \(kind)")
        }
        return .null
    }

    private func client() throws -> Client {
        guard let client = verifier as? Client else { throw Wrong("an engine has no such call") }
        return client
    }

    private func make(_ given: Fields) throws -> JSON {
        verifier = try played.on == "engine" ? engine(given) : client(given)
        return .string("made")
    }

    private func client(_ given: Fields) throws -> Client {
        let (api, path): (API, String) = played.on == "client-v1" ? (.v1, "/api/public") : (.v2, "/api")
        var options = ClientOptions(apiKey: given.text("api_key") ?? "key", sender: given.text("sender") ?? "1")
        options.api = api
        options.baseURL = try given.has("base_url") ? given.text("base_url") : sandbox.url + path
        options.timeout = given.number("timeout")
        options.connectTimeout = given.number("connect_timeout")
        options.proxy = given.text("proxy")
        options.caCertificates = given.bytes("ca_certificates")
        options.trust = try given.word("trust")
        options.allowHTTP = given.take("allow_http")?.bool
        options.checkStateFirst = given.take("check_state_first")?.bool
        options.accept = try given.word("accept")
        options.statusWords = given.take("status_words")?.texts
        options.v1Paths = given.take("v1_paths")?.texts
        options.v2Paths = given.take("v2_paths")?.texts
        options.appName = given.text("app_name")
        options.store = given.store(or: nil)
        options.smsPerNumber = given.take("sms_per_number").flatMap(quota)
        options.smsPerClient = given.take("sms_per_client").flatMap(quota)
        options.smsPerPrefix = given.take("sms_per_prefix").flatMap(prefixQuota)
        options.wrongCodesPerClient = given.take("wrong_codes_per_client").flatMap(quota)
        try given.done()
        return try Client(options)
    }

    private func quota(_ given: JSON) -> Quota? {
        given.list.map { Quota(Int($0[0].number ?? 0), per: $0[1].number ?? 0) }
    }

    private func prefixQuota(_ given: JSON) -> PrefixQuota? {
        given.list.map {
            PrefixQuota(Int($0[0].number ?? 0), per: $0[1].number ?? 0, lastDigits: Int($0[2].number ?? 0))
        }
    }

    private func engine(_ given: Fields) throws -> Engine {
        let store = otherStore?.replacingOccurrences(of: "<name>", with: played.name)
            .replacingOccurrences(of: "<tmp>/", with: "\(FileManager.default.temporaryDirectory.path)/\(getpid())-")
        let whole = { (given: JSON) in given.number.map { Int($0) } }
        var options = EngineOptions()
        options.store = given.store(or: store)
        options.maxRequests = given.whole("max_requests")
        options.maxAttempts = try given.limit("max_attempts", whole)
        options.wrongCodesPerNumber = try given.limit("wrong_codes_per_number", quota)
        options.smsPerNumber = try given.limit("sms_per_number", quota)
        options.wrongCodesPerClient = try given.limit("wrong_codes_per_client", quota)
        options.smsPerClient = try given.limit("sms_per_client", quota)
        options.smsPerPrefix = try given.limit("sms_per_prefix", prefixQuota)
        options.maxResends = try given.limit("max_resends", whole)
        options.resendAfter = try given.limit("resend_after", \.number)
        options.accept = try given.word("accept")
        options.countries = given.take("countries")?.list?.compactMap(\.text)
        options.callingCodes = given.take("calling_codes")?.list?.compactMap(whole)
        try given.done()
        let outbox = outbox
        return try Engine(options.with(clock)) { try await outbox.hand($0) }
    }

    /// What the recipients got, newest first.
    private func messages(_ step: Fields) async throws -> [JSON] {
        let number = step.text("number")
        let (codeType, codeSize): (CodeType?, Int?) = try (step.word("code_type"), step.whole("code_size"))
        if played.on != "engine" {
            return try sandbox.messages(number).map {
                .object([
                    "number": JSON($0.number), "text": JSON($0.text), "code": JSON($0.code), "parts": JSON($0.parts),
                    "sender": JSON($0.sender),
                ])
            }
        }
        let whole = try number.map { try PhoneNumber($0).e164 }
        return try await outbox.sent.reversed().filter { whole == nil || $0.number == whole }.map {
            try .object([
                "number": JSON($0.number), "text": JSON($0.text), "parts": JSON(smsParts($0.text).parts),
                "code": JSON(codeInSMS($0.text, codeType: codeType, codeSize: codeSize)),
            ])
        }
    }

    /// A value with what earlier steps kept in the place of `<name>`, and with texts that are described made.
    private func told(_ value: JSON) -> JSON {
        switch value {
        case .string(let text):
            return .string(kept.reduce(text) { $0.replacingOccurrences(of: "<\($1.key)>", with: $1.value) })
        case .list(let list):
            return .list(list.map(told))
        case .object(let object):
            if object.count == 1, let pieces = object["pieces"]?.list {
                return .string(
                    pieces.map { piece in
                        String(
                            repeating: told(piece.list?[0] ?? .null).text ?? "", count: Int(piece.list?[1].number ?? 0))
                    }.joined())
            }
            if let of = object["characters_of"] {
                let both = (object["become"]?.list ?? [.string(""), .string("")]).map {
                    Array(($0.text ?? "").unicodeScalars)
                }
                let become = Dictionary(uniqueKeysWithValues: zip(both[0], both[1]))
                let characters = (told(of).text ?? "").unicodeScalars.map { String(Character(become[$0] ?? $0)) }
                return .string(characters.joined(separator: object["between"]?.text ?? ""))
            }
            return .object(object.mapValues(told))
        default:
            return value
        }
    }
}

private func snake(_ name: String) -> String {
    name.replacing(/[A-Z]+/) { "_\($0.output.lowercased())" }
}

private func plain(_ error: VerifyError) -> JSON {
    // With the names of options as the files have them.
    let detail = error.detail.replacing(/`[a-zA-Z0-9.]+`/) { snake(String($0.output)) }
    return .object([
        "error": .string(error.code), "detail": .string(detail), "http_status": JSON(error.httpStatus),
        "request_id": JSON(error.requestID), "retry_after": error.retryAfter.map(JSON.number) ?? .null,
        "retry_is_safe": .bool(error.retryIsSafe), "sms_possibly_sent": .bool(error.smsPossiblySent),
        "field": JSON(error.field.map(snake)), "reason": JSON(error.reason), "limit": JSON(error.limit.map(snake)),
        "cause_code": JSON(error.causeCode),
    ])
}

private func plain(_ of: Verification) -> JSON {
    let lives = of.createdAt.flatMap { from in of.expiresAt.map { $0.timeIntervalSince(from) } }
    let resendIn = of.createdAt.flatMap { from in of.resendAt.map { $0.timeIntervalSince(from) } }
    return .object([
        "id": JSON(of.id), "state": .string(of.state.rawValue), "number": JSON(of.number),
        "sms": JSON(of.sms?.rawValue),
        "attempts_left": JSON(of.attemptsLeft), "lives": lives.map(JSON.number) ?? .null,
        "resends_left": JSON(of.resendsLeft), "resend_in": resendIn.map(JSON.number) ?? .null,
    ])
}
