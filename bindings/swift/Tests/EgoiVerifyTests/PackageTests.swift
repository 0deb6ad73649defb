import EgoiVerify
import XCTest

#if os(Linux)
/// What of the package for Apple's systems can be tried without them.
final class PackageTests: XCTestCase {
    private let apple = package.appendingPathComponent("apple")
    private let files = FileManager.default

    /// Stand-ins that make what the real ones would, of this system's library, and note how they were called.
    private static let standIns: [String: String] = [
        "rustup": "",
        // `generated` stands in for the generator, which cargo builds.
        "cargo": """
        crates= place="$CARGO_TARGET_DIR/debug"
        while [ $# -gt 0 ]; do
          case $1 in
            -p) crates="$crates $2" ;;
            --target) place="$CARGO_TARGET_DIR/$2/shipped" ;;
          esac
          shift
        done
        mkdir -p "$place"
        for crate in $crates; do
          case $crate in
            egoi-verify-generator) ln -sf "$STAND_INS/generated" "$place/$crate" ;;
            egoi-verify-native) ln -sf "$PACKAGE/.native/libegoi_verify_native.a" "$place" ;;
            egoi-verify-phone-native) ln -sf "$PACKAGE/.native/libegoi_verify_phone_native.so" "$place/libegoi_verify_phone_native.a" ;;
            *) ln -sf "$PACKAGE/.native/libegoi_verify_testing_native.so" "$place/libegoi_verify_testing_native.dylib" ;;
          esac
        done
        """,
        "generated": """
        while [ "$1" != --out-dir ]; do shift; done
        case $3 in *phone*) module=EgoiVerifyPhoneNative ;; *testing*) module=EgoiVerifyTestingNative ;; *) module=EgoiVerifyNative ;; esac
        test -e "$3" && mkdir -p "$2" && cp "$PACKAGE/Sources/$module/$module.swift" "$PACKAGE/Sources/${module}FFI/${module}FFI.h" "$2"
        """,
        "lipo": """
        test "$1" = -create && shift
        while [ "$1" != -output ]; do library=$1; shift; done
        cp -P "$library" "$2"
        """,
        "xcodebuild": """
        test "$1" = -create-xcframework && shift
        while [ "$1" != -output ]; do
          system=$(basename "$(dirname "$2")")
          mkdir -p "$STAND_INS/made/$system" && cp -P "$2" "$STAND_INS/made/$system" && cp -R "$4" "$STAND_INS/made/$system/Headers"
          shift 4
        done
        echo '<plist version="1.0"><dict><key>XCFrameworkFormatVersion</key><string>1.0</string>
          <key>CFBundlePackageType</key><string>XFWK</string><key>AvailableLibraries</key><array/></dict></plist>' \\
          > "$STAND_INS/made/Info.plist"
        mv "$STAND_INS/made" "$2"
        """,
    ]

    /// Makes the package with stand-ins in front of the path; gives where it is, and how they were called.
    private func made(without missing: String? = nil) throws -> (package: URL, calls: String) {
        let folder = files.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        addTeardownBlock { [files] in try files.removeItem(at: folder) }
        let standIns = folder.appendingPathComponent("stand-ins")
        try files.createDirectory(at: standIns, withIntermediateDirectories: true)
        for (name, script) in Self.standIns where name != missing {
            let file = standIns.appendingPathComponent(name)
            let noted = "#!/bin/sh\nset -eu\necho \"\(name) $*\" >> \"$STAND_INS/calls\"\n\(script)\n"
            try noted.write(to: file, atomically: true, encoding: .utf8)
            try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        }
        let made = folder.appendingPathComponent("package")
        _ = try output(
            of: apple.appendingPathComponent("package.sh").path, [made.path],
            environment: [
                "PATH": "\(standIns.path):/usr/bin:/bin", "STAND_INS": standIns.path, "PACKAGE": package.path,
                "CARGO_TARGET_DIR": folder.appendingPathComponent("target").path,
            ])
        return (made, try String(contentsOf: standIns.appendingPathComponent("calls"), encoding: .utf8))
    }

