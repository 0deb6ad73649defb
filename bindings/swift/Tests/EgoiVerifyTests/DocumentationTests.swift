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

    func testEveryPublicSymbolThatIsWrittenByHandHasAComment() throws {
        struct Graph: Decodable {
            struct Symbol: Decodable {
                struct Place: Decodable {}
                struct Comment: Decodable {}
                let pathComponents: [String]
                /// What the compiler makes by itself has none.
                let location: Place?
                let docComment: Comment?
            }
            let symbols: [Symbol]
        }
        let folder = try Self.extracted.get()
        for module in Self.modules {
            let file = folder.appendingPathComponent("\(module)/\(module).symbols.json")
            let symbols = try JSONDecoder().decode(Graph.self, from: Data(contentsOf: file)).symbols
            let written = symbols.filter { $0.location != nil }
            XCTAssertGreaterThan(written.count, module == "EgoiVerifyPhoneTesting" ? 5 : 20)
            let bare = written.filter { $0.docComment == nil }.map { $0.pathComponents.joined(separator: ".") }
            XCTAssertEqual(bare, [], module)
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
