import EgoiVerify
import XCTest

#if os(Linux)
/// What DocC makes of the comments. Both tools come with the toolchain: neither needs SwiftPM's plug-in.
final class DocumentationTests: XCTestCase {
    /// Every module that a developer imports, each with a folder that its symbols are extracted into.
    private static let modules = ["EgoiVerify", "EgoiVerifyPhone", "EgoiVerifyPhoneTesting", "EgoiVerifyTesting"]
    private static let extracted = Result { try extractSymbols() }

    private static func extractSymbols() throws -> URL {
        struct Toolchain: Decodable {
            struct Target: Decodable { let unversionedTriple: String }
            let target: Target
        }
        let known = try output(of: "swiftc", ["-print-target-info"])
        let triple = try JSONDecoder().decode(Toolchain.self, from: Data(known.utf8)).target.unversionedTriple
        let folder = package.appendingPathComponent(".build/documentation")
        for module in modules {
            let symbols = folder.appendingPathComponent(module)
            try? FileManager.default.removeItem(at: symbols)
            try FileManager.default.createDirectory(at: symbols, withIntermediateDirectories: true)
            _ = try output(
                of: "swift-symbolgraph-extract",
                importing + [
                    "-module-name", module, "-target", triple, "-minimum-access-level", "public", "-output-dir",
                    symbols.path,
                ])
        }
        return folder
    }

    private struct Graph: Decodable {
        struct Symbol: Decodable {
            struct Kind: Decodable { let identifier: String }
            struct Place: Decodable {}
            struct Comment: Decodable {
                struct Line: Decodable { let text: String }
                let lines: [Line]
            }
            let kind: Kind
            let pathComponents: [String]
            /// What the compiler makes by itself has none.
            let location: Place?
            let docComment: Comment?

            var name: String { pathComponents.joined(separator: ".") }
            var examples: [String] {
                let comment = docComment?.lines.map(\.text).joined(separator: "\n") ?? ""
                let blocks = comment.components(separatedBy: "```swift\n").dropFirst()
                return blocks.compactMap { $0.components(separatedBy: "```").first }
            }
        }
        let symbols: [Symbol]
    }

    /// The public symbols of a module that are written by hand.
    private func symbols(of module: String) throws -> [Graph.Symbol] {
        let file = try Self.extracted.get().appendingPathComponent("\(module)/\(module).symbols.json")
        return try JSONDecoder().decode(Graph.self, from: Data(contentsOf: file)).symbols.filter { $0.location != nil }
    }

    func testEveryPublicSymbolThatIsWrittenByHandHasAComment() throws {
        for module in Self.modules {
            let written = try symbols(of: module)
            XCTAssertGreaterThan(written.count, module == "EgoiVerifyPhoneTesting" ? 5 : 20)
            XCTAssertEqual(written.filter { $0.docComment == nil }.map(\.name), [], module)
        }
    }

    func testEveryPublicTypeHasAnExample() throws {
        let kinds = ["swift.struct", "swift.class", "swift.enum", "swift.protocol"]
        for module in Self.modules {
            let types = try symbols(of: module).filter { kinds.contains($0.kind.identifier) }
            XCTAssertEqual(types.filter { $0.examples.isEmpty }.map(\.name), [], module)
        }
    }

    func testEveryExampleInACommentCompiles() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        addTeardownBlock { try FileManager.default.removeItem(at: folder) }
        let parts = [
            (["EgoiVerify", "EgoiVerifyTesting"], ["Server", "ServerExamples"]),
            (["EgoiVerifyPhone", "EgoiVerifyPhoneTesting"], ["AppExamples"]),
        ]
        for (modules, surroundings) in parts {
            let examples = try modules.flatMap { try symbols(of: $0).flatMap(\.examples) }
            let functions = examples.enumerated().map { nth, example in
                "@MainActor func example\(nth)() async throws {\n\(example)}\n"
            }
            let imports = (modules + ["Foundation"]).map { "import \($0)\n" }
            let file = folder.appendingPathComponent("\(modules[0]).swift")
            try (imports + functions).joined().write(to: file, atomically: true, encoding: .utf8)
            let files = surroundings.map { package.appendingPathComponent("Tests/Documents/\($0).swift").path }
            let options = ["-typecheck", "-swift-version", "6", "-parse-as-library", "-suppress-warnings"]
            _ = try output(of: "swiftc", options + importing + files + [file.path])
        }
    }

    func testDocCHasNoWarning() throws {
        let folder = try Self.extracted.get()
        for module in Self.modules {
            _ = try output(
                of: "docc",
                [
                    "convert", "\(package.path)/Sources/\(module)/\(module).docc", "--warnings-as-errors",
                    "--additional-symbol-graph-dir", folder.appendingPathComponent(module).path,
                    "--fallback-bundle-identifier", module,
                    "--output-dir", folder.appendingPathComponent("\(module).doccarchive").path,
                ])
        }
    }
}
#endif
