internal import EgoiVerifyNative

/// E-goi's own SMS call, for an ``Engine`` to send with. An option that is `nil` has the library's default. It prints nothing of its
/// client's key.
///
/// ```swift
/// let engine = try Engine(EgoiSMS(ClientOptions(apiKey: key, sender: "1234")))
/// ```
///
/// One SMS goes to V2's call for a single one. `v2Paths = ["send_sms": "v2/sms/messages/action/send"]` is the call that takes
/// a list.
public struct EgoiSMS: Sendable {
    /// How to reach E-goi.
    public var client: ClientOptions
    /// Whether E-goi sends it before other SMS. V2; V1 has no priority. Default: yes.
    public var urgent: Bool?
    /// The encoding of every text. Default: what the text needs.
    public var encoding: SMSEncoding?
    /// The maximum of parts that E-goi sends of a text, 1 or more. Default: as many as the text takes.
    public var maxParts: Int?

    /// With the library's default for every other option.
    public init(_ client: ClientOptions) {
        self.client = client
    }

    var settings: [String: NativeSetting] {
        EgoiVerify.settings(["urgent": urgent, "encoding": encoding, "max_parts": maxParts])
    }
}
