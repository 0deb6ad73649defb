// swift-tools-version: 6.0
import PackageDescription

// What package.sh makes for Apple's systems.
let package = Package(
    name: "egoi-verify",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [
        .library(name: "EgoiVerifyPhone", targets: ["EgoiVerifyPhone"]),
        // The clocks of a device that a test moves.
        .library(name: "EgoiVerifyPhoneTesting", targets: ["EgoiVerifyPhoneTesting"]),
        // For a server that is developed on a Mac, and for its tests. macOS only: an app must not hold a key.
        .library(name: "EgoiVerify", targets: ["EgoiVerify"]),
        .library(name: "EgoiVerifyTesting", targets: ["EgoiVerifyTesting"]),
    ],
    targets: [
        .target(
            name: "EgoiVerifyPhone", dependencies: ["EgoiVerifyPhoneNative"],
            resources: [.copy("PrivacyInfo.xcprivacy")]),
        .target(name: "EgoiVerifyPhoneTesting", dependencies: ["EgoiVerifyPhone"]),
        .target(name: "EgoiVerify", dependencies: ["EgoiVerifyNative"]),
        .target(
            name: "EgoiVerifyTesting", dependencies: ["EgoiVerify", "EgoiVerifyNative", "EgoiVerifyTestingNative"]),
        // What uniffi generates makes Swift 6.0's compiler stop in Swift 6 mode.
        .target(
            name: "EgoiVerifyPhoneNative", dependencies: ["EgoiVerifyPhoneNativeFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(
            name: "EgoiVerifyNative", dependencies: ["EgoiVerifyNativeFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(
            name: "EgoiVerifyTestingNative", dependencies: ["EgoiVerifyTestingNativeFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]),
        .binaryTarget(name: "EgoiVerifyPhoneNativeFFI", path: "EgoiVerifyPhoneNativeFFI.xcframework"),
        .binaryTarget(name: "EgoiVerifyNativeFFI", path: "EgoiVerifyNativeFFI.xcframework"),
        .binaryTarget(name: "EgoiVerifyTestingNativeFFI", path: "EgoiVerifyTestingNativeFFI.xcframework"),
    ],
    swiftLanguageModes: [.v6]
)
