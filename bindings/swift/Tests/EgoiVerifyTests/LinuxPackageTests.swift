import EgoiVerify
import XCTest

#if os(Linux)
/// Projects outside the repository, which depend on the package that `package.sh` makes.
final class LinuxPackageTests: XCTestCase {
    private let files = FileManager.default
    private var folder = URL(fileURLWithPath: "/")
    private var made: URL { folder.appendingPathComponent("egoi-verify") }

    override func setUpWithError() throws {
        folder = files.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        addTeardownBlock { [files, folder] in try files.removeItem(at: folder) }
        if let shipped = ProcessInfo.processInfo.environment["EGOI_SWIFT_PACKAGE"] {
            try files.copyItem(at: URL(fileURLWithPath: shipped, relativeTo: package), to: made)
        } else {
            let libraries = package.appendingPathComponent(".native").path
            _ = try output(of: package.appendingPathComponent("package.sh").path, [made.path, libraries])
        }
    }

    /// A project of `Tests/Outside` beside the package, with more sources.
    private func project(_ name: String, with sources: [String]) throws -> URL {
        let project = folder.appendingPathComponent(name)
        let tests = package.appendingPathComponent("Tests")
        try files.copyItem(at: tests.appendingPathComponent("Outside/\(name)"), to: project)
        for source in sources.map(tests.appendingPathComponent) {
            let place = project.appendingPathComponent("Sources/\(name)/\(source.lastPathComponent)")
            try files.copyItem(at: source, to: place)
        }
        return project
    }

    /// Builds and runs a project as its developer does, without a word about linking.
    private func run(_ project: URL, environment: [String: String] = [:]) throws -> String {
        let cache = folder.appendingPathComponent("cache").path
        let options = ["--package-path", project.path, "--cache-path", cache]
        let built = try output(of: "swift", ["build"] + options, environment: environment)
        XCTAssertFalse(built.contains("warning:"), built)
        return try output(of: "swift", ["run", "--quiet", "--skip-build"] + options, environment: environment)
    }

    func testAProjectInSwift5ModeDependsOnThePackageByItsPath() throws {
        let server = try project("Server", with: ["Documents/Shop.swift", "EgoiVerifyTests/Example.swift"])
        XCTAssertEqual(try run(server), "proved\n")
    }

    func testAProjectDependsOnThePackageByAURL() throws {
        let git = { [made] (arguments: [String]) in
            let who = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
            _ = try output(of: "git", ["-C", made.path] + who + arguments)
        }
        // The repository has links to the libraries: to pack them takes long.
        let native = made.appendingPathComponent(".native")
        let libraries = folder.appendingPathComponent("libraries")
        try files.moveItem(at: native, to: libraries)
        try files.createSymbolicLink(at: native, withDestinationURL: libraries)
        try git(["init", "--quiet"])
        try git(["add", "--all"])
        try git(["commit", "--quiet", "--message", "A release"])
        try git(["tag", "v0.1.0"])
        let app = try project("App", with: ["Documents/App.swift"])
        let url = made.absoluteURL.absoluteString
        XCTAssertEqual(try run(app, environment: ["EGOI_PACKAGE_URL": url]), "played\n")
    }
}
#endif
