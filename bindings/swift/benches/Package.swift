// swift-tools-version: 6.0
import PackageDescription

// A package of its own, so that nobody who builds or tests the library builds this.
let package = Package(
    name: "egoi-verify-benches",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "egoi-verify", path: "..")],
    targets: [
        .executableTarget(name: "Bench", dependencies: [.product(name: "EgoiVerify", package: "egoi-verify")])
    ],
    swiftLanguageModes: [.v6]
)
