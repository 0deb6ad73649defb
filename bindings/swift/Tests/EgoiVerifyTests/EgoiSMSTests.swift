import EgoiVerify
import EgoiVerifyTesting
import Foundation
import Testing

/// `tests/egoi-sms/egoi-sms.json`.
private struct Table: Decodable, Sendable {
    struct SMS: Decodable {
        let urgent: Bool?
        let encoding: String?
        let maxParts: Int?

        func with(_ client: ClientOptions) -> EgoiSMS {
            var sms = EgoiSMS(client)
            sms.urgent = urgent
            sms.encoding = encoding.flatMap(SMSEncoding.init)
            sms.maxParts = maxParts
            return sms
        }
    }

    /// What is looked at of a call, over V1 and V2.
    struct Body: Decodable, Equatable {
        struct Options: Decodable, Equatable {
            let gsm0338: Bool
            let maxCount: Int
        }

        let to, from, encoding, priority, mobile, senderHash: String?
        let maxCount: Int?
        let options: Options?
    }

    /// One of them, or a list of one.
    enum Bodies: Decodable, Equatable {
        case one(Body)
        case list([Body])

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            self = try (try? .list(value.decode([Body].self))) ?? .one(value.decode(Body.self))
        }
    }

    struct Paths: Decodable {
        let sendSms: String
    }

    struct Given: Decodable {
        let api: String?
        let v2Paths: Paths?
    }

    struct Row: Decodable {
        let name, message, path: String
        let client: Given
        let sms: SMS
        let body: Bodies
    }

    struct Refused: Decodable {
        let sms: SMS
        let field, reason: String
    }

    let number: String
    let sends: [Row]
    let refused: [Refused]
}

private struct Sent: Decodable {
    struct Call: Decodable {
        let path: String
        let body: Table.Bodies
    }

    let smsCalls: [Call]
}

private let table: Table = {
    let file = shared.appendingPathComponent("egoi-sms/egoi-sms.json")
    return try! JSONDecoder.ofSharedFiles.decode(Table.self, from: Data(contentsOf: file))
}()

/// What E-goi's own SMS call sends.
@Suite struct EgoiSMSTests {
    @Test func anEngineSendsWhatTheTableSays() async throws {
        let service = try ScriptedService()
        for row in table.sends { try await sends(row, service) }
    }

    private func sends(_ row: Table.Row, _ service: ScriptedService) async throws {
        let opened = try await service.open([:])
        var client = ClientOptions(apiKey: "key", sender: "1234")
        client.baseURL = opened.baseUrl
        client.api = row.client.api.flatMap(API.init)
        client.v2Paths = row.client.v2Paths.map { ["send_sms": $0.sendSms] }
        _ = try await Engine(row.sms.with(client)).request(table.number, message: row.message)
        let sent: Sent = try await service.ask("/sms", ["id": "\(opened.id)"])
        #expect(sent.smsCalls.map(\.path) == [row.path], "\(row.name)")
        #expect(sent.smsCalls.map(\.body) == [row.body], "\(row.name)")
    }

    @Test func itSaysWhetherTheServiceIsUpAndWhichSendersThereAre() async throws {
        var options = SandboxOptions()
        options.apiKey = "right"
        options.senders = ["1", "2"]
        let sandbox = try await Sandbox.start(options)
        defer { sandbox.close() }
        let (right, wrong) = try (client(of: sandbox, "right"), client(of: sandbox, "wrong"))
        try await EgoiSMS(right).ping()
        try await EgoiSMS(wrong).ping(timeout: 5)
        #expect(try await EgoiSMS(right).senders(timeout: 5).map(\.id) == ["1", "2"])
        do {
            _ = try await EgoiSMS(wrong).senders()
            Issue.record("a wrong key was accepted")
        } catch let error as VerifyError {
            #expect(error.code == "unauthorized")
        }
    }

    private func client(of sandbox: Sandbox, _ key: String) throws -> ClientOptions {
        var options = ClientOptions(apiKey: key, sender: "1")
        options.baseURL = try "\(sandbox.url)/api"
        return options
    }

    @Test func whatIsNoOptionIsRefused() throws {
        for row in table.refused {
            do {
                _ = try Engine(row.sms.with(ClientOptions(apiKey: "key", sender: "1234")))
                Issue.record("it was not refused")
            } catch let error as VerifyError {
                #expect([error.code, error.field, error.reason] == ["invalid_input", camel(row.field), row.reason])
            }
        }
    }
}