    func testThePackageHasALibraryOfEachSystemWithItsModuleMap() throws {
        let (made, calls) = try made()
        let parts = [
            ("EgoiVerifyPhoneNative", "libegoi_verify_phone_native.a", ["ios", "simulator", "macos"]),
            ("EgoiVerifyNative", "libegoi_verify_native.a", ["macos"]),
            ("EgoiVerifyTestingNative", "libegoi_verify_testing_native.dylib", ["macos"]),
        ]
        for (module, library, systems) in parts {
            let framework = made.appendingPathComponent("\(module)FFI.xcframework")
            XCTAssertEqual(Set(try files.contentsOfDirectory(atPath: framework.path)), Set(systems + ["Info.plist"]))
            for system in systems {
                let part = framework.appendingPathComponent(system).path
                XCTAssertTrue(files.fileExists(atPath: "\(part)/\(library)"), system)
                let map = try String(contentsOfFile: "\(part)/Headers/\(module)FFI/module.modulemap", encoding: .utf8)
                XCTAssertFalse(map.contains("link"), map)
            }
            // The module map is found there, and the header and the generated code fit together.
            _ = try output(
                of: "swiftc",
                [
                    "-typecheck", "-swift-version", "5", "-module-name", module,
                    "-I", framework.appendingPathComponent("macos/Headers").path,
                    made.appendingPathComponent("Sources/\(module)/\(module).swift").path,
                ])
        }
        let forApple = calls.split(separator: "\n").filter { $0.hasPrefix("cargo rustc") && $0.contains("--target") }
        let counts = [("phone-native", "staticlib", 5), ("native", "staticlib", 2), ("testing-native", "cdylib", 2)]
        for (crate, kind, count) in counts {
            let asItShips = "-p egoi-verify-\(crate) --profile shipped --crate-type \(kind) "
            XCTAssertEqual(forApple.filter { $0.contains(asItShips) }.count, count, crate)
        }
        XCTAssertEqual(
            Set(try files.contentsOfDirectory(atPath: made.path)),
            [
                "EgoiVerifyNativeFFI.xcframework", "EgoiVerifyPhoneNativeFFI.xcframework",
                "EgoiVerifyTestingNativeFFI.xcframework", "LICENSE-APACHE", "LICENSE-MIT", "Package.swift",
                "README.md", "Sources",
            ])
    }

    func testThePackageIsUnderstoodAndHasItsFiles() throws {
        struct Description: Decodable {
            struct Target: Decodable {
                let name: String
                let path: String
            }
            let targets: [Target]
        }
        let (made, _) = try made()
        let said = try output(of: "swift-package", ["--package-path", made.path, "describe", "--type", "json"])
        let json = try XCTUnwrap(said.firstIndex(of: "{").map { said[$0...] })
        let targets = try JSONDecoder().decode(Description.self, from: Data(json.utf8)).targets
        XCTAssertEqual(
            Set(targets.map(\.name)),
            [
                "EgoiVerify", "EgoiVerifyNative", "EgoiVerifyNativeFFI", "EgoiVerifyPhone", "EgoiVerifyPhoneNative",
                "EgoiVerifyPhoneNativeFFI", "EgoiVerifyPhoneTesting", "EgoiVerifyTesting", "EgoiVerifyTestingNative",
                "EgoiVerifyTestingNativeFFI",
            ])
        for target in targets {
            XCTAssertTrue(files.fileExists(atPath: made.appendingPathComponent(target.path).path), target.path)
        }
    }

    func testWithoutXcodeItSaysWhatIsMissing() throws {
        XCTAssertThrowsError(try made(without: "xcodebuild")) { error in
            XCTAssertEqual((error as? Failed)?.words, "xcodebuild is missing: this needs macOS with Xcode and Rust\n")
        }
    }

    func testTheScriptAndTheHostedJobSayFirstThatNoRunIsRecorded() throws {
        let job = package.appendingPathComponent("../../.github/workflows/apple.yml")
        for file in [apple.appendingPathComponent("package.sh"), job] {
            let first = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").prefix(2).joined()
            XCTAssertTrue(first.contains("is recorded"), file.path)
        }
    }

    func testThePrivacyManifestHasWhatAppleRequires() throws {
        let data = try Data(contentsOf: apple.appendingPathComponent("PrivacyInfo.xcprivacy"))
        let manifest = try XCTUnwrap(
            PropertyListSerialization.propertyList(from: data, format: nil) as? [String: Any])
        XCTAssertEqual(
            Set(manifest.keys),
            [
                "NSPrivacyTracking", "NSPrivacyTrackingDomains", "NSPrivacyCollectedDataTypes",
                "NSPrivacyAccessedAPITypes",
            ])
        XCTAssertEqual(manifest["NSPrivacyTracking"] as? Bool, false)
        XCTAssertEqual(manifest["NSPrivacyTrackingDomains"] as? [String], [])
        XCTAssertEqual((manifest["NSPrivacyCollectedDataTypes"] as? [Any])?.count, 0)
        // The reasons that Apple's list has for each.
        let reasons = [
            "NSPrivacyAccessedAPICategoryFileTimestamp": ["DDA9.1", "C617.1", "3B52.1", "0A2A.1"],
            "NSPrivacyAccessedAPICategorySystemBootTime": ["35F9.1", "8FFB.1", "3D61.1"],
        ]
        let accessed = try XCTUnwrap(manifest["NSPrivacyAccessedAPITypes"] as? [[String: Any]])
        XCTAssertEqual(accessed.count, reasons.count)
        for each in accessed {
            let allowed = try XCTUnwrap((each["NSPrivacyAccessedAPIType"] as? String).flatMap { reasons[$0] })
            let given = try XCTUnwrap(each["NSPrivacyAccessedAPITypeReasons"] as? [String])
            XCTAssertFalse(given.isEmpty)
            XCTAssertTrue(Set(given).isSubset(of: allowed), "\(given)")
        }
    }
}
#endif
