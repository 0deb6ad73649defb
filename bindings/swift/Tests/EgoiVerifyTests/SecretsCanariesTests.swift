import EgoiVerify
import EgoiVerifyTesting
import Foundation
import XCTest

/// No key, code, message or whole number in anything that the package prints or says of a failure: through every verb of
/// every verifier, whatever the service repeats.
final class SecretsCanariesTests: XCTestCase {
    private func options(_ canaries: Canaries, _ call: String, _ url: String) -> ClientOptions {
        var options = ClientOptions(apiKey: canaries.given("api_key"), sender: "1")
        options.api = API(rawValue: String(call.prefix(2)))
        options.baseURL = url
        options.store = Store("memory:", key: canaries.given("engine_key"))
        return options
    }

    private func make(_ client: Client, _ verb: Substring, _ canaries: Canaries) async throws -> Any {
        let id = canaries.id
        return switch verb {
        case "request":
            try await client.request(canaries.given("number"), message: canaries.given("message"), codeSize: 12)
        case "validate": try await client.validate(id, code: canaries.given("code_of_letters"))
        case "cancel": try await client.cancel(id)
        case "resend": try await client.resend(id)
        case "get": try await client.get(id)
        case "ping": try await client.ping()
        default: try await client.senders()
        }
    }

    private func failure(_ row: String, _ call: () async throws -> Any) async -> VerifyError? {
        do {
            let value = try await call()
            XCTFail("\(row): no error but \(value)")
        } catch let error as VerifyError {
            return error
        } catch {
            XCTFail("\(row): \(error)")
        }
        return nil
    }

    func testWhateverAServiceRepeatsNoCallTellsASecret() async throws {
        let canaries = try Canaries.read()
        let looked = Looked(canaries)
        let events = Events()
        let observation = CallEvents.observe { events.add($0) }
        defer { observation.cancel() }
        let service = try Hostile(canaries)
        defer { service.stop() }
        var codes: Set<String> = []
        var exchanges = 0
        for answer in canaries.answers {
            for call in answer.calls ?? canaries.calls {
                let row = "\(call), \(answer.name ?? "")"
                service.next(.answer(answer), isReadFirst: call == "v2 validate")
                let client = try Client(options(canaries, call, service.url))
                guard let error = await failure(row, { try await make(client, call.dropFirst(3), canaries) }) else {
                    continue
                }
                XCTAssertEqual(error.code, answer.code, row)
                codes.insert(error.code)
                looked.atError(row, error)
                exchanges += 1
            }
        }
        XCTAssertEqual(events.all.count, exchanges)
        for event in events.all { looked.at("an event", "\(event)") }
        XCTAssertGreaterThanOrEqual(exchanges, 200)
        XCTAssertEqual(codes.count, 10, "\(codes)")
        looked.end("failures of a service that repeats secrets", atLeast: 12 * exchanges)
    }

    func testEveryCodeThatEveryLanguageShowsComesWithoutASecret() async throws {
        let canaries = try Canaries.read()
        let looked = Looked(canaries)
        let service = try Hostile(canaries)
        defer { service.stop() }
        var codes = Set(canaries.answers.compactMap(\.code))  // Shown above.
        func fails(_ row: String, _ call: () async throws -> Any) async {
            guard let error = await failure(row, call) else { return }
            codes.insert(error.code)
            looked.atError(row, error)
        }
        let port = try Listener().port
        for call in canaries.calls {
            let verb = call.dropFirst(3)
            var nobody = options(canaries, call, "http://127.0.0.1:\(port)")
            nobody.timeout = 0.05
            var proxied = options(canaries, call, "https://nowhere.invalid")
            proxied.proxy = "http://u:\(canaries.given("proxy_password"))@127.0.0.1:\(port)"
            proxied.timeout = 0.05
            let closed = options(canaries, call, service.url)
            var held = closed
            held.timeout = 0.05
            for (row, options, doing) in [
                ("nobody there", nobody, Hostile.Doing.close), ("no proxy", proxied, .close),
                ("closed", closed, .close),
                ("silence", held, .hold),
            ] {
                service.next(doing, isReadFirst: call == "v2 validate")
                await fails("\(call), \(row)") { try await make(Client(options), verb, canaries) }
            }
        }
        let first = try Client(options(canaries, "v1", "http://127.0.0.1:\(port)"))
        for verb in ["resend", "get", "ping", "senders"] {
            await fails(verb) { try await make(first, verb[...], canaries) }
        }
        first.close()
        await fails("closed") { try await first.cancel(canaries.id) }
        await fails("refused") { try PhoneNumber(canaries.given("number") + "000") }
        var options = EngineOptions()
        options.store = Store("memory:", key: canaries.given("engine_key"))
        let engine = try Engine(options) { _ in throw SendError.notSent() }
        await fails("not sent") {
            try await engine.request(canaries.given("number"), message: canaries.given("message"))
        }
        XCTAssertEqual(canaries.codes.filter { !codes.contains($0) }, [])
        looked.end("failures of every code", atLeast: 500)
    }

