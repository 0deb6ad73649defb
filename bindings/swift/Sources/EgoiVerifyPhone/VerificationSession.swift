internal import EgoiVerifyPhoneNative
import Foundation

// Off Linux, where there is no screen, and where Swift 6.0's Observation does not link with GNU's linker; the tests bear that.
#if canImport(Observation) && (!os(Linux) || EGOI_OBSERVATION)
import Observation
#endif

/// The state of an app's screen while a person proves a number, and the calls to the app's own server behind it.
///
/// **It proves something only to the person who looks at the screen.** The app's ``VerificationServer`` holds the key and
/// decides. The server grants the access in its own session, and does not trust the phone.
///
/// ```swift
/// let session = VerificationSession(server: ShopServer())
/// try await session.start("+351 910 000 000")
/// try await session.submit(given)
/// ```
///
/// A call that fails becomes ``SessionState/failed(_:advice:awaiting:)``, and throws nothing. A mistake of the person does too: a text
/// that is not a number, an empty code, an early resend. The server is not called then. A call that does not fit the state changes
/// nothing, for example a second tap during a call.
///
/// Cancelling the task cancels the call with a `CancellationError`. The state then shows that the result is unknown.
///
/// Time counts on a clock that a person cannot change and that continues while the device sleeps. ``state`` is the state now.
/// ``states`` and Observation report each change, also the changes by time.
@MainActor
public final class VerificationSession {
    private let server: any VerificationServer
    private let clock: any SessionClock
    private let session: NativeSession
    private let observed = Observed()
    private var watchers: [Int: AsyncStream<SessionState>.Continuation] = [:]
    private var watchersSoFar = 0
    private var nextChange: Task<Void, Never>?

    /// Makes a new session, in the state `idle`.
    public convenience init(server: any VerificationServer, clock: any SessionClock = SystemClock()) {
        self.init(server: server, session: NativeSession(), clock: clock)
    }

    /// Restores a session that ``save()`` saved. A call that was not finished counts as cancelled. If this version cannot read the text,
    /// it is a new session, failed with ``Advice/startOver``.
    public convenience init(
        server: any VerificationServer, restoring saved: String, clock: any SessionClock = SystemClock()
    ) {
        self.init(server: server, session: NativeSession.restore(saved: saved, now: clock.now), clock: clock)
        awaitNextChange()
    }

    private init(server: any VerificationServer, session: NativeSession, clock: any SessionClock) {
        self.server = server
        self.session = session
        self.clock = clock
    }

    deinit {
        nextChange?.cancel()
        for watcher in watchers.values { watcher.finish() }
    }

    /// What the screen shows now.
    public var state: SessionState {
        observed.access(self)
        return SessionState(session.state(now: clock.now))
    }

    /// The number that is being proved, `+351910000000`, for the screen.
    public var number: String? {
        observed.access(self)
        return session.number()
    }

    /// The state now, and each one after it. Each caller has its own stream; it ends when the session is released.
    public var states: AsyncStream<SessionState> {
        let (states, watcher) = AsyncStream.makeStream(of: SessionState.self)
        let id = watchersSoFar
        watchersSoFar += 1
        watchers[id] = watcher
        watcher.onTermination = { [weak self] _ in
            Task { @MainActor in self?.watchers[id] = nil }
        }
        watcher.yield(state)
        return states
    }

    /// Sends a code to a number as people write it, with its country: `+351 910 000 000`.
    @discardableResult
    public func start(_ number: String) async throws -> SessionState {
        guard let number = try session.start(number: number, now: clock.now) else { return refused() }
        return try await asking {
            let sent = try await server.request(number)
            session.sent(sent: sent.native, now: clock.now)
        }
    }

    /// Has a code checked, as the person typed or pasted it, or as the system filled it in: in any case, with spaces, hyphens,
    /// direction marks, digits of other scripts. Of a whole SMS that was pasted, the code in it.
    @discardableResult
    public func submit(_ code: String) async throws -> SessionState {
        guard let submitted = try session.submit(code: code, now: clock.now) else { return refused() }
        return try await asking {
            let checked = try await server.validate(submitted.id, code: submitted.code)
            let left = checked.attemptsLeft.flatMap(UInt32.init(exactly:))
            session.checked(outcome: checked.outcome.native, attemptsLeft: left, now: clock.now)
        }
    }

    /// Has a new code sent; the old one stops working.
    @discardableResult
    public func resend() async throws -> SessionState {
        guard let id = try session.resend(now: clock.now) else { return refused() }
        return try await asking {
            let sent = try await server.resend(id)
            session.sent(sent: sent.native, now: clock.now)
        }
    }

    /// Cancels the request.
    @discardableResult
    public func cancel() async throws -> SessionState {
        guard let id = try session.cancel(now: clock.now) else { return refused() }
        return try await asking {
            let ended = try await server.cancel(id)
            session.ended(state: ended.native, now: clock.now)
        }
    }

    /// Goes back to the beginning. The server is not told. Ignored while a call is under way.
    public func reset() {
        session.reset()
        changed()
    }

    /// The session as a text, for when the system ends the app: for `@SceneStorage`, or as the bytes of its UTF-8. It holds the
    /// number and the request's id, and no code.
    public func save() -> String {
        session.save(now: clock.now)
    }

    /// Nothing is asked, and the state says why.
    private func refused() -> SessionState {
        changed()
        return state
    }

    private func asking(_ server: () async throws -> Void) async throws -> SessionState {
        changed()
        do {
            try await server()
        } catch {
            if error is CancellationError || URLFailure(error) == .cancelled || Task.isCancelled {
                session.cancelled(now: clock.now)
                changed()
                throw CancellationError()
            }
            session.failed(problem: Problem(of: error).native, now: clock.now)
        }
        changed()
        return state
    }

    private func changed() {
        observed.change(self)
        let state = state
        for watcher in watchers.values { watcher.yield(state) }
        awaitNextChange()
    }

    private func awaitNextChange() {
        nextChange?.cancel()
        let now = clock.now
        nextChange = session.nextChange(now: now).map { wait in
            Task { [weak self, clock] in
                guard (try? await clock.sleep(until: now.sinceBoot + wait)) != nil else { return }
                self?.changed()
            }
        }
    }
}

/// Tells SwiftUI about reads and changes, if the system has Observation.
private struct Observed: Sendable {
    #if canImport(Observation) && (!os(Linux) || EGOI_OBSERVATION)
    private let registrar: (any Sendable)?

    init() {
        if #available(iOS 17, macOS 14, tvOS 17, watchOS 10, *) {
            registrar = ObservationRegistrar()
        } else {
            registrar = nil
        }
    }

    @MainActor
    func access(_ session: VerificationSession) {
        if #available(iOS 17, macOS 14, tvOS 17, watchOS 10, *), let registrar = registrar as? ObservationRegistrar {
            registrar.access(session, keyPath: \.state)
        }
    }

    @MainActor
    func change(_ session: VerificationSession) {
        if #available(iOS 17, macOS 14, tvOS 17, watchOS 10, *), let registrar = registrar as? ObservationRegistrar {
            registrar.withMutation(of: session, keyPath: \.state) {}
        }
    }
    #else
    func access(_: VerificationSession) {}
    func change(_: VerificationSession) {}
    #endif
}

#if canImport(Observation) && (!os(Linux) || EGOI_OBSERVATION)
@available(iOS 17, macOS 14, tvOS 17, watchOS 10, *)
extension VerificationSession: Observable {}
#endif
