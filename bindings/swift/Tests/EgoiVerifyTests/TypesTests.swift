import EgoiVerify
import EgoiVerifyTesting
import XCTest

final class TypesTests: XCTestCase {
    private func send<T: Sendable>(_: T.Type) {}

    /// Compiling it in Swift 6 mode is the test.
    func testEverythingMayCrossBetweenTasks() {
        send(Client.self)
        send((any Verifier).self)
        send(ClientOptions.self)
        send(API.self)
        send(Trust.self)
        send(Store.self)
        send(Engine.self)
        send(EngineOptions.self)
        send(Limit<Int>.self)
        send(Quota.self)
        send(OutgoingSMS.self)
        send(SendError.self)
        send(RequestOptions.self)
        send(ValidateOptions.self)
        send(CallOptions.self)
        send(Verification.self)
        send(VerificationState.self)
        send(Outcome.self)
        send(CodeType.self)
        send(SMSStatus.self)
        send(SMSEncoding.self)
        send(SMSParts.self)
        send(PhoneNumber.self)
        send(SenderInfo.self)
        send(VerifyError.self)
        send(VerifyError.Failure.self)
        send(Sandbox.self)
        send(SandboxOptions.self)
        send(Message.self)
        send(Fault.self)
        send(TestClock.self)
    }

    #if os(Linux)
    func testAUsersProjectHasNoWarning() throws {
        for mode in [["5", "-strict-concurrency=complete"], ["6"]] {
            for file in ["App", "Shop"] {
                let path = package.appendingPathComponent("Tests/Documents/\(file).swift").path
                let options = ["-typecheck", "-parse-as-library", "-warnings-as-errors", "-swift-version"] + mode
                _ = try output(of: "swiftc", options + importing + [path])
            }
        }
    }

    func testWhatMustNotCompileDoesNot() throws {
        let file = package.appendingPathComponent("Tests/MustNotCompile/MustNotCompile.swift").path
        _ = try output(
            of: "swiftc", ["-frontend", "-typecheck", "-verify", "-swift-version", "6"] + importing + [file])
    }
    #endif
}
