// swift-tools-version: 5.10
// A server's project, which depends on the package by its path: in Swift 5 mode, with every check of concurrency. LinuxPackageTests
// puts it beside the package, with the sources.
import PackageDescription

let package = Package(
    name: "server",
    dependencies: [.package(path: "../egoi-verify")],
    targets: [
        .executableTarget(
            name: "Server",
            dependencies: [
                .product(name: "EgoiVerify", package: "egoi-verify"),
                .product(name: "EgoiVerifyTesting", package: "egoi-verify"),
            ],
            swiftSettings: [.unsafeFlags(["-strict-concurrency=complete", "-warnings-as-errors"])])
    ]
)
