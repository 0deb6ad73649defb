public import EgoiVerify
internal import EgoiVerifyNative
import Foundation

/// The clocks of a device, for tests of an app's screen: the one that runs since it was started, and the time of day.
public final class TestDevice: Sendable {
    fileprivate let clocks = Clocks()

    /// One that has been on for 1,000 s.
    public init() {}

    /// Lets time pass.
    public func advance(_ seconds: TimeInterval) {
        clocks.pass(seconds)
    }

    /// Changes the time of day, as its owner may.
    public func changeWallClock(by seconds: TimeInterval) {
        clocks.changeWallClock(by: seconds)
    }

    /// Starts it again, so many seconds ago. Who waited for a time goes on waiting: an app does not survive it.
    public func restart(secondsAgo seconds: TimeInterval) {
        clocks.restart(seconds)
    }
}

extension VerificationSession {
    /// A new one, that goes by the clocks of this device.
    public convenience init(server: any VerificationServer, on device: TestDevice) {
        self.init(server: server, clock: device.clocks)
    }

    /// A session that was saved, that goes by the clocks of this device.
    public convenience init(server: any VerificationServer, restoring saved: String, on device: TestDevice) {
        self.init(server: server, restoring: saved, clock: device.clocks)
    }
}

private final class Clocks: DeviceClock, @unchecked Sendable {
    private let lock = NSLock()
    private var sinceBoot: TimeInterval = 1000
    private var wall = Date(timeIntervalSince1970: 1_800_000_000)
    private var sleepers: [UUID: (until: TimeInterval, wake: CheckedContinuation<Void, any Error>)] = [:]

    var now: NativeMoment {
        lock.withLock { NativeMoment(sinceBoot: sinceBoot, wall: wall) }
    }

    func pass(_ seconds: TimeInterval) {
        let due = lock.withLock {
            sinceBoot += seconds
            wall += seconds
            let due = sleepers.filter { $0.value.until <= sinceBoot }
            sleepers = sleepers.filter { $0.value.until > sinceBoot }
            return due
        }
        // Not under the lock: a task that is being cancelled holds one of the runtime's, which this takes, and waits for ours.
        for sleeper in due.values { sleeper.wake.resume() }
    }

    func changeWallClock(by seconds: TimeInterval) {
        lock.withLock { wall += seconds }
    }

    func restart(_ secondsAgo: TimeInterval) {
        lock.withLock { sinceBoot = secondsAgo }
    }

    func sleep(until: TimeInterval) async throws {
        let id = UUID()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
                lock.withLock {
                    if Task.isCancelled {
                        wake.resume(throwing: CancellationError())
                    } else if until <= sinceBoot {
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
