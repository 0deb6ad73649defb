import XCTest

final class ReadmeTests: XCTestCase {
    private let readme = Result {
        try String(contentsOf: package.appendingPathComponent("README.md"), encoding: .utf8)
    }

    private func blocks(of text: String) -> [String] {
        text.components(separatedBy: "```swift\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
    }

    func testTheFirstExampleOfTheReadmeIsThisOne() throws {
        let example = try String(
            contentsOf: package.appendingPathComponent("Tests/EgoiVerifyTests/Example.swift"), encoding: .utf8)
        XCTAssertEqual(try blocks(of: readme.get()).first, example)
    }

    func testTheFirstExampleOfTheReadmeProvesANumber() async throws {
        let isProved = try await prove("+351 910 000 000")
        XCTAssertTrue(isProved)
    }

    #if os(Linux)
    /// Compiles blocks as they stand: declarations in a file, statements in a function.
    private func compile(_ blocks: [String], with surroundings: String, importing modules: [String]) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        addTeardownBlock { try FileManager.default.removeItem(at: folder) }
        var files = [package.appendingPathComponent("Tests/Documents/\(surroundings)").path]
        for (nth, block) in blocks.enumerated() {
            let declares = ["import ", "struct ", "func ", "///", "@MainActor"].contains { block.hasPrefix($0) }
            let code = declares ? block : "@MainActor func block\(nth)() async throws {\n\(block)}\n"
            let file = folder.appendingPathComponent("Block\(nth).swift")
            let imports = (modules + ["Foundation"]).map { "import \($0)\n" }.joined()
            try (imports + code).write(to: file, atomically: true, encoding: .utf8)
            files.append(file.path)
        }
        _ = try output(of: "swiftc", ["-typecheck", "-swift-version", "6", "-parse-as-library"] + importing + files)
    }

    func testEveryBlockForAServerCompiles() throws {
        let blocks = try blocks(of: readme.get()).filter { !$0.contains("VerificationServer") }
        XCTAssertGreaterThanOrEqual(blocks.count, 7)
        try compile(blocks, with: "Server.swift", importing: ["EgoiVerify", "EgoiVerifyTesting"])
    }

    func testEveryBlockForAPhoneCompiles() throws {
        let docc = package.appendingPathComponent("Sources/EgoiVerifyPhone/EgoiVerifyPhone.docc/EgoiVerifyPhone.md")
        let all = try blocks(of: readme.get()) + blocks(of: String(contentsOf: docc, encoding: .utf8))
        let blocks = all.filter { $0.contains("VerificationServer") || $0.contains("View") }
        XCTAssertGreaterThanOrEqual(blocks.count, 2)
        try compile(blocks, with: "SwiftUI.swift", importing: ["EgoiVerifyPhone"])
    }
    #endif
}
