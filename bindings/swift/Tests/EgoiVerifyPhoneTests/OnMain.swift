import Foundation

let number = "+351 910 000 000"
let whole = "+351910000000"

/// The package's folder.
let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
    .standardizedFileURL

/// Runs a test of what belongs to the screen. A test case of XCTest cannot be bound to it as a whole.
@MainActor
func onMain(_ test: @MainActor () async throws -> Void) async throws {
    try await test()
}

extension JSONDecoder {
    /// Of the files in `tests/`, whose names are written with underscores.
    static var ofSharedFiles: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}
