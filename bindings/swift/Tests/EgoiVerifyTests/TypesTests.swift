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
        send(VerificationSession.self)
        send((any VerificationServer).self)
        send(SessionState.self)
        send(AwaitingCode.self)
        send(AskedAgain.self)
        send(Advice.self)
        send(Problem.self)
        send(CodeSent.self)
        send(CodeChecked.self)
        send(TestDevice.self)
        send(Sandbox.self)
        send(SandboxOptions.self)
        send(Message.self)
        send(Fault.self)
        send(TestClock.self)
    }

    #if os(Linux)
    func testWhatMustNotCompileDoesNot() throws {
        let file = package.appendingPathComponent("Tests/MustNotCompile/MustNotCompile.swift").path
        _ = try output(
            of: "swiftc", ["-frontend", "-typecheck", "-verify", "-swift-version", "6"] + importing + [file])
    }
    #endif
}
