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
    ],
    targets: [
        .target(
            name: "EgoiVerifyPhone", dependencies: ["EgoiVerifyPhoneNative"],
            resources: [.copy("PrivacyInfo.xcprivacy")]),
        .target(name: "EgoiVerifyPhoneTesting", dependencies: ["EgoiVerifyPhone"]),
        // What uniffi generates makes Swift 6.0's compiler stop in Swift 6 mode.
        .target(
            name: "EgoiVerifyPhoneNative", dependencies: ["EgoiVerifyPhoneNativeFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]),
        .binaryTarget(name: "EgoiVerifyPhoneNativeFFI", path: "EgoiVerifyPhoneNativeFFI.xcframework"),
    ],
    swiftLanguageModes: [.v6]
)
