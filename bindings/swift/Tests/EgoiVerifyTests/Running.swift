import XCTest

/// The package's folder.
let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
    .standardizedFileURL

/// By which the compiler finds the modules that were built with these tests.
let importing = [
    "-I", Bundle.main.bundleURL.appendingPathComponent("Modules").path,
    "-I", "\(package.path)/Sources/EgoiVerifyNativeFFI", "-I", "\(package.path)/Sources/EgoiVerifyTestingNativeFFI",
    "-I", "\(package.path)/Sources/EgoiVerifyPhoneNativeFFI",
]

/// Runs a program of the path; what it says is given back, and where it fails in the failure.
func output(of program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let said = Pipe()
    process.standardOutput = said
    process.standardError = said
    try process.run()
    let words = String(decoding: said.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw Failed(program: program, status: process.terminationStatus, words: words)
    }
    return words
}

struct Failed: Error {
    let program: String
    let status: Int32
    let words: String
}

/// An option of the shared files by its name in Swift.
func camel(_ name: String) -> String {
    let parts = name.components(separatedBy: "_")
    let joined = parts[0] + parts.dropFirst().map(\.capitalized).joined()
    return ["baseUrl": "baseURL", "allowHttp": "allowHTTP"][joined] ?? joined
}

extension JSONDecoder {
    /// Of the files and programs in `tests/`, whose names are written with underscores.
    static var ofSharedFiles: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}
