// swift-tools-version: 6.0
import PackageDescription

// `make` puts the native libraries and the Swift that uniffi generates from them where this looks for them.
let native = "\(Context.packageDirectory)/\(Context.environment["EGOI_SWIFT_NATIVE"] ?? ".native")"
// So that a package finds them that depends on this one by its path.
let found: [LinkerSetting] = [.unsafeFlags(["-L\(native)", "-Xlinker", "-rpath=\(native)"])]

let package = Package(
    name: "egoi-verify",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [
        .library(name: "EgoiVerify", targets: ["EgoiVerify"]),
        // For an app, which holds no key: the screen, and no client.
        .library(name: "EgoiVerifyPhone", targets: ["EgoiVerifyPhone"]),
        .library(name: "EgoiVerifyPhoneTesting", targets: ["EgoiVerifyPhoneTesting"]),
        // The sandbox: only for tests, and so a product of its own.
        .library(name: "EgoiVerifyTesting", targets: ["EgoiVerifyTesting"]),
    ],
    targets: [
        .target(name: "EgoiVerify", dependencies: ["EgoiVerifyNative"]),
        .target(name: "EgoiVerifyPhone", dependencies: ["EgoiVerifyPhoneNative"]),
        .target(name: "EgoiVerifyPhoneTesting", dependencies: ["EgoiVerifyPhone"]),
        .target(
            name: "EgoiVerifyTesting", dependencies: ["EgoiVerify", "EgoiVerifyNative", "EgoiVerifyTestingNative"]),
        // What uniffi generates makes Swift 6.0's compiler stop in Swift 6 mode.
        .target(
            name: "EgoiVerifyNative", dependencies: ["EgoiVerifyNativeFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)], linkerSettings: found),
        .target(
            name: "EgoiVerifyTestingNative", dependencies: ["EgoiVerifyTestingNativeFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)], linkerSettings: found),
        .target(
            name: "EgoiVerifyPhoneNative", dependencies: ["EgoiVerifyPhoneNativeFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)], linkerSettings: found),
        .systemLibrary(name: "EgoiVerifyNativeFFI"),
        .systemLibrary(name: "EgoiVerifyPhoneNativeFFI"),
        .systemLibrary(name: "EgoiVerifyTestingNativeFFI"),
    ],
    swiftLanguageModes: [.v6]
)

// Only in the repository, and not in the package that package.sh makes.
package.targets += [
    // The phone of examples/phone.
    .executableTarget(name: "Phone", dependencies: ["EgoiVerifyPhone"]),
    .executableTarget(name: "Demo", dependencies: ["EgoiVerify", "EgoiVerifyTesting"]),
    .testTarget(name: "EgoiVerifyTests", dependencies: ["EgoiVerify", "EgoiVerifyTesting", "EgoiVerifyNative"]),
    .testTarget(name: "EgoiVerifyPhoneTests", dependencies: ["EgoiVerifyPhone", "EgoiVerifyPhoneTesting"]),
]
