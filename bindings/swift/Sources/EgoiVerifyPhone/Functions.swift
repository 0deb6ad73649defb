internal import EgoiVerifyPhoneNative

/// What a phone number is for.
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
public struct PhoneNumber: Sendable {
    /// In E.164, `+351910000000`. Two spellings of one phone have the same.
    public let e164: String
    /// Its country's ISO 3166 code, for example `PT`; `nil` where the number does not tell it.
    public let country: String?
    /// For example 351.
    public let callingCode: Int
    /// What it is for.
    public let type: NumberType
    /// The number as it may be shown to others, `+35191*****00`.
    public let masked: String

    /// Reads a number as people write it: `+351 910 000 000`, `00351910000000`, `351-910000000`; with `defaultRegion`, the ISO
    /// 3166 code of a country such as `PT`, a national number of that country too. `nil` if it is no number.
    public init?(_ text: String, defaultRegion: String? = nil) {
        guard let read = try? nativeParseNumber(text: text, defaultRegion: defaultRegion) else { return nil }
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

/// Reads the code out of an SMS; `nil` if there is none, or more than one candidate.
public func codeInSMS(_ text: String, codeType: CodeType? = nil, codeSize: Int? = nil) -> String? {
    try? nativeCodeInSms(text: text, codeType: codeType?.native, codeSize: codeSize.map(Int64.init))
}

/// A code as a person typed or pasted it, in the form in which it travels: spaces, hyphens and direction marks removed,
/// digits of other scripts to 0–9, letters to upper case. `nil` if it is no code.
public func normalisedCode(_ given: String) -> String? {
    try? nativeNormalisedCode(given: given)
}
