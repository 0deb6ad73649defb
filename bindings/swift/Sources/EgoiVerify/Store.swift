import Foundation

/// The store of an ``Engine``'s requests, and of a ``Client``'s idempotency keys and limits. It holds secrets, and prints nothing of them.
///
/// ```swift
/// Store("postgres://app@db.internal/app", key: key)
/// ```
public struct Store: Sendable {
    /// `memory:`, `sqlite:PATH`, `postgres://…`, `redis://…`, `redis+cluster://…` or `redis+sentinel://…`.
    public var url: String
    /// The secret that protects codes and numbers, at least 32 bytes. Required unless the store is `memory:`.
    public var key: Data?
    /// Earlier secrets that are still accepted.
    public var previousKeys: [Data]?
    /// How long the store keeps finished requests and idempotency keys, in seconds. Default: 24 hours.
    public var retention: TimeInterval?
    /// The number of connections to PostgreSQL.
    public var poolSize: Int?
    /// More trusted certificates for PostgreSQL or Redis, in PEM.
    public var caCertificates: Data?

    /// Makes options with the library's default for every other option.
    public init(_ url: String, key: Data? = nil) {
        self.url = url
        self.key = key
    }

    /// With a key in text: its bytes in UTF-8 are the key, and nothing is decoded. `openssl rand -hex 32` makes one.
    public init(_ url: String, key: String) {
        self.init(url, key: Data(key.utf8))
    }
}

extension Store: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "Store" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
