import XCTest

#if os(Linux)
final class WrongUsesTests: XCTestCase {
    func testWhatMustNotCompileDoesNot() throws {
        let file = package.appendingPathComponent("Tests/WrongUses/WrongUses.swift").path
        _ = try output(
            of: "swiftc", ["-frontend", "-typecheck", "-verify", "-swift-version", "6"] + importing + [file])
    }
}
#endif