    func testWhatIsRefusedIsNotRepeated() async throws {
        let canaries = try Canaries.read()
        let looked = Looked(canaries)
        let (key, code, letters) = (
            canaries.given("api_key"), canaries.given("code"), canaries.given("code_of_letters")
        )
        let (number, message) = (canaries.given("number"), canaries.given("message"))
        let engineKey = Data(canaries.given("engine_key").utf8)
        let password = canaries.given("proxy_password")
        let store = Store("x://:\(canaries.given("store_password"))@x", key: engineKey)
        let engine = try Engine { _ in }
        let usual = options(canaries, "v2", "http://127.0.0.1:9")
        let client = try Client(usual)
        func changed(_ change: (inout ClientOptions) -> Void) throws -> Client {
            var options = usual
            change(&options)
            return try Client(options)
        }
        func engineWith(_ change: (inout EngineOptions) -> Void) throws -> Engine {
            var options = EngineOptions()
            change(&options)
            return try Engine(options) { _ in }
        }
        let refused: [(String, () async throws -> Any)] = [
            ("a key with a control character", { try changed { $0.apiKey = key + "\u{7}" } }),
            ("a proxy that is none", { try changed { $0.proxy = "socks9://u:\(password)@x" } }),
            ("a base URL with a password", { try changed { $0.baseURL = "https://u:\(password)@x" } }),
            ("a base URL with a query", { try changed { $0.baseURL = "https://x/?key=\(key)" } }),
            ("a client's store", { try changed { $0.store = store } }),
            ("an engine's store", { try engineWith { $0.store = store } }),
            (
                "an engine key that is too short",
                { try engineWith { $0.store = Store("memory:", key: engineKey.prefix(31)) } }
            ),
            ("a number without a calling code", { try PhoneNumber(String(number.dropFirst(5))) }),
            ("a number that is too long", { try PhoneNumber(number + "000") }),
            (
                "a code that is too long",
                { try await client.validate(canaries.id, code: String(repeating: letters, count: 6)) }
            ),
            ("a code in an id", { try await client.get("\(canaries.id) \(code)") }),
            (
                "a message without a place",
                { try await engine.request(number, message: "\(message.prefix(16)) \(code)") }
            ),
            (
                "a message that is too long",
                { try await engine.request(number, message: String(repeating: message, count: 40)) }
            ),
            (
                "an idempotency key",
                { try await engine.request(number, idempotencyKey: String(repeating: key, count: 9)) }
            ),
        ]
        for (row, call) in refused {
            guard let error = await failure(row, call) else { continue }
            XCTAssertEqual(error.code, "invalid_input", row)
            looked.atError(row, error)
        }
        looked.end("refused input", atLeast: 12 * refused.count)
    }

    private func everything(
        _ looked: Looked, _ canaries: Canaries, _ verifier: some Verifier, _ live: () async throws -> String
    ) async throws {
        looked.atValue("a verifier", verifier)
        let made = try await verifier.request(
            canaries.given("number"), message: canaries.given("message"), codeSize: 12)
        looked.atValue("request", made)
        looked.atValue("get", try await verifier.get(made.id))
        looked.atValue("validate", try await verifier.validate(made.id, code: canaries.given("code_of_letters")))
        looked.atValue("validate", try await verifier.validate(made.id, code: try await live()))
        looked.atValue("cancel", try await verifier.cancel(made.id))
        XCTAssertEqual(made.number, "+351917305826")
    }

