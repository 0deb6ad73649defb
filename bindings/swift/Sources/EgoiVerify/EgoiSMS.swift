internal import EgoiVerifyNative
import Foundation

/// E-goi's own SMS call, for an ``Engine`` to send with. An option that is `nil` has the library's default. It prints nothing of its
/// client's key.
///
/// ```swift
/// let engine = try Engine(EgoiSMS(ClientOptions(apiKey: key, sender: "1234")))
/// ```
///
/// By default it uses V2's call for a single SMS. `v2Paths = ["send_sms": "v2/sms/messages/action/send"]` is the call that takes
/// a list.
public struct EgoiSMS: Sendable {
    /// The options of its client.
    public var client: ClientOptions
    /// Whether E-goi sends the SMS before those that are not urgent. Only V2: V1 has no priority. Default: yes.
    public var urgent: Bool?
    /// The encoding of every text. Default: GSM 7-bit, or UCS-2 for a text that needs it.
    public var encoding: SMSEncoding?
    /// The maximum of SMS parts of one text, 1 or more. Default: the parts that the text takes.
    public var maxParts: Int?

    /// Makes options with the library's default for every other option.
    public init(_ client: ClientOptions) {
        self.client = client
    }

    /// Checks that the service is up. It does not check the key.
    public func ping(timeout: TimeInterval? = nil, retries: Int? = nil) async throws {
        let native = try native()
        try await ffi { try await native.ping(timeout: timeout, retries: retries.map(Int64.init), token: $0) }
    }

    /// Returns the account's senders: the cheapest call that proves a key.
    public func senders(timeout: TimeInterval? = nil, retries: Int? = nil) async throws -> [SenderInfo] {
        let native = try native()
        return try await ffi { try await native.senders(timeout: timeout, retries: retries.map(Int64.init), token: $0) }
            .map(SenderInfo.init)
    }

    func native() throws -> NativeEgoiSms {
        let own = settings(["urgent": urgent, "encoding": encoding, "max_parts": maxParts])
        return try ffi { try NativeEgoiSms(client: client.native, sms: own) }
    }
}
