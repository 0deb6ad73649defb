import EgoiVerify
import EgoiVerifyTesting
import XCTest

final class SecretsTests: XCTestCase {
    /// Everything that printing, interpolating, reflecting and dumping show.
    private func printed(_ value: Any) -> String {
        var dumped = ""
        dump(value, to: &dumped)
        return "\(value) \(String(reflecting: value)) \(dumped)"
    }

    func testAPrintedVerificationMasksTheNumber() async throws {
        let sandbox = try await Sandbox.start()
        let verification = try await sandbox.client().request(number)
        XCTAssertFalse(printed(verification).contains("910000000"), printed(verification))
        XCTAssertTrue(printed(verification).contains("+35191*****00"))
    }

    func testNoOptionClientOrSMSPrintsWhatItHolds() async throws {
        var options = ClientOptions(apiKey: "the-secret-key", sender: "1")
        options.store = Store("memory:", key: Data(repeating: 7, count: 32))
        let client = try Client(options)
        let (texts, text) = AsyncStream.makeStream(of: String.self)
        let engine = try Engine { text.yield("\($0) \(String(reflecting: $0))") }
        _ = try await engine.request(number)
        var iterator = texts.makeAsyncIterator()
        let sms = await iterator.next() ?? ""
        for secret in ["the-secret-key", "910000000", "verification code"] {
            let all = printed(options) + printed(client) + printed(engine) + sms
            XCTAssertFalse(all.contains(secret), all)
        }
    }

    func testAnErrorHoldsNeitherKeyNorNumber() async throws {
        let sandbox = try await Sandbox.start(SandboxOptions(apiKey: "right"))
        var options = try sandbox.clientOptions()
        options.apiKey = "the-secret-key"
        let client = try Client(options)
        do {
            _ = try await client.request(number)
            XCTFail("the key was taken")
        } catch {
            XCTAssertFalse(printed(error).contains("the-secret-key") || printed(error).contains("910000000"))
        }
    }

    func testAMessageOfTheInboxPrintsNoCode() async throws {
        let sandbox = try await Sandbox.start(SandboxOptions(code: "427193"))
        _ = try await sandbox.client().request(number)
        let message = try printed(XCTUnwrap(sandbox.messages().first))
        XCTAssertFalse(message.contains("427193") || message.contains("910000000"), message)
    }

    func testASenderOfTheAccountIsPrintedMasked() async throws {
        let server = try SilentServer()
        let watched = server.watch(answering: #"[{"id":"1","name":"Shop","phoneNumber":"351-910000000"}]"#)
        let senders = try await server.client().senders()
        let sender = try XCTUnwrap(senders.first)
        XCTAssertEqual(sender.number, "351-910000000")
        XCTAssertFalse(printed(sender).contains("910000000"), printed(sender))
        withExtendedLifetime(watched) {}
    }

    func testAPhoneNumberIsPrintedMasked() throws {
        XCTAssertFalse(try printed(PhoneNumber(number)).contains("910000000"))
    }
}