    func testWholeVerificationsAndOptionsTellNoSecret() async throws {
        let canaries = try Canaries.read()
        let looked = Looked(canaries)
        let (key, code, number) = (canaries.given("api_key"), canaries.given("code"), canaries.given("number"))
        let sandboxOptions = SandboxOptions(code: code, apiKey: key)
        let sandbox = try await Sandbox.start(sandboxOptions)
        looked.atValue("a sandbox", sandbox)
        try await everything(looked, canaries, sandbox.client()) { code }
        looked.atValue("senders", try await sandbox.client().senders())
        looked.atValue("messages", try sandbox.messages())

        let (texts, text) = AsyncStream.makeStream(of: OutgoingSMS.self)
        var options = EngineOptions()
        var store = Store("memory:", key: canaries.given("engine_key"))
        store.previousKeys = [Data(canaries.given("engine_key").utf8.reversed())]
        looked.atValue("a store", store)
        options.store = store
        let engine = try Engine(options) { text.yield($0) }
        var sent = texts.makeAsyncIterator()
        try await everything(looked, canaries, engine) {
            let next = await sent.next()
            let sms = try XCTUnwrap(next)
            looked.atValue("an SMS", sms)
            return try XCTUnwrap(codeInSMS(sms.text, codeSize: 12))
        }
        looked.atValue("options of an engine", options)
        looked.atValue("options of a client", self.options(canaries, "v2", "http://127.0.0.1:9"))
        looked.atValue("options of a sandbox", sandboxOptions)
        looked.atValue("options of a request", RequestOptions(message: canaries.given("message"), idempotencyKey: key))
        looked.atValue("options of a validation", ValidateOptions(number: number))
        looked.atValue("a number", try PhoneNumber(number))
        looked.end("whole verifications", atLeast: 100)
    }

    func testASenderIsPrintedWithItsNumberMasked() async throws {
        let canaries = try Canaries.read()
        let service = try Hostile(canaries)
        defer { service.stop() }
        let body = #"[{"id":"1","name":"Shop","phoneNumber":"+351917305826","senderStatus":"active"}]"#
        let headers = ["Content-Type": "application/json"]
        let answer = Canaries.Answer(name: nil, status: 200, headers: headers, body: body, code: nil, calls: nil)
        service.next(.answer(answer), isReadFirst: false)
        let senders = try await Client(options(canaries, "v2", service.url)).senders()
        XCTAssertEqual(senders.first?.number, "+351917305826")
        let looked = Looked(canaries)
        looked.atValue("senders", senders)
        looked.end("a sender", atLeast: 5)
    }

    func testACanaryIsFoundInEverySpelling() throws {
        let canaries = try Canaries.read()
        let looked = Looked(canaries)
        for (name, written) in canaries.spellings {
            for text in ["<\(written)>", written.uppercased()] {
                XCTAssertTrue(looked.foundIn(text).contains(name), name)
            }
        }
        XCTAssertGreaterThanOrEqual(canaries.spellings.count, 70)
        XCTAssertEqual(looked.foundIn("the key +35191*****26 was refused, 3 of 5"), [])
    }

    func testALeakIsFoundInAStructAnErrorsFieldAndBytes() throws {
        struct Leaking: Error {
            let code: String
        }
        struct Hiding: CustomStringConvertible {
            let key: String
            var description: String { "Hiding" }
        }
        let canaries = try Canaries.read()
        for look: (Looked) -> Void in [
            { $0.atValue("a struct", ["it": Leaking(code: canaries.given("code"))]) },
            { $0.atError("an error", Leaking(code: canaries.given("code_of_letters"))) },
            { $0.atValue("what is reflected alone", Hiding(key: canaries.given("api_key"))) },
            { $0.at("a text", "\(Array(canaries.given("engine_key").utf8))") },
        ] {
            let looked = Looked(canaries)
            look(looked)
            XCTAssertFalse(looked.found.isEmpty)
        }
    }
}
