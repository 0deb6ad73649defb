// In the place of swift-log, which no registry has: what SwiftLog.swift uses of it, with its names and types.

public struct Logger: Sendable {
    public enum Level: Sendable {
        case info, error
    }

    public struct Message: ExpressibleByStringInterpolation, Sendable {
        public init(stringLiteral: String) {}
    }

    public init(label: String) {}
    public func log(level: Level, _: @autoclosure () -> Message) {}
}
