internal import EgoiVerifyNative
import Foundation

#if canImport(os)
import os
#endif

/// The event of one call of a ``Client`` or an ``Engine``. It holds no key, code, message or full number.
///
/// ```swift
/// CallEvents.observe { (event: CallEvent) in
///     print(event.verb, event.outcome, event.duration)
/// }
/// ```
public struct CallEvent: Sendable {
    /// The name of the call, for example `request`; `sendSms` is a call of ``EgoiSMS``.
    public let verb: String
    /// The outcome of a success: an ``Outcome``, the ``VerificationState`` of the request afterwards, or `ok`. The error's code of a
    /// failure. `aborted`, if the call was cancelled.
    public let outcome: String
    /// The error's code, if the call failed.
    public let errorCode: String?
    /// How many seconds the call took.
    public let duration: TimeInterval
    /// How often a ``Client`` repeated an HTTP request in this call.
    public let retries: Int
    /// The status of the service's last response, if there was one.
    public let httpStatus: Int?
    /// The id of the request, if it is known.
    public let requestID: String?
    /// The number, masked, if the call had one.
    public let number: String?
    /// The ISO 3166 code of the number's country, for example `PT`.
    public let country: String?
    /// The name of the limit that stopped the call, for example `smsPerNumber`.
    public let limit: String?

    init(_ native: NativeCallEvent) {
        verb = native.verb
        outcome = native.outcome
        errorCode = native.errorCode
        duration = native.duration
        retries = Int(native.retries)
        httpStatus = native.httpStatus.map(Int.init)
        requestID = native.requestId
        number = native.number
        country = native.country
        limit = native.limit
    }
}

extension CallEvent: CustomStringConvertible {
    /// The fields that are known, for a log.
    public var description: String {
        let fields: [(String, Any?)] = [
            ("verb", verb), ("outcome", outcome), ("duration", duration), ("retries", retries),
            ("httpStatus", httpStatus), ("requestID", requestID), ("number", number), ("country", country),
            ("limit", limit),
        ]
        return fields.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: " ")
    }
}

/// The events of the calls of every ``Client`` and ``Engine`` of the process. Without an observer no event is made.
///
/// ```swift
/// CallEvents.observe { event in
///     if event.errorCode != nil { print(event) }
/// }
/// ```
public enum CallEvents {
    private static let observers = Observers()

    /// Calls the function at the end of each call, until the observation is cancelled. The library calls it in a thread of its own:
    /// it must not block.
    @discardableResult
    public static func observe(_ observer: @escaping @Sendable (CallEvent) -> Void) -> CallObservation {
        let id = UUID()
        observers.change { $0[id] = observer }
        return CallObservation { observers.change { $0[id] = nil } }
    }

    #if canImport(os)
    /// Logs each call with `os.Logger`, until the observation is cancelled. A failure whose ``VerifyError/suggestedStatus`` is 500
    /// or more is an error, so that an operator sees it. All else is information.
    @discardableResult
    public static func log(to logger: os.Logger) -> CallObservation {
        observe { event in
            let isForOperator = event.errorCode.map { VerifyError.suggestedStatus(of: $0) >= 500 } ?? false
            logger.log(level: isForOperator ? .error : .info, "\(event.description, privacy: .public)")
        }
    }
    #endif
}

/// An observer of ``CallEvents``, which receives events until it is cancelled.
///
/// ```swift
/// let observation = CallEvents.observe { print($0) }
/// observation.cancel()
/// ```
public struct CallObservation: Sendable {
    private let end: @Sendable () -> Void

    init(_ end: @escaping @Sendable () -> Void) {
        self.end = end
    }

    /// Ends the observation.
    public func cancel() {
        end()
    }
}

/// The observers of this process. The native part knows of this only while there is one.
private final class Observers: NativeObserver, @unchecked Sendable {
    private let lock = NSLock()
    private var observers: [UUID: @Sendable (CallEvent) -> Void] = [:]

    func change(_ change: (inout [UUID: @Sendable (CallEvent) -> Void]) -> Void) {
        lock.withLock {
            change(&observers)
            nativeObserve(observer: observers.isEmpty ? nil : self)
        }
    }

    func ended(event: NativeCallEvent) {
        let made = CallEvent(event)
        for observer in lock.withLock({ observers.values }) {
            observer(made)
        }
    }
}
