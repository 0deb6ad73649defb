internal import EgoiVerifyNative

/// The type of a phone number.
public enum NumberType: String, Sendable, CaseIterable {
    /// A mobile phone.
    case mobile
    /// A landline.
    case fixedLine = "fixed_line"
    /// A mobile phone or a landline: the plan does not tell, as in North America.
    case fixedLineOrMobile = "fixed_line_or_mobile"
    /// The caller pays a fee. Never sent an SMS.
    case premiumRate = "premium_rate"
    /// The called side pays. Never sent an SMS.
    case tollFree = "toll_free"
    /// Both sides pay. Never sent an SMS.
    case sharedCost = "shared_cost"
    /// A number of the Internet.
    case voip
    /// A number of a person, which leads to a phone of theirs.
    case personalNumber = "personal_number"
    /// A pager. Never sent an SMS.
    case pager
    /// A company's number everywhere in its country, a universal access number. Never sent an SMS.
    case uan
    /// A mailbox. Never sent an SMS.
    case voicemail
    /// In no range that is known.
    case unknown
}

/// A phone number. Printed, it is masked.
///
/// ```swift
/// try PhoneNumber("00351 910 000 000").e164  // +351910000000
/// ```
public struct PhoneNumber: Sendable {
    /// In E.164, `+351910000000`. Two spellings of one phone have the same.
    public let e164: String
    /// Its country's ISO 3166 code, for example `PT`; `nil` if the number does not show it.
    public let country: String?
    /// For example 351.
    public let callingCode: Int
    /// Its type.
    public let type: NumberType
    /// The number as it may be shown to others, `+35191*****00`.
    public let masked: String

    /// Reads a number as people write it: `+351 910 000 000`, `00351910000000`, `351-910000000`; with `defaultRegion`, the ISO
    /// 3166 code of a country such as `PT`, a national number of that country too. A text that is no number is
    /// ``VerifyError/invalidInput(_:)``.
    public init(_ text: String, defaultRegion: String? = nil) throws {
        let read = try ffi { try nativeParseNumber(text: text, defaultRegion: defaultRegion) }
        e164 = read.e164
        country = read.country
        callingCode = Int(read.callingCode)
        type = NumberType(rawValue: read.numberType) ?? .unknown
        masked = read.masked
    }
}

extension PhoneNumber: Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { masked }
    public var debugDescription: String { masked }
    public var customMirror: Mirror { Mirror(self, children: ["masked": masked]) }
}

/// The size of a text that is sent by SMS.
public struct SMSParts: Sendable, Hashable {
    /// One character outside the GSM alphabet makes the whole text ``SMSEncoding/ucs2``.
    public let encoding: SMSEncoding
    /// Septets for GSM 7-bit, UTF-16 code units for UCS-2.
    public let characters: Int
    /// How many SMS are sent and billed, 1 or more.
    public let parts: Int
}

/// A code of the operating system's randomness, without bias: 4 to 20 characters.
public func generateCode(_ codeType: CodeType = .numeric, codeSize: Int = 6) throws -> String {
    try ffi { try nativeGenerateCode(codeType: codeType.native, codeSize: Int64(codeSize)) }
}

/// Counts the SMS parts of a text, with the code already in place.
public func smsParts(_ text: String) throws -> SMSParts {
    let counted = try ffi { try nativeSmsParts(text: text) }
    return SMSParts(
        encoding: SMSEncoding(counted.encoding), characters: Int(counted.characters), parts: Int(counted.parts))
}

/// Adds the line `@host #{CODE}` that makes browsers and iOS offer the code only to this site (WebOTP).
public func withOrigin(_ message: String, host: String) throws -> String {
    try ffi { try nativeWithOrigin(text: message, host: host) }
}

/// Adds the 11-character hash that makes Android's SMS Retriever give the SMS only to this app.
public func withAppHash(_ message: String, hash: String) throws -> String {
    try ffi { try nativeWithAppHash(text: message, hash: hash) }
}

/// Reads the code out of an SMS; `nil` if there is no candidate, or more than one.
public func codeInSMS(_ text: String, codeType: CodeType? = nil, codeSize: Int? = nil) throws -> String? {
    try ffi { try nativeCodeInSms(text: text, codeType: codeType?.native, codeSize: codeSize.map(Int64.init)) }
}

/// A code as a person typed or pasted it, in the form that is sent: spaces, hyphens and direction marks removed,
/// digits of other scripts to 0–9, letters to upper case. A text that is no code is ``VerifyError/invalidInput(_:)``.
public func normalisedCode(_ given: String) throws -> String {
    try ffi { try nativeNormalisedCode(given: given) }
}
