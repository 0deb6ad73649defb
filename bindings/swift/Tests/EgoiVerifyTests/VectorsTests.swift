import EgoiVerify
import EgoiVerifyTesting
import XCTest

/// The facts that hold in every language.
final class VectorsTests: XCTestCase {
    private struct Fact: Decodable {
        struct National: Decodable {
            let text, defaultRegion: String
        }

        struct Refusal: Decodable {
            let field: String
            let detail: String
        }

        let name: String
        let number, masked, country, type, reason, defaultRegion: String?
        let text, given, code, codeType, call, message, argument, fault: String?
        let spellings: [String]?
        let national: [National]?
        let codeSize: Int?
        let error: Refusal?
    }

    /// A text that is written as pieces, each with how often it comes.
    private struct InPieces: Decodable {
        let whole: String

        init(from decoder: any Decoder) throws {
            var pieces = try decoder.unkeyedContainer()
            var whole = ""
            while !pieces.isAtEnd {
                var piece = try pieces.nestedUnkeyedContainer()
                let text = try piece.decode(String.self)
                whole += String(repeating: text, count: try piece.decode(Int.self))
            }
            self.whole = whole
        }
    }

    private struct PiecedFact: Decodable {
        let name: String
        let text, message: InPieces?
        let encoding, code, fault: String?
        let characters, parts, codeSize: Int?
    }

    private func read<F: Decodable>(_ file: String, _ list: String, as: F.Type = Fact.self) throws -> [F] {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../../tests/vectors/\(file).json")
        let lists = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any])
        let facts = try JSONSerialization.data(withJSONObject: XCTUnwrap(lists[list]))
        return try JSONDecoder.ofSharedFiles.decode([F].self, from: facts)
    }

    private func refused(_ name: String, _ field: String, _ fault: String, _ call: () async throws -> some Sendable)
        async throws
    {
        let failure = try await failing("invalid_input", call)
        XCTAssertTrue(
            failure.detail.hasPrefix("`\(field)`") && failure.detail.contains(fault), "\(name): \(failure.detail)")
    }

    private struct StatusFact: Decodable {
        let name: String
        let status: Int
    }

    func testAnErrorSuggestsTheHTTPStatusOfItsCode() throws {
        for fact in try read("suggested_statuses", "vectors", as: StatusFact.self) {
            let error = VerifyError(code: fact.name, failure: .init(detail: "words"))
            XCTAssertEqual(error.suggestedStatus, fact.status, fact.name)
        }
    }

    func testNumbersAreRead() throws {
        for fact in try read("numbers", "accepted") {
            for spelling in fact.spellings ?? [] {
                let number = try PhoneNumber(spelling)
                XCTAssertEqual(number.e164, fact.number, fact.name)
                XCTAssertEqual("\(number)", fact.masked, fact.name)
            }
            for written in fact.national ?? [] {
                let number = try PhoneNumber(written.text, defaultRegion: written.defaultRegion)
                XCTAssertEqual(number.e164, fact.number, fact.name)
            }
        }
    }

    func testANumberHasATypeAndACountryIfItTellsOne() throws {
        for fact in try read("numbers", "accepted") {
            let number = try PhoneNumber(fact.number ?? "")
            XCTAssertEqual(number.country, fact.country, fact.name)
            XCTAssertEqual(number.type.rawValue, fact.type, fact.name)
        }
    }

    func testWhatIsNoNumberIsRefused() async throws {
        for fact in try read("numbers", "refused") {
            let read = { try PhoneNumber(fact.text ?? "", defaultRegion: fact.defaultRegion) }
            try await refused(fact.name, "number", fact.fault ?? "", read)
            XCTAssertThrowsError(try read()) { XCTAssertEqual(($0 as? VerifyError)?.reason, fact.reason, fact.name) }
        }
    }

    func testCodesAreNormalised() throws {
        for fact in try read("codes", "accepted") {
            XCTAssertEqual(try normalisedCode(fact.given ?? ""), fact.code, fact.name)
        }
    }

    func testWhatIsNoCodeIsRefused() async throws {
        for fact in try read("codes", "refused") {
            try await refused(fact.name, "code", fact.fault ?? "") { try normalisedCode(fact.given ?? "") }
        }
    }

    func testCodesAreReadOutOfAnSMS() throws {
        for fact in try read("code_in_sms", "vectors") {
            let codeType = fact.codeType.flatMap(CodeType.init)
            let code = try codeInSMS(fact.text ?? "", codeType: codeType, codeSize: fact.codeSize)
            XCTAssertEqual(code, fact.code, fact.name)
        }
    }

    func testAutofillLinesAreAdded() async throws {
        for fact in try read("autofill", "vectors") {
            let message = fact.message ?? ""
            let argument = fact.argument ?? ""
            let call = {
                fact.call == "with_origin"
                    ? try withOrigin(message, host: argument) : try withAppHash(message, hash: argument)
            }
            if let error = fact.error {
                try await refused(fact.name, error.field, error.detail, call)
            } else {
                XCTAssertEqual(try call(), fact.text, fact.name)
            }
        }
    }

    func testSMSPartsAreCounted() throws {
        for fact in try read("sms_parts", "vectors", as: PiecedFact.self) {
            let counted = try smsParts(fact.text?.whole ?? "")
            XCTAssertEqual(counted.encoding.rawValue, fact.encoding, fact.name)
            XCTAssertEqual(counted.characters, fact.characters, fact.name)
            XCTAssertEqual(counted.parts, fact.parts, fact.name)
        }
    }

    func testMessagesAreRendered() async throws {
        for fact in try read("messages", "accepted", as: PiecedFact.self) {
            let sandbox = try await Sandbox.start(SandboxOptions(code: fact.code))
            _ = try await sandbox.client().request(number, message: fact.message?.whole, codeSize: fact.codeSize)
            XCTAssertEqual(try sandbox.messages().first?.text, fact.text?.whole, fact.name)
        }
    }

    func testWhatIsNoMessageIsRefused() async throws {
        let engine = try Engine { _ in XCTFail("nothing may be sent") }
        for fact in try read("messages", "refused", as: PiecedFact.self) {
            try await refused(fact.name, "message", fact.fault ?? "") {
                try await engine.request(number, message: fact.message?.whole, codeSize: fact.codeSize)
            }
        }
    }
}
