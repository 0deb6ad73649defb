public import EgoiVerifyPhone
public import Foundation

/// The clocks of a device, for tests of an app's screen: the clock since the start of the device, and the time of day.
///
/// ```swift
/// let device = TestDevice()
/// let session = VerificationSession(server: server, clock: device)
/// device.advance(600)
/// ```
public final class TestDevice: SessionClock, @unchecked Sendable {
    private let lock = NSLock()
    private var onFor: TimeInterval = 1000
    private var timeOfDay = Date(timeIntervalSince1970: 1_800_000_000)
    private var sleepers: [UUID: (until: TimeInterval, wake: CheckedContinuation<Void, any Error>)] = [:]

    /// Makes a device that started 1,000 s ago.
    public init() {}

    /// The seconds since the start of the device.
    public var sinceBoot: TimeInterval { lock.withLock { onFor } }

    /// The time of day.
    public var wall: Date { lock.withLock { timeOfDay } }

    /// Lets time pass.
    public func advance(_ seconds: TimeInterval) {
        let due = lock.withLock {
            onFor += seconds
            timeOfDay += seconds
            let due = sleepers.filter { $0.value.until <= onFor }
            sleepers = sleepers.filter { $0.value.until > onFor }
            return due
        }
        // Not under the lock: a task that is being cancelled holds one of the runtime's, which this takes, and waits for ours.
        for sleeper in due.values { sleeper.wake.resume() }
    }

    /// Changes the time of day, as its owner may.
    public func changeWallClock(by seconds: TimeInterval) {
        lock.withLock { timeOfDay += seconds }
    }

    /// Restarts the device, this many seconds ago. A call that waits for a time continues to wait: an app does not survive a restart.
    public func restart(secondsAgo seconds: TimeInterval) {
        lock.withLock { onFor = seconds }
    }

    /// Waits until ``advance(_:)`` has moved the clock to this many seconds since the start of the device.
    public func sleep(until: TimeInterval) async throws {
        let id = UUID()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
                lock.withLock {
                    if Task.isCancelled {
                        wake.resume(throwing: CancellationError())
                    } else if until <= onFor {
                        wake.resume()
                    } else {
                        sleepers[id] = (until, wake)
                    }
                }
            }
        } onCancel: {
            let sleeper = lock.withLock { sleepers.removeValue(forKey: id) }
            sleeper?.wake.resume(throwing: CancellationError())
        }
    }
}
