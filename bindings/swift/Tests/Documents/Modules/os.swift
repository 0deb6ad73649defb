// In the place of Apple's `os`, which Linux has not: what EgoiVerify uses of it, with its names and types.

public struct OSLogType: Sendable {
    public static let info = OSLogType()
    public static let error = OSLogType()
}

public struct OSLogPrivacy: Sendable {
    public static let `public` = OSLogPrivacy()
}

public struct OSLogMessage: ExpressibleByStringInterpolation {
    public struct StringInterpolation: StringInterpolationProtocol {
        public init(literalCapacity: Int, interpolationCount: Int) {}
        public mutating func appendLiteral(_: String) {}
        public mutating func appendInterpolation(_: @autoclosure @escaping () -> String, privacy: OSLogPrivacy) {}
    }

    public init(stringInterpolation: StringInterpolation) {}
    public init(stringLiteral: String) {}
}

public struct Logger: Sendable {
    public init(subsystem: String, category: String) {}
    public func log(level: OSLogType, _: OSLogMessage) {}
}
