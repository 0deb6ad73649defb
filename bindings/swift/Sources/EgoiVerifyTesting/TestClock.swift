import EgoiVerify
internal import EgoiVerifyNative
import Foundation

/// A clock for tests of an `Engine`. It starts at the machine's time. A test can advance it and stop it.
///
/// ```swift
/// let clock = TestClock()
/// let engine = try Engine(EngineOptions().with(clock)) { sms in await outbox.add(sms) }
/// try clock.advance(601)
/// ```
public final class TestClock: Sendable {
    let native = NativeTestClock()

    /// Makes a clock at the machine's time.
    public init() {}

    /// Advances the time.
    public func advance(_ seconds: TimeInterval) throws {
        try ffi { try native.advance(by: seconds) }
    }

    /// Stops the time, or lets it continue.
    public func freeze(_ frozen: Bool = true) {
        native.freeze(frozen: frozen)
    }

    /// The time now.
    public var now: Date { native.now() }
}
