import XCTest

final class ReadmeTests: XCTestCase {
    func testTheFirstExampleOfTheReadmeIsThisOne() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let readme = try String(contentsOf: tests.appendingPathComponent("../../README.md"), encoding: .utf8)
        let example = try String(contentsOf: tests.appendingPathComponent("Example.swift"), encoding: .utf8)
        let first = try XCTUnwrap(readme.components(separatedBy: "```swift\n").dropFirst().first)
        XCTAssertEqual(first.components(separatedBy: "```").first, example)
    }

    func testTheFirstExampleOfTheReadmeProvesANumber() async throws {
        let isProved = try await prove("+351 910 000 000")
        XCTAssertTrue(isProved)
    }
}
