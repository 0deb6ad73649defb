public import EgoiVerify
internal import EgoiVerifyNative
import Foundation

extension EngineOptions {
    /// The same options with this clock.
    public func with(_ clock: TestClock) -> EngineOptions {
        var options = self
        options.clock = clock.native.forEngine()
        return options
    }

    /// The same options with the clock of a sandbox.
    public func with(_ clock: Sandbox.Clock) throws -> EngineOptions {
        var options = self
        options.clock = try NativeEngineClock.of(source: SandboxTime(clock))
        return options
    }
}

/// The time of a sandbox, which is in another native library than the engine. It stands still once the sandbox is closed.
private final class SandboxTime: NativeTimeSource, @unchecked Sendable {
    private let clock: Sandbox.Clock
    private let lock = NSLock()
    private var latest: Date

    init(_ clock: Sandbox.Clock) throws {
        self.clock = clock
        latest = try clock.now
    }

    func now() -> Date {
        lock.withLock {
            latest = (try? clock.now) ?? latest
            return latest
        }
    }
}
