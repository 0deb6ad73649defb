// swift-tools-version: 6.0
import PackageDescription

// What package.sh makes for Apple's systems.
let package = Package(
    name: "egoi-verify",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "EgoiVerify", targets: ["EgoiVerify"])],
    targets: [
        .target(
            name: "EgoiVerify", dependencies: ["EgoiVerifyNative"], resources: [.copy("PrivacyInfo.xcprivacy")]),
        // What uniffi generates makes Swift 6.0's compiler stop in Swift 6 mode.
        .target(
            name: "EgoiVerifyNative", dependencies: ["EgoiVerifyNativeFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]),
        .binaryTarget(name: "EgoiVerifyNativeFFI", path: "EgoiVerifyNativeFFI.xcframework"),
    ],
    swiftLanguageModes: [.v6]
)
