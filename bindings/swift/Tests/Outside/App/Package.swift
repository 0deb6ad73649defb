// swift-tools-version: 6.0
// An app's project, which depends on the package by a URL. LinuxPackageTests puts the sources into it.
import PackageDescription

let package = Package(
    name: "app",
    dependencies: [.package(url: Context.environment["EGOI_PACKAGE_URL"] ?? "", revision: "v0.1.0")],
    targets: [
        .executableTarget(
            name: "App",
            dependencies: [
                .product(name: "EgoiVerifyPhone", package: "egoi-verify"),
                .product(name: "EgoiVerifyPhoneTesting", package: "egoi-verify"),
            ],
            swiftSettings: [.unsafeFlags(["-warnings-as-errors"])])
    ]
)
