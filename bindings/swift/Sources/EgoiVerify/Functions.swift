internal import EgoiVerifyNative

/// The type of a phone number.
///
/// ```swift
/// let isMobile = try PhoneNumber("+351 910 000 000").type == .mobile
/// ```
public enum NumberType: String, Sendable, CaseIterable {
    /// A mobile phone.
    case mobile
    /// A landline.
    case fixedLine = "fixed_line"
    /// A mobile phone or a landline: the numbering plan does not distinguish them, as in North America.
    case fixedLineOrMobile = "fixed_line_or_mobile"
    /// The caller pays a fee. Never gets an SMS.
    case premiumRate = "premium_rate"
    /// The called side pays. Never gets an SMS.
    case tollFree = "toll_free"
    /// Both sides pay. Never gets an SMS.
    case sharedCost = "shared_cost"
    /// A number of the Internet.
    case voip
    /// A number of a person, which is forwarded to one of their phones.
    case personalNumber = "personal_number"
    /// A pager. Never gets an SMS.
    case pager
    /// A universal access number: a company's number for its whole country. Never gets an SMS.
    case uan
    /// A mailbox. Never gets an SMS.
    case voicemail
    /// A number outside the known ranges.
    case unknown
}

/// A phone number. Printed, it is masked.
///
/// ```swift
/// try PhoneNumber("00351 910 000 000").e164  // +351910000000
/// ```
public struct PhoneNumber: Sendable {
    /// The number in E.164, `+351910000000`. It is equal for two spellings of one phone.
    public let e164: String
    /// The ISO 3166 code of the country, for example `PT`. `nil` if the number does not show its country.
    public let country: String?
    /// The calling code, for example 351.
    public let callingCode: Int
    /// The type of the number.
    public let type: NumberType
    /// The number with its middle digits hidden, `+35191*****00`.
    public let masked: String

    /// Reads a number as people write it: `+351 910 000 000`, `00351910000000`, `351-910000000`. With `defaultRegion`, the ISO
    /// 3166 code of a country such as `PT`, it also reads a national number of that country. A text that is not a number is
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

/// The size of a text as SMS.
///
/// ```swift
/// let billed = try smsParts("123456 is your verification code.").parts  // 1
/// ```
public struct SMSParts: Sendable, Hashable {
    /// The encoding. One character outside the GSM alphabet makes the whole text ``SMSEncoding/ucs2``.
    public let encoding: SMSEncoding
    /// The length: septets for GSM 7-bit, UTF-16 code units for UCS-2.
    public let characters: Int
    /// The number of SMS that are sent and billed, 1 or more.
    public let parts: Int
}

/// Draws a code from the operating system's randomness, without bias: 4 to 20 characters.
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

/// Finds the code in an SMS. `nil` if the text has no candidate, or more than one.
public func codeInSMS(_ text: String, codeType: CodeType? = nil, codeSize: Int? = nil) throws -> String? {
    try ffi { try nativeCodeInSms(text: text, codeType: codeType?.native, codeSize: codeSize.map(Int64.init)) }
}

/// Normalises a code that a person typed or pasted: spaces, hyphens and direction marks removed,
/// digits of other scripts to 0–9, letters to upper case. A text that is not a code is ``VerifyError/invalidInput(_:)``.
public func normalisedCode(_ given: String) throws -> String {
    try ffi { try nativeNormalisedCode(given: given) }
}
