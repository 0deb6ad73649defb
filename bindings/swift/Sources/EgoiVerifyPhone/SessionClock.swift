internal import EgoiVerifyPhoneNative
public import Foundation

/// The two clocks of a device, for a ``VerificationSession``. A test has its own.
///
/// ```swift
/// let clock: any SessionClock = SystemClock()
/// print(clock.sinceBoot)
/// ```
public protocol SessionClock: Sendable {
    /// The seconds since the start of the device, with sleep. A person cannot change this clock. Validities count on it.
    var sinceBoot: TimeInterval { get }
    /// The time of day, which the person may change. It is used only across a restart of the device.
    var wall: Date { get }
    /// Waits until this many seconds since the start of the device.
    ///
    /// - Throws: `CancellationError` if its task is cancelled.
    func sleep(until sinceBoot: TimeInterval) async throws
}

/// The clocks of this device.
///
/// ```swift
/// let session = VerificationSession(server: server, clock: SystemClock())
/// ```
public struct SystemClock: SessionClock {
    /// The clocks of this device.
    public init() {}

    /// The seconds since the start of the device, with sleep.
    public var sinceBoot: TimeInterval { nativeNow().sinceBoot }

    /// The time of day.
    public var wall: Date { nativeNow().wall }

    /// Waits until this many seconds since the start of the device.
    public func sleep(until sinceBoot: TimeInterval) async throws {
        // A millisecond more, in which core counts: not to look a moment too early.
        let wait = max(0, sinceBoot - self.sinceBoot) + 0.001
        if #available(iOS 16, macOS 13, tvOS 16, watchOS 9, *) {
            try await Task.sleep(for: .seconds(wait), clock: .continuous)
        } else {
            try await Task.sleep(nanoseconds: UInt64(wait * 1e9))
        }
    }
}

extension SessionClock {
    var now: NativeMoment { NativeMoment(sinceBoot: sinceBoot, wall: wall) }
}
